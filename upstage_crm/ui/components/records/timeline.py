"""What happened, in order.

timeline(*items, label)         timeline_item(words, *, icon, time, actor, channel, tone, detail)
meta_line(*parts)               small facts in a line: who, by which way, when

Every entry says what happened, who did it, by which way and when; the icon only repeats it.
"""

import reflex as rx

from upstage_crm.ui.components.base import Child, Text, Tone, filled, show_if
from upstage_crm.ui.components.base import icon as icon_


def timeline(*items: Child, label: Text = "Timeline") -> rx.Component:
    """Return the list; items may be one `rx.foreach`."""
    return rx.el.ol(*items, aria_label=label)


def meta_line(*parts: Child) -> rx.Component:
    """Return small facts in a line, with dots between them; a part without text leaves no dot."""
    return rx.el.p(*(rx.el.span(part) for part in parts), class_name="u-meta")


def timeline_item(
    words: Child,
    *,
    icon: Text,
    time: Child,
    actor: Text = "",
    channel: Text = "",
    tone: Tone = "neutral",
    detail: Child | None = None,
) -> rx.Component:
    """Return one event; `time` comes from `text.when`, `detail` is shown beneath (evidence)."""
    return rx.el.li(
        rx.el.span(icon_(icon, size=14), data_tone=tone, class_name="u-event-mark"),
        rx.el.div(
            rx.el.p(words, class_name="u-event-words"),
            meta_line(show_if(filled(actor), actor), show_if(filled(channel), channel), time),
            *([] if detail is None else [rx.el.div(detail, class_name="u-event-detail")]),
            class_name="u-event-body",
        ),
        class_name="u-event",
    )
