"""The pages under `/reports/`: each number of a report leads to the entries that it sums."""

from collections.abc import Callable, Sequence
from typing import Any

import reflex as rx

from upstage_crm.admin.frame import framed
from upstage_crm.admin.reports import url
from upstage_crm.admin.reports.report_rows import DeferredRow, EntryRowView, SalesRow, TakingsRow
from upstage_crm.admin.reports.report_state import (
    DeferredReportState,
    EntriesReportState,
    ReportMixin,
    SalesReportState,
    TakingsReportState,
)
from upstage_crm.ledger.views import Account, PostingKind
from upstage_crm.pages.list_page import (
    Column,
    list_dates,
    list_day,
    list_notice,
    list_select,
    list_table,
    list_tools,
    list_waiting,
)
from upstage_crm.pages.view import rows_here
from upstage_crm.ui.components.base import Child, Text, filled, show_if
from upstage_crm.ui.components.button import button, link, link_button
from upstage_crm.ui.components.feedback import empty_state, notice
from upstage_crm.ui.components.page import page_header, stack, tile, tiles
from upstage_crm.ui.components.records.table import lead_cell, two_lines
from upstage_crm.ui.components.tabs import link_tab, link_tabs
from upstage_crm.ui.components.text import when
from upstage_crm.wording.sales.ledger import ACCOUNT_WORDS, POSTING_WORDS
from upstage_crm.wording.sales.reports import SALES_BY_WORDS, TAKINGS_BY_WORDS

_TABS = (
    ("Sales", url.SALES.path),
    ("Takings", url.TODAYS_TAKINGS),
    ("Deferred income", url.DEFERRED.path),
    ("Entries", url.ENTRIES.path),
)


def _amount(heading: str, name: str, sort: str = "") -> Column:
    def draw(row: Any) -> Child:
        number = getattr(row, name)
        return link(number.words, href=number.href)

    return Column(heading=heading, sort=sort, is_turned=bool(sort), cell=draw, align="end")


def _lead(heading: Child) -> Column:
    return Column(
        heading=heading,
        sort="name",
        is_lead=True,
        cell=lambda row: lead_cell(rx.el.bdi(row.name), href=row.href, sub=row.sub),
    )


SALES_COLUMNS = [
    _lead(SalesReportState.by),
    Column(
        heading="Tickets",
        sort="tickets",
        is_turned=True,
        align="end",
        cell=lambda row: two_lines(link(row.tickets.words, href=row.tickets.href), row.returned),
    ),
    _amount("Gross", "gross", "amount"),
    _amount("Income", "income"),
    _amount("Fees", "fees"),
    _amount("Tax", "tax"),
]
TAKINGS_COLUMNS = [
    _lead(TakingsReportState.by),
    _amount("Taken", "taken"),
    _amount("Given back", "given_back"),
    _amount("Net", "net", "amount"),
]
DEFERRED_COLUMNS = [
    _lead("Performance"),
    _amount("Income", "income"),
    _amount("Fees", "fees"),
    _amount("Deferred", "total", "amount"),
]
ENTRY_COLUMNS = [
    Column(heading="When", cell=lambda row: when(row.time, iso=row.time_iso)),
    Column(heading="What", cell=lambda row: two_lines(row.what, row.who)),
    Column(heading="Order", cell=lambda row: row.order),
    Column(heading="Account", cell=lambda row: row.account),
    Column(heading="For", cell=lambda row: two_lines(rx.el.bdi(row.about), row.price)),
    Column(heading="Amount", align="end", cell=lambda row: row.amount),
]


def sales_page() -> rx.Component:
    """Return the page of sales."""
    state = SalesReportState
    return _report(
        state,
        SalesRow,
        SALES_COLUMNS,
        list_select(
            state, "by", "By", [(_usual(by, "event"), f"By {_low(w)}") for by, w in _SALES]
        ),
        list_dates(state, "Sold"),
        label="Sales",
        subtitle="What was sold, less what was returned. Every number opens its entries.",
        nothing="No sales in this time",
    )


def takings_page() -> rx.Component:
    """Return the page of takings."""
    state = TakingsReportState
    return _report(
        state,
        TakingsRow,
        TAKINGS_COLUMNS,
        list_select(
            state, "by", "By", [(_usual(by, "tender"), f"By {_low(w)}") for by, w in _TAKINGS]
        ),
        list_dates(state, "Taken"),
        label="Takings",
        subtitle="What buyers paid and were given back, by the way of payment, the till or the "
        "person.",
        nothing="Nothing was taken in this time",
    )


