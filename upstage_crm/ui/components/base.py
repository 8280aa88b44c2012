"""What every component of the kit is made with: value types, conditions, icons, hidden text.

`Text`, `Flag` and `Child` say what components take: a plain value or a var of the same kind.
"""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, cast

import reflex as rx

from upstage_crm.ui.design.icons import ICON_NAMES, SPRITE_URL

Text: TypeAlias = str | rx.Var[str]
Flag: TypeAlias = bool | rx.Var[bool]
Child: TypeAlias = rx.Component | rx.Var[Any] | str
InputType: TypeAlias = Literal[
    "date", "email", "number", "password", "search", "tel", "text", "time", "url"
]
PlainTone: TypeAlias = Literal["neutral", "info", "success", "warning", "danger"]
Tone: TypeAlias = PlainTone | rx.Var[str]


def icon(name: Text, *, size: int = 16) -> rx.Component:
    """Return a decorative icon, `size` CSS pixels square; the words beside it carry the meaning.

    Raises:
        ValueError: a plain `name` is not in `design/icons.py`. A var is not checked.
    """
    if isinstance(name, str) and name not in ICON_NAMES:
        raise ValueError(f"unknown icon: {name}")
    return rx.el.svg(
        rx.el.svg.use(href=f"{SPRITE_URL}#{name}"),
        width=size,
        height=size,
        aria_hidden="true",
        class_name="u-icon",
    )


def hidden_text(*children: Child) -> rx.Component:
    """Return text that only a screen reader gets."""
    return rx.el.span(*children, class_name="u-hidden")


def filled(text: Text) -> Flag:
    """Return whether `text` is not empty."""
    return text != "" if isinstance(text, rx.Var) else bool(text)


def absent(text: object) -> bool:
    """Return whether `text` is the plain empty string; a var may be filled later, so never is."""
    return isinstance(text, str) and not text


def either(one: Flag, other: Flag) -> Flag:
    """Return `one or other`, for any mix of plain values and vars."""
    if isinstance(one, bool):
        return True if one else other
    if isinstance(other, bool):
        return True if other else one
    return one | other


def show_if(flag: Flag, child: Child, otherwise: Child | None = None) -> Child:
    """Return `child` where `flag` holds, else `otherwise` or nothing."""
    if isinstance(flag, rx.Var):
        return rx.cond(flag, child, rx.fragment() if otherwise is None else otherwise)
    if flag:
        return child
    return rx.fragment() if otherwise is None else otherwise


def text_if(flag: Flag, text: Text, otherwise: Text = "") -> Text:
    """Return `text` where `flag` holds, else `otherwise`."""
    if isinstance(flag, rx.Var):
        return cast("rx.Var[str]", rx.cond(flag, text, otherwise))
    return text if flag else otherwise


def text_for(key: Text, cases: Mapping[str, str], otherwise: Text) -> Text:
    """Return the text that `cases` has for `key`, else `otherwise`."""
    if isinstance(key, str):
        return cases.get(key, otherwise)
    return cast("rx.Var[str]", rx.match(key, *cases.items(), otherwise))


def given(**props: Any) -> dict[str, Any]:
    """Return the props that are not None: Reflex renders a None as an attribute."""
    return {name: value for name, value in props.items() if value is not None}
