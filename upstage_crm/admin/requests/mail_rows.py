"""The mails about a request as its page lists them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta, tzinfo

from upstage_crm.change_requests.model.views import RequestView
from upstage_crm.core import when
from upstage_crm.mail.delivery import MailState
from upstage_crm.mail.message import Audience
from upstage_crm.mail.queries import MailSummary
from upstage_crm.privacy.redacted_trail import seen_address
from upstage_crm.wording.mails import AUDIENCE_WORDS, MAIL_KIND_WORDS, delivery_key

_AT_ONCE = timedelta(minutes=1)
_SETTLED = {
    MailState.SENT: "sent",
    MailState.CAPTURED: "kept",
    MailState.FAILED: "failed",
    MailState.UNCERTAIN: "uncertain",
    MailState.CANCELLED: "taken back",
}


@dataclass(frozen=True)
class MailRow:
    """One mail about the request. `href` is empty for who may not open the mailbox."""

    kind: str = ""
    audience: str = ""
    address: str = ""
    state: str = ""
    times: str = ""
    href: str = ""


def in_order(mails: Iterable[MailSummary]) -> list[MailSummary]:
    """Mails as they were queued; of one moment, those that wait for another one come last."""
    return sorted(mails, key=lambda mail: (mail.created_at, mail.after_id is not None, mail.id))


def mail_row(
    mail: MailSummary, request: RequestView, *, may_open_mail: bool, time_zone: tzinfo
) -> MailRow:
    """Return the row of one mail, as far as its reader may see it."""
    access = request.access
    # The proposed address is told of addresses only.
    is_seen = request.sees_fields or mail.audience is Audience.PROPOSED
    may_open = may_open_mail and access.sees_mail and is_seen
    return MailRow(
        kind=MAIL_KIND_WORDS[mail.kind],
        audience=AUDIENCE_WORDS[mail.audience],
        address=seen_address(mail, access),
        state=delivery_key(mail),
        times=_times(mail, time_zone),
        href=f"/mailbox/?mail={mail.id}" if may_open else "",
    )


def _times(mail: MailSummary, time_zone: tzinfo) -> str:
    """When it was queued, unless it left at once, and what followed; a day is named once."""
    left_at_once = mail.settled_at is not None and mail.settled_at - mail.created_at < _AT_ONCE
    facts = [
        ("queued", None if left_at_once else mail.created_at),
        (_SETTLED.get(mail.state, "settled"), mail.settled_at),
        ("delivered", mail.delivered_at),
        ("bounced", mail.bounced_at),
        ("marked as spam", mail.complained_at),
        ("suppressed", mail.suppressed_at),
    ]
    words: list[str] = []
    day = ""
    for name, at in facts:
        if at is None:
            continue
        date, _, clock = when.short(at, time_zone).rpartition(", ")
        words.append(f"{name} {clock if date == day else f'{date}, {clock}'}")
        day = date
    return " · ".join(words)