def deferred_page() -> rx.Component:
    """Return the page of deferred income."""
    state = DeferredReportState
    return _report(
        state,
        DeferredRow,
        DEFERRED_COLUMNS,
        list_day(state, "until", "At the end of"),
        label="Deferred income",
        subtitle="Sold, and not earned before the performance is over.",
        nothing="Nothing is deferred",
    )


def entries_page() -> rx.Component:
    """Return the page of entries."""
    state = EntriesReportState
    return _report(
        state,
        EntryRowView,
        ENTRY_COLUMNS,
        list_select(state, "account", "Account", _ACCOUNTS),
        list_select(state, "kind", "What", _KINDS),
        list_dates(state, "Booked"),
        label="Entries",
        subtitle="Every amount in the books, the newest first. None of them ever changes.",
        nothing="No entry fits",
        steps=_steps(state),
    )


_SALES = [(by.value, words) for by, words in SALES_BY_WORDS.items()]
_TAKINGS = [(by.value, words) for by, words in TAKINGS_BY_WORDS.items()]
_ACCOUNTS = [("", "Every account"), *((one.value, ACCOUNT_WORDS[one]) for one in Account)]
_KINDS = [("", "Everything"), *((one.value, POSTING_WORDS[one]) for one in PostingKind)]


def _usual(name: str, usual: str) -> str:
    return "" if name == usual else name


def _low(words: str) -> str:
    return words[0].lower() + words[1:]


def _report(
    state: type[ReportMixin],
    kind: type,
    columns: Sequence[Column],
    *filters: Child,
    label: str,
    subtitle: Text,
    nothing: str,
    steps: Child | None = None,
) -> rx.Component:
    head: Callable[[], rx.Component] = lambda: page_header("Reports", subtitle=subtitle)  # noqa: E731
    return framed(
        state,
        head(),
        stack(
            _tabs(label),
            list_tools(
                state,
                *filters,
                label=f"Search {label.lower()}",
                placeholder="Name",
                actions=(_files(state),),
            ),
            list_notice(state),
            rows_here(state, _narrowed(state), rx.fragment()),
            rows_here(state, _totals(state), rx.fragment()),
            list_table(
                state,
                kind,
                columns,
                label=label,
                empty=empty_state(nothing, icon="chart-column"),
                nothing=empty_state(
                    nothing,
                    rx.el.p("Choose other dates or words."),
                    icon="search",
                    action=button("Show everything", on_click=state.clear),
                ),
                pages=steps,
            ),
        ),
        active="reports",
        waiting=stack(head(), _tabs(label), list_waiting(state, columns, label=label)),
    )


def _tabs(label: str) -> rx.Component:
    return link_tabs(
        *(link_tab(words, href=href, active=words == label) for words, href in _TABS),
        label="Reports",
    )


def _files(state: type[ReportMixin]) -> Child:
    return show_if(
        state.may_export,
        rx.fragment(
            link_button("CSV", href=state.csv_href, icon="download", full_load=True),
            link_button("Excel", href=state.sheet_href, icon="download", full_load=True),
        ),
    )


def _narrowed(state: type[ReportMixin]) -> Child:
    return show_if(
        filled(state.narrowed),
        notice(
            rx.fragment(
                "Only ",
                rx.el.bdi(state.narrowed),
                ". ",
                button("Show everything", size="small", on_click=state.clear),
            ),
            live=False,
        ),
    )


def _totals(state: type[ReportMixin]) -> Child:
    return show_if(
        state.totals.length() > 0,
        tiles(rx.foreach(state.totals, lambda one: tile(one.label, one.words, href=one.href))),
    )


def _steps(state: type[EntriesReportState]) -> Child:
    nav = rx.el.nav(
        show_if(
            state.is_newest,
            rx.fragment(),
            button("Newest", icon="arrow-up", size="small", on_click=state.previous_page),
        ),
        show_if(
            state.has_next,
            button("Older", icon="arrow-down", size="small", on_click=state.next_page),
        ),
        aria_label="Pages",
        class_name="u-pages",
    )
    return rows_here(state, nav, rx.fragment())
