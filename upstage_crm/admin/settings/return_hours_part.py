"""The part of `/settings/` that says whether patrons return tickets themselves, and until when."""

import reflex as rx

from upstage_crm.admin.settings.return_hours_state import INPUT
from upstage_crm.admin.settings.return_hours_state import ReturnHoursState as State
from upstage_crm.ui.components.base import Child, show_if
from upstage_crm.ui.components.button import button
from upstage_crm.ui.components.feedback import skeleton_lines
from upstage_crm.ui.components.forms.form import event_form, form_actions, text_field
from upstage_crm.ui.components.page import card

_TITLE = "Returns from the account"


def return_hours_part() -> Child:
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
                "Hours before the performance",
                INPUT,
                hint="From 0 to 336. Empty: tickets are returned by staff alone.",
                default_value=State.hours,
                error=State.error,
                input_mode="numeric",
                auto_complete="off",
                max_length=3,
            ),
            form_actions(button("Save hours", type="submit")),
            on_submit=State.save,
        ),
        key=State.form_number,
    )
