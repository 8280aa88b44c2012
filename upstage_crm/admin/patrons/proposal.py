"""A proposal as it stands in the dialog: checked and sent by plain functions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any

from sqlmodel import Session

from upstage_crm.admin.patrons.inputs import problem
from upstage_crm.change_requests.desk import identify
from upstage_crm.change_requests.lifecycle import staff_commands
from upstage_crm.change_requests.lifecycle.checks import clean_reason
from upstage_crm.change_requests.lifecycle.preview import (
    ProposalPreview,
    preview,
)
from upstage_crm.change_requests.limits import proposal_limits
from upstage_crm.change_requests.model.errors import (
    AddressRecentlyProposed,
    RecentlyRejected,
)
from upstage_crm.change_requests.model.reasons import STAFF_REASONS
from upstage_crm.change_requests.model.rules import (
    DeskMethod,
    ReasonCode,
    RequestPath,
)
from upstage_crm.core import when
from upstage_crm.core.errors import Invalid, UpstageError
from upstage_crm.organisation.settings import details
from upstage_crm.patrons import fields
from upstage_crm.patrons.advice import Advice
from upstage_crm.patrons.errors import AddressTaken
from upstage_crm.patrons.views import FieldLine
from upstage_crm.staff.roles import StaffMember
from upstage_crm.wiring import runtime
from upstage_crm.wording.consequences import counted
from upstage_crm.wording.sentences import (
    advice_sentence,
    sentence,
)

REASON = "reason"
WORDS = "reason_text"
METHOD, NOTE = "method", "note"
RESTS = (AddressRecentlyProposed, RecentlyRejected)  # what an owner may override


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What the member has filled in so far. `reason` is "" until one is chosen.

    `field` is what the dialog was opened for, `others` what was added to it. With `is_lost` the
    patron cannot read the mailbox: `method` and `note` say how staff know who it is.
    """

    actor: StaffMember
    patron_id: str
    field: str
    raw: Mapping[str, str]
    others: tuple[str, ...] = ()
    reason: str = ""
    words: str = ""
    override: bool = False
    ask_both: bool = False
    is_lost: bool = False
    method: str = ""
    note: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """Every field that is proposed, in the order in which they were added."""
        return (self.field, *self.others)

    @property
    def changes(self) -> dict[str, dict[str, str]]:
        """The inputs by field and column."""
        return {
            key: {column: self.raw.get(column, "") for column in fields.field(key).columns}
            for key in self.keys
        }

    @property
    def reason_code(self) -> ReasonCode | None:
        """The chosen reason; None for none and for what is not one."""
        return ReasonCode(self.reason) if self.reason in STAFF_REASONS else None


@dataclass(frozen=True)
class Hint:
    """A warning; `suggestion` is a value to take with one press, or empty."""

    words: str = ""
    suggestion: str = ""


@dataclass(frozen=True)
class ReadingView:
    """What one mailbox will read."""

    task: str = ""
    mailbox: str = ""
    greeting: str = ""
    words: str = ""
    fields: list[FieldLine] = field(default_factory=list)


@dataclass(frozen=True)
class Preview:
    """What would be sent; all empty while there is nothing to show."""

    readings: list[ReadingView] = field(default_factory=list)
    proposer: str = ""
    reason: str = ""
    until: str = ""
    standing: str = ""
    replaced: str = ""
    second: str = ""
    tickets: str = ""


@dataclass(frozen=True)
class Refusal:
    """Why it cannot be sent: sentences by input, one for all, a way out, a way past it."""

    errors: dict[str, str] = field(default_factory=dict)
    general: str = ""
    href: str = ""
    link: str = ""
    can_be_overridden: bool = False


@dataclass(frozen=True)
class Outcome:
    """What a check says: a refusal, or a preview with hints."""

    refusal: Refusal = field(default_factory=Refusal)
    preview: Preview = field(default_factory=Preview)
    hints: list[Hint] = field(default_factory=list)


def checked(proposal: Proposal) -> Outcome:
    """Look at a proposal as sending it would, and write nothing."""
    parts = runtime()
    parsing = parts.context()
    with parts.database.reading() as session:
        organisation = details(session)
        try:
            seen = preview(
                parts.staff_context(session, proposal.actor),
                patron_id=proposal.patron_id,
                changes=proposal.changes,
                reason_code=proposal.reason_code,
                reason_text=proposal.words,
                parsing=parsing,
                override=proposal.override,
                ask_both=proposal.ask_both,
                path=RequestPath.DESK if proposal.is_lost else RequestPath.LINK,
            )
        except UpstageError as error:
            return Outcome(refusal=refusal_of(error, proposal))
    zone = organisation.zone_of(seen.time_zone)
    return Outcome(
        refusal=Refusal(errors=reason_errors(proposal) if proposal.reason_code else {}),
        preview=_preview(seen, zone, is_lost=proposal.is_lost),
        hints=[_hint(advice) for advice in seen.advice],
    )


