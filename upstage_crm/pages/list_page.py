"""What a list is drawn with: a table of columns, its search, its filters and its pages.

Column(heading, cell, sort, label, wide, is_lead)     one column; `cell` draws the value of a row
list_table(state, kind, columns, …)                   the table with its states and its pages
list_rows(state, rows, waiting, …)                    the same states around rows of another look
list_pages(state)                                     previous and next
list_tools(state, *filters, label, placeholder, …)    the bar above: search, filters, the count
list_notice(state)                                    a sentence about what was asked for
list_waiting(state, columns, label)                   the table before the first answer
when_chosen(state, name, *children)                   what is there while a filter is chosen
list_select(state, name, label, options)              a filter: one of several values
list_day(state, name, label)                          a filter: a day
list_dates(state, of)                                 a filter: a stretch of days
list_search(state, label, placeholder)                the search box; Enter opens the only row
list_crumb(state, label)                              the way back from a record to its list
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import reflex as rx

from upstage_crm.pages.list_state import ListMixin
from upstage_crm.pages.list_url import QUERY_LIMIT
from upstage_crm.pages.periods import PERIOD_WORDS, Period
from upstage_crm.pages.view import rows_here
from upstage_crm.ui.components.arrival import keep_place
from upstage_crm.ui.components.base import Child, Flag, Text, absent, filled, show_if
from upstage_crm.ui.components.button import button
from upstage_crm.ui.components.feedback import error_state, notice, skeleton_rows
from upstage_crm.ui.components.forms.choice import search_input
from upstage_crm.ui.components.forms.form import (
    Options,
    event_form,
)
from upstage_crm.ui.components.here import HERE
from upstage_crm.ui.components.page import card
from upstage_crm.ui.components.records.table import (
    Align,
    cell,
    column,
    data_table,
    empty_row,
    pagination,
    sort_column,
    table_row,
)
from upstage_crm.ui.components.records.toolbar import (
    filter_day,
    filter_select,
    result_count,
    toolbar,
)
from upstage_crm.ui.components.shortcut import focus_key, row_keys
from upstage_crm.ui.components.text import live_place

SEARCH_PAUSE_MS = 50
DAY_PAUSE_MS = 400  # a year is typed digit by digit
WAITING_ROWS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a list.

    `cell` draws what a row has to say in it. `sort` is the name by which the list can be ordered,
    whose usual order runs from the last value to the first where `is_turned`. `label` names the
    value on the cards of a narrow screen (the heading, when empty). The column that `is_lead`
    draws its whole cell, which names the row and opens it. `sorts_not` is true for a reader who may
    not order by the column after all. Numbers that are compared are aligned at their `end`.
    """

    heading: Child
    cell: Callable[[Any], Child]
    sort: str = ""
    is_turned: Flag = False
    label: Text = ""
    wide: bool = False
    is_lead: bool = False
    sorts_not: Flag = False
    align: Align = "start"

    def head(self, state: type[ListMixin]) -> rx.Component:
        """The heading; one that sorts is a button."""
        plain = column(self.heading, align=self.align)
        if not self.sort:
            return plain
        ways = ("descending", "ascending")
        order = rx.cond(
            self.is_turned,
            rx.cond(state.is_descending, *reversed(ways)),
            rx.cond(state.is_descending, *ways),
        )
        sorts = sort_column(
            cast("Text", self.heading),
            sort=rx.cond(state.sort == self.sort, order, "none"),
            on_sort=state.sort_by(self.sort),
            align=self.align,
        )
        return sorts if self.sorts_not is False else rx.cond(self.sorts_not, plain, sorts)

    def body(self, row: Any) -> Child:
        """The cell of one row."""
        if self.is_lead:
            return self.cell(row)
        label = cast("Text", self.heading) if absent(self.label) else self.label
        return cell(self.cell(row), label=label, wide=self.wide, align=self.align)


def list_table(
    state: type[ListMixin],
    kind: type,
    columns: Sequence[Column],
    *,
    label: str,
    empty: Child,
    nothing: Child,
    pages: Child | None = None,
) -> rx.Component:
    """Return the table of a list whose rows are of the dataclass `kind`, with its pages.

    `empty` is shown when there is no row at all, `nothing` when none fits; `pages` in the place of
    previous and next.
    """
    whole = len(columns)
    row = _row_memo(kind, columns)
    rows = cast("Any", state).rows
    return card(
        data_table(
            [each.head(state) for each in columns],
            list_rows(
                state,
                rx.fragment(rx.foreach(rows, lambda each: row(row=each))),
                skeleton_rows(WAITING_ROWS, columns=whole),
                empty=empty_row(empty, columns=whole),
                nothing=empty_row(nothing, columns=whole),
                failed=empty_row(list_failed(state), columns=whole),
            ),
            label=label,
            busy=state.is_busy,
        ),
        list_pages(state) if pages is None else pages,
        flush=True,
    )


def list_waiting(state: type[ListMixin], columns: Sequence[Column], *, label: str) -> rx.Component:
    """Return the table before the first answer."""
    heads = [each.head(state) for each in columns]
    bars = skeleton_rows(WAITING_ROWS, columns=len(columns))
    return card(data_table(heads, bars, label=label, busy=True), flush=True)


