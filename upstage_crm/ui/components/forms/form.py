"""Forms and their fields: label above, hint under it, error in words with a mark.

native_form(*children, action, **props)            the browser itself POSTs (sign-in, plain pages)
event_form(*children, on_submit, on_typed, **props)          Reflex form: the handler gets a dict
text_field(label, name, *, value, default_value, type, hint, error, optional, disabled, …)
text_area(label, name, *, rows, …same…)
select_field(label, name, options, *, placeholder, …same…)
checkbox(label, name, *, checked, default_checked, value, hint, error, disabled, …)
radio_group(legend, name, options, *, value, default_value, hint, error, on_change, disabled)
search_input(label, *, value, on_change, placeholder, debounce_ms, shortcut, …)
form_actions(*children)                            the row of buttons at the end

Fields are required unless `optional`. `error` is a sentence or a var ("" = no error): it sets
`aria-invalid` and joins `aria-describedby`. `id` defaults to `field-<name>`; give another when a
page holds two fields of one name.
"""

from collections.abc import Sequence
from typing import Any

import reflex as rx
from reflex.vars import ObjectVar
from reflex_components_core.el.elements.base import BaseHTML
from reflex_components_core.el.elements.forms import Form

from upstage_crm.ui.components.base import (
    Child,
    Flag,
    InputType,
    Text,
    absent,
    filled,
    given,
    icon,
    show_if,
    text_if,
)

OPTIONAL = "(optional)"
TYPING_PAUSE_MS = 300  # what is typed is kept when a person pauses
Options = Sequence[tuple[str, str]]
"""Pairs of value and label."""


class _NativeForm(BaseHTML):
    """`rx.el.form` always prevents the browser's own submission; this one does not."""

    tag = "form"

    action: rx.Var[str]
    method: rx.Var[str]


def native_form(*children: Child, action: Text, **props: Any) -> rx.Component:
    """Return a form that the browser POSTs to `action`, with or without JavaScript."""
    return _NativeForm.create(
        *children, action=action, method="post", **{"class_name": "u-form", **props}
    )


def _texts(event: ObjectVar[Any]) -> tuple[rx.Var[dict[str, Any]]]:
    """What the form around an event holds, as it would be submitted now."""
    made = rx.Var(f"Object.fromEntries(new FormData({event!s}.currentTarget))")
    return (made.to(dict[str, Any]),)


class _TypedForm(Form):
    """A form that hears what is typed inside it; Reflex offers that on inputs only."""

    on_change: rx.EventHandler[_texts]


def event_form(
    *children: Child, on_submit: Any, on_typed: Any = None, **props: Any
) -> rx.Component:
    """Return a form whose `on_submit` handler gets the fields as a dict of strings.

    `on_typed` gets the same whenever a person pauses. The browser's own bubbles are off: the
    handler answers with sentences for `error`.
    """
    shared: dict[str, Any] = {"on_submit": on_submit, "no_validate": True, "class_name": "u-form"}
    if on_typed is None:
        return rx.el.form(*children, **{**shared, **props})
    paused = on_typed.debounce(TYPING_PAUSE_MS)
    return _TypedForm.create(*children, **{**shared, **props, "on_change": paused})


def text_field(
    label: Text,
    name: str,
    *,
    value: Text | None = None,
    default_value: Text | None = None,
    type: InputType = "text",
    hint: Text = "",
    error: Text = "",
    optional: bool = False,
    disabled: Flag = False,
    id: str | None = None,
    **props: Any,
) -> rx.Component:
    """Return a one-line field; `auto_complete`, `input_mode`, events and the like go in `props`."""
    key = id or f"field-{name}"
    control = rx.el.input(
        name=name,
        type=type,
        **_control(key, hint, error, optional, disabled),
        **given(value=value, default_value=default_value),
        **{"class_name": "u-input", **props},
    )
    return _field(key, label, control, hint=hint, error=error, mark=OPTIONAL if optional else None)


def text_area(
    label: Text,
    name: str,
    *,
    value: Text | None = None,
    default_value: Text | None = None,
    rows: int = 3,
    hint: Text = "",
    error: Text = "",
    optional: bool = False,
    optional_mark: Text = OPTIONAL,
    disabled: Flag = False,
    id: str | None = None,
    **props: Any,
) -> rx.Component:
    """Return a field of several lines."""
    key = id or f"field-{name}"
    control = rx.el.textarea(
        name=name,
        rows=str(rows),
        **_control(key, hint, error, optional, disabled),
        **given(value=value, default_value=default_value),
        **{"class_name": "u-input", **props},
    )
    mark = optional_mark if optional else None
    return _field(key, label, control, hint=hint, error=error, mark=mark)


def select_field(
    label: Text,
    name: str,
    options: Options | rx.Component,
    *,
    value: Text | None = None,
    default_value: Text | None = None,
    placeholder: Text = "",
    hint: Text = "",
    error: Text = "",
    optional: bool = False,
    disabled: Flag = False,
    id: str | None = None,
    **props: Any,
) -> rx.Component:
    """Return a native select; `options` may be an `rx.foreach` of `rx.el.option`."""
    key = id or f"field-{name}"
    choices: list[Child] = (
        [options]
        if isinstance(options, rx.Component)
        else [rx.el.option(words, value=code) for code, words in options]
    )
    empty: list[Child] = [rx.el.option(placeholder, value="")] if not absent(placeholder) else []
    control = rx.el.select(
        *empty,
        *choices,
        name=name,
        **_control(key, hint, error, optional, disabled),
        **given(value=value, default_value=default_value),
        **{"class_name": "u-input u-select", **props},
    )
    return _field(key, label, control, hint=hint, error=error, mark=OPTIONAL if optional else None)


def form_actions(*children: Child) -> rx.Component:
    """Return the row of buttons that ends a form: the primary one first."""
    return rx.el.div(*children, class_name="u-actions")


def described_by(key: str, hint: Text, error: Text) -> Text | None:
    """Return the ids of the hint and error that are shown, or None when there are none."""
    with_hint = f"{key}-hint" if not absent(hint) else ""
    if not isinstance(error, rx.Var):
        return " ".join(part for part in (with_hint, f"{key}-error" if error else "") if part) or (
            None
        )
    return text_if(filled(error), f"{with_hint} {key}-error".strip(), with_hint)


def hint_and_error(key: str, hint: Text, error: Text) -> list[Child]:
    """Return the two sentences of a field, with the ids that `described_by` names."""
    parts: list[Child] = []
    if not absent(hint):
        parts.append(show_if(filled(hint), rx.el.p(hint, id=f"{key}-hint", class_name="u-hint")))
    if not absent(error):
        words = rx.el.p(icon("circle-alert"), error, id=f"{key}-error", class_name="u-error")
        parts.append(show_if(filled(error), words))
    return parts


def _control(key: str, hint: Text, error: Text, optional: bool, disabled: Flag) -> dict[str, Any]:
    invalid = filled(error)
    return {
        "id": key,
        "required": not optional,
        **given(
            disabled=None if disabled is False else disabled,
            aria_invalid=None if invalid is False else invalid,
            aria_describedby=described_by(key, hint, error),
        ),
    }


def _field(
    key: str,
    label: Text,
    control: rx.Component,
    *,
    hint: Text,
    error: Text,
    mark: Text | None,
) -> rx.Component:
    marks: list[Child] = [] if mark is None else [" ", rx.el.span(mark, class_name="u-muted")]
    return rx.el.div(
        rx.el.label(label, *marks, html_for=key, class_name="u-label"),
        *hint_and_error(key, hint, error),
        control,
        class_name="u-field",
    )
