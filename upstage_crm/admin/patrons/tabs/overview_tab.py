"""The tab "Overview": what only the patron can change, and what staff keep."""

from typing import cast

import reflex as rx

from upstage_crm.admin.patrons.free_fields import EDITED, LANGUAGE_OPTIONS, FreeField
from upstage_crm.admin.patrons.propose_state import ProposeState
from upstage_crm.admin.patrons.record_rows import ProtectedView
from upstage_crm.admin.patrons.record_state import PatronRecordState as State
from upstage_crm.admin.patrons.reveal_dialog import reveal_button
from upstage_crm.admin.patrons.tabs.contacts_part import contacts_card
from upstage_crm.admin.patrons.tabs.household_part import household_card
from upstage_crm.admin.patrons.tabs.notes_part import notes_card
from upstage_crm.admin.patrons.tabs.overview_state import OverviewTabState
from upstage_crm.pages.view import subject_input
from upstage_crm.ui.components.base import Child, filled, show_if, text_if
from upstage_crm.ui.components.button import copy_button, link
from upstage_crm.ui.components.forms.edit_row import (
    block_input,
    edit_row,
    line_input,
    select_input,
)
from upstage_crm.ui.components.page import card, stack
from upstage_crm.ui.components.records.record import protected_row, record
from upstage_crm.ui.components.records.status import email_chip
from upstage_crm.ui.components.text import value, value_lines


def view() -> rx.Component:
    """Return the tab."""
    state = OverviewTabState
    return stack(
        _protected(),
        contacts_card(state.contacts),
        household_card(state.members, state.relations),
        notes_card(),
        _free(),
    )


def _protected() -> Child:
    """The fields that the patron decides; an erased record has none to show."""
    rows = rx.foreach(State.protected, lambda field: _protected_row(cast("ProtectedView", field)))
    fields = card(
        record(rows, label="Details that only the patron can change"),
        title="Protected details",
        flush=True,
    )
    return show_if(~State.care.is_erased, fields)


def _protected_row(field: ProtectedView) -> rx.Component:
    marked = rx.fragment(email_chip(field.mark), rx.el.span(field.mark_words, class_name="u-muted"))
    return protected_row(
        field.label,
        on_propose=ProposeState.open(field.key, State.subject),
        value=reached(field),
        may_propose=filled(field.way),
        propose=text_if(field.way == "desk", "Confirm at the desk", "Propose change"),
        pending=filled(field.reference),
        pending_state=field.state,
        pending_words=field.state_words,
        proposed=field.proposed,
        request_href=f"/requests/{field.reference}/",
        note=rx.fragment(
            show_if(filled(field.mark), marked),
            reveal_button(field),
        ),
    )


def reached(field: ProtectedView) -> rx.Component:
    """The value; an address or a number is a link, with a button that copies it."""
    reached = rx.el.span(
        link(
            rx.el.bdi(field.lines[0]),
            href=field.href,
            full_load=True,
            class_name="u-value u-plain-link",
        ),
        copy_button(field.lines[0], label=f"Copy {field.label}"),
        class_name="u-inline",
    )
    return rx.fragment(show_if(filled(field.href), reached, value_lines(field.lines)))


def _free() -> Child:
    fields = card(
        record(*(_free_row(field) for field in EDITED), label="Details that staff keep"),
        title="Staff details",
        flush=True,
    )
    return show_if(~State.care.is_erased, fields)


def _free_row(field: FreeField) -> rx.Component:
    return edit_row(
        field.label,
        value(State.free_words[field.name], empty=field.empty),
        rx.fragment(subject_input(State), _control(field)),
        name=field.name,
        editing=State.editing == field.name,
        on_edit=State.edit(field.name, State.subject),
        on_save=State.save,
        on_cancel=State.cancel,
        on_typed=State.keep,
        error=State.edit_error,
        may_edit=State.may_edit & ~State.fixed.contains(field.name),
    )


def _control(field: FreeField) -> rx.Component:
    name, label, kept, error = field.name, field.label, State.start, State.edit_error
    if field.kind == "block":
        return block_input(name, label, value=kept, error=error)
    if field.kind == "line":
        return line_input(name, label, value=kept, error=error, max_length=field.limit)
    if field.kind == "language":
        return select_input(name, label, LANGUAGE_OPTIONS, value=kept, error=error)
    zones = rx.fragment(
        rx.el.option(field.empty, value=""),
        rx.foreach(State.zones, lambda zone: rx.el.option(zone[1], value=zone[0])),
    )
    return select_input(name, label, zones, value=kept, error=error)
