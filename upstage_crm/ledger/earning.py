"""Deferred income becomes earned once its performance is over, the fees with it.

What is booked after that, a late sale or a return, is deferred too and follows by the same command:
it moves whatever the performance still has, so it may be run as often as one likes.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import take_turns
from upstage_crm.ledger import books, queries
from upstage_crm.ledger.queries import ENTRY, TRANSACTION
from upstage_crm.ledger.views import Account, Leg, Posting, PostingKind

EARNED_AS = {
    Account.DEFERRED_INCOME: Account.EARNED_INCOME,
    Account.DEFERRED_FEES: Account.EARNED_FEES,
}
"""Each deferred account, and where it goes."""

_IS_DEFERRED = sa.and_(ENTRY.c.performance_id.is_not(None), ENTRY.c.account.in_(EARNED_AS))
_OPEN = (
    sa.select(ENTRY.c.performance_id)
    .where(_IS_DEFERRED)
    .group_by(ENTRY.c.performance_id, ENTRY.c.account)
    .having(sa.func.sum(ENTRY.c.amount) != 0)
)
_BOOKED = (
    sa.select(ENTRY.c.performance_id)
    .distinct()
    .join(TRANSACTION, TRANSACTION.c.id == ENTRY.c.transaction_id)
    .where(
        _IS_DEFERRED,
        TRANSACTION.c.kind != PostingKind.EARNED,
        TRANSACTION.c.booked_at >= sa.bindparam("since", type_=TRANSACTION.c.booked_at.type),
    )
)


def performances_with_deferred(session: Session, *, since: datetime | None = None) -> set[str]:
    """The ids of performances that have deferred income, or that had some booked `since` then.

    Without `since` every entry is read: for a start, not for every turn of the clock.
    """
    if since is None:
        return set(session.connection().execute(_OPEN).scalars())
    return set(session.connection().execute(_BOOKED, {"since": since}).scalars())


def earn(session: Session, *, performance_id: str, now: datetime) -> bool:
    """Move what is deferred of a performance that is over to earned; return whether there was any.

    Several workers may try at once: one at a time looks at what is left.
    """
    take_turns(session, f"earn {performance_id}")
    held = queries.balances(session, performance_id=performance_id)
    legs = [
        leg
        for deferred, earned in EARNED_AS.items()
        for leg in (
            Leg(deferred, -held.get(deferred, 0), performance_id),
            Leg(earned, held.get(deferred, 0), performance_id),
        )
    ]
    return bool(books.post(session, Posting(kind=PostingKind.EARNED, legs=tuple(legs)), now=now))
