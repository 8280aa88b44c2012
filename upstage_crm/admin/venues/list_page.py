"""The page at `/venues/`."""

import reflex as rx

from upstage_crm.admin.frame import framed, what_became
from upstage_crm.admin.venues.dialog_state import ADD, AddVenueState
from upstage_crm.admin.venues.list_state import VenueListRow
from upstage_crm.admin.venues.list_state import VenueListState as State
from upstage_crm.admin.venues.venue_inputs import VENUE_WORDS, inputs
from upstage_crm.pages.list_page import Column, list_table, list_tools, list_waiting
from upstage_crm.pages.view import question
from upstage_crm.ui.components.base import Child, show_if
from upstage_crm.ui.components.button import button
from upstage_crm.ui.components.feedback import empty_state
from upstage_crm.ui.components.page import page_header, stack
from upstage_crm.ui.components.records.table import lead_cell

COLUMNS = [
    Column(
        heading="Venue",
        sort="name",
        is_lead=True,
        cell=lambda row: lead_cell(rx.el.bdi(row.name), href=row.href),
    ),
    Column(heading="Address", cell=lambda row: row.address, wide=True),
    Column(heading="Halls", cell=lambda row: row.halls, wide=True),
]


def page() -> rx.Component:
    """Return the page."""
    return framed(
        State,
        page_header("Venues", actions=(_add("Add venue"),)),
        stack(
            what_became(State),
            list_tools(State, label="Search venues", placeholder="Name, address or hall"),
            list_table(
                State, VenueListRow, COLUMNS, label="Venues", empty=_empty(), nothing=_nothing()
            ),
        ),
        _dialog(),
        active="venues",
        waiting=stack(page_header("Venues"), list_waiting(State, COLUMNS, label="Venues")),
    )


def _dialog() -> rx.Component:
    return question(
        AddVenueState,
        ADD,
        *inputs(AddVenueState, ADD, VENUE_WORDS),
        title="Add venue",
        description="What visitors need to arrive. All of it can be changed later.",
        on_submit=AddVenueState.add,
        send="Add venue",
        size="large",
    )


def _add(words: str) -> Child:
    return show_if(
        State.may_edit,
        button(words, icon="plus", variant="primary", on_click=AddVenueState.open),
    )


def _empty() -> rx.Component:
    return empty_state(
        "No venues yet",
        rx.el.p("A venue is a building that visitors come to. Its halls have the seats."),
        icon="map-pin",
        action=_add("Add the first venue"),
    )


def _nothing() -> rx.Component:
    return empty_state(
        "No venue fits",
        rx.el.p("Search by the name of a venue or a hall, or by an address."),
        icon="search",
        action=button("Show all venues", on_click=State.clear),
    )
