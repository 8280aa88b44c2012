"""What the queue shows, worded and formatted: plain texts that may go to the browser."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from upstage_crm.admin.requests.url import queue_href, request_href
from upstage_crm.change_requests.model.rules import RequestState
from upstage_crm.change_requests.model.views import (
    RequestLine,
    RequestView,
)
from upstage_crm.change_requests.reads.figures import Step
from upstage_crm.change_requests.reads.queue import ENDINGS, View
from upstage_crm.core import when
from upstage_crm.core.counting import some
from upstage_crm.mail.queries import MailSummary
from upstage_crm.wording.consequences import counted
from upstage_crm.wording.limits import HELD_NEEDS
from upstage_crm.wording.mails import delivery_key

URGENT_PART = 4  # the time left stands out once less than a quarter of it remains
TABS: Mapping[View, str] = {
    View.NEEDS_YOU: "Needs you",
    View.OPEN: "Waiting for the patron",
    View.EXPIRING: "Expiring in 48 h",
    View.HELD: "On hold",
    View.UNDELIVERABLE: "Undeliverable",
    View.OBJECTED: "Objected",
    View.CLOSED: "Closed",
    View.ALL: "All",
}
"""The views with a tab; the other endings are chosen beside the search."""
STEP_WORDS: Mapping[str, str] = {
    Step.DELIVERED: "Delivered",
    Step.DECIDED: "Decided by the patron",
    Step.WITHIN_HOUR: "Decided within an hour",
    Step.WITHIN_DAY: "Decided within a day",
    Step.WITHIN_3_DAYS: "Decided within 3 days",
    Step.WITHIN_7_DAYS: "Decided within 7 days",
    Step.LATER: "Decided after 7 days",
}
"""How far the requests came that a number of the dashboard counts."""


@dataclass(frozen=True)
class QueueTab:
    """One view of the queue with how many requests it holds."""

    label: str = ""
    href: str = ""
    count: str = ""
    is_active: bool = False


@dataclass(frozen=True)
class QueueRow:
    """One request in the queue. `left` is empty while no clock runs; `mail` before any mail.

    `ended` is the day on which it ended, empty before.

    `answerable` is who answers for it, where that is not the proposer. `comments` is how many there
    are, empty for none. `state_more` is what the chip's state alone does not say, as when an
    approval takes effect.
    """

    reference: str = ""
    href: str = ""
    patron: str = ""
    patron_number: str = ""
    patron_href: str = ""
    fields: str = ""
    proposed: str = ""
    state: str = ""
    state_words: str = ""
    state_more: str = ""
    proposer: str = ""
    answerable: str = ""
    comments: str = ""
    age: str = ""
    age_iso: str = ""
    left: str = ""
    left_absolute: str = ""
    is_urgent: bool = False
    ended: str = ""
    ended_iso: str = ""
    mail: str = ""


def queue_tab(view: View, *, count: int, active: View, who: str) -> QueueTab:
    """Return the tab of one view; it keeps no search, so that its number holds."""
    return QueueTab(
        label=TABS[view],
        href=queue_href(view, who=who),
        count=some(count),
        is_active=view is (View.CLOSED if active in ENDINGS else active),
    )


def queue_row(
    line: RequestLine, *, mail: MailSummary | None, now: datetime, time_zone: tzinfo
) -> QueueRow:
    """Return the row of one request; `mail` is its newest decision mail."""
    until = line.applies_at if line.state is RequestState.WAITING else line.expires_at
    is_timed = line.state in (RequestState.PENDING, RequestState.WAITING)
    state, _comma, more = words_of(line, time_zone).partition(", ")
    if line.held_for is not None and line.state is RequestState.HELD:
        more = HELD_NEEDS[line.held_for]
    return QueueRow(
        reference=line.reference,
        href=request_href(line.reference),
        patron=line.patron_name,
        patron_number=str(line.patron_number),
        patron_href=f"/patrons/{line.patron_number}/",
        fields=line.fields,
        proposed=line.proposed,
        state=line.state.value,
        state_words=state,
        state_more=more,
        proposer=line.proposer_label,
        answerable="" if line.answerable_label == line.proposer_label else line.answerable_label,
        comments=counted(line.comments, "comment") if line.comments else "",
        age=when.ago(line.created_at, now=now, time_zone=time_zone),
        age_iso=when.iso(line.created_at),
        left=when.left(until, now=now) if is_timed and until else "",
        left_absolute=when.in_words(until, time_zone) if is_timed and until else "",
        is_urgent=line.state is RequestState.PENDING
        and is_urgent(line.created_at, line.expires_at, now=now),
        ended=when.ago(line.ended_at, now=now, time_zone=time_zone) if line.ended_at else "",
        ended_iso=when.iso(line.ended_at) if line.ended_at else "",
        mail="" if mail is None else delivery_key(mail),
    )


def words_of(request: RequestLine | RequestView, time_zone: tzinfo) -> str:
    """What the state's chip says where its time, or a clock that stands, says more; else ""."""
    if request.state not in (RequestState.PENDING, RequestState.WAITING):
        return ""
    if request.is_stopped:
        is_waiting = request.state is RequestState.WAITING
        return f"{'Approved' if is_waiting else 'Pending'}, the patron could not be told"
    if request.state is RequestState.PENDING:
        return ""
    if request.applies_at is None:
        return "Approved, waits for the notice to arrive"
    return f"Approved, takes effect {when.brief(request.applies_at, time_zone)}"


def is_urgent(created_at: datetime, expires_at: datetime, *, now: datetime) -> bool:
    """Whether less than a quarter of a request's time is left."""
    return (expires_at - now) * URGENT_PART < expires_at - created_at
