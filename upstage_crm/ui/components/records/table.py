"""Tables of records and their paging.

data_table(columns, body, *, label, busy, wide)    columns: from `column` and `sort_column`
column(label, *, align, hidden)                    sort_column(label, *, sort, on_sort, align)
table_row(*cells, selected)                        cell(*children, label, align, wide)
two_lines(first, second)                           a value with a quieter one beneath, in a cell
lead_cell(*children, href, sub, copy, after, …)    the cell that names the row and opens it
empty_row(child, *, columns)                       skeleton_row is in `feedback`
pagination(*, summary, on_previous, on_next, has_previous, has_next)

Body: a list of rows, or one `rx.foreach` (rows made by an `@rx.memo` stay quick). Rows are 36 px.
Below 40 rem every row becomes a card: `cell(label=…)` names its value there, and the heading row
shrinks to its sort buttons. ARIA roles are written out because `display` would take them away.
`wide` keeps a table in a scrolling region instead.

A press anywhere in a row opens what its `lead_cell` links to, in a new tab by the middle button or
Ctrl; text that was marked stays marked, so that an address can be copied out of a list.
"""

from collections.abc import Sequence
from typing import Any, Literal, cast

import reflex as rx

from upstage_crm.ui.components.base import (
    Child,
    Flag,
    Text,
    given,
    hidden_text,
    icon,
    text_for,
)
from upstage_crm.ui.components.button import button, copy_button, link

Align = Literal["start", "end"]

_ROWS = """
function upstageOpenRow(event) {
  const at = event.target instanceof Element && event.target.closest(".u-table tbody tr")
  const opener = at && at.querySelector(".u-row-link")
  if (!opener || event.target.closest("a, button, input, select, label, summary")) return
  if (event.type === "mousedown") {
    if (event.button === 1) event.preventDefault() // no scrolling by the middle button
  } else if (event.button === 1 || event.ctrlKey || event.metaKey || event.shiftKey) {
    window.open(opener.href, "_blank", "noopener")
  } else if (event.button === 0 && window.getSelection().isCollapsed) {
    opener.click()
  }
}
function UpstageRows({children}) {
  return jsx("div", {className: "u-table-cards", onClick: upstageOpenRow,
    onAuxClick: upstageOpenRow, onMouseDown: upstageOpenRow}, children)
}
"""


class _Rows(rx.Component):
    """The rows of a table with what a press in one does; it acts in the browser alone."""

    tag = "UpstageRows"

    def add_imports(self) -> dict[str, Any]:
        return {"@emotion/react": "jsx"}

    def add_custom_code(self) -> list[str]:
        return [_ROWS]


def data_table(
    columns: Sequence[rx.Component],
    body: Child | Sequence[Child],
    *,
    label: Text,
    busy: Flag = False,
    wide: bool = False,
) -> rx.Component:
    """Return the table; `label` is its caption for screen readers, `busy` dims it."""
    rows = [body] if isinstance(body, (rx.Component, rx.Var, str)) else list(body)
    table = rx.el.table(
        rx.el.caption(label, class_name="u-hidden"),
        rx.el.thead(rx.el.tr(*columns, role="row"), role="rowgroup"),
        rx.el.tbody(*rows, role="rowgroup"),
        role="table",
        class_name="u-table",
        **given(aria_busy=None if busy is False else busy),
    )
    if not wide:
        return _Rows.create(table)
    return rx.el.div(
        table, role="region", aria_label=label, tab_index=0, class_name="u-table-scroll"
    )


def column(label: Child, *, align: Align = "start", hidden: bool = False) -> rx.Component:
    """Return a heading; `hidden` keeps the words for screen readers only (columns of actions)."""
    return rx.el.th(
        hidden_text(cast("Text", label)) if hidden else label,
        scope="col",
        role="columnheader",
        data_align=align,
    )


def sort_column(
    label: Text, *, sort: Text, on_sort: Any = None, align: Align = "start"
) -> rx.Component:
    """Return a heading that sorts; `sort` is none, ascending or descending (`aria-sort`)."""
    marks = {"ascending": "arrow-up", "descending": "arrow-down"}
    return rx.el.th(
        rx.el.button(
            label,
            icon(text_for(sort, marks, "chevrons-up-down"), size=14),
            type="button",
            class_name="u-sort",
            **given(on_click=on_sort),
        ),
        scope="col",
        role="columnheader",
        aria_sort=sort,
        data_align=align,
    )


def table_row(*cells: Child, selected: Flag = False, **props: Any) -> rx.Component:
    """Return one row."""
    chosen = given(aria_selected=None if selected is False else selected)
    return rx.el.tr(*cells, role="row", **chosen, **props)


def cell(
    *children: Child, label: Text = "", align: Align = "start", wide: bool = False
) -> rx.Component:
    """Return a cell; `label` names the value in the card layout of narrow screens.

    `wide` keeps room for a value that may break anywhere (an address), which otherwise gives all
    of its room to its neighbours.
    """
    room = given(data_wide="true" if wide else None)
    return rx.el.td(*children, role="cell", data_label=label, data_align=align, **room)


def two_lines(first: Child, second: Child) -> rx.Component:
    """Return a value with a quieter one beneath; one child, so that a card keeps them together."""
    return rx.el.div(first, rx.el.div(second, class_name="u-sub"))


def lead_cell(
    *children: Child,
    href: Text,
    sub: Child | None = None,
    copy: Text | None = None,
    after: Child | None = None,
    before: Child | None = None,
) -> rx.Component:
    """Return the row's heading cell: a link that the whole row answers to, and a line beneath.

    `copy` is what a copy button after the link puts on the clipboard, `after` is what follows the
    link in its line, `before` what comes first (the box that chooses the row).
    """
    opener = link(*children, href=href, class_name="u-row-link")
    tail = [] if copy is None else [copy_button(copy, label="Copy reference")]
    tail += [] if after is None else [after]
    line = [*([] if before is None else [before]), opener, *tail]
    return rx.el.th(
        rx.el.span(*line, class_name="u-row-lead") if len(line) > 1 else opener,
        *([] if sub is None else [rx.el.div(sub, class_name="u-sub")]),
        scope="row",
        role="rowheader",
    )


def empty_row(child: Child, *, columns: int) -> rx.Component:
    """Return one cell over the whole width, for `feedback.empty_state`."""
    return rx.el.tr(
        rx.el.td(child, col_span=columns, role="cell", class_name="u-empty-cell"),
        role="row",
    )


def pagination(
    *,
    summary: Text,
    on_previous: Any = None,
    on_next: Any = None,
    has_previous: Flag = True,
    has_next: Flag = True,
    label: str = "Pages",
) -> rx.Component:
    """Return "1-50 of 1,204" with previous and next; the summary is announced when it changes."""
    return rx.el.nav(
        rx.el.p(summary, role="status", class_name="u-muted"),
        rx.el.div(
            _step("Previous", "chevron-left", has_previous, on_previous),
            _step("Next", "chevron-right", has_next, on_next),
            class_name="u-inline",
        ),
        aria_label=label,
        class_name="u-pages",
    )


def _step(label: str, mark: str, able: Flag, on_click: Any) -> rx.Component:
    disabled = ~able if isinstance(able, rx.Var) else not able
    words: list[Child] = [icon(mark), label] if mark == "chevron-left" else [label, icon(mark)]
    return button(*words, size="small", disabled=disabled, **given(on_click=on_click))
