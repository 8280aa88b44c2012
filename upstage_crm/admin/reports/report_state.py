"""The reports: sales, takings, deferred income, and the entries that their numbers sum."""

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, cast

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.reports import report_lines, report_rows, url
from upstage_crm.admin.reports.entry_filters import wanted
from upstage_crm.admin.reports.report_rows import (
    DeferredRow,
    EntryRowView,
    SalesRow,
    TakingsRow,
    Total,
)
from upstage_crm.jobs.news import Topic
from upstage_crm.organisation.currency import currency
from upstage_crm.organisation.settings import details
from upstage_crm.pages.list_state import ListMixin, ListPage, Query
from upstage_crm.pages.list_url import ListShape, ListUrl
from upstage_crm.reporting import entries
from upstage_crm.reporting.views import Deferred, Sales, Takings
from upstage_crm.staff.roles import Permission
from upstage_crm.wiring import runtime
from upstage_crm.wording.sales.reports import SALES_BY_WORDS, TAKINGS_BY_WORDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Besides:
    """What is read with the lines: sums over all of them, what they are by and narrowed to."""

    totals: list[Total]
    by: str = ""
    narrowed: str = ""


class ReportMixin(ListMixin, rx.State, mixin=True):
    """What all reports show: sums, and their files."""

    name: ClassVar[str]
    permission: ClassVar[Permission | None] = Permission.VIEW_REPORTS
    topics: ClassVar[frozenset[Topic]] = frozenset({Topic.ORDERS, Topic.TILLS})

    totals: rx.Field[list[Total]] = rx.field(default_factory=list)
    by: str = ""
    narrowed: str = ""
    may_export: bool = False
    csv_href: str = ""
    sheet_href: str = ""

    async def _show(self) -> Any:
        self.may_export = cast("AdminState", self)._may(Permission.EXPORT_DATA)
        return await super()._show()

    def _set(self, url_: ListUrl) -> None:
        super()._set(url_)
        self.csv_href = url.file_href(self.name, "csv", url_)
        self.sheet_href = url.file_href(self.name, "xlsx", url_)

    def _take_extra(self, extra: Besides) -> None:
        self.totals, self.by, self.narrowed = extra.totals, extra.by, extra.narrowed


class SalesReportState(ReportMixin, AdminState):
    """Sales by event, performance, zone, price type, channel or day."""

    name: ClassVar[str] = "sales"
    shape: ClassVar[ListShape] = url.SALES
    nouns: ClassVar[tuple[str, str]] = ("line", "lines")

    rows: rx.Field[list[SalesRow]] = rx.field(default_factory=list)

    def _query(self) -> Query:
        return partial(_sales, size=self.size)


class TakingsReportState(ReportMixin, AdminState):
    """Takings by tender, till, person, shift or day."""

    name: ClassVar[str] = "takings"
    shape: ClassVar[ListShape] = url.TAKINGS
    nouns: ClassVar[tuple[str, str]] = ("line", "lines")

    rows: rx.Field[list[TakingsRow]] = rx.field(default_factory=list)

    def _query(self) -> Query:
        return partial(_takings, size=self.size)


class DeferredReportState(ReportMixin, AdminState):
    """What is sold and not earned yet, by performance."""

    name: ClassVar[str] = "deferred"
    shape: ClassVar[ListShape] = url.DEFERRED
    nouns: ClassVar[tuple[str, str]] = ("performance", "performances")

    rows: rx.Field[list[DeferredRow]] = rx.field(default_factory=list)

    def _query(self) -> Query:
        return partial(_deferred, size=self.size)


class EntriesReportState(ReportMixin, AdminState):
    """The entries of the books, the newest first. Paged by their keys."""

    name: ClassVar[str] = "entries"
    shape: ClassVar[ListShape] = url.ENTRIES
    nouns: ClassVar[tuple[str, str]] = ("entry", "entries")

    rows: rx.Field[list[EntryRowView]] = rx.field(default_factory=list)
    is_newest: bool = True

    def _follows(self) -> bool:
        """The newest page is read again; what is older never changes."""
        return self.is_newest

    def _set(self, url_: ListUrl) -> None:
        super()._set(url_)
        self.is_newest = not url_.before

    def _query(self) -> Query:
        return partial(_entries, size=self.size)


def _sales(session: Session, asked: ListUrl, *, size: int) -> ListPage:
    by, money = report_lines.sales_kind(asked), currency(session)
    lines = report_lines.sales_lines(session, asked, now=runtime().clock.now())
    total = sum((line.amounts for line in lines), Sales())
    return ListPage(
        rows=[report_rows.sales_row(each, by, asked, money) for each in _page(lines, asked, size)],
        total=len(lines),
        extra=Besides(
            totals=report_rows.sales_totals(total, asked, money),
            by=SALES_BY_WORDS[by],
            narrowed=report_lines.narrowed_words(session, asked),
        ),
    )


def _takings(session: Session, asked: ListUrl, *, size: int) -> ListPage:
    by, money = report_lines.takings_kind(asked), currency(session)
    lines = report_lines.takings_lines(session, asked, now=runtime().clock.now())
    total = sum((line.amounts for line in lines), Takings())
    page = _page(lines, asked, size)
    return ListPage(
        rows=[report_rows.takings_row(each, by, asked, money) for each in page],
        total=len(lines),
        extra=Besides(
            totals=report_rows.takings_totals(total, asked, money), by=TAKINGS_BY_WORDS[by]
        ),
    )


def _deferred(session: Session, asked: ListUrl, *, size: int) -> ListPage:
    money = currency(session)
    lines = report_lines.deferred_lines(session, asked, now=runtime().clock.now())
    total = sum((line.amounts for line in lines), Deferred())
    return ListPage(
        rows=[report_rows.deferred_row(each, asked, money) for each in _page(lines, asked, size)],
        total=len(lines),
        extra=Besides(totals=report_rows.deferred_totals(total, asked, money)),
    )


def _entries(session: Session, asked: ListUrl, *, size: int) -> ListPage:
    now = runtime().clock.now()
    found = entries.entries(
        session, wanted(session, asked, now=now), before=asked.before, limit=size + 1
    )
    shown = found[:size]
    rows = report_rows.entry_rows(
        session, shown, currency=currency(session), zone=details(session).zone
    )
    return ListPage(
        rows=rows,
        after=shown[-1].key if len(found) > size else "",
        extra=Besides(totals=[], narrowed=report_lines.narrowed_words(session, asked)),
    )


def _page(lines: list[Any], asked: ListUrl, size: int) -> list[Any]:
    first = (asked.page - 1) * size
    return lines[first : first + size]
