"""How the page of a request shows its field changes: values, who was asked, what they said."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from upstage_crm.admin.requests.spans import Span, spans
from upstage_crm.audit.events import Action
from upstage_crm.audit.trail import AuditLine
from upstage_crm.change_requests.model.rules import FieldOutcome
from upstage_crm.change_requests.model.views import FieldView
from upstage_crm.core import when
from upstage_crm.links.claims import Reviewer
from upstage_crm.mail.message import Audience, MailKind
from upstage_crm.mail.queries import MailSummary
from upstage_crm.patrons.views import FieldLine
from upstage_crm.wording.mails import AUDIENCE_WORDS
from upstage_crm.wording.sentences import CHANNEL_WORDS

_SAID = {
    Action.FIELD_APPROVED: "Approved",
    Action.FIELD_REJECTED: "Rejected",
    Action.FIELD_OBJECTED: "Objected to",
}
QUESTIONS = (MailKind.DECISION_REQUEST, MailKind.CHANGE_NOTICE, MailKind.DESK_NOTICE)


@dataclass(frozen=True)
class Said:
    """One reviewer's decision on a field."""

    words: str = ""
    time: str = ""
    time_iso: str = ""


@dataclass(frozen=True, kw_only=True)
class FieldRow(FieldLine):
    """One field change, with who said what; `outcome` is a `FieldOutcome` value.

    The spans are empty when marking letters would not help.
    """

    id: str = ""
    is_open: bool = False
    now_heading: str = "Now"
    proposed_heading: str = "Proposed"
    now_spans: list[Span] = field(default_factory=list)
    proposed_spans: list[Span] = field(default_factory=list)
    outcome: str = "pending"
    outcome_words: str = ""
    asked: str = ""
    said: list[Said] = field(default_factory=list)
    comment: str = ""


def field_row(
    view: FieldView,
    lines: Sequence[AuditLine],
    mails: Sequence[MailSummary],
    zone: tzinfo,
    *,
    is_reverted: bool = False,
) -> FieldRow:
    """One field change, with who was asked about it and what they said.

    `is_reverted` says that the request was undone; what it never changed is as it was.
    """
    is_undone = is_reverted and view.outcome is FieldOutcome.APPLIED
    mailboxes = dict(zip(view.reviewers, view.mailboxes, strict=True))
    # Who only objected has a review too, but got no question.
    questioned = {m.audience.value for m in mails if m.kind in QUESTIONS}
    asked = [
        f"{mailbox} ({_who(reviewer)})"
        for reviewer, mailbox in mailboxes.items()
        if reviewer.value in questioned
    ]
    now_spans, proposed_spans = spans(view.now, view.proposed)
    in_order = sorted(lines, key=lambda line: line.seq)
    return FieldRow(
        id=view.id,
        is_open=view.outcome.is_open,
        label=view.label,
        now=view.now,
        proposed=view.proposed,
        now_spans=now_spans,
        proposed_spans=proposed_spans,
        now_heading=_now_heading(view.outcome, is_undone=is_undone),
        proposed_heading="Used briefly" if is_undone else "Proposed",
        is_kept=is_undone,
        outcome=view.outcome.value,
        outcome_words=_waits(view, zone),
        asked=", ".join(asked),
        said=[
            _said(line, mailboxes, zone)
            for line in in_order
            if line.action in _SAID and line.facts.get("field") == view.field
        ],
        comment=view.comment,
    )


def _now_heading(outcome: FieldOutcome, *, is_undone: bool) -> str:
    if is_undone:
        return "Restored"
    return "Now" if outcome.is_open else "Before"


def _waits(view: FieldView, zone: tzinfo) -> str:
    """When a waiting field takes effect; "" for any other, and while its clock stands."""
    if view.outcome is not FieldOutcome.WAITING or view.applies_at is None:
        return ""
    return f"Approved, takes effect {when.brief(view.applies_at, zone)}"


def _said(line: AuditLine, mailboxes: dict[Reviewer, str], zone: tzinfo) -> Said:
    reviewer = Reviewer(str(line.facts["reviewer"]))
    address = mailboxes.get(reviewer, "")
    who = f"{_who(reviewer)}, {address}," if address else _who(reviewer)
    return Said(
        words=f"{_SAID[line.action]} by {who} on the {CHANNEL_WORDS[line.channel]}",
        time=when.short(line.at, zone),
        time_iso=when.iso(line.at),
    )


def _who(reviewer: Reviewer) -> str:
    return AUDIENCE_WORDS[Audience(reviewer.value)]
