"""What the mailbox shows, worded and formatted: plain texts that may go to the browser."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from email.utils import format_datetime

from upstage_crm.core import when
from upstage_crm.mail import eml
from upstage_crm.mail.delivery import MailState, Transport
from upstage_crm.mail.event_log import NotedEvent
from upstage_crm.mail.message import MailMessage
from upstage_crm.mail.queries import MailSummary, StoredMail
from upstage_crm.mail.resend_copy import is_again
from upstage_crm.patrons.visibility import FieldAccess
from upstage_crm.privacy.redacted_trail import seen_address
from upstage_crm.wording.mails import (
    AUDIENCE_WORDS,
    MAIL_KIND_WORDS,
    delivery_key,
    delivery_note,
    event_words,
)


@dataclass(frozen=True)
class MailLine:
    """One mail in the list. `reference` is empty for a mail that belongs to no request."""

    href: str = ""
    subject: str = ""
    address: str = ""
    audience: str = ""
    kind: str = ""
    state: str = ""
    note: str = ""
    time: str = ""
    time_iso: str = ""
    reference: str = ""
    request_href: str = ""


@dataclass(frozen=True)
class HeaderLine:
    """One line of a mail's head."""

    name: str = ""
    value: str = ""


@dataclass(frozen=True)
class EventLine:
    """One thing that the provider told of a mail."""

    words: str = ""
    time: str = ""
    time_iso: str = ""


@dataclass(frozen=True)
class FileLine:
    """A file of a mail; `href` is empty where staff are not shown it."""

    name: str = ""
    href: str = ""


@dataclass(frozen=True)
class OpenMail:
    """One mail as it is read. `raw` is where its content is; empty while nothing is open."""

    raw: str = ""
    subject: str = ""
    address: str = ""
    audience: str = ""
    kind: str = ""
    state: str = ""
    note: str = ""
    created: str = ""
    settled: str = ""
    reference: str = ""
    request_href: str = ""
    links: str = ""  # a value of `reading.Links`
    headers: list[HeaderLine] = field(default_factory=list)
    has_files: bool = False
    files: list[FileLine] = field(default_factory=list)
    can_send_again: bool = False
    is_again: bool = False
    attempts: str = ""
    provider_id: str = ""
    has_events: bool = False
    events: list[EventLine] = field(default_factory=list)


def mail_line(
    mail: MailSummary,
    *,
    href: str,
    references: Mapping[str, str],
    access: FieldAccess,
    now: datetime,
    time_zone: tzinfo,
) -> MailLine:
    """Return the row of one mail."""
    reference = references.get(mail.request_id or "", "")
    return MailLine(
        href=href,
        subject=mail.subject,
        address=seen_address(mail, access),
        audience=AUDIENCE_WORDS[mail.audience],
        kind=MAIL_KIND_WORDS[mail.kind],
        state=delivery_key(mail),
        note=delivery_note(mail, now=now, time_zone=time_zone),
        time=when.ago(mail.created_at, now=now, time_zone=time_zone),
        time_iso=when.iso(mail.created_at),
        reference=reference,
        request_href=request_href(reference),
    )


def open_mail(
    stored: StoredMail,
    *,
    links: str,
    shows_files: bool,
    events: Sequence[NotedEvent],
    references: Mapping[str, str],
    now: datetime,
    time_zone: tzinfo,
) -> OpenMail:
    """Return one mail without its content, which the frame asks for itself: no token comes here.

    It is for staff who may open it, so nothing of it is masked.
    """
    mail = stored.summary
    reference = references.get(mail.request_id or "", "")
    message, raw = eml.readable(stored, None), f"/mailbox/raw/{mail.id}"
    return OpenMail(
        raw=raw,
        subject=mail.subject,
        address=mail.to_address,
        audience=AUDIENCE_WORDS[mail.audience],
        kind=MAIL_KIND_WORDS[mail.kind],
        state=delivery_key(mail),
        note=delivery_note(mail, now=now, time_zone=time_zone),
        created=when.in_words(mail.created_at, time_zone),
        settled=when.in_words(mail.settled_at, time_zone) if mail.settled_at else "",
        reference=reference,
        request_href=request_href(reference),
        links=links,
        headers=_headers(stored, message),
        has_files=bool(message.drawings),
        files=[
            FileLine(file.name, f"{raw}?format=file&name={file.name}" if shows_files else "")
            for file in message.drawings
        ],
        can_send_again=mail.state in (MailState.FAILED, MailState.UNCERTAIN)
        and mail.transport is not Transport.LOCAL,
        is_again=is_again(mail.dedupe_key),
        attempts=str(mail.attempts) if mail.attempts else "Not tried yet",
        provider_id=mail.provider_id or "",
        has_events=bool(events),
        events=[
            EventLine(event_words(event), when.short(event.at, time_zone), when.iso(event.at))
            for event in events
        ],
    )


def request_href(reference: str) -> str:
    """Where the request of this reference is; empty without one."""
    return f"/requests/{reference}/" if reference else ""


def _headers(stored: StoredMail, message: MailMessage) -> list[HeaderLine]:
    return [
        HeaderLine("From", message.from_),
        HeaderLine("To", message.to),
        HeaderLine("Reply-To", message.reply_to),
        HeaderLine("Subject", message.subject),
        HeaderLine("Date", format_datetime(stored.summary.created_at)),
        *(HeaderLine(name, value) for name, value in sorted(message.headers.items())),
    ]