def sent(proposal: Proposal) -> staff_commands.Proposed:
    """Propose it in one transaction; a refusal is noted in another, for the tripwires.

    Raises:
        Whatever `send` raises.
    """
    parts = runtime()
    parsing = parts.context()
    try:
        return parts.database.attempt(lambda session: send(session, proposal, parsing))
    except UpstageError as error:
        with parts.database.transaction() as session:
            proposal_limits.note_refused(
                parts.staff_context(session, proposal.actor),
                patron_id=proposal.patron_id,
                changes=proposal.changes,
                error=error,
            )
        raise


def send(session: Session, proposal: Proposal, parsing: fields.Context) -> staff_commands.Proposed:
    """Propose it.

    Raises:
        Whatever `staff_commands.propose` raises. The reason has been checked before.
    """
    code = proposal.reason_code
    assert code is not None
    context = runtime().staff_context(session, proposal.actor)
    shared: dict[str, Any] = {
        "patron_id": proposal.patron_id,
        "changes": proposal.changes,
        "reason_code": code,
        "reason_text": proposal.words,
        "parsing": parsing,
        "override": proposal.override,
    }
    if proposal.is_lost:
        method = DeskMethod(proposal.method)
        return identify.propose(context, method=method, note=proposal.note, **shared)
    return staff_commands.propose(context, ask_both=proposal.ask_both, **shared)


def reason_errors(proposal: Proposal) -> dict[str, str]:
    """What is wrong with the reason, by input."""
    code = proposal.reason_code
    if code is None:
        return {REASON: "Choose a reason."}
    try:
        clean_reason(code, proposal.words)
    except Invalid as error:
        return {WORDS: sentence(error)}
    if proposal.is_lost:
        known = {method.value for method in identify.IDENTIFYING}
        if proposal.method not in known:
            return {METHOD: "Choose how you checked their identity."}
        if not proposal.note.strip():
            return {NOTE: "Say what you checked: the second person reads it."}
    return {}


def refusal_of(error: UpstageError, proposal: Proposal) -> Refusal:
    """Say a refusal where it belongs, with the way out that it offers."""
    words = sentence(error)
    entries = [fields.field(key) for key in proposal.keys]
    if len(entries) > 1:  # only what names its input belongs to one
        entries = [entry for entry in entries if error.facts.get("part") in entry.columns]
    part = problem(error, entries[0]) if entries else ""
    href, link = _way_out(error)
    return Refusal(
        errors={part: words} if part else {},
        general="" if part else words,
        href=href,
        link=link,
        can_be_overridden=isinstance(error, RESTS),
    )


def _way_out(error: UpstageError) -> tuple[str, str]:
    if isinstance(error, AddressTaken):
        number = error.facts["number"]
        return f"/patrons/{number}/", f"Open patron {number} instead"
    if isinstance(error, RESTS):
        reference = error.facts["reference"]
        return f"/requests/{reference}/", f"View request {reference}"
    return "", ""


def _second(seen: ProposalPreview, *, is_lost: bool) -> str:
    """What has to happen before anybody is asked; empty when nothing has to."""
    if is_lost:
        told = (
            "Then the current address is told, and can stop it"
            if seen.tells_current
            else "No mailbox of the patron works, so a letter tells them"
        )
        return (
            f"A different colleague must confirm their identity. {told}; the change is made when "
            "the waiting period is over."
        )
    if seen.needs_second:
        return "No email leaves before a different colleague has released it."
    return ""


def _preview(seen: ProposalPreview, time_zone: tzinfo, *, is_lost: bool) -> Preview:
    return Preview(
        second=_second(seen, is_lost=is_lost),
        readings=[
            ReadingView(
                task="is asked to approve or reject"
                if reading.decides
                else "is told first and can object",
                mailbox=reading.mailbox,
                greeting=reading.patron_name,
                words=reading.reason_text,
                fields=[
                    FieldLine(label=f.label, now=f.now, proposed=f.proposed) for f in reading.fields
                ],
            )
            for reading in seen.readings
        ],
        proposer=seen.proposer,
        reason=seen.reason_sentence,
        until=when.in_words(seen.expires_at, time_zone),
        standing=seen.standing,
        replaced=", ".join(seen.replaced),
        tickets=f"{counted(seen.tickets, 'future ticket')} {_goes(seen.tickets)} with this address."
        if seen.tickets
        else "",
    )


def _goes(count: int) -> str:
    return "goes" if count == 1 else "go"


def _hint(advice: Advice) -> Hint:
    return Hint(words=advice_sentence(advice), suggestion=advice.facts.get("suggestion", ""))
