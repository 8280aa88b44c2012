"""The bar above a list: search, filters, what is filtered now.

toolbar(*children, actions)                      the row itself
filter_chip(label, *, on_remove)                 one active filter, removable
filter_button(label, *, active, count, on_click) a view that is on or off ("Expiring")
filter_select(label, options, *, value, on_change, id)
filter_day(label, *, default_value, on_change, id)
result_count(words)                              announced when it changes
"""

from typing import Any

import reflex as rx

from upstage_crm.ui.components.base import (
    Child,
    Flag,
    Text,
    absent,
    filled,
    given,
    hidden_text,
    icon,
    show_if,
)
from upstage_crm.ui.components.forms.form import Options


def toolbar(*children: Child, actions: tuple[Child, ...] = ()) -> rx.Component:
    """Return the bar: children from the start, `actions` at the end."""
    tail = [rx.el.div(*actions, class_name="u-toolbar-end")] if actions else []
    return rx.el.div(*children, *tail, class_name="u-toolbar")


def filter_chip(label: Text, *, on_remove: Any = None) -> rx.Component:
    """Return an active filter with a button that removes it."""
    return rx.el.span(
        label,
        rx.el.button(
            icon("x", size=14),
            hidden_text("Remove filter: ", label),
            type="button",
            class_name="u-filter-x",
            **given(on_click=on_remove),
        ),
        class_name="u-filter",
    )


def filter_button(
    label: Text, *, active: Flag, count: Text = "", on_click: Any = None
) -> rx.Component:
    """Return a toggle; `count` stands after the label in grey."""
    number = (
        [] if absent(count) else [show_if(filled(count), rx.el.span(count, class_name="u-count"))]
    )
    return rx.el.button(
        label,
        *number,
        type="button",
        aria_pressed=active,
        class_name="u-toggle",
        **given(on_click=on_click),
    )


def filter_select(
    label: Text,
    options: Options | rx.Component,
    *,
    value: Text | None = None,
    on_change: Any = None,
    id: str,
) -> rx.Component:
    """Return a small select with its label inside the bar, read out but not drawn."""
    choices: list[Child] = (
        [options]
        if isinstance(options, rx.Component)
        else [rx.el.option(words, value=code) for code, words in options]
    )
    return rx.el.div(
        rx.el.label(hidden_text(label), html_for=id),
        rx.el.select(
            *choices,
            id=id,
            class_name="u-input u-select u-select-auto",
            **given(value=value, on_change=on_change),
        ),
    )


def filter_day(
    label: Text, *, default_value: Text = "", on_change: Any = None, id: str
) -> rx.Component:
    """Return a day with its label before it; `on_change` gets it as `2026-11-30`, or ""."""
    return rx.el.div(
        rx.el.label(label, html_for=id, class_name="u-muted"),
        rx.el.input(
            type="date",
            id=id,
            class_name="u-input u-select-auto",
            **given(default_value=default_value, on_change=on_change),
        ),
        class_name="u-inline",
    )


def result_count(words: Text) -> rx.Component:
    """Return "1,204 patrons", announced politely after each change."""
    return rx.el.p(words, role="status", class_name="u-muted u-num")
