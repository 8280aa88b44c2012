"""The page at `/events/`."""

import reflex as rx

from upstage_crm.admin.frame import framed, what_became
from upstage_crm.admin.programme.dialog_state import ADD, AddEventState
from upstage_crm.admin.programme.event_inputs import inputs
from upstage_crm.admin.programme.list_state import EventListState as State
from upstage_crm.admin.programme.list_state import EventRow
from upstage_crm.pages.list_page import Column, list_dates, list_table, list_tools, list_waiting
from upstage_crm.pages.view import question
from upstage_crm.programme.queries import EventSort
from upstage_crm.ui.components.base import Child, filled, show_if
from upstage_crm.ui.components.button import button
from upstage_crm.ui.components.feedback import empty_state
from upstage_crm.ui.components.page import page_header, stack
from upstage_crm.ui.components.records.table import lead_cell
from upstage_crm.ui.components.text import when

COLUMNS = [
    Column(
        heading="Event",
        sort=EventSort.TITLE,
        is_lead=True,
        cell=lambda row: lead_cell(rx.el.bdi(row.title), href=row.href, sub=row.genre),
    ),
    Column(heading="Season", cell=lambda row: row.season),
    Column(heading="Performances", cell=lambda row: row.count),
    Column(
        heading="First",
        sort=EventSort.FIRST,
        cell=lambda row: show_if(filled(row.first), when(row.first, iso=row.first_iso)),
    ),
    Column(
        heading="Last",
        cell=lambda row: show_if(filled(row.last), when(row.last, iso=row.last_iso)),
    ),
]


def page() -> rx.Component:
    """Return the page."""
    return framed(
        State,
        page_header("Events", actions=(_add("Add event"),)),
        stack(
            what_became(State),
            list_tools(
                State,
                list_dates(State, "Performed"),
                label="Search events",
                placeholder="Title",
            ),
            list_table(
                State, EventRow, COLUMNS, label="Events", empty=_empty(), nothing=_nothing()
            ),
        ),
        question(
            AddEventState,
            ADD,
            *inputs(AddEventState, ADD),
            title="Add event",
            description="What is performed. Its performances are added afterwards.",
            on_submit=AddEventState.add,
            send="Add event",
            size="large",
        ),
        active="events",
        waiting=stack(page_header("Events"), list_waiting(State, COLUMNS, label="Events")),
    )


def _add(words: str) -> Child:
    return show_if(
        State.may_edit,
        button(words, icon="plus", variant="primary", on_click=AddEventState.open),
    )


def _empty() -> rx.Component:
    return empty_state(
        "No events yet",
        rx.el.p("An event is what is performed: a production, a concert."),
        icon="ticket",
        action=_add("Add the first event"),
    )


def _nothing() -> rx.Component:
    return empty_state(
        "No event fits",
        rx.el.p("Search by words of the title, or choose other dates."),
        icon="search",
        action=button("Show all events", on_click=State.clear),
    )
