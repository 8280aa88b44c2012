"""Sales by event, performance, zone, price type, channel or day: views of the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.programme import queries as programme
from upstage_crm.reporting import day_sums, rollups
from upstage_crm.reporting.day_sums import SaleKey
from upstage_crm.reporting.rollups import PRICE_DAY, SALES_DAY, Parts
from upstage_crm.reporting.views import Days, Sales, SalesBy

_COLUMNS = {
    SalesBy.EVENT: SALES_DAY.c.performance_id,
    SalesBy.PERFORMANCE: SALES_DAY.c.performance_id,
    SalesBy.ZONE: PRICE_DAY.c.price_zone,
    SalesBy.PRICE_TYPE: PRICE_DAY.c.type_id,
    SalesBy.CHANNEL: PRICE_DAY.c.channel,
    SalesBy.DAY: SALES_DAY.c.day,
}
_GROUPS: Mapping[SalesBy, Callable[[SaleKey], str]] = {
    SalesBy.EVENT: lambda key: key.performance_id,
    SalesBy.PERFORMANCE: lambda key: key.performance_id,
    SalesBy.ZONE: lambda key: key.zone,
    SalesBy.PRICE_TYPE: lambda key: key.type_id,
    SalesBy.CHANNEL: lambda key: key.channel,
}


def sales(
    session: Session,
    by: SalesBy,
    *,
    days: Days,
    now: datetime,
    performances: Collection[str] | None = None,
) -> Mapping[str, Sales]:
    """What was sold, less what was taken back, on these days by each id, name or day.

    `performances` narrows it to some; None is all. Days are those on which it was booked. Of some
    performances zones, price types and channels are read from the ledger: no sums have both.
    """
    found: defaultdict[str, Sales] = defaultdict(Sales)
    has_sums = performances is None or _COLUMNS[by].table is SALES_DAY
    parts = rollups.parts(session, days) if has_sums else Parts((), (days,))
    if parts.rolled:
        _add_kept(session, found, by, days, performances)
    for stretch in parts.open:
        for each in _each(session, by, stretch, now):
            start, end = rollups.instants(each, rollups.zone_of(session))
            for key, amounts in day_sums.sales(
                session, start, end, performances=performances
            ).items():
                group = str(each.first) if by is SalesBy.DAY else _GROUPS[by](key)
                found[group] += amounts
    return _by_event(session, found) if by is SalesBy.EVENT else dict(found)


def _each(session: Session, by: SalesBy, stretch: Days, now: datetime) -> Collection[Days]:
    """The stretch, or its days one by one where the day matters."""
    if by is not SalesBy.DAY:
        return (stretch,)
    return [Days(day, day) for day in rollups.each_day(stretch, session, now=now)]


def _add_kept(
    session: Session,
    found: defaultdict[str, Sales],
    by: SalesBy,
    days: Days,
    performances: Collection[str] | None,
) -> None:
    table = _COLUMNS[by].table
    kept = table.c
    wanted = rollups.within(session, table, days)
    if performances is not None:
        wanted.append(kept.performance_id.in_(performances))
    query = (
        sa.select(
            _COLUMNS[by],
            sa.func.sum(sa.case((kept.is_return, 0), else_=kept.tickets)),
            sa.func.sum(sa.case((kept.is_return, kept.tickets), else_=0)),
            sa.func.sum(kept.income_total),
            sa.func.sum(kept.fee_total),
            sa.func.sum(kept.tax_total),
        )
        .where(*wanted)
        .group_by(_COLUMNS[by])
    )
    for group, *sums in session.connection().execute(query):
        sold, returned, income, fees, tax = map(int, sums)
        found[group] += Sales(sold=sold, returned=returned, income=income, fees=fees, tax=tax)


def _by_event(session: Session, found: Mapping[str, Sales]) -> Mapping[str, Sales]:
    events = {one.id: one.event_id for one in programme.performances(session, list(found))}
    summed: defaultdict[str, Sales] = defaultdict(Sales)
    for performance_id, amounts in found.items():
        summed[events.get(performance_id, "")] += amounts
    return dict(summed)
