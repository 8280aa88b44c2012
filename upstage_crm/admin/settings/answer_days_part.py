"""The part of `/settings/` that says how long buyers may choose after a cancellation."""

import reflex as rx

from upstage_crm.admin.settings.answer_days_state import INPUT
from upstage_crm.admin.settings.answer_days_state import AnswerDaysState as State
from upstage_crm.ui.components.base import Child, show_if
from upstage_crm.ui.components.button import button
from upstage_crm.ui.components.feedback import skeleton_lines
from upstage_crm.ui.components.forms.form import event_form, form_actions, text_field
from upstage_crm.ui.components.page import card

_TITLE = "Cancelled performances"


def answer_days_part() -> Child:
    """Return the part."""
    content = rx.el.div(
        rx.el.p(
            "Buyers may choose another date or their money. If they choose nothing for ",
            rx.el.strong(State.days),
            " days, they get their money back.",
        ),
        show_if(State.may_edit, _form()),
        class_name="u-form u-measure",
    )
    return card(show_if(State.is_loaded, content, skeleton_lines(3)), title=_TITLE)


def _form() -> rx.Component:
    return rx.el.div(
        event_form(
            text_field(
                "Days to choose",
                INPUT,
                hint="From 0 to 14. With 0 the money goes back at once.",
                default_value=State.days,
                error=State.error,
                input_mode="numeric",
                auto_complete="off",
                max_length=2,
            ),
            form_actions(button("Save days", type="submit")),
            on_submit=State.save,
        ),
        key=State.form_number,
    )
