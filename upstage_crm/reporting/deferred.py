"""What is sold and not earned yet, by performance: a view of the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.ledger.views import Account
from upstage_crm.reporting import day_sums, rollups
from upstage_crm.reporting.rollups import ACCOUNT_DAY
from upstage_crm.reporting.sales import sales
from upstage_crm.reporting.views import Days, Deferred, SalesBy

ACCOUNTS = (Account.DEFERRED_INCOME, Account.DEFERRED_FEES)


def deferred(session: Session, *, until: date | None, now: datetime) -> Mapping[str, Deferred]:
    """What is deferred at the end of a day, or now, of each performance that has something."""
    days = Days(last=until)
    found: defaultdict[str, Deferred] = defaultdict(Deferred)
    for performance_id, one in sales(session, SalesBy.PERFORMANCE, days=days, now=now).items():
        found[performance_id] += Deferred(income=one.income, fees=one.fees)
    parts = rollups.parts(session, days)
    if parts.rolled:
        kept = ACCOUNT_DAY.c
        query = (
            sa.select(kept.performance_id, kept.account, sa.func.sum(kept.credit - kept.debit))
            .where(*rollups.within(session, ACCOUNT_DAY, days), kept.account.in_(ACCOUNTS))
            .group_by(kept.performance_id, kept.account)
        )
        for performance_id, account, amount in session.connection().execute(query):
            found[performance_id] += _of(account, int(amount))
    for stretch in parts.open:
        start, end = rollups.instants(stretch, rollups.zone_of(session))
        for key, sides in day_sums.others(session, start, end).items():
            if key.account in ACCOUNTS:
                found[key.performance_id] += _of(key.account, sides.credit - sides.debit)
    return {name: one for name, one in found.items() if one.income or one.fees}


def _of(account: str, amount: int) -> Deferred:
    if account == Account.DEFERRED_INCOME:
        return Deferred(income=amount)
    return Deferred(fees=amount)