def list_rows(
    state: type[ListMixin],
    rows: Child,
    waiting: Child,
    *,
    empty: Child,
    nothing: Child,
    failed: Child,
) -> Child:
    """Return the rows, or what is shown in their place."""
    return rows_here(
        state,
        rx.match(
            state.shown,
            ("rows", rows),
            ("failed", failed),
            ("empty", empty),
            ("nothing", nothing),
            waiting,
        ),
        waiting,
    )


def list_failed(state: type[ListMixin]) -> rx.Component:
    """Return what is shown when the rows could not be read."""
    return error_state(
        f"The {state.nouns[1]} could not be loaded",
        rx.el.p("Nothing was lost. The database did not answer."),
        action=button("Try again", icon="refresh-cw", on_click=state.fetch),
    )


def list_pages(state: type[ListMixin]) -> Child:
    """Return "1–50 of 1,204" with previous and next, under the rows that it speaks of."""
    pages = pagination(
        summary=state.summary,
        on_previous=state.previous_page,
        on_next=state.next_page,
        has_previous=state.has_previous,
        has_next=state.has_next,
    )
    return rows_here(state, show_if(state.shown == "rows", pages), rx.fragment())


def list_notice(state: type[ListMixin]) -> Child:
    """Return what has to be said of the rows before they are read; announced when it changes."""
    return rows_here(
        state,
        live_place(show_if(filled(state.notice), notice(state.notice, live=False))),
        rx.fragment(),
    )


def list_tools(
    state: type[ListMixin],
    *filters: Child,
    label: str,
    placeholder: str,
    actions: Sequence[Child] = (),
) -> rx.Component:
    """Return the bar above the rows. `/` goes to the search box, `j` and `k` through the rows."""
    return rx.fragment(
        focus_key("/", "search"),
        row_keys(),
        keep_place(state.places.contains(HERE) & (state.shown == "rows")),
        toolbar(
            list_search(state, label=label, placeholder=placeholder),
            *filters,
            actions=(rows_here(state, result_count(state.count), rx.fragment()), *actions),
        ),
    )


def list_search(state: type[ListMixin], *, label: str, placeholder: str) -> rx.Component:
    """Return the search box; Enter opens the row that it finds, if it is the only one."""
    # Uncontrolled, so that no answer of the server takes a letter from who types fast; the key
    # draws it again when the address or "clear" changes the words.
    return rx.el.div(
        event_form(
            search_input(
                label,
                placeholder=placeholder,
                shortcut="/",
                on_change=state.search.debounce(SEARCH_PAUSE_MS),
                default_value=state.query,
                max_length=QUERY_LIMIT,
                name="q",
            ),
            on_submit=state.find,
            role="search",
            class_name="u-search-form",
        ),
        key=state.search_box,
        class_name="u-grow",
    )


def list_select(
    state: type[ListMixin], name: str, label: str, options: Options | rx.Component
) -> rx.Component:
    """Return a filter that is one of several values."""
    return filter_select(
        label, options, value=_chosen(state, name), on_change=state.choose(name), id=name
    )


def list_day(state: type[ListMixin], name: str, label: str) -> rx.Component:
    """Return a filter that is a day."""
    # Uncontrolled for the same reason as the search box.
    return rx.fragment(
        filter_day(
            label,
            default_value=_chosen(state, name),
            on_change=state.choose(name).debounce(DAY_PAUSE_MS),
            id=name,
        ),
        key=f"{name}-{state.search_box}",
    )


def list_dates(state: type[ListMixin], of: Text) -> Child:
    """Return the filters of `periods.FILTERS`; `of` says in a word what the dates are of."""
    between = show_if(_chosen(state, "when") == Period.DATES.value, _between(state))
    seasons = rx.foreach(
        state.seasons, lambda season: rx.el.option(of, ": ", season[1], value=season[0])
    )
    options: list[Child] = [rx.el.option(of, ": any time", value=""), seasons] + [
        rx.el.option(of, ": ", words.lower(), value=period.value)
        for period, words in PERIOD_WORDS.items()
    ]
    chosen = filter_select(
        "Dates",
        rx.fragment(*options),
        value=_chosen(state, "when"),
        on_change=state.choose("when"),
        id="when",
    )
    return rx.fragment(chosen, between)


def _between(state: type[ListMixin]) -> rx.Component:
    return rx.fragment(list_day(state, "from", "From"), list_day(state, "to", "To"))


def list_crumb(state: type[ListMixin], label: str) -> tuple[Text, Text]:
    """Return the crumb of a list: its rows as this tab saw them last, with search and filters."""
    return label, cast("Text", rx.cond(state.list_href, state.list_href, state.shape.path))


def when_chosen(state: type[ListMixin], name: str, *children: Child) -> Child:
    """Return children while a filter has another value than the usual one."""
    return show_if(filled(_chosen(state, name)), rx.fragment(*children))


def _chosen(state: type[ListMixin], name: str) -> Text:
    assert name in state.shape.filters, name
    return cast("Any", state.chosen)[name].to(str)


def _row_memo(kind: type, columns: Sequence[Column]) -> Any:
    """A component that draws one row, and again only when the row has changed."""

    def draw(row: rx.Var[Any]) -> rx.Component:
        return table_row(*(each.body(row) for each in columns))

    # Reflex names the component, and reads what the row has, by these.
    draw.__name__ = draw.__qualname__ = f"{kind.__name__}_line"
    draw.__module__ = kind.__module__
    draw.__annotations__["row"] = rx.Var[kind]
    return rx.memo(draw)
