"""The page at `/events/[eventid]/`."""

from typing import Any

import reflex as rx

from upstage_crm.admin.frame import framed, what_became
from upstage_crm.admin.prices.event_tabs import event_tabs
from upstage_crm.admin.programme.bulk_dialogs import bulk_bar, bulk_dialogs, undo_button
from upstage_crm.admin.programme.dialog_state import (
    DAY,
    EDIT,
    HALL,
    PERFORM,
    TIME,
    UNTIL,
    WEEKDAYS,
    EventDialogState,
)
from upstage_crm.admin.programme.event_inputs import LABELS, inputs
from upstage_crm.admin.programme.event_parts import (
    languages_card,
    part_dialogs,
    picture_card,
)
from upstage_crm.admin.programme.event_state import EventState as State
from upstage_crm.admin.programme.list_state import EventListState
from upstage_crm.admin.programme.performance_bulk_state import PerformanceBulkState
from upstage_crm.pages.list_page import list_crumb
from upstage_crm.pages.view import kept, question
from upstage_crm.programme.event_texts import INTERVAL, LIMITS, TITLE
from upstage_crm.ui.components.base import Child, Text, filled, show_if
from upstage_crm.ui.components.button import button, link_button
from upstage_crm.ui.components.feedback import empty_state, notice, skeleton_lines
from upstage_crm.ui.components.forms.choice import checkbox
from upstage_crm.ui.components.forms.form import select_field, text_field
from upstage_crm.ui.components.page import card, halves, inline, page_header, stack
from upstage_crm.ui.components.records.record import plain_row, record
from upstage_crm.ui.components.records.selection import pick_all, pick_box
from upstage_crm.ui.components.records.status import chip, performance_chip
from upstage_crm.ui.components.records.table import cell, column, data_table, lead_cell, table_row
from upstage_crm.ui.components.shortcut import row_keys
from upstage_crm.ui.components.text import breadcrumbs, empty_value
from upstage_crm.wording.programme import ACCESS_WORDS

CRUMB = list_crumb(EventListState, "Events")


def page() -> rx.Component:
    """Return the page."""
    return framed(
        State,
        rx.match(State.shown, ("event", _event()), ("missing", _missing()), skeleton_lines(6)),
        *_dialogs(),
        active="events",
        waiting=stack(page_header("Event"), card(skeleton_lines(8))),
        title=State.title,
    )


def _event() -> rx.Component:
    return rx.fragment(
        page_header(
            State.name,
            crumbs=breadcrumbs(CRUMB, here=State.name),
            actions=(
                show_if(
                    State.may_edit,
                    button("Copy event", icon="copy", on_click=EventDialogState.open_copy),
                ),
                show_if(
                    State.may_edit,
                    button(
                        "Add performances",
                        icon="plus",
                        variant="primary",
                        on_click=EventDialogState.open_perform,
                    ),
                ),
            ),
        ),
        stack(
            event_tabs(State.subject, here="event"),
            what_became(State, after=undo_button(State)),
            _performances(),
            _details(),
            picture_card(),
            languages_card(),
        ),
    )


def _performances() -> rx.Component:
    every = show_if(State.may_edit, pick_all("Choose every performance"))
    table = data_table(
        [
            column(rx.el.span(every, "When", class_name="u-row-lead")),
            column("Hall"),
            column("Access"),
            column("State"),
        ],
        rx.foreach(State.performances, _performance),
        label="Performances",
    )
    nothing = empty_state(
        "No performances yet",
        rx.el.p("A performance is this event at one time in one hall."),
        icon="calendar",
    )
    return rx.fragment(
        row_keys(),
        card(
            show_if(State.performances.length() > 0, table, nothing),
            title="Performances",
            flush=True,
        ),
        show_if(State.may_edit, bulk_bar(PerformanceBulkState)),
    )


def _performance(one: Any) -> rx.Component:
    box = show_if(State.may_edit, pick_box(one.id, label=f"Choose {one.time}"))
    time = rx.el.time(one.time, date_time=one.time_iso)
    access = rx.foreach(one.access, lambda words: chip(words, icon="eye"))
    return table_row(
        lead_cell(time, href=one.href, before=box),
        cell(one.hall, label="Hall"),
        cell(show_if(one.access.length() > 0, inline(access)), label="Access"),
        cell(performance_chip(one.state), label="State"),
    )


def _details() -> rx.Component:
    names = [name for name in LIMITS if name not in (TITLE, INTERVAL)]
    rows = (_row(LABELS[name][0], State.texts[name]) for name in names)
    return card(
        record(*rows, label="The event"),
        title="About the event",
        actions=(
            show_if(
                State.may_edit,
                button("Change", icon="pencil", size="small", on_click=EventDialogState.open_edit),
            ),
        ),
        flush=True,
    )


def _row(label: str, text: Text) -> rx.Component:
    lines = rx.el.div(text, class_name="u-lines")
    return plain_row(label, show_if(filled(text), lines, empty_value("Not said")))


def _missing() -> rx.Component:
    return rx.fragment(
        page_header("No such event", crumbs=breadcrumbs(CRUMB, here="No such event")),
        empty_state("There is no such event", rx.el.p("The address may have a mistake in it.")),
    )


def _dialogs() -> tuple[rx.Component, ...]:
    state = EventDialogState
    return (
        question(
            state,
            EDIT,
            *inputs(state, EDIT),
            title="Change event",
            on_submit=state.edit,
            send="Save",
            size="large",
        ),
        question(
            state,
            PERFORM,
            show_if(State.halls.length() > 0, _perform_inputs(), _no_halls()),
            title="Add performances",
            description="By the clocks of the house. All of them are added, or none.",
            on_submit=state.perform,
            send="Add",
            size="large",
        ),
        *bulk_dialogs(PerformanceBulkState, State.halls),
        *part_dialogs(),
    )


def _perform_inputs() -> rx.Component:
    state = EventDialogState
    halls = rx.foreach(State.halls, lambda hall: rx.el.option(hall[1], value=hall[0]))
    return stack(
        select_field("Hall", HALL, rx.fragment(halls), default_value=kept(state, HALL)),
        halves(
            text_field("Day", DAY, type="date", default_value=kept(state, DAY)),
            text_field("Time", TIME, type="time", default_value=kept(state, TIME)),
        ),
        rx.el.fieldset(
            rx.el.legend("Again on", class_name="u-label"),
            rx.el.p("Choose weekdays and the last day for a series.", class_name="u-hint"),
            halves(*(_box(name, name) for name in WEEKDAYS)),
            class_name="u-field u-fieldset",
        ),
        text_field(
            "Last day of the series",
            UNTIL,
            type="date",
            optional=True,
            default_value=kept(state, UNTIL),
        ),
        rx.el.fieldset(
            rx.el.legend("Access", class_name="u-label"),
            halves(*(_box(words, kind.value) for kind, words in ACCESS_WORDS.items())),
            class_name="u-field u-fieldset",
        ),
    )


def _box(words: str, name: str) -> Child:
    drafted = EventDialogState.draft.contains(name)
    return checkbox(words, name, default_checked=drafted)


def _no_halls() -> rx.Component:
    return notice(
        "There is no hall yet.", live=False, action=link_button("Add a venue", href="/venues/")
    )
