"""What the dashboard shows, worded and formatted: plain texts that may go to the browser."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from upstage_crm.admin.requests.url import queue_href
from upstage_crm.change_requests.limits.alerts import AlertView
from upstage_crm.change_requests.model.rules import RequestState
from upstage_crm.change_requests.notifications.alert_mails import WIRE_WORDS
from upstage_crm.change_requests.reads.dashboard import Standing
from upstage_crm.change_requests.reads.needs import Need
from upstage_crm.change_requests.reads.queue import View
from upstage_crm.core import when
from upstage_crm.core.counting import some
from upstage_crm.core.money import in_words
from upstage_crm.mail.delivery import MailState
from upstage_crm.mail.queries import MailSummary
from upstage_crm.patrons.visibility import FieldAccess
from upstage_crm.payments.views import DisputeState, DisputeView
from upstage_crm.privacy.redacted_trail import seen_address
from upstage_crm.proof.integrity import StandingFinding
from upstage_crm.wording.actions import subject_words
from upstage_crm.wording.mails import MAIL_KIND_WORDS
from upstage_crm.wording.sales.payments import DISPUTE_WORDS

_NEEDS: Mapping[Need, tuple[str, str, str]] = {
    Need.FROZEN: ("In dispute", "shield-alert", "danger"),
    Need.NOTICE_STOPPED: ("Patron could not be told", "mail-warning", "danger"),
    Need.SECOND_PERSON: ("Needs a colleague", "users", "warning"),
    Need.ERASURE: ("Erasure to confirm", "circle-slash", "warning"),
    Need.RECORD_CHANGE: ("Protection or status to confirm", "users", "warning"),
    Need.OBJECTED: ("The patron objected", "shield-alert", "danger"),
    Need.ADDRESS_TAKEN: ("Address used by two patrons", "users", "warning"),
    Need.UNDELIVERABLE: ("Email bounced", "mail-x", "danger"),
}
_DISPUTES: Mapping[DisputeState, tuple[str, str]] = {
    DisputeState.OPEN: ("shield-alert", "danger"),
    DisputeState.LOST: ("circle-x", "danger"),
    DisputeState.WON: ("circle-check", "success"),
}
WEEK = "&when=7-days"
_TROUBLE: Mapping[MailState, tuple[str, str, str]] = {
    MailState.FAILED: ("Email could not be sent", "mail-x", "danger"),
    MailState.UNCERTAIN: ("Email may not have been sent", "mail-warning", "warning"),
}


@dataclass(frozen=True)
class Tile:
    """One key number; `href` is empty where this viewer may not go."""

    label: str = ""
    number: str = "0"
    href: str = ""
    note: str = ""
    tone: str = "neutral"


@dataclass(frozen=True)
class NeedRow:
    """One thing that a person has to look at; with `more`, the way to those that are not shown."""

    words: str = ""
    icon: str = "flag"
    tone: str = "neutral"
    about: str = ""
    detail: str = ""
    href: str = ""
    more: str = ""
    time: str = ""
    time_iso: str = ""


@dataclass(frozen=True)
class DecidedRow:
    """One request that a patron decided."""

    reference: str = ""
    href: str = ""
    patron: str = ""
    patron_href: str = ""
    state: str = "approved"
    proposer: str = ""
    time: str = ""
    time_iso: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The numbers behind the tiles. The ended ones are of the last seven days."""

    waiting: int
    held: int
    expiring: int
    ended: Mapping[RequestState, int]
    mail_waiting: int
    mail_troubled: int


def tiles(counts: Counts, *, may_open_mail: bool) -> list[Tile]:
    """Return the key numbers, each with the way to what it counts."""
    approved = counts.ended.get(RequestState.APPROVED, 0)
    partly = counts.ended.get(RequestState.PARTLY_APPROVED, 0)
    rejected = counts.ended.get(RequestState.REJECTED, 0)
    return [
        Tile(label="Waiting for patrons", number=some(counts.waiting), href=queue_href(View.OPEN)),
        Tile(
            label="On hold",
            number=some(counts.held),
            href=queue_href(View.HELD),
            tone="warning" if counts.held else "neutral",
        ),
        Tile(
            label="Expiring in 48 h",
            number=some(counts.expiring),
            href=queue_href(View.EXPIRING),
            tone="warning" if counts.expiring else "neutral",
        ),
        Tile(
            label="Approved, last 7 days",
            number=f"{approved + partly:,}",
            href=f"{queue_href(View.APPROVED)}{WEEK}",
            note=f"{partly:,} partly" if partly else "",
        ),
        Tile(
            label="Rejected, last 7 days",
            number=f"{rejected:,}",
            href=f"{queue_href(View.REJECTED)}{WEEK}",
        ),
        Tile(
            label="Email queued or failed",
            number=f"{counts.mail_waiting + counts.mail_troubled:,}",
            href=_mail_href(counts) if may_open_mail else "",
            note=f"{counts.mail_troubled:,} need attention" if counts.mail_troubled else "",
            tone="danger" if counts.mail_troubled else "neutral",
        ),
    ]


