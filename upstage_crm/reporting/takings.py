"""What was taken and given back, by tender, till, person, shift or day: views of the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.ledger.views import TENDERS, Account, PostingKind
from upstage_crm.reporting import day_sums, rollups
from upstage_crm.reporting.day_sums import OtherKey, Sides
from upstage_crm.reporting.rollups import ACCOUNT_DAY
from upstage_crm.reporting.views import NONE, Days, Takings, TakingsBy
from upstage_crm.tills import queries as tills
from upstage_crm.tills.views import ShiftView

KINDS = (
    PostingKind.SALE,
    PostingKind.EXCHANGE,
    PostingKind.RETURN,
    PostingKind.REFUND,
    PostingKind.CANCELLATION,
)
"""What takes money from buyers or gives it back. Cash that is only moved is not among it."""


def takings(session: Session, by: TakingsBy, *, days: Days, now: datetime) -> Mapping[str, Takings]:
    """What was taken and given back on these days by each account, id or day.

    What no one took at a till, such as a card online, is under `NONE`.
    """
    found: defaultdict[tuple[str, OtherKey], Takings] = defaultdict(Takings)
    for day, key, sides in _rows(session, days, by, now):
        if key.account in _TENDERS and key.kind in _KINDS:
            found[day, key] += Takings(
                taken=sides.debit,
                given_back=sides.credit,
                times=sides.debits,
                times_back=sides.credits,
            )
    shifts = tills.shifts(session, {key.shift_id for _, key in found if key.shift_id})
    summed: defaultdict[str, Takings] = defaultdict(Takings)
    for (day, key), amounts in found.items():
        summed[_group(by, day, key, shifts.get(key.shift_id))] += amounts
    return dict(summed)


_TENDERS = frozenset(account.value for account in TENDERS)
_KINDS = frozenset(kind.value for kind in KINDS)


def _group(by: TakingsBy, day: str, key: OtherKey, shift: ShiftView | None) -> str:
    if by is TakingsBy.DAY:
        return day
    if by is TakingsBy.TENDER:
        return key.account
    if by is TakingsBy.PERSON:
        return key.staff_id or (shift.staff_id if shift else NONE)
    if by is TakingsBy.TILL:
        return shift.till_id if shift else NONE
    return key.shift_id or NONE


def _rows(
    session: Session, days: Days, by: TakingsBy, now: datetime
) -> list[tuple[str, OtherKey, Sides]]:
    parts = rollups.parts(session, days)
    found = list(_kept(session, days)) if parts.rolled else []
    for stretch in parts.open:
        each = (
            [Days(day, day) for day in rollups.each_day(stretch, session, now=now)]
            if by is TakingsBy.DAY
            else [stretch]
        )
        for one in each:
            start, end = rollups.instants(one, rollups.zone_of(session))
            sums = day_sums.others(session, start, end)
            found += [(str(one.first), key, sides) for key, sides in sums.items()]
    return found


def _kept(session: Session, days: Days) -> list[tuple[str, OtherKey, Sides]]:
    kept = ACCOUNT_DAY.c
    wanted = rollups.within(session, ACCOUNT_DAY, days)
    query = sa.select(ACCOUNT_DAY).where(*wanted, kept.account.in_(_TENDERS), kept.kind.in_(_KINDS))
    return [
        (
            row.day,
            OtherKey(row.kind, row.account, row.performance_id, row.shift_id, row.staff_id),
            Sides(row.debit, row.credit, row.debit_count, row.credit_count),
        )
        for row in session.connection().execute(query)
    ]


def account_of(tender: str) -> Account | None:
    """The account of a tender that an address names; None of another word."""
    return Account(tender) if tender in _TENDERS else None
