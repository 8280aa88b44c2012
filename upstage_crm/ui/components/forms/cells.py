"""A table of inputs that is filled like a spreadsheet.

cell_grid(columns, body, *, label)          the table; Enter goes down, Tab goes right
cell_input(name, *, id, row, column, label, default_value, invalid)     one of its inputs

Enter goes to the input below, Shift+Enter and the arrows up and down as they say; Tab is the
browser's own way. What an input holds is marked when it is entered, so typing replaces it.
"""

from collections.abc import Sequence
from typing import Any

import reflex as rx

from upstage_crm.ui.components.base import Child, Flag, Text, given
from upstage_crm.ui.components.records.table import data_table

_CELLS = """
function upstageCellKey(event) {
  const {row, column} = event.target.dataset ?? {}
  if (row === undefined || event.ctrlKey || event.metaKey || event.altKey) return
  const step = event.key === "Enter" ? (event.shiftKey ? -1 : 1)
    : {ArrowDown: 1, ArrowUp: -1}[event.key]
  if (!step) return
  event.preventDefault() // Enter alone sends no form here
  const next = event.currentTarget.querySelector(
    `[data-row="${Number(row) + step}"][data-column="${column}"]`)
  next?.focus()
}
function UpstageCells({children}) {
  return jsx("div", {className: "u-cells", onKeyDown: upstageCellKey,
    onFocus: (event) => { if (event.target.dataset?.row) event.target.select() }}, children)
}
"""


class _Cells(rx.Component):
    """The keys of the table; they act in the browser alone."""

    tag = "UpstageCells"

    def add_imports(self) -> dict[str, Any]:
        return {"@emotion/react": "jsx"}

    def add_custom_code(self) -> list[str]:
        return [_CELLS]


def cell_grid(columns: Sequence[rx.Component], body: Child, *, label: Text) -> rx.Component:
    """Return the table, which scrolls by itself where it is wider than its room."""
    return _Cells.create(data_table(columns, body, label=label, wide=True))


def cell_input(
    name: Text,
    *,
    id: Text,
    row: Text,
    column: Text,
    label: Text,
    default_value: Text,
    invalid: Flag = False,
) -> rx.Component:
    """Return one input; `label` is its name for screen readers."""
    return rx.el.input(
        name=name,
        id=id,
        type="text",
        input_mode="decimal",
        auto_complete="off",
        aria_label=label,
        default_value=default_value,
        data_row=row,
        data_column=column,
        max_length=16,
        class_name="u-input",
        **given(aria_invalid=None if invalid is False else invalid),
    )
