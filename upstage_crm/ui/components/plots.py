"""Plots, drawn by the server as plain HTML and SVG: no library, no script, no colour alone.

bar_plot(bars, label)              one bar below the other, each with its name and its number
span_plot(rows, scale, label)      lines of bars from when to when
column_plot(columns, label)        two columns for each stretch of time: what was, what came of it
figure(*children, title, table)    a plot with the same numbers as a table beneath it
percent(count, most)               the length of a bar; `Bar` and `TimeColumn` hold plain texts

Every bar or column that has a list is a link to it, so a keyboard reaches it and hears its number.
"""

from dataclasses import dataclass, field
from typing import Any

import reflex as rx
from reflex.vars import ObjectVar

from upstage_crm.ui.components.base import Child, Text, filled, show_if
from upstage_crm.ui.components.button import link
from upstage_crm.ui.components.page import card


@dataclass(frozen=True)
class Bar:
    """One bar. `share` is its length, `href` the list behind it, "" without one."""

    label: str = ""
    number: str = "0"
    share: str = "0%"
    href: str = ""


@dataclass(frozen=True)
class TimeColumn:
    """Two columns of one stretch of time. `words` say both numbers, `*_top` where each begins."""

    label: str = ""
    words: str = ""
    whole: str = "0%"
    whole_top: str = "100%"
    part: str = "0%"
    part_top: str = "100%"
    href: str = ""


@dataclass(frozen=True)
class Span:
    """One stretch of a line: where it begins, how long it is, and whether it is going on."""

    begins: str = "0%"
    width: str = "0%"
    is_now: bool = False


@dataclass(frozen=True)
class SpanRow:
    """One line with its stretches; `now` is where today is on it, "" for outside."""

    label: str = ""
    spans: list[Span] = field(default_factory=list[Span])
    now: str = ""


def percent(count: float, most: float) -> str:
    """The length of a bar among others of which the longest is `most`."""
    return f"{100 * count / most:.2f}%" if most else "0%"


def bar_plot(bars: Any, *, label: Text) -> rx.Component:
    """Return the bars; `bars` is a list of `Bar`."""
    return rx.el.ul(
        rx.foreach(bars, lambda bar: _bar(bar=bar)), aria_label=label, class_name="u-plot-bars"
    )


def column_plot(columns: Any, *, label: Text, keys: tuple[str, str]) -> rx.Component:
    """Return the columns, with what their two colours mean; `columns` is a list of `TimeColumn`."""
    whole, part = keys
    return rx.el.div(
        rx.el.p(
            rx.el.span(whole, class_name="u-plot-key"),
            rx.el.span(part, class_name="u-plot-key", data_part="true"),
            aria_hidden="true",
            class_name="u-inline u-muted",
        ),
        rx.el.ul(
            rx.foreach(columns, lambda column: _column(column=column)),
            aria_label=label,
            class_name="u-plot-columns",
        ),
    )


def span_plot(rows: Any, *, scale: Any, label: Text) -> rx.Component:
    """Return the lines; `rows` is a list of `SpanRow`, `scale` what stands at both of its ends.

    It is a picture beside a list that says the same: a screen reader hears only what it is.
    """
    return rx.el.div(
        rx.foreach(rows, lambda row: _span_row(row=row)),
        rx.el.p(rx.foreach(scale, rx.el.span), class_name="u-plot-scale u-muted"),
        role="img",
        aria_label=label,
        class_name="u-plot-spans",
    )


def figure(*children: Child, title: str, table: Child, note: Child = "") -> rx.Component:
    """Return a plot in a card, with its numbers as a table that opens beneath it."""
    return card(
        *children,
        rx.el.p(note, class_name="u-hint"),
        rx.el.details(
            rx.el.summary(f"Numbers: {title[:1].lower()}{title[1:]}"),
            table,
            class_name="u-plot-table",
        ),
        title=title,
    )


@rx.memo
def _bar(bar: ObjectVar[Bar]) -> rx.Component:
    drawn = rx.fragment(
        rx.el.span(bar.label, class_name="u-plot-name"),
        rx.el.svg(
            rx.el.svg.rect(width=bar.share, height="100%"),
            aria_hidden="true",
            class_name="u-plot-track",
        ),
        rx.el.span(bar.number, class_name="u-num"),
    )
    plain = rx.el.div(drawn, class_name="u-plot-bar")
    return rx.el.li(
        show_if(filled(bar.href), link(drawn, href=bar.href, class_name="u-plot-bar"), plain)
    )


@rx.memo
def _span_row(row: ObjectVar[SpanRow]) -> rx.Component:
    return rx.el.div(
        rx.el.span(row.label, class_name="u-plot-name"),
        rx.el.svg(
            rx.foreach(
                row.spans,
                lambda span: rx.el.svg.rect(
                    x=span.begins,
                    width=span.width,
                    height="100%",
                    class_name=rx.cond(span.is_now, "u-plot-part", ""),
                ),
            ),
            show_if(
                filled(row.now),
                rx.el.svg.line(x1=row.now, x2=row.now, y1="0", y2="100%", class_name="u-plot-now"),
            ),
            class_name="u-plot-span",
        ),
        class_name="u-plot-line",
    )


@rx.memo
def _column(column: ObjectVar[TimeColumn]) -> rx.Component:
    return rx.el.li(
        link(
            rx.el.svg(
                rx.el.svg.rect(x="8%", width="40%", y=column.whole_top, height=column.whole),
                rx.el.svg.rect(
                    x="52%",
                    width="40%",
                    y=column.part_top,
                    height=column.part,
                    class_name="u-plot-part",
                ),
                aria_hidden="true",
                class_name="u-plot-column",
            ),
            rx.el.span(column.label, aria_hidden="true"),
            href=column.href,
            aria_label=column.words,
        )
    )
