"""The rows of a record: protected fields, free fields, plain definitions.

record(*rows, label)                                       the list that holds the rows
protected_row(label, value, *, on_propose, may_propose, pending, proposed, request_href, note)
free_row(label, value, *, name, editing, on_edit, on_save, on_cancel, error, busy, type, may_edit)
plain_row(label, *children)                                a row that nobody edits here
definitions(*pairs)                                        facts beside a text, smaller
"""

from typing import Any

import reflex as rx

from upstage_crm.ui.components.base import (
    Child,
    Flag,
    InputType,
    Text,
    absent,
    filled,
    given,
    hidden_text,
    icon,
    show_if,
)
from upstage_crm.ui.components.button import button, icon_button, link
from upstage_crm.ui.components.form import described_by, event_form, hint_and_error
from upstage_crm.ui.components.status import request_chip
from upstage_crm.ui.components.text import value as shown_value


def record(*rows: Child, label: Text) -> rx.Component:
    """Return the list of a record's rows; `label` names it for screen readers."""
    return rx.el.dl(*rows, aria_label=label)


def protected_row(
    label: Text,
    value: Text | rx.Component,
    *,
    on_propose: Any = None,
    may_propose: Flag = True,
    pending: Flag = False,
    proposed: Text = "",
    pending_state: Text = "pending",
    pending_words: Text = "",
    request_href: Text = "",
    note: Child | None = None,
) -> rx.Component:
    """Return a field that only its patron's approval changes.

    `value` is a text, or a component for a value of several lines (`text.value_lines`).
    A padlock and "Propose change" stand where other rows have an input. While a request is open
    the row shows the current value, the state's chip and the proposed value beneath. `note` is a
    small component after the value, such as the chip of an email address.
    """
    propose = button(
        "Propose change",
        hidden_text(": ", label),
        size="small",
        **given(on_click=on_propose),
    )
    open_request = rx.el.div(
        request_chip(pending_state, pending_words),
        rx.el.span(
            icon("arrow-right", size=14),
            hidden_text("Proposed: "),
            rx.el.bdi(proposed, class_name="u-value"),
            class_name="u-proposed",
        ),
        link("View request", hidden_text(": ", label), href=request_href),
        class_name="u-pending",
    )
    return rx.el.div(
        rx.el.dt(
            icon("lock", size=14),
            label,
            hidden_text(" (protected)"),
            class_name="u-term",
        ),
        rx.el.dd(
            rx.el.div(
                value if isinstance(value, rx.Component) else shown_value(value),
                *([] if note is None else [note]),
                class_name="u-value-line",
            ),
            show_if(pending, open_request),
            class_name="u-detail",
        ),
        rx.el.dd(show_if(may_propose, propose), class_name="u-row-action"),
        class_name="u-row",
    )


def free_row(
    label: Text,
    value: Text,
    *,
    name: str,
    editing: Flag,
    on_edit: Any = None,
    on_save: Any = None,
    on_cancel: Any = None,
    error: Text = "",
    busy: Flag = False,
    type: InputType = "text",
    may_edit: Flag = True,
) -> rx.Component:
    """Return a field that staff edit in place: Enter saves, Escape cancels.

    `on_save` gets `{name: text}`; `on_edit` and `on_cancel` get nothing.
    """
    key = f"field-{name}"
    edit = icon_button(f"Edit {label}", "pencil", size="small", **given(on_click=on_edit))
    shown = rx.el.dd(
        rx.el.div(shown_value(value), class_name="u-value-line"), class_name="u-detail"
    )
    escape = (
        None
        if on_cancel is None
        else lambda pressed: rx.cond(pressed == "Escape", on_cancel, rx.noop())
    )
    box = rx.el.input(
        name=name,
        id=key,
        type=type,
        default_value=value,
        auto_focus=True,
        aria_label=label,
        class_name="u-input",
        **given(
            on_key_down=escape,
            aria_invalid=None if absent(error) else filled(error),
            aria_describedby=described_by(key, "", error),
        ),
    )
    form = event_form(
        rx.el.div(
            box,
            button("Save", type="submit", variant="primary", busy=busy),
            button("Cancel", variant="quiet", **given(on_click=on_cancel)),
            class_name="u-edit-line",
        ),
        *hint_and_error(key, "", error),
        on_submit=on_save if on_save is not None else rx.noop(),
        class_name="u-edit",
    )
    return rx.el.div(
        rx.el.dt(label, class_name="u-term"),
        show_if(editing, rx.el.dd(form, class_name="u-detail u-detail-wide"), shown),
        show_if(
            editing,
            rx.fragment(),
            rx.el.dd(show_if(may_edit, edit), class_name="u-row-action"),
        ),
        class_name="u-row",
    )


def plain_row(label: Text, *children: Child) -> rx.Component:
    """Return a row that is only read."""
    return rx.el.div(
        rx.el.dt(label, class_name="u-term"),
        rx.el.dd(rx.el.div(*children, class_name="u-value-line"), class_name="u-detail"),
        class_name="u-row",
    )


def definitions(*pairs: tuple[Text, Child]) -> rx.Component:
    """Return facts as label over value, for a side column."""
    return rx.el.dl(
        *(rx.el.div(rx.el.dt(term), rx.el.dd(detail)) for term, detail in pairs),
        class_name="u-facts",
    )
