"""Pieces that patrons' pages need beyond the common ones; as light as everything beside them.

outcome_mark(icon, tone)       the large sign over a page that says how something ended
facts(items)                   labels over values, the items made with `fact` in an `rx.foreach`
fact(label, words)             one of them
steps(items)                   a list of things to do, the items `li`
disclosure(summary, *children) something quiet that opens in its place, by the browser itself
"""

from typing import Any

import reflex as rx

from upstage_crm.ui.components.base import Child, Text, Tone
from upstage_crm.ui.components.base import icon as icon_


def outcome_mark(icon: Text, tone: Tone = "neutral") -> rx.Component:
    """Return a sign in a circle; decoration over the title, which says the same in words."""
    return rx.el.div(icon_(icon, size=28), data_tone=tone, class_name="u-outcome")


def facts(items: Child) -> rx.Component:
    """Return a list of facts; `items` is an `rx.foreach` of `fact`."""
    return rx.el.dl(items, class_name="u-facts")


def fact(label: Text, words: Text) -> rx.Component:
    """Return one fact. Its words isolate names of another script within it."""
    return rx.el.div(rx.el.dt(label), rx.el.dd(words))


def steps(items: Child) -> rx.Component:
    """Return a list with marks; `items` is an `rx.foreach` of `rx.el.li`."""
    return rx.el.ul(items, class_name="u-steps")


def disclosure(summary: Text, *children: Child, **props: Any) -> rx.Component:
    """Return a line that opens what belongs to it, without a script or a trip to the server."""
    return rx.el.details(
        rx.el.summary(icon_("chevron-right"), summary, class_name="u-disclosure-line"),
        rx.el.div(*children, class_name="u-stack"),
        class_name="u-disclosure",
        **props,
    )
