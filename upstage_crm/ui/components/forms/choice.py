"""Choices and search: the fields that are not a box with a label above.

checkbox(label, name, *, checked, default_checked, value, hint, error, optional, disabled, **props)
radio_group(legend, name, options, *, value, default_value, hint, error, on_change, disabled)
search_input(label, *, value, on_change, placeholder, debounce_ms, shortcut, id, **props)

`radio_group` takes triples (value, label, hint); an empty hint shows nothing.
"""

from collections.abc import Sequence
from typing import Any

import reflex as rx

from upstage_crm.ui.components.base import Flag, Text, filled, given, hidden_text, icon
from upstage_crm.ui.components.forms.form import (
    described_by,
    hint_and_error,
)
from upstage_crm.ui.components.text import kbd


def checkbox(
    label: Text,
    name: str,
    *,
    checked: Flag | None = None,
    default_checked: Flag | None = None,
    value: str = "on",
    hint: Text = "",
    error: Text = "",
    optional: bool = True,
    disabled: Flag = False,
    id: str | None = None,
    **props: Any,
) -> rx.Component:
    """Return a box with its label beside it; `on_change` gets a bool."""
    key = id or f"field-{name}"
    invalid = filled(error)
    box = rx.el.input(
        type="checkbox",
        id=key,
        name=name,
        value=value,
        required=not optional,
        disabled=disabled,
        class_name="u-check",
        **given(
            checked=checked,
            default_checked=default_checked,
            aria_invalid=None if invalid is False else invalid,
            aria_describedby=described_by(key, hint, error),
        ),
        **props,
    )
    return rx.el.div(
        box,
        rx.el.label(label, html_for=key, class_name="u-choice-label"),
        rx.el.div(*hint_and_error(key, hint, error), class_name="u-choice-notes"),
        class_name="u-choice",
    )


def radio_group(
    legend: Text,
    name: str,
    options: Sequence[tuple[str, str, str]],
    *,
    value: Text | None = None,
    default_value: Text | None = None,
    hint: Text = "",
    error: Text = "",
    on_change: Any = None,
    disabled: Flag = False,
) -> rx.Component:
    """Return one question with its choices; `on_change` gets the chosen value.

    Give `value` with `on_change` for a controlled group, `default_value` for a form field.
    """
    key = f"field-{name}"
    described = described_by(key, hint, error)
    return rx.el.fieldset(
        rx.el.legend(legend, class_name="u-label"),
        *hint_and_error(key, hint, error),
        *(
            _radio(key, name, option, value, default_value, on_change, disabled)
            for option in options
        ),
        class_name="u-field u-fieldset",
        **given(aria_describedby=described),
    )


def search_input(
    label: Text,
    *,
    value: Text | None = None,
    on_change: Any = None,
    placeholder: Text = "",
    debounce_ms: int = 50,
    shortcut: str = "",
    id: str = "search",
    **props: Any,
) -> rx.Component:
    """Return a search box; `on_change` gets the text `debounce_ms` after the last key.

    `shortcut` only draws the key at the right edge; the page binds it.
    """
    box = rx.el.input(
        type="search",
        id=id,
        placeholder=placeholder,
        auto_complete="off",
        spell_check=False,
        class_name="u-input u-search-input",
        **given(value=value, on_change=on_change),
        **props,
    )
    control = (
        rx.debounce_input(box, debounce_timeout=debounce_ms)
        if value is not None and on_change is not None
        else box
    )
    return rx.el.div(
        rx.el.label(hidden_text(label), html_for=id),
        icon("search"),
        control,
        *([kbd(shortcut)] if shortcut else []),
        class_name="u-search",
    )


def _radio(
    key: str,
    name: str,
    option: tuple[str, str, str],
    value: Text | None,
    default_value: Text | None,
    on_change: Any,
    disabled: Flag,
) -> rx.Component:
    code, words, hint = option
    own = f"{key}-{code}"
    return rx.el.div(
        rx.el.input(
            type="radio",
            id=own,
            name=name,
            value=code,
            disabled=disabled,
            class_name="u-radio",
            **given(
                checked=None if value is None else value == code,
                default_checked=None if default_value is None else default_value == code,
                on_change=on_change,
                aria_describedby=f"{own}-hint" if hint else None,
            ),
        ),
        rx.el.label(words, html_for=own, class_name="u-choice-label"),
        *(
            [
                rx.el.div(
                    rx.el.p(hint, id=f"{own}-hint", class_name="u-hint"),
                    class_name="u-choice-notes",
                )
            ]
            if hint
            else []
        ),
        class_name="u-choice",
    )
