"""The page at `/events/`."""

from typing import Any

import reflex as rx

from upstage_crm.admin.frame import framed, what_became
from upstage_crm.admin.programme.dialog_state import ADD, SEASON, AddEventState
from upstage_crm.admin.programme.event_inputs import inputs
from upstage_crm.admin.programme.list_state import EventListState as State
from upstage_crm.admin.programme.list_state import EventRow
from upstage_crm.admin.programme.season_copy_state import (
    COPY,
    DAYS,
    SOURCE,
    TARGET,
    SeasonCopyState,
)
from upstage_crm.pages.list_page import Column, list_dates, list_table, list_tools, list_waiting
from upstage_crm.pages.view import kept, question, refusal_of, subject_dialog, subject_form
from upstage_crm.programme.queries import EventSort
from upstage_crm.ui.components.base import Child, filled, show_if
from upstage_crm.ui.components.button import button
from upstage_crm.ui.components.dialog import dialog_close
from upstage_crm.ui.components.feedback import empty_state
from upstage_crm.ui.components.forms.choice import checkbox
from upstage_crm.ui.components.forms.form import select_field
from upstage_crm.ui.components.page import halves, page_header, stack
from upstage_crm.ui.components.records.table import lead_cell, two_lines
from upstage_crm.ui.components.text import when

COLUMNS = [
    Column(
        heading="Event",
        sort=EventSort.TITLE,
        is_lead=True,
        cell=lambda row: lead_cell(rx.el.bdi(row.title), href=row.href, sub=row.genre),
    ),
    Column(heading="Season", cell=lambda row: row.season),
    Column(
        heading="Performances",
        cell=lambda row: show_if(filled(row.on_sale), two_lines(row.count, row.on_sale), row.count),
    ),
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
        page_header("Events", actions=(_copy(), _add("Add event"))),
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
            select_field(
                "Season",
                SEASON,
                _options(AddEventState.seasons),
                id=f"{ADD}-{SEASON}",
                default_value=kept(AddEventState, SEASON),
                hint="Until it has performances: then their days say in which season it is.",
            ),
            title="Add event",
            description="What is performed. Its performances are added afterwards.",
            on_submit=AddEventState.add,
            send="Add event",
            size="large",
        ),
        _copy_season(),
        active="events",
        waiting=stack(page_header("Events"), list_waiting(State, COLUMNS, label="Events")),
    )


def _copy() -> Child:
    return show_if(
        State.may_edit, button("Copy season", icon="copy", on_click=SeasonCopyState.open)
    )


def _copy_season() -> rx.Component:
    state = SeasonCopyState
    return subject_dialog(
        state,
        COPY,
        subject_form(
            state,
            halves(
                select_field("Copy", SOURCE, _options(state.sources), default_value=state.source),
                select_field("Into", TARGET, _options(state.targets), default_value=state.target),
            ),
            checkbox(
                "With performances, on the same weekdays",
                DAYS,
                default_checked=~state.is_restored | state.draft.contains(DAYS),
                hint="As drafts, at the same times in the same halls.",
            ),
            rx.el.div(stack(rx.foreach(state.lines, rx.el.p), gap="small"), role="status"),
            refusal_of(state),
            rx.el.div(
                dialog_close("Cancel", variant="quiet"),
                show_if(state.makes > 0, button("Copy", type="submit", variant="primary")),
                class_name="u-dialog-foot",
            ),
            on_submit=state.copy_season,
            name=COPY,
        ),
        title="Copy season",
        description="Every event of it, with its texts in all languages and its picture.",
    )


def _options(choices: Any) -> rx.Component:
    return rx.fragment(rx.foreach(choices, lambda choice: rx.el.option(choice[1], value=choice[0])))


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
