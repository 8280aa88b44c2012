"""Other emails and phones on a patron's record, drawn: the list, and the dialogs."""

from typing import Any, cast

import reflex as rx

from upstage_crm.admin.patrons.record_state import PatronRecordState
from upstage_crm.admin.patrons.tabs.contacts_state import (
    ADD,
    FIELD,
    REMOVE,
    VALUE,
    ContactsState,
    ContactView,
)
from upstage_crm.pages.view import kept, question
from upstage_crm.patrons.details.contacts import REACHES
from upstage_crm.ui.components.base import hidden_text, show_if
from upstage_crm.ui.components.button import button
from upstage_crm.ui.components.forms.form import select_field, text_field
from upstage_crm.ui.components.page import card
from upstage_crm.ui.components.records.status import chip
from upstage_crm.ui.components.text import value

_NO_DECISIONS = "It finds the record. No email is sent there, and it decides nothing."


def contacts_card(shown: Any) -> rx.Component:
    """Return the other emails and phones."""
    add = button(
        "Add contact",
        size="small",
        icon="plus",
        on_click=ContactsState.ask(ADD, PatronRecordState.subject, ""),
    )
    rows = rx.foreach(shown, lambda one: _row(cast("ContactView", one)))
    empty = rx.el.p("No other email or phone.", class_name="u-muted")
    return card(
        rx.cond(shown.length() > 0, rx.el.dl(rows, aria_label="Other contacts"), empty),
        title="Other contacts",
        actions=(show_if(PatronRecordState.may_edit, add),),
    )


def contact_dialogs() -> rx.Component:
    """Return the dialogs; `ContactsState.ask` opens one."""
    state = ContactsState
    return rx.fragment(
        question(
            state,
            ADD,
            select_field("Kind", FIELD, [(key, entry.label) for key, entry in REACHES.items()]),
            text_field(
                "Email address or phone number",
                VALUE,
                id="contact-value",
                default_value=kept(state, VALUE),
                auto_complete="off",
            ),
            title="Add another contact",
            description=_NO_DECISIONS,
            on_submit=state.add,
            send="Save contact",
        ),
        question(
            state,
            REMOVE,
            title=rx.cond(state.start, f"Remove this {state.start}?", "Remove this contact?"),
            description="The record is no longer found by it.",
            on_submit=state.remove,
            send="Remove contact",
            send_variant="danger",
        ),
    )


def _row(one: ContactView) -> rx.Component:
    remove = button(
        "Remove",
        hidden_text(" ", one.label, " ", one.value),
        size="small",
        variant="quiet",
        on_click=ContactsState.ask(REMOVE, PatronRecordState.subject, one.name),
    )
    stopped = chip("Not this patron’s", icon="circle-slash", tone="danger")
    return rx.el.div(
        rx.el.dt(one.label, class_name="u-term"),
        rx.el.dd(
            rx.el.div(
                value(one.value),
                chip(one.place, icon="history"),
                show_if(cast("Any", one.is_suppressed), stopped),
                rx.el.span("since ", one.since, class_name="u-muted"),
                class_name="u-value-line",
            ),
            class_name="u-detail",
        ),
        rx.el.dd(show_if(PatronRecordState.may_edit, remove), class_name="u-row-action"),
        class_name="u-row",
    )
