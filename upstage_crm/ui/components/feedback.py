"""What a page says about itself: notices, banners, and the empty, loading and refused states.

notice(*children, tone, title, action, live)     inside the page
banner(*children, tone, icon, action)            over the whole page ("Mail is not being sent")
empty_state(title, *children, icon, action)      nothing yet, or nothing found
error_state(title, *children, action)            it broke, here is what to do
no_permission(*children)                         your role does not include this
skeleton_rows(count, *, columns)                 table rows while the first answer is awaited
skeleton_lines(count)                            a record or a text while it is awaited
"""

import reflex as rx

from upstage_crm.ui.components.base import (
    Child,
    Text,
    Tone,
    absent,
    filled,
    given,
    hidden_text,
    show_if,
    text_for,
)
from upstage_crm.ui.components.base import icon as icon_

_MARKS = {
    "neutral": "info",
    "info": "info",
    "success": "circle-check",
    "warning": "triangle-alert",
    "danger": "circle-alert",
}


def notice(
    *children: Child,
    tone: Tone = "info",
    title: Text = "",
    action: Child | None = None,
    live: bool = True,
) -> rx.Component:
    """Return a notice; `danger` interrupts a screen reader (alert), the others wait (status).

    `live=False` for text that stands in the page from the start. With a var as `tone` the notice
    is a status.
    """
    role = "alert" if isinstance(tone, str) and tone == "danger" else "status"
    heading = (
        []
        if absent(title)
        else [show_if(filled(title), rx.el.p(title, class_name="u-notice-title"))]
    )
    return rx.el.div(
        icon_(text_for(tone, _MARKS, "info")),
        rx.el.div(
            rx.el.div(*heading, rx.el.div(*children), class_name="u-notice-words"),
            *([] if action is None else [rx.el.div(action)]),
            class_name="u-notice-body",
        ),
        data_tone=tone,
        class_name="u-notice",
        **given(role=role if live else None),
    )


def banner(
    *children: Child,
    tone: Tone = "warning",
    icon: Text = "triangle-alert",
    action: Child | None = None,
) -> rx.Component:
    """Return a line over the whole page, for a state of the whole system."""
    return rx.el.div(
        icon_(icon),
        rx.el.p(*children),
        *([] if action is None else [action]),
        data_tone=tone,
        role="status",
        class_name="u-banner",
    )


def empty_state(
    title: Text, *children: Child, icon: Text = "inbox", action: Child | None = None
) -> rx.Component:
    """Return what stands where a list would: what it is, and the one thing to do."""
    return rx.el.div(
        icon_(icon, size=24),
        rx.el.p(title, class_name="u-state-title"),
        *([rx.el.div(*children, class_name="u-state-words")] if children else []),
        *([] if action is None else [action]),
        class_name="u-state",
    )


def error_state(
    title: Text = "This could not be loaded",
    *children: Child,
    action: Child | None = None,
) -> rx.Component:
    """Return a failure with its way out, announced at once."""
    return rx.el.div(
        empty_state(title, *children, icon="circle-alert", action=action),
        role="alert",
    )


def no_permission(*children: Child) -> rx.Component:
    """Return the refusal of a whole page or section; children say whom to ask."""
    return empty_state("Your role does not include this", *children, icon="lock")


def skeleton_rows(count: int = 8, *, columns: int) -> rx.Component:
    """Return `count` grey table rows; give the table `busy=True`."""
    bars = [
        rx.el.tr(
            *(rx.el.td(rx.el.span(class_name="u-bar"), role="cell") for _ in range(columns)),
            role="row",
            class_name="u-skeleton",
        )
        for _ in range(count)
    ]
    return rx.fragment(*bars)


def skeleton_lines(count: int = 4) -> rx.Component:
    """Return `count` grey lines where text will stand."""
    return rx.el.div(
        hidden_text("Loading"),
        *(rx.el.span(class_name="u-bar", aria_hidden="true") for _ in range(count)),
        class_name="u-skeleton-lines",
    )
