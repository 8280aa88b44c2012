"""Which entries an address asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session

from upstage_crm.admin.reports.report_lines import days_of, performances_of
from upstage_crm.admin.reports.url import Of
from upstage_crm.ledger.views import TENDERS, Account, PostingKind
from upstage_crm.pages.list_url import ListUrl
from upstage_crm.programme.prices.views import SaleChannel
from upstage_crm.reporting import day_sums, deferred, takings
from upstage_crm.reporting.views import NONE, EntriesOf
from upstage_crm.tills import queries as tills

_ACCOUNTS: Mapping[str, Sequence[Account]] = {
    Of.SALES: day_sums.SOLD,
    Of.TAKINGS: TENDERS,
    Of.DEFERRED: deferred.ACCOUNTS,
}


def wanted(session: Session, url: ListUrl, *, now: datetime) -> EntriesOf:
    """The entries that an address asks for."""
    chosen = url.chosen
    of, account, kind = chosen["of"], chosen["account"], chosen["kind"]
    kinds: Sequence[PostingKind] = takings.KINDS if of == Of.TAKINGS else ()
    performances = performances_of(session, url)
    return EntriesOf(
        days=days_of(session, url, now),
        accounts=[Account(account)] if account else _ACCOUNTS.get(of, ()),
        kinds=[PostingKind(kind)] if kind else kinds,
        performances=[NONE] if performances == [] else performances or (),
        is_sale=of == Of.SALES,
        zone=chosen["zone"],
        type_id=chosen["type"],
        channel=SaleChannel(chosen["channel"]) if chosen["channel"] else None,
        shifts=_shifts(session, chosen["till"], chosen["shift"]),
        staff_id=chosen["person"],
    )


def _shifts(session: Session, till_id: str, shift_id: str) -> Sequence[str]:
    """The shifts asked for: one, or all of a till."""
    if shift_id or not till_id:
        return [shift_id] if shift_id else ()
    return [NONE] if till_id == NONE else tills.shift_ids(session, till_id) or ["-"]
