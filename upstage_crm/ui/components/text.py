"""Small pieces of text.

kbd(keys) · reference(code) · when(words, iso, absolute) · avatar(name_initials) · value(text)
value_lines(lines) · breadcrumbs(*trail) · empty_value(words) · mono(text)
announce(words) · live_place(*children) · address(text) · address_part(text, tag)
"""

from collections.abc import Sequence
from typing import Any, Literal

import reflex as rx
from reflex.vars import ArrayVar

from upstage_crm.ui.components.base import (
    Child,
    Text,
    absent,
    filled,
    hidden_text,
    icon,
    show_if,
)
from upstage_crm.ui.components.button import copy_button, link

_ADDRESS = """
function UpstageAddress({text, within}) {
  const parts = (text || "").match(/[^@.]*[@.]|[^@.]+$/g) || []
  const look = within ? {} : {className: "u-address"}
  // By its key another text is drawn afresh: a browser's translation may have wrapped these parts.
  return jsx(within || "bdi", {...look, key: text}, ...parts.flatMap(
    (part, n) => n ? [jsx("wbr", {key: n}), part] : [part]))
}
"""


def address(text: Text) -> rx.Component:
    """Return an email address, or a text with some, that breaks after `@` and dots only.

    Nothing comes into the text: what is copied is what is stored.
    """
    return _Address.create(text=text)


def address_part(text: Text, *, tag: Literal["span", "mark"]) -> rx.Component:
    """Return a part of such a text, which its neighbours complete: it is not isolated from them."""
    return _Address.create(text=text, within=tag)


class _Address(rx.Component):
    """Text with places where a line may end; only the browser can find them in a var."""

    tag = "UpstageAddress"

    text: rx.Var[str]
    within: rx.Var[str]

    def add_imports(self) -> dict[str, Any]:
        return {"@emotion/react": "jsx"}

    def add_custom_code(self) -> list[str]:
        return [_ADDRESS]


def kbd(keys: str) -> rx.Component:
    """Return a key as drawn on a keyboard; a hint for the eye, hidden from screen readers."""
    return rx.el.kbd(keys, aria_hidden="true", class_name="u-kbd")


def reference(code: Text, *, copy: bool = False) -> rx.Component:
    """Return a request's reference (`K7-2FQ`) in a form that can be read out letter by letter."""
    pill = rx.el.code(code, class_name="u-ref")
    if not copy:
        return pill
    return rx.el.span(pill, copy_button(code, label="Copy reference"), class_name="u-inline")


def when(words: Text, *, iso: Text, absolute: Text = "") -> rx.Component:
    """Return a moment: `words` as shown ("3 h ago"), `iso` for machines, `absolute` beneath.

    The server words both. A `title` would never reach a keyboard or a phone, so the absolute
    time, where it matters, is plain text.
    """
    moment = rx.el.time(words, date_time=iso, class_name="u-when")
    if absent(absolute):
        return moment
    return rx.el.span(
        moment,
        show_if(filled(absolute), rx.el.span(absolute, class_name="u-when-absolute")),
        class_name="u-when-both",
    )


def avatar(initials: Text) -> rx.Component:
    """Return a person's initials in a circle; decoration beside the written name."""
    return rx.el.span(initials, aria_hidden="true", class_name="u-avatar")


def value(text: Text, *, empty: str = "Not given") -> Child:
    """Return a patron's value, isolated from the text around it, or `empty` in grey."""
    return show_if(filled(text), rx.el.bdi(text, class_name="u-value"), empty_value(empty))


def value_lines(
    lines: Sequence[str] | ArrayVar[Sequence[str]], *, empty: str = "Not given"
) -> Child:
    """Return a value of several lines (plain, or a var), or `empty` in grey."""
    shown = rx.el.div(
        rx.foreach(lines, lambda line: rx.el.div(rx.el.bdi(line, class_name="u-value")))
    )
    is_filled = lines.length() > 0 if isinstance(lines, ArrayVar) else bool(lines)
    return show_if(is_filled, shown, empty_value(empty))


def empty_value(words: Text = "Not given") -> rx.Component:
    """Return the grey words for a value that is not there."""
    return rx.el.span(words, class_name="u-muted")


def mono(text: Text) -> rx.Component:
    """Return an identifier or a hash in the fixed-width face; it may break anywhere."""
    return rx.el.code(text, class_name="u-mono")


def breadcrumbs(*trail: tuple[Text, Text], here: Text) -> rx.Component:
    """Return the way to this page: pairs of label and address, then `here` without a link."""
    steps = [
        rx.el.li(link(label, href=href), icon("chevron-right", size=14)) for label, href in trail
    ]
    return rx.el.nav(
        rx.el.ol(*steps, rx.el.li(here, aria_current="page"), class_name="u-crumbs"),
        aria_label="Breadcrumb",
    )


def announce(*children: Child) -> rx.Component:
    """Return a polite live region for the eyes of screen readers: "37 patrons", "Saved"."""
    return rx.el.div(hidden_text(*children), role="status")


def live_place(*children: Child, assertive: bool = False) -> rx.Component:
    """Return the place where something will be said: there from the start, and no gap while empty.

    A screen reader speaks what comes into it, after what it says just now unless `assertive`.
    """
    return rx.el.div(*children, role="alert" if assertive else "status", class_name="u-live")
