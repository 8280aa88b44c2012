"""A row of a record that staff edit in place, whatever kind of input it needs.

edit_row(label, shown, control, *, name, editing, on_edit, on_save, on_cancel, error, may_edit)
line_input(name, label, *, value, …)      select_input(name, label, options, *, value, …)
block_input(name, label, *, value, …)

Enter saves (in a block Ctrl+Enter would be a secret: there the button does), Escape cancels. The
inputs keep what was typed when the server refuses it.
"""

from typing import Any

import reflex as rx
from reflex_base.event import key_event
from reflex_components_core.el.elements.typography import Div

from upstage_crm.ui.components.base import Child, Flag, Text, filled, hidden_text, icon, show_if
from upstage_crm.ui.components.button import button
from upstage_crm.ui.components.forms.form import (
    Options,
    described_by,
    event_form,
    hint_and_error,
)


class _Keys(Div):
    """A `div` that hears the keys pressed inside it; Reflex offers that on inputs only."""

    on_key_down: rx.EventHandler[key_event]


def edit_row(
    label: str,
    shown: Child,
    control: rx.Component,
    *,
    name: str,
    editing: Flag,
    on_edit: Any,
    on_save: Any,
    on_cancel: Any,
    on_typed: Any = None,
    error: Text = "",
    may_edit: Flag = True,
) -> rx.Component:
    """Return the row: `shown` with a pencil, or `control` (one of the inputs below) with Save.

    `on_save` gets `{name: text}`, `on_typed` the same whenever a person pauses. The pencil's id is
    `edit-<name>`, so that the page can give the focus back to it.
    """
    pencil = button(
        icon("pencil"),
        hidden_text("Edit ", label.lower()),
        id=f"edit-{name}",
        variant="quiet",
        size="small",
        on_click=on_edit,
        class_name="u-btn-icon",
    )
    form = event_form(
        rx.el.div(
            control,
            button("Save", type="submit", variant="primary"),
            button("Cancel", variant="quiet", on_click=on_cancel),
            class_name="u-edit-line",
        ),
        *hint_and_error(f"field-{name}", "", error),
        on_submit=on_save,
        on_typed=on_typed,
        class_name="u-edit",
    )
    leaving = _Keys.create(
        form, on_key_down=lambda pressed: rx.cond(pressed == "Escape", on_cancel, rx.noop())
    )
    return rx.el.div(
        rx.el.dt(label, class_name="u-term"),
        show_if(
            editing,
            rx.el.dd(leaving, class_name="u-detail u-detail-wide"),
            rx.el.dd(rx.el.div(shown, class_name="u-value-line"), class_name="u-detail"),
        ),
        show_if(
            editing,
            rx.fragment(),
            rx.el.dd(show_if(may_edit, pencil), class_name="u-row-action"),
        ),
        class_name="u-row",
    )


def line_input(name: str, label: str, *, value: Text, error: Text, max_length: int) -> rx.Component:
    """Return a box of one line."""
    props = _props(name, label, error)
    return rx.el.input(default_value=value, max_length=max_length, **props)


def block_input(name: str, label: str, *, value: Text, error: Text, rows: int = 4) -> rx.Component:
    """Return a box of several lines."""
    props = _props(name, label, error)
    return rx.el.textarea(default_value=value, rows=str(rows), **props)


def select_input(
    name: str, label: str, options: Options | rx.Component, *, value: Text, error: Text
) -> rx.Component:
    """Return a choice; `options` are pairs, or an `rx.foreach` of `rx.el.option`."""
    props: dict[str, Any] = {**_props(name, label, error), "class_name": "u-input u-select"}
    choices: list[Child] = (
        [options]
        if isinstance(options, rx.Component)
        else [rx.el.option(words, value=code) for code, words in options]
    )
    return rx.el.select(*choices, default_value=value, **props)


def _props(name: str, label: str, error: Text) -> dict[str, Any]:
    key = f"field-{name}"
    return {
        "name": name,
        "id": key,
        "auto_focus": True,
        "aria_label": label,
        "aria_invalid": filled(error),
        "aria_describedby": described_by(key, "", error),
        "class_name": "u-input",
    }
