"""What the addresses of reports can say. Pure.

The plain address shows sales by event. A number of a report links to the entries that it sums.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from upstage_crm.ledger.views import Account, PostingKind
from upstage_crm.pages import periods
from upstage_crm.pages.list_url import ListShape, ListUrl, day, one_of, text
from upstage_crm.programme.prices.views import SaleChannel
from upstage_crm.reporting.views import SalesBy, TakingsBy

EXPORT: Final = "/reports/files/"  # and the name of a report with its kind of file


class Of(StrEnum):
    """Which accounts entries are of: those that a kind of report sums."""

    SALES = "sales"
    TAKINGS = "takings"
    DEFERRED = "deferred"


SALES = ListShape(
    path="/reports/",
    filters={
        "by": one_of(SalesBy, usual=SalesBy.EVENT),
        "event": text(),
        "performance": text(),
        **periods.FILTERS,
    },
    lasting=frozenset({"by"}),
    sorts={"amount": True, "tickets": True, "name": False},
)
TAKINGS = ListShape(
    path="/reports/takings/",
    filters={"by": one_of(TakingsBy, usual=TakingsBy.TENDER), **periods.FILTERS},
    lasting=frozenset({"by"}),
    sorts={"amount": True, "name": False},
)
DEFERRED = ListShape(
    path="/reports/deferred/",
    filters={"until": day},
    sorts={"performed": False, "amount": True, "name": False},
)
ENTRIES = ListShape(
    path="/reports/entries/",
    filters={
        "of": one_of(Of),
        "account": one_of(Account),
        "kind": one_of(PostingKind),
        "event": text(),
        "performance": text(),
        "zone": text(),
        "type": text(),
        "channel": one_of(SaleChannel),
        "till": text(),
        "shift": text(),
        "person": text(),
        **periods.FILTERS,
    },
)
SHAPES: Final[Mapping[str, ListShape]] = {
    "sales": SALES,
    "takings": TAKINGS,
    "deferred": DEFERRED,
    "entries": ENTRIES,
}
"""Every report by its name, which is that of its file."""
TODAYS_TAKINGS: Final = f"{TAKINGS.path}?when={periods.Period.TODAY}"


def dates_of(url: ListUrl) -> dict[str, str]:
    """The filters for dates, to go on with in another report."""
    return {name: url.chosen.get(name, "") for name in periods.FILTERS}


def one_day(key: str) -> dict[str, str]:
    """The filters for one day."""
    return {"when": periods.Period.DATES.value, "from": key, "to": key}


def entries_href(**chosen: str) -> str:
    """Where the entries are that these filters leave."""
    return ENTRIES.href(ENTRIES.plain(**chosen))


def sales_by(by: SalesBy, **chosen: str) -> str:
    """Where sales are told by something."""
    return SALES.href(SALES.plain(by=SALES.filters["by"](by.value), **chosen))


def file_href(name: str, kind: str, url: ListUrl) -> str:
    """Where a report is as a file, with what the page was asked."""
    query = SHAPES[name].href(url).partition("?")[2]
    return f"{EXPORT}{name}.{kind}{f'?{query}' if query else ''}"