def _mail_href(counts: Counts) -> str:
    if counts.mail_troubled:
        return "/mailbox/?state=failed"
    return "/mailbox/?state=queued" if counts.mail_waiting else "/mailbox/"


def need_row(need: Need, standing: Standing, *, now: datetime, time_zone: tzinfo) -> NeedRow:
    """Return the row of one request that needs a person."""
    words, icon, tone = _NEEDS[need]
    # These are dealt with on the record's page.
    is_records = need in (Need.FROZEN, Need.ERASURE, Need.RECORD_CHANGE)
    record, request = f"/patrons/{standing.patron_number}/", f"/requests/{standing.reference}/"
    return NeedRow(
        words=words,
        icon=icon,
        tone=tone,
        about=standing.patron_name,
        detail=standing.reference or str(standing.patron_number),
        href=record if is_records else request,
        time=when.ago(standing.at, now=now, time_zone=time_zone),
        time_iso=when.iso(standing.at),
    )


def with_more(rows: list[NeedRow], *, total: int, kind: str) -> list[NeedRow]:
    """The rows of one kind, and how many more there are, with the way to all of them."""
    if total <= len(rows):
        return rows
    return [*rows, NeedRow(more=f"See all {total:,}", about=rows[-1].words, href=f"/?all={kind}")]


def alert_row(alert: AlertView, *, now: datetime, time_zone: tzinfo) -> NeedRow:
    """Return the row of a member whose proposals tripped a wire."""
    return NeedRow(
        words="Unusual proposals on hold",
        icon="shield-alert",
        tone="danger",
        about=alert.staff_label,
        detail=f"{WIRE_WORDS[alert.wire]}; {alert.held:,} on hold",
        href="/team/",
        time=when.ago(alert.opened_at, now=now, time_zone=time_zone),
        time_iso=when.iso(alert.opened_at),
    )


def finding_row(found: StandingFinding, *, name: str, now: datetime, time_zone: tzinfo) -> NeedRow:
    """Return the row of something that was changed outside the CRM."""
    return NeedRow(
        words="Changed outside the CRM",
        icon="shield-alert",
        tone="danger",
        about=subject_words(found, name),
        detail=f"{found.first_label} asked to restore it" if found.first_by else "",
        href="/audit/",
        time=when.ago(found.found_at, now=now, time_zone=time_zone),
        time_iso=when.iso(found.found_at),
    )


def mail_row(
    mail: MailSummary, *, access: FieldAccess, now: datetime, time_zone: tzinfo
) -> NeedRow:
    """Return the row of one mail that failed or may not have left."""
    words, icon, tone = _TROUBLE[mail.state]
    at = mail.settled_at or mail.created_at
    return NeedRow(
        words=words,
        icon=icon,
        tone=tone,
        about=seen_address(mail, access),
        detail=MAIL_KIND_WORDS[mail.kind],
        href=f"/mailbox/?mail={mail.id}",
        time=when.ago(at, now=now, time_zone=time_zone),
        time_iso=when.iso(at),
    )


def dispute_row(found: DisputeView, *, order: str, now: datetime, time_zone: tzinfo) -> NeedRow:
    """Return the row of a payment that a cardholder's bank wants back; `order` is its reference."""
    icon, tone = _DISPUTES[found.state]
    at = found.closed_at or found.opened_at
    return NeedRow(
        words=DISPUTE_WORDS[found.state],
        icon=icon,
        tone=tone,
        about=f"Order {order}" if order else "A payment without an order",
        detail=_dispute_detail(found, time_zone),
        href=f"/orders/{order}/" if order else "/orders/",
        time=when.ago(at, now=now, time_zone=time_zone),
        time_iso=when.iso(at),
    )


def _dispute_detail(found: DisputeView, time_zone: tzinfo) -> str:
    amount = in_words(found.amount, found.currency)
    if found.state is DisputeState.WON:
        return f"{amount} stays with you."
    if found.state is DisputeState.LOST:
        return f"{amount} went back to the cardholder. The tickets stay as they are."
    if found.due_at is None:
        return f"{amount}. Answer it at the payment provider."
    day = when.day_in_words(found.due_at, time_zone)
    return f"{amount}. Answer it at the payment provider by {day}."


def decided_rows(
    standings: Sequence[Standing], *, now: datetime, time_zone: tzinfo
) -> list[DecidedRow]:
    """Return the rows of the requests decided last."""
    return [
        DecidedRow(
            reference=standing.reference,
            href=f"/requests/{standing.reference}/",
            patron=standing.patron_name,
            patron_href=f"/patrons/{standing.patron_number}/",
            state=standing.state.value,
            proposer=standing.proposer_label,
            time=when.ago(standing.at, now=now, time_zone=time_zone),
            time_iso=when.iso(standing.at),
        )
        for standing in standings
    ]
