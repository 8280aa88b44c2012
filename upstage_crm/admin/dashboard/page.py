"""The page at `/`."""

from typing import Any, cast

import reflex as rx
from reflex.vars import ObjectVar

from upstage_crm.admin.dashboard.plot_rows import TREND, PeriodTab, TrendCell, TrendRow
from upstage_crm.admin.dashboard.rows import DecidedRow, NeedRow, Tile
from upstage_crm.admin.dashboard.state import DashboardState as State
from upstage_crm.admin.frame import framed
from upstage_crm.admin.requests.url import queue_href
from upstage_crm.change_requests.reads.queue import View
from upstage_crm.ui.components.base import Child, filled, show_if
from upstage_crm.ui.components.button import button, link, link_button
from upstage_crm.ui.components.feedback import empty_state, error_state, skeleton_lines
from upstage_crm.ui.components.forms.choice import search_input
from upstage_crm.ui.components.forms.form import event_form
from upstage_crm.ui.components.page import (
    card,
    halves,
    inline,
    page_header,
    section,
    stack,
    tile,
    tiles,
)
from upstage_crm.ui.components.plots import Bar, bar_plot, column_plot, figure
from upstage_crm.ui.components.records.status import (
    chip,
    request_chip,
)
from upstage_crm.ui.components.records.table import (
    cell,
    column,
    data_table,
    lead_cell,
    table_row,
)
from upstage_crm.ui.components.shortcut import focus_key
from upstage_crm.ui.components.tabs import link_tab, link_tabs
from upstage_crm.ui.components.text import reference, when


def page() -> rx.Component:
    """Return the page."""
    return framed(
        State,
        focus_key("/", "search"),
        page_header("Dashboard"),
        stack(
            _search(),
            rx.match(
                State.shown,
                ("overview", _overview()),
                ("first_use", _first_use()),
                ("failed", _failed()),
                card(skeleton_lines(6)),
            ),
            gap="large",
        ),
        active="dashboard",
        waiting=stack(page_header("Dashboard"), card(skeleton_lines(6)), gap="large"),
    )


def _search() -> rx.Component:
    return event_form(
        inline(
            search_input(
                "Find a patron",
                placeholder="Find a patron: name, email, phone, town or number",
                shortcut="/",
                name="q",
                max_length=100,
            ),
            button("Find", type="submit"),
        ),
        on_submit=State.search,
        role="search",
    )


def _overview() -> rx.Component:
    return stack(
        _needs(),
        tiles(rx.foreach(State.tiles, lambda item: _tile(item=item))),
        _decided(),
        _figures(),
        gap="large",
    )


def _figures() -> rx.Component:
    shown = State.figures
    return section(
        link_tabs(rx.foreach(shown.periods, lambda each: _period(each=each)), label="Period"),
        halves(
            figure(
                bar_plot(shown.funnel, label="What became of requests"),
                title="What became of requests",
                note=shown.cut,
                table=_bar_table(shown.funnel, "What became of requests", "Requests"),
            ),
            figure(
                bar_plot(shown.times, label="Time to decide"),
                title="Time to decide",
                note=shown.took,
                table=_bar_table(shown.times, "Time to decide", "Patrons’ decisions"),
            ),
            figure(
                column_plot(shown.trend, label="Month by month", keys=("Proposed", "Approved")),
                title="Month by month",
                table=_trend_table(),
            ),
            figure(
                bar_plot(shown.quality, label="Records to look after"),
                title="Records to look after",
                note="Active patrons. The last number looks at the 1,000 records changed last.",
                table=_bar_table(shown.quality, "Records to look after", "Patrons"),
            ),
        ),
        title="Figures",
    )


@rx.memo
def _period(each: ObjectVar[PeriodTab]) -> rx.Component:
    return link_tab(each.label, href=each.href, active=each.is_active)


def _bar_table(bars: Any, label: str, heading: str) -> rx.Component:
    headings = [column("What", hidden=True), column(heading, align="end")]
    return data_table(headings, rx.foreach(bars, lambda bar: _bar_row(bar=bar)), label=label)


@rx.memo
def _bar_row(bar: ObjectVar[Bar]) -> rx.Component:
    opened = link(bar.label, href=bar.href)
    return table_row(
        cell(show_if(filled(bar.href), opened, rx.el.span(bar.label)), label="What"),
        cell(bar.number, label="Number", align="end"),
    )


