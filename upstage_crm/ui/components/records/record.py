"""The rows of a record: protected fields, free fields, plain definitions.

record(*rows, label)                                       the list that holds the rows
protected_row(label, value, *, on_propose, may_propose, pending, proposed, request_href, note)
plain_row(label, *children)                                a row that is not edited here
definitions(*pairs)                                        facts beside a text, smaller
definition(term, detail)      known(term, text)            one of them, always or if there is text
"""

from typing import Any

import reflex as rx

from upstage_crm.ui.components.base import (
    Child,
    Flag,
    Text,
    filled,
    given,
    hidden_text,
    icon,
    show_if,
)
from upstage_crm.ui.components.button import button, link
from upstage_crm.ui.components.records.status import request_chip
from upstage_crm.ui.components.text import value as shown_value


def record(*rows: Child, label: Text) -> rx.Component:
    """Return the list of a record's rows; `label` names it for screen readers."""
    return rx.el.dl(*rows, aria_label=label)


def protected_row(
    label: Text,
    value: Text | rx.Component,
    *,
    on_propose: Any = None,
    may_propose: Flag = True,
    propose: Text = "Propose change",
    pending: Flag = False,
    proposed: Text = "",
    pending_state: Text = "pending",
    pending_words: Text = "",
    request_href: Text = "",
    note: Child | None = None,
) -> rx.Component:
    """Return a field that only its patron's approval changes.

    `value` is a text, or a component for a value of several lines (`text.value_lines`).
    A padlock and the button `propose` stand where other rows have an input. While a request is open
    the row shows the current value, the state's chip and the proposed value beneath. `note` is a
    small component after the value, such as the chip of an email address.
    """
    opener = button(
        propose,
        hidden_text(": ", label),
        size="small",
        **given(on_click=on_propose),
    )
    open_request = rx.el.div(
        request_chip(pending_state, pending_words),
        rx.el.span(
            icon("arrow-right", size=14),
            hidden_text("Proposed: "),
            rx.el.bdi(proposed, class_name="u-value"),
            class_name="u-proposed",
        ),
        link("View request", hidden_text(": ", label), href=request_href),
        class_name="u-pending",
    )
    return rx.el.div(
        rx.el.dt(
            icon("lock", size=14),
            label,
            hidden_text(" (protected)"),
            class_name="u-term",
        ),
        rx.el.dd(
            rx.el.div(
                value if isinstance(value, rx.Component) else shown_value(value),
                *([] if note is None else [note]),
                class_name="u-value-line",
            ),
            show_if(pending, open_request),
            class_name="u-detail",
        ),
        rx.el.dd(show_if(may_propose, opener), class_name="u-row-action"),
        class_name="u-row",
    )


def plain_row(label: Text, *children: Child) -> rx.Component:
    """Return a row that is only read."""
    return rx.el.div(
        rx.el.dt(label, class_name="u-term"),
        rx.el.dd(rx.el.div(*children, class_name="u-value-line"), class_name="u-detail"),
        class_name="u-row",
    )


def definitions(*pairs: tuple[Text, Child] | Child) -> rx.Component:
    """Return facts as label over value, for a side column; one that may be absent is a `known`."""
    facts = (definition(*pair) if isinstance(pair, tuple) else pair for pair in pairs)
    return rx.el.dl(*facts, class_name="u-facts")


def definition(term: Text, detail: Child) -> rx.Component:
    """Return one fact for `definitions`."""
    return rx.el.div(rx.el.dt(term), rx.el.dd(detail))


def known(term: Text, text: Text) -> Child:
    """Return one fact for `definitions`, which is not there while there is nothing to say."""
    return show_if(filled(text), definition(term, text))
