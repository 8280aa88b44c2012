"""The dialog "Propose change": checks while somebody types, sends once, keeps what was typed."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

import reflex as rx

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.patrons.proposal import (
    METHOD,
    NOTE,
    REASON,
    WORDS,
    Hint,
    Outcome,
    Preview,
    Proposal,
    Refusal,
    checked,
    reason_errors,
    refusal_of,
    sent,
)
from upstage_crm.admin.patrons.record_state import PatronRecordState
from upstage_crm.change_requests.model.errors import UnknownRequest
from upstage_crm.change_requests.model.rules import ReasonCode
from upstage_crm.change_requests.reads.earlier_proposal import earlier_proposal, last_reason
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.languages import SOURCE
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.pages.dialog_state import DialogMixin
from upstage_crm.pages.forms import texts
from upstage_crm.patrons.fields import FIELDS, ProtectedField
from upstage_crm.staff.roles import Permission
from upstage_crm.wiring import runtime

PROPOSE = "propose"
_LAST_REASON = "last reason"  # the name under which a tab remembers it
_SHIFT = timedelta(hours=12)


class ProposeState(DialogMixin, AdminState):
    """The dialog. `field` names the field it asks for.

    What is typed stays in the browser's inputs. `start` is what they begin with; a new number in
    `form` draws them again.
    """

    permission: ClassVar[Permission | None] = Permission.PROPOSE_CHANGE
    dialogs: ClassVar[tuple[str, ...]] = (PROPOSE,)
    drafted: ClassVar[frozenset[str]] = frozenset({PROPOSE})
    page: ClassVar[type[PatronRecordState]] = PatronRecordState

    field: str = ""
    now: rx.Field[dict[str, list[str]]] = rx.field(default_factory=dict)
    reads: str = ""  # the language of the patron, where it is not the one staff write
    start: rx.Field[dict[str, str]] = rx.field(default_factory=dict)
    form: int = 0
    errors: rx.Field[dict[str, str]] = rx.field(default_factory=dict)
    problems: rx.Field[Refusal] = rx.field(default_factory=Refusal)
    preview: rx.Field[Preview] = rx.field(default_factory=Preview)
    hints: rx.Field[list[Hint]] = rx.field(default_factory=list)
    can_override: bool = False
    others: rx.Field[list[str]] = rx.field(default_factory=list)
    addable: rx.Field[list[str]] = rx.field(default_factory=list)
    lead: str = ""
    is_at_desk: bool = False
    is_lost: bool = False
    may_identify: bool = False
    has_mailbox: bool = True

    _proposal: Proposal | None = None
    _is_touched: bool = False

    @rx.event
    async def open(self, field: str, subject: str) -> Any:
        """Open the dialog for one field of the record that is shown."""
        record = await self.get_state(PatronRecordState)
        entry = FIELDS.get(field) if isinstance(field, str) else None
        if not record._is_about(subject) or entry is None or not _way(record, entry.key):
            return None
        about = record._about()
        if not await self._open(PROPOSE, subject=record.subject, about=about, part=entry.key):
            return None
        self.field = entry.key
        await self._begin()
        return ProposeState.check if self.is_restored else None

    @rx.event
    def typed(self, part: str, text: str) -> None:
        """Remember what stands in one input."""
        if self._proposal is None or not (isinstance(part, str) and isinstance(text, str)):
            return
        raw = {**self._proposal.raw, **texts({part: text})}
        self._proposal = replace(self._proposal, raw=raw)
        self._is_touched = True

    @rx.event
    def choose(self, reason: str) -> Any:
        """Remember the reason, and show its sentence."""
        return self._change(reason=reason)

    @rx.event
    def write(self, words: str) -> None:
        """Remember the member's own words."""
        self._change(words=words)

    @rx.event
    def allow(self, override: bool) -> Any:
        """Propose although the value rests, if the member may."""
        return self._change(override=override is True)

    @rx.event
    async def add(self, field: str) -> Any:
        """Propose one more field in the same request."""
        record = await self.get_state(PatronRecordState)
        entry = FIELDS.get(field) if isinstance(field, str) else None
        if self._proposal is None or entry is None or entry.key in self._proposal.keys:
            return None
        kept = _kept(entry, record._held)
        self.start = {**self.start, **self._proposal.raw, **kept}
        others = (*self._proposal.others, entry.key)
        raw = {**self._proposal.raw, **kept}
        self._proposal = replace(self._proposal, others=others, raw=raw)
        self.others = list(others)
        return self._focus(f"propose-{entry.columns[0]}")

    @rx.event
    def drop(self, field: str) -> Any:
        """Leave a field out that was added."""
        if self._proposal is None or field not in self._proposal.others:
            return None
        others = tuple(key for key in self._proposal.others if key != field)
        self._proposal = replace(self._proposal, others=others)
        self.others = list(others)
        return ProposeState.check

    @rx.event
    def both(self, ask_both: bool) -> Any:
        """Ask the current address about a new one, too."""
        return self._change(ask_both=ask_both is True)

    @rx.event
    def lose(self, is_lost: bool) -> Any:
        """The patron cannot read the mailbox: the desk vouches for who it is."""
        if not self._may(Permission.DESK_IDENTIFY):
            return None
        self.is_lost = is_lost is True or self.is_at_desk
        return self._change(is_lost=self.is_lost)

    @rx.event
    def use(self, suggestion: str) -> Any:
        """Take a suggested value into the field's first input."""
        if self._proposal is None or not isinstance(suggestion, str):
            return None
        first = FIELDS[self.field].columns[0]
        self._proposal = replace(
            self._proposal,
            raw={**self._proposal.raw, **texts({first: suggestion})},
        )
        self.start, self._is_touched = dict(self._proposal.raw), True
        self.form += 1
        self._focus(f"propose-{first}")
        return ProposeState.check

    @rx.event(background=True, supersedes=True)
    async def check(self) -> None:
        """Say what would refuse it, what to look at, and what would be sent."""
        async with self:
            asked = self._proposal if self._is_touched else None
        if asked is None or not any(text.strip() for text in asked.raw.values()):
            outcome = Outcome()
        else:
            outcome = _so_far(await asyncio.to_thread(checked, asked), asked)
        async with self:
            if self._proposal is not None and asked in (None, self._proposal):
                self._show(outcome)

    @rx.event
    async def send(self, form: dict[str, Any]) -> Any:
        """Send it; a refusal leaves everything as it was typed."""
        given = self._accept(PROPOSE, form)
        if given is None:
            return None
        asked = self._proposal = self._filled(given)
        self._is_touched = True
        errors = reason_errors(asked)
        if errors:
            outcome = await asyncio.to_thread(checked, asked)
            refused = replace(outcome.refusal, errors={**outcome.refusal.errors, **errors})
            return self._stay(replace(outcome, refusal=refused))
        try:
            proposed = await to_writer_thread(sent, asked)
        except UpstageError as error:
            return self._stay(Outcome(refusal=refusal_of(error, asked)))
        self._finish()
        if asked.reason != ReasonCode.OTHER:
            self._keep_draft(_LAST_REASON, {REASON: asked.reason})
        record = await self.get_state(PatronRecordState)
        await record._proposed(
            proposed.reference, is_new=proposed.is_new, held_for=proposed.held_for
        )
        return None

    async def _recall(self) -> None:
        """Begin with the reason of the member's last proposal of this shift, in whatever tab."""
        if self._draft(_LAST_REASON):
            return
        actor, since = self._actor(), runtime().clock.now() - _SHIFT
        reason = await self._read(lambda session: last_reason(session, actor.id, since=since))
        if reason is not None and reason is not ReasonCode.OTHER:
            self._keep_draft(_LAST_REASON, {REASON: reason.value})

    async def _begin(self) -> None:
        await self._recall()
        record = await self.get_state(PatronRecordState)
        others = tuple(
            key
            for key, entry in FIELDS.items()
            if key != self.field and self.draft.keys() & set(entry.columns) and _way(record, key)
        )
        is_lost = self.draft.get("is_lost") == "on"
        self._fill(record, FIELDS[self.field], self.draft, others=others, at_desk=is_lost)

    async def _again(self, record: PatronRecordState, reference: str) -> list[Any]:
        """Open the dialog with what an earlier request of the record proposed."""
        reader, patron_id = self._actor().role, record._patron_id
        try:
            earlier = await self._read(
                lambda s: earlier_proposal(s, reference, patron_id=patron_id, reader=reader)
            )
        except UnknownRequest:
            return []
        keys = [key for key in earlier.inputs if _way(record, key)]
        subject, about = record.subject, record._about()
        if not keys or not await self._open(PROPOSE, subject=subject, about=about, part=keys[0]):
            return []
        self.draft, self.is_restored = {}, False
        filled = {column: text for key in keys for column, text in earlier.inputs[key].items()}
        filled |= {REASON: earlier.reason_code.value, WORDS: earlier.reason_text}
        self._fill(record, FIELDS[keys[0]], filled, others=tuple(keys[1:]), at_desk=earlier.is_desk)
        return [ProposeState.check]

    def _fill(
        self,
        record: PatronRecordState,
        entry: ProtectedField,
        filled: Mapping[str, str],
        *,
        others: tuple[str, ...] = (),
        at_desk: bool = False,
    ) -> None:
        """Begin a proposal for one field and `others`; `filled` is what the inputs begin with."""
        # A fresh value is quicker typed than mended; of several inputs mostly one changes.
        kept = _kept(entry, record._held)  # the record's own, which the browser need not hold
        way = _way(record, entry.key)
        # The next call is mostly answered for the same reason as the one before.
        reason = {REASON: filled.get(REASON) or self._draft(_LAST_REASON).get(REASON, "")}
        self.field, self.start = entry.key, {**kept, **filled, **reason}
        self.now = {view.key: list(view.lines) for view in record.protected}
        self.reads = "" if record.free["language"] == SOURCE else record.free_words["language"]
        self.may_identify = self._may(Permission.DESK_IDENTIFY)
        self.is_at_desk = way == "desk"
        self.is_lost = self.is_at_desk or (at_desk and self.may_identify)
        self.addable = [v.key for v in record.protected if v.way == way or (v.way and self.is_lost)]
        self.has_mailbox = record.obstacle.has_mailbox
        self.lead = _lead(record, is_at_desk=self.is_at_desk)
        self.others = list(others)
        self._is_touched = bool(filled)
        columns = [c for key in (entry.key, *others) for c in FIELDS[key].columns]
        self._proposal = Proposal(
            actor=self._actor(),
            patron_id=record._patron_id,
            field=entry.key,
            others=others,
            raw={column: self.start.get(column, "") for column in columns},
            reason=reason[REASON],
            words=filled.get(WORDS, ""),
            is_lost=self.is_lost,
            ask_both=filled.get("ask_both") == "on",
            method=filled.get(METHOD, ""),
            note=filled.get(NOTE, ""),
        )
        self.errors, self.problems, self.preview = {}, Refusal(), Preview()
        self.hints, self.can_override = [], False

    def _change(self, **changed: Any) -> Any:
        if self._proposal is None:
            return None
        kept = {name: value for name, value in changed.items() if isinstance(value, (str, bool))}
        self._proposal = replace(self._proposal, **kept)
        return ProposeState.check

    def _filled(self, form: dict[str, str]) -> Proposal:
        assert self._proposal is not None
        columns = [c for key in self._proposal.keys for c in FIELDS[key].columns]
        return replace(
            self._proposal,
            raw={column: form.get(column, "") for column in columns},
            reason=form.get(REASON, ""),
            words=form.get(WORDS, ""),
            method=form.get(METHOD, ""),
            note=form.get(NOTE, ""),
        )

    def _show(self, outcome: Outcome) -> None:
        self.problems, self.preview, self.hints = outcome.refusal, outcome.preview, outcome.hints
        self.errors = outcome.refusal.errors
        # Once shown, the box stays: it must not go away because it was ticked.
        rests = outcome.refusal.can_be_overridden
        ticked = self._proposal is not None and self._proposal.override
        self.can_override = ticked or (rests and self._may(Permission.OVERRIDE_COOLING_OFF))

    def _stay(self, outcome: Outcome) -> Any:
        self._show(outcome)
        wrong = next(iter(outcome.refusal.errors), "")
        return self._focus(f"propose-{wrong}") if wrong else None


