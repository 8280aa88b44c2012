"""Inputs for protected fields, drawn from the registry: no page names a field.

field_inputs(field, *, start, errors, on_typed, on_pause)      all inputs of one field
part_input(part, key, *, start, error, optional, name, …)      one of them
problem(error, field)                                          at which input a refusal belongs
error_at(errors, name)                                         the sentence of one input
refusals(raw, context)                                         what is wrong with a new record
"""

from collections.abc import Callable, Mapping
from typing import Any, cast

import reflex as rx

from upstage_crm.core.errors import Invalid, UpstageError
from upstage_crm.core.postal.countries import countries
from upstage_crm.patrons.fields import FIELDS, Context, Part, ProtectedField
from upstage_crm.ui.components.forms.form import (
    select_field,
    text_field,
)
from upstage_crm.wording.sentences import sentence

TYPING_PAUSE_MS = 250  # a check costs a few milliseconds; sooner, sentences would flicker


def field_inputs(
    field: ProtectedField,
    *,
    id_prefix: str,
    start: Any,
    errors: Any,
    on_typed: Callable[[str, Any], Any] | None = None,
    on_pause: Any = None,
    is_needed: bool = True,
) -> list[rx.Component]:
    """Return the inputs, uncontrolled: no answer of the server takes away what was typed.

    `start` and `errors` are vars of a dict by column. With `is_needed` False every input may
    stay empty.
    """
    return [
        _input(part, f"{id_prefix}-{part.name}", start, errors, on_typed, on_pause, is_needed)
        for part in field.parts
    ]


def error_at(errors: Any, name: str) -> rx.Var[str]:
    """The sentence at one input; "" where the dict, a var, has none."""
    return cast("rx.Var[str]", rx.cond(errors.contains(name), errors[name], ""))


def problem(error: UpstageError, field: ProtectedField) -> str:
    """The column whose input a refusal belongs to; "" when it belongs to none of several."""
    part = str(error.facts.get("part") or "")
    if part in field.columns:
        return part
    return field.columns[0] if len(field.columns) == 1 else ""


def refusals(raw: Mapping[str, str], context: Context) -> dict[str, str]:
    """The sentences for every value of a new record that is refused, by column.

    A field without any input is not known yet, which is no error. Of a field of several inputs
    without a column at fault, the first stands for all.
    """
    found: dict[str, str] = {}
    for field in FIELDS.values():
        if any(raw.get(column, "").strip() for column in field.columns):
            try:
                field.parse(raw, context)
            except Invalid as error:
                found[problem(error, field) or field.columns[0]] = sentence(error)
    return found


def part_input(
    part: Part,
    key: str,
    *,
    start: Any,
    error: Any,
    optional: Any = False,
    name: str = "",
    events: Mapping[str, Any] | None = None,
) -> rx.Component:
    """Return the input of one part, with the id `key`; it is called as its column, or `name`."""
    shared: dict[str, Any] = {
        "id": key,
        "default_value": start,
        "error": error,
        "optional": optional,
        **(events or {}),
    }
    if part.type == "country":
        options = tuple(countries().items())
        return select_field(
            part.label, name or part.name, options, placeholder="Choose a country", **shared
        )
    # The browser's own words about a bad address would differ from ours: an address is a text.
    return text_field(
        part.label,
        name or part.name,
        type="text" if part.type == "email" else part.type,
        input_mode={"email": "email", "tel": "tel"}.get(part.type, "text"),
        # Not the clerk's own details: the browser knows only those.
        auto_complete="off",
        spell_check=False,
        **shared,
    )


def _input(
    part: Part,
    key: str,
    start: Any,
    errors: Any,
    on_typed: Callable[[str, Any], Any] | None,
    on_pause: Any,
    is_needed: bool,
) -> rx.Component:
    events: dict[str, Any] = {}
    if on_typed is not None:
        events["on_change"] = lambda text: on_typed(part.name, text)
    if on_pause is not None:
        events["on_blur"] = on_pause
        if part.type != "country":
            events["on_key_up"] = on_pause.debounce(TYPING_PAUSE_MS)
    return part_input(
        part,
        key,
        start=start[part.name],
        error=error_at(errors, part.name),
        optional=part.optional or not is_needed,
        events=events,
    )
