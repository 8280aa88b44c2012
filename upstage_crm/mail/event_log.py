"""Notes the provider's events once each, and what they say of a mail as facts with times.

Facts never go backwards and do not depend on the order in which events arrive: a bounce may follow
a delivery, an event may beat our own note of the provider's id, and a retry may come a day later.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import seals
from upstage_crm.core.db import insert_unless_there
from upstage_crm.mail import tables
from upstage_crm.mail.delivery import MailState
from upstage_crm.mail.outbox import OUTBOX
from upstage_crm.mail.provider_events import EventKind, MailEvent
from upstage_crm.mail.sending import send_gate

EVENTS: sa.Table = tables.MailEventRow.metadata.tables["mail_event"]

_FACTS = {
    EventKind.DELIVERED: OUTBOX.c.delivered_at,
    EventKind.COMPLAINED: OUTBOX.c.complained_at,
    EventKind.BOUNCED: OUTBOX.c.bounced_at,
    EventKind.SUPPRESSED: OUTBOX.c.suppressed_at,
}
_BY_PROVIDER_ID = sa.select(OUTBOX.c.id).where(OUTBOX.c.provider_id == sa.bindparam("name"))
_IS_OURS = sa.select(OUTBOX.c.id).where(OUTBOX.c.id == sa.bindparam("mail_id"))
_OF_MAILS = (
    sa.select(EVENTS)
    .where(EVENTS.c.outbox_id.in_(sa.bindparam("mail_ids", expanding=True)))
    .order_by(EVENTS.c.at, EVENTS.c.kind, EVENTS.c.id)
)
_EARLY = sa.select(EVENTS).where(
    EVENTS.c.provider_id == sa.bindparam("name"), EVENTS.c.outbox_id.is_(None)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotedEvent:
    """One event as it was noted. `at` is the provider's instant, `received_at` ours."""

    kind: EventKind
    at: datetime
    received_at: datetime
    detail: str
    is_permanent: bool


def note(session: Session, event: MailEvent, *, event_id: str, now: datetime) -> bool:
    """Note an event and what it says of its mail; False when it was noted before.

    `event_id` is the provider's name for the event, the same on every retry. A mail that we do not
    know keeps its event, in case we come to know it.
    """
    mail_id = _mail_of(session, event)
    values = {
        "id": event_id,
        "outbox_id": mail_id,
        "provider_id": event.provider_id,
        "kind": event.kind,
        "detail": event.detail,
        "is_permanent": event.is_permanent,
        "at": event.at,
        "received_at": now,
    }
    values["seal"] = seals.seal(session, "mail_event", values)
    inserted = session.connection().execute(insert_unless_there(session, EVENTS), values)
    if inserted.first() is None:
        return False
    if mail_id is not None:
        _tell(session, mail_id, event, now)
    return True


def catch_up(session: Session, *, mail_id: str, provider_id: str, now: datetime) -> None:
    """Take over events that arrived before we knew the provider's name for this mail."""
    for row in session.connection().execute(_EARLY, {"name": provider_id}).mappings().all():
        if not seals.is_sealed(session, "mail_event", row):
            continue
        event = MailEvent(
            kind=row["kind"],
            at=row["at"],
            provider_id=provider_id,
            detail=row["detail"],
            is_permanent=row["is_permanent"],
        )
        _tell(session, mail_id, event, now)
        seal = seals.seal(session, "mail_event", {**row, "outbox_id": mail_id})
        session.connection().execute(
            sa.update(EVENTS).where(EVENTS.c.id == row["id"]).values(outbox_id=mail_id, seal=seal)
        )


def of_mails(session: Session, mail_ids: Collection[str]) -> dict[str, tuple[NotedEvent, ...]]:
    """The events of each mail, in the provider's order; mails without any are left out."""
    return _by_mail(_rows_of(session, mail_ids))


def proven_of(session: Session, mail_ids: Collection[str]) -> dict[str, tuple[NotedEvent, ...]]:
    """The same, without what was not written by us: for who acts on it."""
    rows = _rows_of(session, mail_ids)
    return _by_mail([row for row in rows if seals.is_sealed(session, "mail_event", row)])


def _rows_of(session: Session, mail_ids: Collection[str]) -> Sequence[sa.RowMapping]:
    found = session.connection().execute(_OF_MAILS, {"mail_ids": list(mail_ids)})
    return found.mappings().all()


def _by_mail(rows: Iterable[sa.RowMapping]) -> dict[str, tuple[NotedEvent, ...]]:
    found: dict[str, tuple[NotedEvent, ...]] = {}
    for row in rows:
        noted = NotedEvent(
            kind=row["kind"],
            at=row["at"],
            received_at=row["received_at"],
            detail=row["detail"],
            is_permanent=row["is_permanent"],
        )
        found[row["outbox_id"]] = (*found.get(row["outbox_id"], ()), noted)
    return found


def _mail_of(session: Session, event: MailEvent) -> str | None:
    """Our mail that an event is about: by our own tag, else by the provider's name for it."""
    run = session.connection().execute
    if event.outbox_id and (found := run(_IS_OURS, {"mail_id": event.outbox_id}).scalar()):
        return str(found)
    found = run(_BY_PROVIDER_ID, {"name": event.provider_id}).scalar()
    return None if found is None else str(found)


def _tell(session: Session, mail_id: str, event: MailEvent, now: datetime) -> None:
    """Write what an event says of its mail. Every event also proves that the mail was accepted."""
    run = session.connection().execute
    fact = _FACTS.get(event.kind)
    if fact is not None and (event.kind is not EventKind.BOUNCED or event.is_permanent):
        earlier = sa.or_(fact.is_(None), fact > event.at)
        run(sa.update(OUTBOX).where(OUTBOX.c.id == mail_id, earlier).values({fact: event.at}))
    run(
        sa.update(OUTBOX)
        .where(OUTBOX.c.id == mail_id, OUTBOX.c.provider_id.is_(None))
        .values(provider_id=event.provider_id)
    )
    run(
        sa.update(OUTBOX)
        .where(OUTBOX.c.id == mail_id, OUTBOX.c.state == MailState.UNCERTAIN)
        .values(state=MailState.SENT, settled_at=now)
    )
    send_gate.count_settled(session, accepted=False)
