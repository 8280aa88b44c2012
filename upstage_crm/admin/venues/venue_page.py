"""The page at `/venues/[venue]/`."""

import reflex as rx

from upstage_crm.admin.frame import framed, what_became
from upstage_crm.admin.venues.dialog_state import ADD_HALL, EDIT, EDIT_HALL, VenueDialogState
from upstage_crm.admin.venues.list_state import VenueListState
from upstage_crm.admin.venues.venue_inputs import HALL_WORDS, VENUE_WORDS, Words, inputs
from upstage_crm.admin.venues.venue_state import HallCard
from upstage_crm.admin.venues.venue_state import VenueRecordState as State
from upstage_crm.pages.list_page import list_crumb
from upstage_crm.pages.view import question
from upstage_crm.ui.components.base import Child, Text, filled, hidden_text, show_if
from upstage_crm.ui.components.button import button, link_button
from upstage_crm.ui.components.feedback import empty_state, skeleton_lines
from upstage_crm.ui.components.page import card, page_header, stack
from upstage_crm.ui.components.records.record import plain_row, record
from upstage_crm.ui.components.text import breadcrumbs, empty_value

CRUMB = list_crumb(VenueListState, "Venues")


def page() -> rx.Component:
    """Return the page."""
    return framed(
        State,
        rx.match(State.shown, ("venue", _venue()), ("missing", _missing()), skeleton_lines(6)),
        *_dialogs(),
        active="venues",
        waiting=stack(page_header("Venue"), card(skeleton_lines(8))),
        title=State.title,
    )


def _venue() -> rx.Component:
    return rx.fragment(
        page_header(State.name, crumbs=breadcrumbs(CRUMB, here=State.name)),
        stack(
            what_became(State),
            card(
                record(
                    *(
                        _row(words, State.texts[name])
                        for name, words in VENUE_WORDS.items()
                        if name != "name"
                    ),
                    label="The venue",
                ),
                title="For visitors",
                actions=(_edit(),),
                flush=True,
            ),
            rx.el.div(
                rx.el.h2("Halls", class_name="u-h2"),
                show_if(
                    State.may_edit,
                    button("Add hall", icon="plus", on_click=VenueDialogState.open_add_hall),
                ),
                class_name="u-section-head",
            ),
            show_if(
                State.halls.length() > 0,
                stack(rx.foreach(State.halls, _hall)),
                card(
                    empty_state(
                        "No halls yet",
                        rx.el.p("A hall is a room in which something is performed."),
                        icon="map-pin",
                    )
                ),
            ),
        ),
    )


def _edit() -> Child:
    return show_if(
        State.may_edit,
        button("Change", icon="pencil", size="small", on_click=VenueDialogState.open_edit),
    )


def _hall(hall: HallCard) -> rx.Component:
    texts = {
        "step_free": hall.step_free,
        "doors": hall.doors,
        "access_notes": hall.access_notes,
    }
    return card(
        record(*(_row(HALL_WORDS[name], text) for name, text in texts.items()), label=hall.name),
        title=hall.name,
        actions=(
            link_button(
                "Seat plan",
                hidden_text(" of ", hall.name),
                show_if(filled(hall.size), rx.el.span(hall.size, class_name="u-count")),
                href=hall.plan_href,
                icon="layout-dashboard",
                size="small",
            ),
            show_if(
                State.may_edit,
                button(
                    "Change",
                    hidden_text(" ", hall.name),
                    icon="pencil",
                    size="small",
                    on_click=VenueDialogState.open_edit_hall(hall.id),
                ),
            ),
        ),
        flush=True,
    )


def _row(words: Words, text: Text) -> rx.Component:
    lines = rx.el.div(text, class_name="u-lines")
    return plain_row(words.label, show_if(filled(text), lines, empty_value("Not said")))


def _missing() -> rx.Component:
    return rx.fragment(
        page_header("No such venue", crumbs=breadcrumbs(CRUMB, here="No such venue")),
        empty_state("There is no such venue", rx.el.p("The address may have a mistake in it.")),
    )


def _dialogs() -> tuple[rx.Component, ...]:
    state = VenueDialogState
    return (
        question(
            state,
            EDIT,
            *inputs(state, EDIT, VENUE_WORDS),
            title="Change venue",
            on_submit=state.edit,
            send="Save",
            size="large",
        ),
        question(
            state,
            ADD_HALL,
            *inputs(state, ADD_HALL, HALL_WORDS),
            title="Add hall",
            on_submit=state.add_hall,
            send="Add hall",
        ),
        question(
            state,
            EDIT_HALL,
            *inputs(state, EDIT_HALL, HALL_WORDS),
            title="Change hall",
            on_submit=state.edit_hall,
            send="Save",
        ),
    )
