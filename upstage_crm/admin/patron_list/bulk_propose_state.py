"""The dialog in which staff propose one value for several patrons of the list at once."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.patron_list.chosen import CHOSEN, PROPOSE, numbers_in
from upstage_crm.admin.patron_list.list_state import PatronListState
from upstage_crm.admin.patrons.proposal import REASON, WORDS
from upstage_crm.change_requests.lifecycle import bulk_propose
from upstage_crm.change_requests.lifecycle.bulk_propose import SHARED, SharedChange
from upstage_crm.change_requests.lifecycle.checks import clean_reason
from upstage_crm.change_requests.limits import proposal_limits
from upstage_crm.change_requests.model.reasons import STAFF_REASONS
from upstage_crm.change_requests.model.rules import HeldFor, ReasonCode
from upstage_crm.core.errors import Invalid, UpstageError
from upstage_crm.pages.dialog_state import DialogMixin
from upstage_crm.patrons import queries
from upstage_crm.patrons.fields import Context
from upstage_crm.staff.roles import Permission, StaffMember
from upstage_crm.wiring import runtime
from upstage_crm.wording.bulk import left_out_words, shared_done_words, shared_preview_words
from upstage_crm.wording.consequences import counted
from upstage_crm.wording.sentences import sentence

PART, TEXT = "part", "text"
FIRST = next(iter(SHARED))
TEXT_LIMIT = max(part.max_length for part in SHARED.values())


class BulkProposeState(DialogMixin, AdminState):
    """The dialog. `lines` say what a press will do, `reads` is the reason as patrons read it."""

    permission: ClassVar[Permission | None] = Permission.PROPOSE_CHANGE
    dialogs: ClassVar[tuple[str, ...]] = (PROPOSE,)
    drafted: ClassVar[frozenset[str]] = frozenset({PROPOSE})
    page: ClassVar[type[PatronListState]] = PatronListState

    part: str = FIRST
    lines: rx.Field[list[str]] = rx.field(default_factory=list)
    reads: str = ""
    errors: rx.Field[dict[str, str]] = rx.field(default_factory=dict)

    _patron_ids: tuple[str, ...] = ()

    @rx.event
    async def ask(self, numbers: list[str]) -> None:
        """Ask what to propose for the chosen patrons."""
        chosen = numbers_in(numbers)
        if not chosen:
            return
        ids = await self._read(lambda session: queries.ids_of(session, chosen))
        about = f"{counted(len(ids), 'patron')} chosen"
        if ids and await self._open(PROPOSE, subject=CHOSEN, about=about):
            self._patron_ids = ids
            await self._begin()

    @rx.event
    async def propose(self, form: dict[str, Any]) -> Any:
        """Propose the value to each patron: one who is refused stops no other."""
        given = self._accept(PROPOSE, form)
        if given is None:
            return None
        self.refusal, self.errors = "", _errors(given)
        if self.errors:
            return self._focus(f"{PROPOSE}-{next(iter(self.errors))}")
        change, context = _change(given), await asyncio.to_thread(runtime().context)
        try:
            found = await self._previewed(change, context)
        except UpstageError as error:
            self._say(error)
            return self._focus(f"{PROPOSE}-{TEXT}")
        held, refused = await self._propose_each(found.applies, change, context)
        page, asked = await self.get_state(self.page), len(found.applies) - len(refused)
        named = await self._named(refused)
        if not asked:
            self.refusal = " ".join(left_out_words([*found.left_out, *named]))
            return await page._show()
        self._finish()
        left_out = [*found.left_out, *named]
        page._succeed(shared_done_words(asked=asked, held=held, left_out=left_out))
        return await page._show()

    async def _look(self, typed: dict[str, str]) -> None:
        """Say whom a press would ask, while the value is typed."""
        part = typed.get(PART, "")
        self.part = part if part in SHARED else FIRST
        reason = typed.get(REASON, "")
        self.reads = STAFF_REASONS[ReasonCode(reason)].sentence if reason in STAFF_REASONS else ""
        self.lines, self.errors = [], {}
        if not typed.get(TEXT, "").strip():
            return
        context = await asyncio.to_thread(runtime().context)
        try:
            found = await self._previewed(_change(typed), context)
        except UpstageError as error:
            self._say(error)
        else:
            self.lines = shared_preview_words(found, chosen=len(self._patron_ids))

    async def _begin(self) -> None:
        await self._look(self.draft)

    async def _previewed(
        self, change: SharedChange, context: Context
    ) -> bulk_propose.SharedPreview:
        actor, ids = self._actor(), self._patron_ids
        return await self._read(
            lambda session: bulk_propose.preview(
                runtime().staff_context(session, actor), ids, change, parsing=context
            )
        )

    async def _propose_each(
        self, patron_ids: tuple[str, ...], change: SharedChange, context: Context
    ) -> tuple[Mapping[HeldFor, int], Mapping[str, UpstageError]]:
        """Ask one patron after the other; return what waits, and whom it was refused for."""
        actor, held, refused = self._actor(), Counter[HeldFor](), dict[str, UpstageError]()
        for place, patron_id in enumerate(patron_ids):
            try:
                made = await self._command(
                    lambda s, one=patron_id: bulk_propose.propose(
                        runtime().staff_context(s, actor),
                        patron_id=one,
                        change=change,
                        parsing=context,
                    )
                )
            except UpstageError as error:
                refused[patron_id] = error
                await self._command(
                    lambda s, one=patron_id, why=error: _note(s, actor, one, change, why)
                )
                if bulk_propose.stops_all(error):
                    refused |= dict.fromkeys(patron_ids[place + 1 :], error)
                    break
            else:
                held.update([made.held_for] if made.held_for is not None else [])
        return held, refused

    async def _named(self, refused: Mapping[str, UpstageError]) -> tuple[bulk_propose.LeftOut, ...]:
        actor = self._actor()
        return await self._read(
            lambda session: bulk_propose.named(runtime().staff_context(session, actor), refused)
        )

    def _say(self, error: UpstageError) -> None:
        """Say a refusal that concerns no single patron; one of the value is said at its input."""
        if isinstance(error, Invalid):
            self.errors = {TEXT: sentence(error)}
        else:
            self.refusal = sentence(error)


def _change(given: Mapping[str, str]) -> SharedChange:
    reason = given.get(REASON, "")
    return SharedChange(
        column=given.get(PART, ""),
        text=given.get(TEXT, "")[: TEXT_LIMIT + 1],
        reason_code=ReasonCode(reason) if reason in STAFF_REASONS else ReasonCode.OTHER,
        reason_text=given.get(WORDS, ""),
    )


def _errors(given: Mapping[str, str]) -> dict[str, str]:
    """What is missing or wrong in the form, by input, for any patron."""
    if not given.get(TEXT, "").strip():
        return {TEXT: "Enter the new value."}
    if given.get(REASON) not in STAFF_REASONS:
        return {REASON: "Choose a reason."}
    try:
        clean_reason(ReasonCode(given[REASON]), given.get(WORDS, ""))
    except Invalid as error:
        return {WORDS: sentence(error)}
    return {}


def _note(
    session: Session,
    actor: StaffMember,
    patron_id: str,
    change: SharedChange,
    error: UpstageError,
) -> None:
    """Remember a refusal for the tripwires."""
    proposal_limits.note_refused(
        runtime().staff_context(session, actor),
        patron_id=patron_id,
        changes=bulk_propose.typed(change),
        error=error,
    )
