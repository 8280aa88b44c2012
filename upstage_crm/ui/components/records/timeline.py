"""What happened, in order.

timeline(*items, label)         timeline_item(words, *, icon, time, actor, channel, tone, detail)

Every entry says what happened, who did it, by which way and when; the icon only repeats it.
"""

import reflex as rx

from upstage_crm.ui.components.base import Child, Text, Tone, filled, show_if
from upstage_crm.ui.components.base import icon as icon_


def timeline(*items: Child, label: Text = "Timeline") -> rx.Component:
    """Return the list; items may be one `rx.foreach`."""
    return rx.el.ol(*items, aria_label=label)


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
            rx.el.p(
                show_if(filled(actor), rx.el.span(actor)),
                show_if(filled(channel), rx.el.span(channel)),
                rx.el.span(time),
                class_name="u-event-meta",
            ),
            *([] if detail is None else [rx.el.div(detail, class_name="u-event-detail")]),
            class_name="u-event-body",
        ),
        class_name="u-event",
    )
