"""The page at `/calendar/`."""

from typing import Any

import reflex as rx

from upstage_crm.admin.frame import framed, what_became
from upstage_crm.admin.programme.bulk_dialogs import bulk_bar, bulk_dialogs, undo_button
from upstage_crm.admin.programme.calendar_days import DAY, HALL, SEASON, STATE, VIEW, View
from upstage_crm.admin.programme.calendar_state import CalendarState as State
from upstage_crm.admin.programme.performance_bulk_state import CalendarBulkState
from upstage_crm.pages.list_page import list_failed, list_rows, list_select
from upstage_crm.pages.view import rows_here
from upstage_crm.ui.components.base import Child, filled, hidden_text, show_if
from upstage_crm.ui.components.button import button, link
from upstage_crm.ui.components.feedback import empty_state, skeleton_lines
from upstage_crm.ui.components.page import card, page_header, stack
from upstage_crm.ui.components.records.selection import pick_all, pick_box
from upstage_crm.ui.components.records.status import PERFORMANCE_LOOKS, performance_chip
from upstage_crm.ui.components.records.table import (
    cell,
    column,
    data_table,
    lead_cell,
    table_row,
)
from upstage_crm.ui.components.records.toolbar import (
    filter_day,
    filter_select,
    result_count,
    toolbar,
)
from upstage_crm.ui.components.shortcut import row_keys

_STATES = [("", "Any state"), *((state, look.label) for state, look in PERFORMANCE_LOOKS.items())]
NOTHING = "Nothing is performed in these days"
_VIEWS = [("", "Month"), (View.WEEK.value, "Week"), (View.LIST.value, "List")]


def page() -> rx.Component:
    """Return the page."""
    return framed(
        State,
        page_header(
            "Calendar",
            subtitle=rx.el.span(State.heading, aria_live="polite"),
            actions=(
                button(
                    "Earlier",
                    on_click=State.earlier,
                    disabled=rx.cond(State.has_earlier, False, True),
                ),
                button("Today", on_click=State.today),
                button(
                    "Later", on_click=State.later, disabled=rx.cond(State.has_later, False, True)
                ),
            ),
        ),
        stack(
            what_became(State, after=undo_button(State)),
            row_keys(),
            toolbar(
                _season(),
                list_select(State, VIEW, "View", _VIEWS),
                filter_day(
                    "Day",
                    default_value=State.chosen[DAY].to(str),
                    on_change=State.choose(DAY).debounce(400),
                    id=DAY,
                ),
                _hall(),
                list_select(State, STATE, "State", _STATES),
                actions=(rows_here(State, result_count(State.count), rx.fragment()),),
            ),
            _days(),
            show_if(State.may_edit, bulk_bar(CalendarBulkState)),
        ),
        *bulk_dialogs(CalendarBulkState, State.halls),
        active="calendar",
        waiting=stack(page_header("Calendar"), card(skeleton_lines(12))),
    )


def _season() -> rx.Component:
    options: list[Child] = [
        rx.foreach(State.seasons, _option),
        rx.el.option("Any season", value=""),
    ]
    return filter_select(
        "Season",
        rx.fragment(*options),
        value=State.chosen[SEASON].to(str),
        on_change=State.choose(SEASON),
        id=SEASON,
    )


def _hall() -> rx.Component:
    options: list[Child] = [rx.el.option("Any hall", value=""), rx.foreach(State.halls, _option)]
    return filter_select(
        "Hall",
        rx.fragment(*options),
        value=State.chosen[HALL].to(str),
        on_change=State.choose(HALL),
        id=HALL,
    )


def _option(choice: Any) -> rx.Component:
    return rx.el.option(choice[1], value=choice[0])


def _days() -> Child:
    """The days, or what is shown in their place."""
    drawn = rx.cond(State.chosen[VIEW].to(str) == View.LIST.value, _list(), _grid())
    failed = card(list_failed(State))
    return list_rows(
        State,
        drawn,
        card(skeleton_lines(12)),
        empty=drawn,
        nothing=drawn,
        failed=failed,
    )


def _grid() -> rx.Component:
    heads = rx.foreach(State.weekdays, lambda name: rx.el.th(name, scope="col"))
    return card(
        rx.el.table(
            rx.el.caption(State.heading, class_name="u-hidden"),
            rx.el.thead(rx.el.tr(heads)),
            rx.el.tbody(rx.foreach(State.rows, _week)),
            class_name="u-calendar",
            aria_busy=rx.cond(State.is_busy, "true", "false"),
        ),
        show_if(State.shown_count == 0, rx.el.p(NOTHING, class_name="u-hint u-card-note")),
        flush=True,
    )


def _week(week: Any) -> rx.Component:
    return rx.el.tr(rx.foreach(week.days, _day))


def _day(day: Any) -> rx.Component:
    return rx.el.td(
        rx.el.div(
            rx.el.span(day.number, aria_hidden="true", class_name="u-calendar-number"),
            rx.el.time(day.words, date_time=day.iso, class_name="u-calendar-words"),
            show_if(day.is_today, hidden_text(" (today)")),
            class_name="u-calendar-head",
        ),
        show_if(
            day.lines.length() > 0,
            rx.el.ul(rx.foreach(day.lines, _line), class_name="u-calendar-lines"),
        ),
        data_outside=rx.cond(day.is_outside, "true", "false"),
        data_today=rx.cond(day.is_today, "true", "false"),
        data_empty=rx.cond(day.lines.length() > 0, "false", "true"),
    )


def _line(line: Any) -> rx.Component:
    return rx.el.li(
        link(
            rx.el.time(line.time, date_time=line.time_iso, class_name="u-num"),
            " ",
            rx.el.bdi(line.title),
            href=line.href,
            class_name="u-row-link",
        ),
        rx.el.div(
            line.hall,
            show_if(filled(line.access), rx.fragment(" · ", line.access)),
            class_name="u-sub",
        ),
        show_if(line.state != "on_sale", performance_chip(line.state)),
        data_state=line.state,
    )


def _list() -> rx.Component:
    nothing = empty_state(
        NOTHING,
        rx.el.p("Turn to other days, or choose other filters."),
        icon="calendar",
    )
    every = show_if(State.may_edit, pick_all("Choose every performance"))
    table = data_table(
        [
            column(rx.el.span(every, "Event", class_name="u-row-lead")),
            column("Time"),
            column("Hall"),
            column("Access"),
            column("State"),
        ],
        rx.foreach(State.rows, lambda week: rx.foreach(week.days, _rows_of_day)),
        label="Performances",
        busy=State.is_busy,
    )
    return card(show_if(State.shown_count > 0, table, nothing), flush=True)


def _rows_of_day(day: Any) -> rx.Component:
    return rx.fragment(rx.foreach(day.lines, lambda line: _row(day, line)))


def _row(day: Any, line: Any) -> rx.Component:
    said = f"Choose {line.title}, {day.words}, {line.time}"
    box = show_if(State.may_edit, pick_box(line.id, label=said))
    return table_row(
        lead_cell(rx.el.bdi(line.title), href=line.href, before=box),
        cell(rx.el.time(day.words, ", ", line.time, date_time=line.time_iso), label="Time"),
        cell(line.hall, label="Hall"),
        cell(line.access, label="Access"),
        cell(performance_chip(line.state), label="State"),
    )
