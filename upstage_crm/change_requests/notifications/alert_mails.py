"""The mail that tells every owner of a tripped wire, and its words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlmodel import Session

from upstage_crm.change_requests.model.thresholds import (
    Ruling,
    Wire,
)
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.core import when
from upstage_crm.core.email_address import parse_email
from upstage_crm.mail import outbox
from upstage_crm.mail.message import Audience, MailDraft, MailKind
from upstage_crm.organisation.settings import details
from upstage_crm.staff.accounts import Colleague
from upstage_crm.staff.roles import StaffMember

WIRE_WORDS: Mapping[Wire, str] = {
    Wire.AT_SPEED: "More proposals in three seconds than a person could make",
    Wire.AT_ONCE: "More proposals within ten minutes than go out at once",
    Wire.REPLACING: "More requests replaced within three seconds than is usual",
    Wire.BURST: "Too many proposals within ten minutes",
    Wire.ALONE_AT_ONCE: "More new addresses within ten minutes that no one else is asked about",
    Wire.ALONE_PER_HOUR: "Too many new addresses within an hour that no one else is asked about",
    Wire.PER_HOUR: "Too many proposals within an hour",
    Wire.PER_DOMAIN: "Too many proposals to one email domain within an hour",
    Wire.HIGH_VALUE: "Too many proposals for protected patrons within an hour",
    Wire.AT_NIGHT: "Too many proposals in one night",
    Wire.ALERT_OPEN: "An earlier alert about this person is still open",
    Wire.ATTEMPTS: "Too many attempts to propose something within an hour",
    Wire.PER_PATRON: "Too many proposals for one patron in a day",
    Wire.PER_ADDRESS: "Too many proposals of one address in a day",
}


def tell_owners(
    session: Session,
    notifier: Notifier,
    *,
    to: Iterable[Colleague],
    alert_id: str,
    member: StaffMember,
    ruling: Ruling,
    at: datetime,
) -> None:
    """Queue the alert to each of the owners: before every other mail, in the same transaction."""
    organisation = details(session)
    assert ruling.wire is not None
    context: dict[str, object] = {
        "org": organisation,
        "public_url": notifier.public_url,
        "reference": alert_id[-6:].upper(),
        "proposer": member.label,
        "greeting": None,
        "fields": [],
        "when_text": when.in_words(at, organisation.zone),
        "wire_text": WIRE_WORDS[ruling.wire],
        "count_text": str(ruling.count),
        "limit_text": str(ruling.limit),
    }
    for owner in to:
        draft = MailDraft(
            kind=MailKind.STAFF_ALERT,
            to_address=parse_email(owner.email).wire,
            audience=Audience.STAFF,
            language="en",
            context=context,
            dedupe_key=f"alert/{alert_id}/{owner.id}",
            staff_id=owner.id,
        )
        outbox.enqueue(session, draft, composer=notifier.composer, now=at)
