"""The gate: the pace and the pause that all workers share, and the number that shows movement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.core.db import insert_unless_there, lock_clause
from upstage_crm.mail.outbox import GATE

_ONLY = GATE.c.id == 1
_READ = cast(
    "sa.Select[Any]",
    sa.select(GATE.c.next_slot, GATE.c.paused_until, GATE.c.paused_reason).where(_ONLY),
)
_LOCK = lock_clause(_READ)
_MARKER = sa.select(
    trail.head_seq_query(), sa.select(GATE.c.settled_count).where(_ONLY).scalar_subquery()
)


@dataclass(frozen=True, slots=True)
class Gate:
    """The gate as it stands. A pause keeps its reason until a mail was accepted again."""

    next_slot: datetime | None
    paused_until: datetime | None
    paused_reason: str | None

    def opens_at(self, now: datetime) -> datetime | None:
        """When the next mail may leave, or None when it may leave at `now`."""
        shut = [at for at in (self.next_slot, self.paused_until) if at is not None and at > now]
        return max(shut, default=None)


def take_slot(session: Session, *, now: datetime, rate: float) -> datetime | None:
    """Take the slot that is free at `now` and return None, or return when the next one is.

    `rate` is in mails per second. Taking a slot shuts the gate for `1 / rate` seconds, for every
    worker; it stays locked until the transaction ends.
    """
    opens_at = _lock(session).opens_at(now)
    if opens_at is not None:
        return opens_at
    _set(session, next_slot=now + timedelta(seconds=1 / rate))
    return None


def push(session: Session, *, until: datetime) -> None:
    """Let no mail leave before `until`: the provider asked every worker to slow down."""
    later = sa.or_(GATE.c.next_slot.is_(None), GATE.c.next_slot < until)
    session.connection().execute(sa.update(GATE).where(_ONLY, later).values(next_slot=until))


def pause(session: Session, *, until: datetime, reason: str) -> None:
    """Stop the queue until `until` for `reason` (a stable code that staff see explained)."""
    _lock(session)
    _set(session, paused_until=until, paused_reason=reason)


def release(session: Session) -> None:
    """End a pause now, for a person who has mended its cause."""
    _lock(session)
    _set(session, paused_until=None, paused_reason=None, next_slot=None)


def read_gate(session: Session) -> Gate:
    """The gate without locking it; open when nothing was ever sent."""
    row = session.connection().execute(_READ).first()
    return Gate(None, None, None) if row is None else Gate(*row)


def change_marker(session: Session) -> tuple[int, int]:
    """Two numbers of which one grows with every entry of the trail and every settled mail.

    One query: it is asked once a second while a staff member looks at a page.
    """
    entries, settled = session.connection().execute(_MARKER).one()
    return entries or 0, settled or 0


def count_settled(session: Session, *, accepted: bool) -> None:
    """Note that a mail was settled; an acceptance also proves that the cause of a pause is gone."""
    moved: dict[str, Any] = {"settled_count": GATE.c.settled_count + 1}
    if accepted:
        moved |= {"paused_until": None, "paused_reason": None}
    if (
        session.connection()
        .execute(sa.update(GATE).where(_ONLY).values(moved).returning(GATE.c.id))
        .first()
    ):
        return
    _lock(session)
    _set(session, settled_count=1)


def _lock(session: Session) -> Gate:
    row = session.connection().execute(_LOCK).first()
    if row is None:
        session.connection().execute(
            insert_unless_there(session, GATE), {"id": 1, "settled_count": 0}
        )
        row = session.connection().execute(_LOCK).one()
    return Gate(*row)


def _set(session: Session, **values: object) -> None:
    session.connection().execute(sa.update(GATE).where(_ONLY).values(**values))