PatronRecordState.proposing = ProposeState


def _way(record: PatronRecordState, key: str) -> str:
    """How a change of a field can be proposed on the record that is shown; "" for not at all."""
    if record.shown != "record":
        return ""
    return next((view.way for view in record.protected if view.key == key), "")


def _lead(record: PatronRecordState, *, is_at_desk: bool) -> str:
    """The first line of the dialog where the patron cannot be asked as usual."""
    title = record.obstacle.title
    if not title:
        return ""
    if is_at_desk:
        return f"{title}. Two colleagues confirm their identity, then a waiting period starts."
    return f"{title}."


def _kept(entry: ProtectedField, held: Mapping[str, str | None]) -> dict[str, str]:
    """What the inputs of several begin with: the values that the member sees, else nothing."""
    return {c: held.get(c) or "" for c in entry.columns} if len(entry.parts) > 1 else {}


def _so_far(outcome: Outcome, asked: Proposal) -> Outcome:
    """What is wrong with what was typed: an input that is still empty is no mistake yet."""
    refusal = outcome.refusal
    typed = {**asked.raw, WORDS: asked.words, METHOD: asked.method, NOTE: asked.note}
    errors = {part: words for part, words in refusal.errors.items() if typed.get(part, "x")}
    return replace(outcome, refusal=replace(refusal, errors=errors))
