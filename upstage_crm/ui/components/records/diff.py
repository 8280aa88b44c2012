"""Now and proposed, side by side.

diff(*rows)                                      diff_row(label, now, proposed, *, outcome, notes)
diff_text(spans)                                 parts of a value, the differing ones marked

Two columns from 40 rem, stacked below. The sides are told apart by their headings and signs as
well as by tint; the values are isolated (`bdi`), so a right-to-left name cannot reorder the row.
"""

from collections.abc import Sequence
from typing import Literal

import reflex as rx

from upstage_crm.ui.components.base import Child, Flag, Text, absent, hidden_text, icon, text_if
from upstage_crm.ui.components.text import address, empty_value


def diff(*rows: Child) -> rx.Component:
    """Return the list of changed fields."""
    return rx.el.div(*rows, class_name="u-diff")


def diff_row(
    label: Text,
    now: Child,
    proposed: Child,
    *,
    outcome: Child | None = None,
    now_note: Child | None = None,
    proposed_note: Child | None = None,
    now_heading: Text = "Now",
    proposed_heading: Text = "Proposed",
    is_kept: Flag = False,
    nothing: Text = "Nothing",
    level: Literal[2, 3] = 3,
) -> rx.Component:
    """Return one field: its name, both values, and at the end its outcome (a chip).

    `now` and `proposed` are values or what `diff_text` made; "" shows `nothing` in grey. Headings
    are parameters because patron pages are translated, and a decided change reads "Before, Now".
    With `is_kept` the value on the left is the one that is in use: it gets the tint and the tick.
    `level` is the heading level that fits: 2 right under the `h1`, 3 inside a card with a title.
    """
    return rx.el.section(
        rx.el.div(
            (rx.el.h2 if level == 2 else rx.el.h3)(label, class_name="u-diff-label"),
            *([] if outcome is None else [outcome]),
            class_name="u-diff-head",
        ),
        rx.el.div(
            _side(
                text_if(is_kept, "in-use", "now"),
                text_if(is_kept, "check", "minus"),
                now_heading,
                now,
                now_note,
                nothing,
            ),
            _side(
                text_if(is_kept, "unused", "proposed"),
                text_if(is_kept, "minus", "plus"),
                proposed_heading,
                proposed,
                proposed_note,
                nothing,
            ),
            class_name="u-diff-sides",
        ),
        class_name="u-diff-row",
    )


def diff_text(spans: Sequence[tuple[str, bool]] | rx.Component) -> rx.Component:
    """Return a value whose differing parts are marked.

    `spans` are pairs of text and whether it differs, or an `rx.foreach` of `span`s and `mark`s.
    Screen readers get the plain value: a mark in the middle of an address would break it up.
    """
    if isinstance(spans, rx.Component):
        return rx.el.span(spans, class_name="u-diff-text")
    parts = [rx.el.mark(text) if differs else rx.el.span(text) for text, differs in spans]
    return rx.el.span(
        hidden_text("".join(text for text, _ in spans)),
        rx.el.span(*parts, aria_hidden="true"),
        class_name="u-diff-text",
    )


def _side(
    kind: Text, mark: Text, heading: Text, value: Child, note: Child | None, nothing: Text
) -> rx.Component:
    if isinstance(value, rx.Var):
        shown: Child = rx.cond(value != "", address(value), empty_value(nothing))
    elif absent(value):
        shown = empty_value(nothing)
    else:
        shown = address(value) if isinstance(value, str) else rx.el.bdi(value)
    return rx.el.div(
        rx.el.p(icon(mark, size=14), heading, hidden_text(":"), class_name="u-diff-heading"),
        rx.el.p(shown, class_name="u-diff-value"),
        *([] if note is None else [rx.el.div(note, class_name="u-hint")]),
        data_side=kind,
        class_name="u-diff-side",
    )
