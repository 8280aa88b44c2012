"""The part of `/settings/` that says when the organisation's seasons begin."""

import calendar

import reflex as rx

from upstage_crm.admin.settings.season_state import SeasonState as State
from upstage_crm.ui.components.base import Child, show_if
from upstage_crm.ui.components.button import button
from upstage_crm.ui.components.feedback import skeleton_lines
from upstage_crm.ui.components.forms.form import (
    event_form,
    form_actions,
    select_field,
    text_field,
)
from upstage_crm.ui.components.page import card

_TITLE = "Season"
_MONTHS = [(str(number), name) for number, name in enumerate(calendar.month_name) if name]


def season_part() -> Child:
    """Return the part."""
    content = rx.el.div(
        rx.el.p(
            "Today is in the ",
            rx.el.strong(State.current),
            "; the ",
            State.following,
            " follows. Lists and numbers can be narrowed to a season.",
        ),
        show_if(State.may_edit, _form()),
        class_name="u-form u-measure",
    )
    return card(show_if(State.is_loaded, content, skeleton_lines(3)), title=_TITLE)


def _form() -> rx.Component:
    return rx.el.div(
        event_form(
            select_field("First month", "month", _MONTHS, default_value=State.month),
            text_field(
                "First day",
                "day",
                hint="Every season begins on this day, and the one before ends the day before.",
                default_value=State.day,
                error=State.error,
                input_mode="numeric",
                auto_complete="off",
                max_length=2,
            ),
            form_actions(button("Save season", type="submit")),
            on_submit=State.save,
        ),
        key=State.form_number,
    )
