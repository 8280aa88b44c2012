"""Takes mails out of the queue one by one, under a lease, and writes down what became of them.

A claim is one short transaction and a settlement is another; the call to the provider happens
between them, with no transaction open. A worker that dies leaves a lease that runs out; one that
wakes up after its lease settles nothing.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import seals
from upstage_crm.core.db import dialect_of
from upstage_crm.mail import event_log
from upstage_crm.mail.delivery import ACCEPTED, ENDED_UNSENT, MailState, Transport
from upstage_crm.mail.outbox import MATTER_OVER, OUTBOX, end_followers
from upstage_crm.mail.sending import send_gate

# Written out, not bound: only so can a database prove that a partial index answers the query.
_QUEUED: sa.ColumnElement[Any] = sa.literal_column("'queued'")
_SENDING: sa.ColumnElement[Any] = sa.literal_column("'sending'")
_LEADER = OUTBOX.alias("leader")
_LEADER_ACCEPTED = (
    sa.select(sa.literal(1))
    .where(_LEADER.c.id == OUTBOX.c.after_id, _LEADER.c.state.in_(tuple(ACCEPTED)))
    .exists()
)


_NOW = sa.bindparam("now", type_=OUTBOX.c.next_at.type)
_OURS = OUTBOX.c.transport.in_(sa.bindparam("transports", expanding=True))
_WAITING = (
    sa.select(OUTBOX.c.id)
    .where(
        OUTBOX.c.state == _QUEUED,
        OUTBOX.c.next_at <= _NOW,
        _OURS,
        sa.or_(OUTBOX.c.after_id.is_(None), _LEADER_ACCEPTED),
    )
    .order_by(OUTBOX.c.priority, OUTBOX.c.next_at, OUTBOX.c.id)
    .limit(1)
)
_ABANDONED = (
    sa.select(OUTBOX.c.id)
    .where(OUTBOX.c.state == _SENDING, OUTBOX.c.lease_until < _NOW, _OURS)
    .order_by(OUTBOX.c.lease_until)
    .limit(1)
)


def _chosen(*, lock: bool) -> sa.ColumnElement[Any]:
    """The id of the mail to take: one whose worker died, else the most urgent one."""
    parts = (_ABANDONED, _WAITING)
    if lock:
        parts = tuple(part.with_for_update(skip_locked=True, of=OUTBOX) for part in parts)
    return sa.func.coalesce(*(part.scalar_subquery() for part in parts))


def _claim(*, lock: bool) -> Any:
    return (
        sa.update(OUTBOX)
        # `=` with scalar subqueries: with IN, Postgres may run a subquery more than once.
        .where(OUTBOX.c.id == _chosen(lock=lock))
        .values(
            state=MailState.SENDING,
            attempts=OUTBOX.c.attempts + 1,
            lease_until=sa.bindparam("until"),
            lease_token=sa.bindparam("token"),
            first_at=sa.func.coalesce(OUTBOX.c.first_at, _NOW),
        )
        .returning(*OUTBOX.c)
    )


_DUE = sa.select(OUTBOX.c.transport).where(OUTBOX.c.id == _chosen(lock=False))
_CLAIMS = {"sqlite": _claim(lock=False), "postgresql": _claim(lock=True)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """One mail held under a lease by one worker. `attempts` counts this one.

    `is_sealed` says whether the row is one that we queued, as we queued it.
    """

    id: str
    lease_token: str
    transport: Transport
    to_address: str
    is_sealed: bool
    payload: str
    links: str
    attempts: int
    first_at: datetime
    cancelled: bool


def next_due(
    session: Session, *, now: datetime, transports: tuple[Transport, ...]
) -> Transport | None:
    """How the next mail that may leave at `now` travels, or None; one cheap query, no lock."""
    values = {"now": now, "transports": transports}
    found: Transport | None = session.connection().execute(_DUE, values).scalar_one_or_none()
    return found


def claim(
    session: Session, *, now: datetime, lease: timedelta, transports: tuple[Transport, ...]
) -> Claimed | None:
    """Take the most urgent mail that may leave at `now`, or None.

    A mail may leave when it is queued, its time has come and the mail it waits for was accepted;
    or when the lease of the process that was sending it has expired.
    """
    token = secrets.token_hex(16)
    values = {"now": now, "until": now + lease, "token": token, "transports": transports}
    row = session.connection().execute(_CLAIMS[dialect_of(session)], values).mappings().first()
    if row is None:
        return None
    return Claimed(
        id=row["id"],
        lease_token=token,
        transport=row["transport"],
        to_address=row["to_address"],
        is_sealed=seals.is_sealed(session, "mail_outbox", row),
        payload=row["payload"],
        links=row["links"],
        attempts=row["attempts"],
        first_at=row["first_at"],
        cancelled=row["cancelled_at"] is not None,
    )


def settle_accepted(
    session: Session, claimed: Claimed, *, provider_id: str | None, now: datetime
) -> bool:
    """Note that the mail was accepted, or captured in local mode. False: the lease was lost."""
    local = claimed.transport is Transport.LOCAL
    state = MailState.CAPTURED if local else MailState.SENT
    done = _settle(session, claimed, state=state, provider_id=provider_id, settled_at=now)
    if done is None:
        return False
    if provider_id is not None:
        event_log.catch_up(session, mail_id=claimed.id, provider_id=provider_id, now=now)
    send_gate.count_settled(session, accepted=not local)
    return True


def settle_deferred(
    session: Session,
    claimed: Claimed,
    *,
    code: int | None,
    type_: str,
    next_at: datetime,
    burn: bool,
    now: datetime,
) -> bool:
    """Queue the mail again for `next_at`, or end it when its matter is over by now.

    With `burn=False` the attempt does not count: the provider surely did not take the mail.
    """
    over = OUTBOX.c.cancelled_at.is_not(None)
    values: dict[str, Any] = {
        "state": sa.case((over, MailState.CANCELLED), else_=MailState.QUEUED),
        "settled_at": sa.case((over, now), else_=None),
        "next_at": next_at,
        "last_code": code,
        "last_type": sa.case((over, MATTER_OVER), else_=type_),
    }
    if not burn:
        values["attempts"] = OUTBOX.c.attempts - 1
        values["first_at"] = sa.case((OUTBOX.c.attempts > 1, OUTBOX.c.first_at), else_=None)
    done = _settle(session, claimed, **values)
    if done is None:
        return False
    if done is MailState.CANCELLED:
        end_followers(session, [claimed.id], state=done, now=now)
    send_gate.count_settled(session, accepted=False)
    return True


def settle_ended(
    session: Session,
    claimed: Claimed,
    *,
    state: MailState,
    code: int | None,
    type_: str,
    now: datetime,
) -> bool:
    """End the mail as failed, cancelled or uncertain; what waits for it ends with the first two."""
    done = _settle(session, claimed, state=state, last_code=code, last_type=type_, settled_at=now)
    if done is None:
        return False
    if done in ENDED_UNSENT:
        end_followers(session, [claimed.id], state=done, now=now)
    send_gate.count_settled(session, accepted=False)
    return True


def _settle(session: Session, claimed: Claimed, **values: object) -> MailState | None:
    """The mail's new state, or None when the lease was lost and nothing was written."""
    held = (
        sa.update(OUTBOX)
        .where(
            OUTBOX.c.id == claimed.id,
            OUTBOX.c.lease_token == claimed.lease_token,
            OUTBOX.c.state == MailState.SENDING,
        )
        .values(lease_until=None, lease_token=None, **values)
        .returning(OUTBOX.c.state)
    )
    state: MailState | None = session.connection().execute(held).scalar_one_or_none()
    return state
