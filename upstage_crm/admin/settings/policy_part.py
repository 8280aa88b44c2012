"""The part of `/settings/` with the rules of requests: who is asked, and how long things take."""

import reflex as rx

from upstage_crm.admin.settings.policy_form import (
    ASKED_CHOICES,
    DURATIONS,
    MAILBOXES,
    NUMBERS,
    PROTECTED,
    SECOND_PROTECTED,
    WIRES,
    Number,
    asked_name,
    second_name,
)
from upstage_crm.admin.settings.policy_state import PolicyState as State
from upstage_crm.patrons.fields import ProtectedField
from upstage_crm.ui.components.base import Child, show_if, text_for, text_if
from upstage_crm.ui.components.button import button
from upstage_crm.ui.components.feedback import notice, skeleton_lines
from upstage_crm.ui.components.forms.choice import checkbox
from upstage_crm.ui.components.forms.form import (
    event_form,
    form_actions,
    select_field,
    text_field,
)
from upstage_crm.ui.components.page import card, stack
from upstage_crm.ui.components.records.record import (
    plain_row,
    record,
)
from upstage_crm.ui.components.text import value
from upstage_crm.wording.policy import SECOND_PROTECTED as PROTECTED_LABEL

_TITLE = "Request rules"
_SECOND = "A colleague releases a request before the patron is asked."
_TRIPWIRES = (
    "What one colleague does in a normal day. Anything beyond that is paused before any email is "
    "sent, and every owner is told: someone else may be using the account."
)


def policy_part() -> Child:
    """Return the part."""
    return show_if(
        State.is_loaded,
        show_if(State.may_edit, card(_form(), title=_TITLE), _read_only()),
        card(skeleton_lines(8), title=_TITLE),
    )


def _form() -> rx.Component:
    return rx.el.div(
        event_form(
            rx.el.fieldset(
                rx.el.legend("Time limits", class_name="u-label"),
                rx.el.div(*(_number(number) for number in DURATIONS), class_name="u-form"),
                class_name="u-field u-fieldset",
            ),
            *(_asked(entry) for entry in MAILBOXES),
            rx.el.fieldset(
                rx.el.legend("Second person", class_name="u-label"),
                rx.el.p(_SECOND, class_name="u-hint"),
                *(_second(entry) for entry in PROTECTED),
                checkbox(
                    PROTECTED_LABEL,
                    SECOND_PROTECTED,
                    default_checked=State.shown[SECOND_PROTECTED] == "on",
                ),
                class_name="u-field u-fieldset",
            ),
            rx.el.fieldset(
                rx.el.legend("Unusual activity", class_name="u-label"),
                rx.el.p(_TRIPWIRES, class_name="u-hint"),
                rx.el.div(*(_number(number) for number in WIRES), class_name="u-form"),
                class_name="u-field u-fieldset",
            ),
            form_actions(button("Save rules", type="submit", variant="primary")),
            on_submit=State.save,
            class_name="u-form u-measure",
        ),
        key=State.form_number,
    )


def _number(number: Number) -> Child:
    return text_field(
        number.label,
        number.name,
        hint=number.hint,
        default_value=State.shown[number.name],
        error=State.errors[number.name],
        input_mode="numeric",
        auto_complete="off",
        max_length=4,
    )


def _asked(entry: ProtectedField) -> Child:
    name = asked_name(entry)
    return select_field(
        f"{entry.label}: who decides",
        name,
        ASKED_CHOICES,
        hint="The current address is told and may say no. A protected patron’s must say yes.",
        default_value=State.shown[name],
        error=State.errors[name],
    )


def _second(entry: ProtectedField) -> Child:
    name = second_name(entry)
    return checkbox(entry.label, name, default_checked=State.shown[name] == "on")


def _read_only() -> rx.Component:
    rows: list[rx.Component] = [
        plain_row(number.label, value(State.shown[number.name])) for number in NUMBERS
    ]
    rows += [
        plain_row(
            f"{entry.label}: who decides",
            value(text_for(State.shown[asked_name(entry)], dict(ASKED_CHOICES), "")),
        )
        for entry in MAILBOXES
    ]
    rows += [
        plain_row(
            f"{entry.label}: second person",
            value(text_if(State.shown[second_name(entry)] == "on", "Needed", "Not needed")),
        )
        for entry in PROTECTED
    ]
    rows.append(
        plain_row(
            f"{PROTECTED_LABEL}: second person",
            value(text_if(State.shown[SECOND_PROTECTED] == "on", "Needed", "Not needed")),
        )
    )
    return stack(
        notice("Your role may read these rules. An owner of this CRM changes them.", live=False),
        card(record(*rows, label=_TITLE), title=_TITLE, flush=True),
    )
