"""The skeleton of a page's content.

page_header(title, *, subtitle, crumbs, chips, actions)
card(*children, title, actions, flush, id)     section(*children, title, actions)
stack(*children, gap)   inline(*children)      columns(main, side)   beside(panel, main)
halves(*children)
equal_buttons(*buttons)                        quote(words, source)
tiles(*items)           tile(label, number, *, href, note, tone)
"""

from typing import Any, Literal

import reflex as rx

from upstage_crm.ui.components.base import Child, Text, Tone, absent
from upstage_crm.ui.components.button import link


def page_header(
    title: Text,
    *,
    subtitle: Child | None = None,
    crumbs: Child | None = None,
    chips: tuple[Child, ...] = (),
    actions: tuple[Child, ...] = (),
) -> rx.Component:
    """Return the page's one `h1` with what belongs to it; actions at the end, primary last."""
    return rx.el.header(
        *([] if crumbs is None else [crumbs]),
        rx.el.div(
            rx.el.div(
                rx.el.div(rx.el.h1(title, class_name="u-h1"), *chips, class_name="u-title-line"),
                *([] if subtitle is None else [rx.el.p(subtitle, class_name="u-muted")]),
                class_name="u-title",
            ),
            *([rx.el.div(*actions, class_name="u-title-actions")] if actions else []),
            class_name="u-title-row",
        ),
        class_name="u-page-header",
    )


def card(
    *children: Child,
    title: Child = "",
    actions: tuple[Child, ...] = (),
    flush: bool = False,
    **props: Any,
) -> rx.Component:
    """Return a framed section; `flush` drops the inner space (tables, records)."""
    return rx.el.section(
        *_heading(title, actions, "u-card-head"),
        rx.el.div(*children, class_name="u-card-flush" if flush else "u-card-body"),
        **{"class_name": "u-card", **props},
    )


def section(*children: Child, title: Text = "", actions: tuple[Child, ...] = ()) -> rx.Component:
    """Return a section without a frame."""
    return rx.el.section(
        *_heading(title, actions, "u-section-head"), *children, class_name="u-section"
    )


def stack(*children: Child, gap: Literal["small", "medium", "large"] = "medium") -> rx.Component:
    """Return children under each other, 8, 16 or 24 px apart."""
    return rx.el.div(*children, data_gap=gap, class_name="u-stack")


def inline(*children: Child) -> rx.Component:
    """Return children beside each other, 8 px apart, wrapping."""
    return rx.el.div(*children, class_name="u-inline")


def equal_buttons(*buttons: Child) -> rx.Component:
    """Return buttons of one width side by side: a choice in which no answer is favoured."""
    return rx.el.div(*buttons, class_name="u-equal")


def quote(words: Text, *, source: Text) -> rx.Component:
    """Return a person's own words with their name, set apart from ours."""
    return rx.el.blockquote(rx.el.p(words), rx.el.footer(source), dir="auto", class_name="u-quote")


def columns(main: Child, side: Child) -> rx.Component:
    """Return a wide and a 20 rem column; under 60 rem of room the side goes below."""
    return rx.el.div(
        rx.el.div(main, class_name="u-column"),
        rx.el.div(side, class_name="u-column"),
        class_name="u-columns",
    )


def beside(panel: Child, main: Child) -> rx.Component:
    """Return a column of 18 rem that stays in sight, and a wide one; it goes above on less room."""
    return rx.el.div(
        rx.el.div(panel, class_name="u-beside-panel"),
        rx.el.div(main, class_name="u-column"),
        class_name="u-beside",
    )


def halves(*children: Child) -> rx.Component:
    """Return children in two equal columns, one below 40 rem."""
    return rx.el.div(*children, class_name="u-halves")


def tiles(*items: Child) -> rx.Component:
    """Return key numbers in a row that wraps."""
    return rx.el.div(*items, class_name="u-tiles")


def tile(
    label: Text,
    number: Text,
    *,
    href: Text | None = None,
    note: Text = "",
    tone: Tone = "neutral",
) -> rx.Component:
    """Return one key number; with `href` the whole tile is the link. The server formats numbers."""
    parts = (
        rx.el.span(label, class_name="u-tile-label"),
        rx.el.span(number, class_name="u-tile-number"),
        *([] if absent(note) else [rx.el.span(note, class_name="u-tile-note")]),
    )
    if href is None:
        return rx.el.div(*parts, data_tone=tone, class_name="u-tile")
    return link(*parts, href=href, data_tone=tone, class_name="u-tile")


def _heading(title: Child, actions: tuple[Child, ...], name: str) -> list[rx.Component]:
    if absent(title) and not actions:
        return []
    end = [rx.el.div(*actions, class_name="u-inline")] if actions else []
    return [rx.el.div(rx.el.h2(title, class_name="u-h2"), *end, class_name=name)]
