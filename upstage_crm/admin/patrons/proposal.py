"""A proposal as it stands in the dialog: checked and sent by plain functions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo

from sqlmodel import Session

from upstage_crm.admin.patrons.inputs import problem
from upstage_crm.change_requests import commands
from upstage_crm.change_requests.errors import AddressRecentlyProposed, RecentlyRejected
from upstage_crm.change_requests.preview import ProposalPreview, preview
from upstage_crm.change_requests.proposing import clean_reason
from upstage_crm.change_requests.rules import ReasonCode
from upstage_crm.core import when
from upstage_crm.core.errors import Invalid, UpstageError
from upstage_crm.organisation.settings import details
from upstage_crm.patrons import fields
from upstage_crm.patrons.advice import Advice
from upstage_crm.patrons.errors import AddressTaken
from upstage_crm.staff.roles import StaffMember
from upstage_crm.ui.copy import advice_sentence, sentence
from upstage_crm.wiring import runtime

REASON = "reason"
WORDS = "reason_text"
RESTS = (AddressRecentlyProposed, RecentlyRejected)  # what an owner may override


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What the member has filled in so far. `reason` is "" until one is chosen."""

    actor: StaffMember
    patron_id: str
    field: str
    raw: Mapping[str, str]
    reason: str = ""
    words: str = ""
    override: bool = False

    @property
    def reason_code(self) -> ReasonCode | None:
        """The chosen reason; None for none and for what is not one."""
        return ReasonCode(self.reason) if self.reason in list(ReasonCode) else None


@dataclass(frozen=True)
class Hint:
    """A warning; `suggestion` is a value to take with one press, or empty."""

    words: str = ""
    suggestion: str = ""


@dataclass(frozen=True)
class ReadView:
    """One field as one reader sees it."""

    label: str = ""
    now: str = ""
    proposed: str = ""


@dataclass(frozen=True)
class ReadingView:
    """What one mailbox will read."""

    task: str = ""
    mailbox: str = ""
    greeting: str = ""
    words: str = ""
    fields: list[ReadView] = field(default_factory=list)


@dataclass(frozen=True)
class Preview:
    """What would be sent; all empty while there is nothing to show."""

    readings: list[ReadingView] = field(default_factory=list)
    proposer: str = ""
    reason: str = ""
    until: str = ""
    standing: str = ""
    replaced: str = ""


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
    context, now = parts.context(), parts.clock.now()
    with parts.database.reading() as session:
        organisation = details(session)
        try:
            seen = preview(
                session,
                actor=proposal.actor,
                patron_id=proposal.patron_id,
                changes={proposal.field: proposal.raw},
                reason_code=proposal.reason_code,
                reason_text=proposal.words,
                context=context,
                override=proposal.override,
                now=now,
            )
        except UpstageError as error:
            return Outcome(refusal=refusal_of(error, proposal))
    zone = when.zone(seen.time_zone, organisation.time_zone)
    return Outcome(
        refusal=Refusal(errors=reason_errors(proposal) if proposal.reason_code else {}),
        preview=_preview(seen, zone),
        hints=[_hint(advice) for advice in seen.advice],
    )


def send(session: Session, proposal: Proposal, context: fields.Context) -> commands.Proposed:
    """Propose it.

    Raises:
        Whatever `commands.propose` raises. The reason has been checked before.
    """
    code = proposal.reason_code
    assert code is not None
    parts = runtime()
    return commands.propose(
        session,
        actor=proposal.actor,
        patron_id=proposal.patron_id,
        changes={proposal.field: proposal.raw},
        reason_code=code,
        reason_text=proposal.words,
        context=context,
        mailroom=parts.mailroom,
        override=proposal.override,
        now=parts.clock.now(),
    )


def reason_errors(proposal: Proposal) -> dict[str, str]:
    """What is wrong with the reason, by input."""
    code = proposal.reason_code
    if code is None:
        return {REASON: "Choose a reason."}
    try:
        clean_reason(code, proposal.words)
    except Invalid as error:
        return {WORDS: sentence(error)}
    return {}


def refusal_of(error: UpstageError, proposal: Proposal) -> Refusal:
    """Say a refusal where it belongs, with the way out that it offers."""
    words, part = sentence(error), problem(error, fields.field(proposal.field))
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


def _preview(seen: ProposalPreview, time_zone: tzinfo) -> Preview:
    return Preview(
        readings=[
            ReadingView(
                task="is asked to approve or reject"
                if reading.decides
                else "is told first and can object",
                mailbox=reading.mailbox,
                greeting=reading.patron_name,
                words=reading.reason_text,
                fields=[
                    ReadView(label=f.label, now=f.now, proposed=f.proposed) for f in reading.fields
                ],
            )
            for reading in seen.readings
        ],
        proposer=seen.proposer,
        reason=seen.reason_sentence,
        until=when.in_words(seen.expires_at, time_zone),
        standing=seen.standing,
        replaced=", ".join(seen.replaced),
    )


def _hint(advice: Advice) -> Hint:
    return Hint(words=advice_sentence(advice), suggestion=advice.facts.get("suggestion", ""))
