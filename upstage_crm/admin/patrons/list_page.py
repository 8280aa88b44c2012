"""The page at `/patrons/`."""

from typing import cast

import reflex as rx

from upstage_crm.admin.frame import framed
from upstage_crm.admin.patrons.add_dialog import add_dialog
from upstage_crm.admin.patrons.add_state import AddPatronState
from upstage_crm.admin.patrons.list_state import PatronListState as State
from upstage_crm.admin.patrons.rows import ListRow, TagLink
from upstage_crm.pages.view import rows_here
from upstage_crm.patrons.queries import PatronSort
from upstage_crm.ui.components.base import Child, Text, filled, show_if
from upstage_crm.ui.components.button import button, link
from upstage_crm.ui.components.choice import search_input
from upstage_crm.ui.components.feedback import empty_state, error_state, skeleton_rows
from upstage_crm.ui.components.mark import email_mark, one_line
from upstage_crm.ui.components.page import card, inline, page_header, stack
from upstage_crm.ui.components.shortcut import focus_key
from upstage_crm.ui.components.status import chip
from upstage_crm.ui.components.table import (
    cell,
    column,
    data_table,
    empty_row,
    lead_cell,
    pagination,
    sort_column,
    table_row,
)
from upstage_crm.ui.components.text import when
from upstage_crm.ui.components.toolbar import filter_chip, result_count, toolbar

COLUMNS = 8
SEARCH_PAUSE_MS = 50


def page() -> rx.Component:
    """Return the page."""
    return framed(
        State,
        focus_key("/", "search"),
        page_header("Patrons", actions=(_add("Add patron"),)),
        stack(
            toolbar(
                _search(),
                show_if(
                    filled(State.tag),
                    filter_chip(f"Tag: {State.tag}", on_remove=State.clear_tag),
                ),
                actions=(rows_here(State, result_count(State.count), rx.fragment()),),
            ),
            card(
                data_table(
                    _columns(),
                    rows_here(State, _body(), _waiting()),
                    label="Patrons",
                    busy=State.is_busy,
                ),
                rows_here(
                    State,
                    show_if(
                        State.shown == "rows",
                        pagination(
                            summary=State.summary,
                            on_previous=State.previous_page,
                            on_next=State.next_page,
                            has_previous=State.page > 0,
                            has_next=State.has_next,
                        ),
                    ),
                    rx.fragment(),
                ),
                flush=True,
            ),
        ),
        add_dialog(),
        active="patrons",
        waiting=stack(
            page_header("Patrons"),
            card(data_table(_columns(), _waiting(), label="Patrons", busy=True), flush=True),
        ),
    )


def _search() -> rx.Component:
    # Uncontrolled, so that no answer of the server can take a letter from who types fast; the key
    # draws it anew when the address or "Clear" changes the words.
    return rx.el.div(
        search_input(
            "Search patrons",
            placeholder="Name, email, phone, town or number",
            shortcut="/",
            on_change=State.search.debounce(SEARCH_PAUSE_MS),
            default_value=State.query,
            max_length=100,
        ),
        key=State.search_box,
        class_name="u-grow",
    )


def _columns() -> list[rx.Component]:
    return [
        _sorted("Name", PatronSort.NAME),
        _sorted("Number", PatronSort.NUMBER),
        _sorted("Email", PatronSort.EMAIL),
        column("Phone"),
        _sorted("Town or city", PatronSort.CITY),
        column("Tags"),
        column("Pending"),
        _sorted("Updated", PatronSort.UPDATED),
    ]


def _sorted(label: str, by: PatronSort) -> rx.Component:
    order = rx.cond(State.is_descending, "descending", "ascending")
    return sort_column(
        label,
        sort=rx.cond(State.sort == by.value, order, "none"),
        on_sort=State.sort_by(by.value),
    )


def _waiting() -> rx.Component:
    return skeleton_rows(12, columns=COLUMNS)


def _body() -> Child:
    return rx.match(
        State.shown,
        ("loading", _waiting()),
        ("failed", empty_row(_failed(), columns=COLUMNS)),
        ("empty", empty_row(_empty(), columns=COLUMNS)),
        ("nothing", empty_row(_nothing(), columns=COLUMNS)),
        rx.fragment(rx.foreach(State.rows, lambda row: _row(row=row))),
    )


@rx.memo
def _row(row: rx.Var[ListRow]) -> rx.Component:
    return _cells(cast("ListRow", row))  # every attribute is a var as well


def _cells(row: ListRow) -> rx.Component:
    mark = rx.fragment(show_if(filled(row.email_state), email_mark(row.email_state)))
    pending = chip(row.pending, icon="hourglass", tone="warning")
    tags = rx.el.span(
        rx.foreach(row.tags, lambda tag: _tag(cast("TagLink", tag))),
        rx.el.span(row.more_tags, class_name="u-muted"),
        class_name="u-when",
    )
    return table_row(
        lead_cell(
            rx.el.bdi(row.name),
            show_if(filled(row.status), chip(row.status, icon="circle-slash")),
            href=row.href,
        ),
        cell(row.number, label="Number"),
        cell(show_if(filled(row.email), one_line(row.email, mark)), label="Email"),
        cell(show_if(filled(row.phone), one_line(row.phone)), label="Phone"),
        cell(show_if(filled(row.city), one_line(row.city)), label="Town"),
        cell(show_if(row.has_tags, tags), label="Tags"),
        cell(show_if(filled(row.pending), pending), label="Pending"),
        cell(when(row.updated, iso=row.updated_iso), label="Updated"),
    )


def _tag(tag: TagLink) -> rx.Component:
    return rx.fragment(link(tag.label, href=tag.href), " ")


def _failed() -> rx.Component:
    return error_state(
        "The patrons could not be loaded",
        rx.el.p("Nothing was lost. The database did not answer."),
        action=button("Try again", icon="refresh-cw", on_click=State.refresh),
    )


def _empty() -> rx.Component:
    return empty_state(
        "No patrons yet",
        rx.el.p("A patron is a person or organisation whose record you hold."),
        icon="users",
        action=_add("Add the first patron"),
    )


def _nothing() -> rx.Component:
    return empty_state(
        rx.cond(State.query, f"Nobody found for “{State.query}”", "Nobody found here"),
        rx.el.p("Names, addresses and numbers are found by how their words begin."),
        show_if(
            State.has_masks, rx.el.p("What is masked for you is found by its complete value only.")
        ),
        icon="search",
        action=inline(
            button("Show all patrons", on_click=State.clear),
            show_if(filled(State.query), _add(f"Add “{State.query}”", State.query)),
        ),
    )


def _add(words: Text, query: Text = "") -> Child:
    return show_if(
        State.may_add,
        button(words, icon="plus", variant="primary", on_click=AddPatronState.open(query)),
    )