def _trend_table() -> rx.Component:
    headings = [column("Month"), *(column(each, align="end") for each in TREND.values())]
    rows = rx.foreach(State.figures.trend_rows, lambda row: _trend_row(row=row))
    return data_table(headings, rows, label="Month by month")


@rx.memo
def _trend_row(row: ObjectVar[TrendRow]) -> rx.Component:
    cells = rx.foreach(row.cells, lambda each: _trend_cell(cast("TrendCell", each)))
    return table_row(cell(row.label, label="Month"), cells)


def _trend_cell(each: TrendCell) -> rx.Component:
    number = show_if(filled(each.href), link(each.number, href=each.href), each.number)
    return cell(number, label=each.label, align="end")


@rx.memo
def _tile(item: ObjectVar[Tile]) -> rx.Component:
    plain = tile(item.label, item.number, note=item.note, tone=item.tone)
    opened = tile(item.label, item.number, href=item.href, note=item.note, tone=item.tone)
    return rx.fragment(show_if(filled(item.href), opened, plain))


def _needs() -> rx.Component:
    headings = [column(words) for words in ("Task", "About", "Details", "Since")]
    rows = rx.foreach(State.needs, lambda row: _need(row=row))
    title = rx.fragment(
        "Needs your attention ",
        show_if(
            filled(State.needs_count), rx.el.span(State.needs_count, class_name="u-count u-num")
        ),
    )
    return card(
        rx.cond(
            State.needs,
            data_table(headings, rows, label="Needs your attention"),
            empty_state(
                "Nothing needs you",
                rx.el.p("There is nothing that you could act on right now."),
                icon="circle-check",
            ),
        ),
        title=title,
        actions=(
            show_if(filled(State.whole), link("Show less", href="/")),
            link("Requests that need you", href=queue_href(View.NEEDS_YOU)),
        ),
        flush=True,
    )


@rx.memo
def _need(row: ObjectVar[NeedRow]) -> rx.Component:
    task = chip(row.words, icon=row.icon, tone=row.tone)
    return table_row(
        lead_cell(show_if(filled(row.more), row.more, task), href=row.href),
        cell(rx.el.bdi(row.about, class_name="u-value"), label="About"),
        cell(row.detail, label="Details"),
        cell(show_if(filled(row.time), when(row.time, iso=row.time_iso)), label="Since"),
    )


def _decided() -> rx.Component:
    headings = [
        column(words) for words in ("Reference", "Patron", "Decision", "Proposed by", "When")
    ]
    rows = rx.foreach(State.decided, lambda row: _decision(row=row))
    return card(
        rx.cond(
            State.decided,
            data_table(headings, rows, label="Recent decisions"),
            empty_state(
                "No decisions yet",
                rx.el.p("What patrons approve or reject is listed here."),
                icon="hourglass",
            ),
        ),
        title="Recent decisions",
        actions=(link("All requests", href="/requests/?view=all"),),
        flush=True,
    )


@rx.memo
def _decision(row: ObjectVar[DecidedRow]) -> rx.Component:
    return table_row(
        lead_cell(reference(row.reference), href=row.href),
        cell(link(rx.el.bdi(row.patron), href=row.patron_href), label="Patron"),
        cell(request_chip(row.state), label="Decision"),
        cell(row.proposer, label="Proposed by"),
        cell(when(row.time, iso=row.time_iso), label="When"),
    )


def _first_use() -> Child:
    return card(
        empty_state(
            "No patron has been asked yet",
            rx.el.p(
                "A patron’s email address, phone, name, postal address and date of birth change "
                "only when the patron approves. Open a record, propose the new value and say why: "
                "we write to the patron, and the answer appears here."
            ),
            icon="clipboard-check",
            action=inline(
                show_if(
                    State.may_set_up,
                    link_button("Set up your CRM", href="/settings/?tab=set-up", variant="primary"),
                ),
                link_button("Open the patrons", href="/patrons/"),
            ),
        )
    )


def _failed() -> rx.Component:
    return card(
        error_state(
            "The dashboard could not be loaded",
            rx.el.p("Nothing was lost. The database did not answer."),
            action=button("Try again", icon="refresh-cw", on_click=State.refresh),
        )
    )
