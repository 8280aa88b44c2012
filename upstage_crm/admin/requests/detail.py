"""What the page of one request shows, worded and formatted: plain texts that may go to the browser.

Where a patron decided from (network address, browser) is kept for evidence and never shown here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from upstage_crm.admin.requests.field_rows import QUESTIONS, FieldRow, field_row
from upstage_crm.admin.requests.mail_rows import MailRow, in_order, mail_row
from upstage_crm.admin.requests.receipt_rows import ReceiptItem, receipt_item
from upstage_crm.admin.requests.rows import is_urgent, words_of
from upstage_crm.admin.requests.task import Rights, Task, task_of
from upstage_crm.admin.requests.url import request_href
from upstage_crm.admin.timeline import TimelineEntry, timeline_entries
from upstage_crm.audit.events import Action
from upstage_crm.audit.trail import AuditLine
from upstage_crm.change_requests.model.next_step import NextStep, next_step
from upstage_crm.change_requests.model.policy import (
    Policy,
    resend_wait,
)
from upstage_crm.change_requests.model.reasons import REASONS
from upstage_crm.change_requests.model.rules import (
    Cause,
    FieldOutcome,
    RequestState,
)
from upstage_crm.change_requests.model.views import (
    DeskView,
    RequestView,
    SuppressionView,
)
from upstage_crm.core import when
from upstage_crm.mail.event_log import NotedEvent
from upstage_crm.mail.message import Audience
from upstage_crm.mail.queries import MailSummary
from upstage_crm.privacy.redacted_trail import seen_address
from upstage_crm.receipts.queries import ReceiptLine
from upstage_crm.wording.consequences import counted
from upstage_crm.wording.next_steps import NEXT_STEP_WORDS
from upstage_crm.wording.sentences import (
    CAUSE_WORDS,
)

_DAY = timedelta(days=1)
# What is pending is corrected by a newer proposal, which takes its place.
_AGAIN = {
    RequestState.HELD: "Correct",
    RequestState.PENDING: "Correct",
    RequestState.WITHDRAWN: "Propose again",
    RequestState.REJECTED: "Propose again",
    RequestState.EXPIRED: "Propose again",
    RequestState.UNDELIVERABLE: "Propose again",
    RequestState.SUPERSEDED: "Propose again",
}


@dataclass(frozen=True)
class RequestPage:
    """Everything that the page shows. Texts that do not apply are empty."""

    reference: str = ""
    href: str = ""
    state: str = "pending"
    state_words: str = ""
    is_open: bool = False
    patron: str = ""
    patron_number: str = ""
    patron_href: str = ""
    proposer: str = ""
    answerable: str = ""
    can_assign: bool = False
    can_comment: bool = False
    created: str = ""
    created_iso: str = ""
    created_absolute: str = ""
    left: str = ""
    is_urgent: bool = False
    next_step: str = ""
    expires: str = ""
    expires_label: str = ""
    ended: str = ""
    cause: str = ""
    holder: str = ""
    holder_href: str = ""
    sent: str = ""
    last_sent: str = ""
    reason: str = ""
    reason_sentence: str = ""
    reason_text: str = ""
    fields: list[FieldRow] = field(default_factory=list)
    mails: list[MailRow] = field(default_factory=list)
    story: list[TimelineEntry] = field(default_factory=list)
    has_receipts: bool = False
    receipts: list[ReceiptItem] = field(default_factory=list)
    task: Task = field(default_factory=Task)
    can_revert: bool = False
    revert_words: str = ""
    can_read_out: bool = False
    code_hint: str = ""
    reminder: str = ""
    again_href: str = ""
    again: str = ""
    can_withdraw: bool = False
    can_resend: bool = False
    resend_wait_s: int = 0
    resend_until: str = ""
    resend_refusal: str = ""
    resends: str = ""
    told: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was read of one request, in one snapshot. `holder` has an address it proposes.

    `refusals` says, by the id of a first person, why the reader may not be second to them.
    """

    request: RequestView
    lines: Sequence[AuditLine]
    mails: Sequence[MailSummary]
    events: Mapping[str, Sequence[NotedEvent]]
    reached: frozenset[Audience]
    holder: int | None
    time_zone: tzinfo
    desk: Sequence[DeskView] = ()
    suppression: SuppressionView | None = None
    receipts: Sequence[ReceiptLine] = ()
    refusals: Mapping[str, str] = field(default_factory=dict[str, str])
    comments: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who looks, as far as the page differs for it."""

    id: str
    may_withdraw: bool
    may_resend: bool
    may_open_mail: bool
    may_propose: bool = False
    may_release: bool = False
    may_confirm: bool = False
    may_identify: bool = False
    may_lift: bool = False
    may_revert: bool = False
    may_see_receipts: bool = False
    may_comment: bool = False


def request_page(found: Found, *, viewer: Viewer, policy: Policy, now: datetime) -> RequestPage:
    """Return the page of one request as this viewer sees it at this moment."""
    request, zone = found.request, found.time_zone
    access = request.access
    receipts = found.receipts if viewer.may_see_receipts else ()
    is_open = request.state.is_open
    is_taken = request.cause is Cause.ADDRESS_TAKEN and found.holder is not None
    can_resend = request.state is RequestState.PENDING and now < request.expires_at
    wait = resend_wait(policy, last_sent_at=request.last_sent_at, now=now)
    reason = REASONS[request.reason_code]
    revert_until = _revert_until(request, now=now)
    is_pending = request.state is RequestState.PENDING
    urgent = is_pending and is_urgent(request.created_at, request.expires_at, now=now)
    return RequestPage(
        reference=request.reference,
        href=request_href(request.reference),
        state=request.state.value,
        state_words=words_of(request, zone),
        is_open=is_open,
        patron=request.patron_name,
        patron_number=str(request.patron_number),
        patron_href=f"/patrons/{request.patron_number}/",
        proposer=request.proposer_label,
        answerable=request.answerable_label,
        can_assign=is_open and viewer.may_propose,
        can_comment=viewer.may_comment,
        created=when.ago(request.created_at, now=now, time_zone=zone),
        created_iso=when.iso(request.created_at),
        created_absolute=when.in_words(request.created_at, zone),
        left=when.left(request.expires_at, now=now) if is_pending else "",
        is_urgent=urgent,
        next_step=_next_step(request, is_urgent=urgent),
        expires=_until(request, zone),
        expires_label=_until_label(request),
        ended=when.in_words(request.ended_at, zone) if request.ended_at else "",
        cause=CAUSE_WORDS[request.cause] if request.cause else "",
        holder=str(found.holder) if is_taken else "",
        holder_href=f"/patrons/{found.holder}/" if is_taken else "",
        sent=_sent(found),
        last_sent=when.in_words(request.last_sent_at, zone) if _is_asked(found) else "",
        reason=reason.label,
        reason_sentence=reason.sentence,
        reason_text=request.reason_text,
        fields=[
            field_row(
                entry,
                found.lines,
                found.mails,
                zone,
                is_reverted=request.state is RequestState.REVERTED,
            )
            for entry in request.fields
        ],
        mails=[
            mail_row(mail, request, may_open_mail=viewer.may_open_mail, time_zone=zone)
            for mail in in_order(found.mails)
        ],
        story=timeline_entries(
            found.lines,
            found.mails,
            found.events,
            access=access,
            now=now,
            time_zone=zone,
            comments=found.comments,
        ),
        has_receipts=bool(receipts),
        receipts=[receipt_item(line, zone) for line in receipts],
        task=task_of(
            request,
            found.desk,
            found.suppression,
            rights=_rights(found, viewer),
            access=access,
            time_zone=zone,
        ),
        can_revert=viewer.may_revert and revert_until is not None,
        revert_words=_revert_words(revert_until, zone),
        can_read_out=(can_resend or request.state is RequestState.WAITING) and viewer.may_identify,
        code_hint=_code_hint(request),
        reminder=when.in_words(request.next_reminder_at, zone) if request.next_reminder_at else "",
        again_href=f"/patrons/{request.patron_number}/?again={request.reference}"
        if viewer.may_propose
        else "",
        again=_AGAIN.get(request.state, ""),
        can_withdraw=is_open and viewer.may_withdraw,
        can_resend=can_resend and viewer.may_resend,
        resend_wait_s=max(0, int(wait.total_seconds()) + 1) if wait > timedelta() else 0,
        resend_until=when.iso(request.last_sent_at + policy.resend_cooldown),
        resend_refusal=_refusal(found, policy, now),
        resends=_resends(found),
        told=_told(found, viewer),
    )


def _next_step(request: RequestView, *, is_urgent: bool) -> str:
    """What to do next; empty where there is nothing to say."""
    step = next_step(request, is_urgent=is_urgent)
    return "" if step is NextStep.NOTHING_MORE else NEXT_STEP_WORDS[step]


def _is_asked(found: Found) -> bool:
    """Whether a mailbox was asked to decide, and not only staff."""
    return any(mail.kind in QUESTIONS for mail in found.mails)


def _until_label(request: RequestView) -> str:
    if request.state is RequestState.WAITING:
        return "Takes effect"
    return "Open until" if request.state.is_open else "Was open until"


def _until(request: RequestView, time_zone: tzinfo) -> str:
    if request.state is RequestState.HELD:
        return ""  # no deadline has started
    if request.state is not RequestState.WAITING:
        return when.in_words(request.expires_at, time_zone)
    if request.applies_at is not None:
        return when.in_words(request.applies_at, time_zone)
    is_stopped = request.is_stopped
    return "After a colleague’s review" if is_stopped else "Some days after the notice arrives"


def _sent(found: Found) -> str:
    if not _is_asked(found):
        return "" if found.request.state is RequestState.HELD else "Never"
    count = found.request.sent_count
    return "Once" if count == 1 else f"{count} times"


def _rights(found: Found, viewer: Viewer) -> Rights:
    return Rights(
        id=viewer.id,
        may_release=viewer.may_release,
        may_confirm=viewer.may_confirm,
        may_identify=viewer.may_identify,
        may_lift=viewer.may_lift,
        refusals=found.refusals,
    )


def _revert_until(request: RequestView, *, now: datetime) -> datetime | None:
    """Until when something of this request can be put back; None when nothing can."""
    if request.state not in (RequestState.APPROVED, RequestState.PARTLY_APPROVED):
        return None
    window = request.policy.revert_window
    ends = [
        view.settled_at + window
        for view in request.fields
        if view.outcome is FieldOutcome.APPLIED and view.settled_at is not None
    ]
    return max((end for end in ends if now < end), default=None)


def _revert_words(until: datetime | None, time_zone: tzinfo) -> str:
    if until is None:
        return ""
    return (
        f"Possible until {when.in_words(until, time_zone)}. The previous value is restored unless "
        "it has changed since; then two colleagues must review it."
    )


def _code_hint(request: RequestView) -> str:
    left = request.policy.code_tries - request.code_tries
    if left <= 0:
        return "There were too many wrong codes: this way is closed for this request."
    return f"Eight letters and digits, like 7QK2-M9XD. {left} attempts left for this request."


def _refusal(found: Found, policy: Policy, now: datetime) -> str:
    """Why the day's mails are used up, and until when; empty while they are not."""
    again = sorted(
        line.at
        for line in found.lines
        if line.action is Action.REQUEST_RESENT and line.at > now - _DAY
    )
    if len(again) < policy.resend_limit_per_day:
        return ""
    free_at = when.short(again[-policy.resend_limit_per_day] + _DAY, found.time_zone)
    return (
        f"Sent again {len(again)} times in 24 hours, which is the limit. Possible from {free_at}."
    )


def _resends(found: Found) -> str:
    """Who gets the question again, and how often it has left."""
    open_fields = [entry for entry in found.request.fields if entry.outcome.is_open]
    asked = list(dict.fromkeys(m for entry in open_fields for m in entry.unanswered))
    if not asked:
        return ""
    sent = found.request.sent_count
    often = "once" if sent == 1 else f"{sent} times"
    emails = counted(len(asked), "email")
    return f"Sends {emails} to {' and '.join(asked)}. The question was sent {often} before."


def _told(found: Found, viewer: Viewer) -> str:
    """Who hears of a withdrawal."""
    patrons = found.reached - {Audience.STAFF}
    reached = [mail for mail in in_order(found.mails) if mail.audience in patrons]
    addresses = list(dict.fromkeys(seen_address(mail, found.request.access) for mail in reached))
    if addresses:
        told = f"We tell {' and '.join(addresses)}, because we wrote there about it."
    else:
        told = "No email about it has been sent yet, so no one is told."
    if found.request.answerable_id not in (None, viewer.id):
        told += f" {found.request.answerable_label}, who answers for it, is told too."
    return told
