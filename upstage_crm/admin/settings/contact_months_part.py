"""The part of `/settings/` that says how long guests' contacts are kept."""

import reflex as rx

from upstage_crm.admin.settings.contact_months_state import INPUT
from upstage_crm.admin.settings.contact_months_state import ContactMonthsState as State
from upstage_crm.ui.components.base import Child, show_if
from upstage_crm.ui.components.button import button
from upstage_crm.ui.components.feedback import skeleton_lines
from upstage_crm.ui.components.forms.form import event_form, form_actions, text_field
from upstage_crm.ui.components.page import card

_TITLE = "Guests’ contacts"


def contact_months_part() -> Child:
    """Return the part."""
    content = rx.el.div(
        rx.el.p(State.said),
        show_if(State.may_edit, _form()),
        class_name="u-form u-measure",
    )
    return card(show_if(State.is_loaded, content, skeleton_lines(3)), title=_TITLE)


def _form() -> rx.Component:
    return rx.el.div(
        event_form(
            text_field(
                "Months after the last performance",
                INPUT,
                hint="From 3 to 84. What was sold and paid stays for ever.",
                default_value=State.months,
                error=State.error,
                input_mode="numeric",
                auto_complete="off",
                max_length=3,
            ),
            form_actions(button("Save months", type="submit")),
            on_submit=State.save,
        ),
        key=State.form_number,
    )
