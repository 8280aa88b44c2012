"""Which columns of a table are shown, and how close its rows are.

columns_menu(columns)    a button; `columns` are places (from 1) and words of what can be hidden

The browser remembers the choice and applies it: no press waits for the server, and nothing about a
person is kept.
"""

from collections.abc import Sequence
from typing import Any

import reflex as rx

_COLUMNS = """
const upstageColumns = "upstage-columns"

function upstageRead() {
  try { return new Set(JSON.parse(localStorage.getItem(upstageColumns)) ?? []) }
  catch { return new Set() }
}

function UpstageColumns({columns}) {
  const [off, setOff] = useState(new Set())
  const box = useRef(null)
  useEffect(() => setOff(upstageRead()), [])
  useEffect(() => {
    const root = document.documentElement
    root.dataset.columns = [...off].join(" ")
    return () => { delete root.dataset.columns }
  }, [off])
  useEffect(() => {
    const away = (event) => {
      const isOut = event.type === "keydown" ? event.key === "Escape"
        : !box.current.contains(event.target)
      if (!box.current.open || !isOut) return
      box.current.open = false
      if (event.type === "keydown") box.current.querySelector("summary").focus()
    }
    document.addEventListener("keydown", away)
    document.addEventListener("pointerdown", away)
    return () => {
      document.removeEventListener("keydown", away)
      document.removeEventListener("pointerdown", away)
    }
  }, [])
  const turn = (name, isOff) => {
    const next = new Set(off)
    isOff ? next.add(name) : next.delete(name)
    try { localStorage.setItem(upstageColumns, JSON.stringify([...next])) } catch { }
    setOff(next)
  }
  const choice = (name, words, isOn, isOff) => jsx("label", {key: name, className: "u-menu-item"},
    jsx("input", {type: "checkbox", className: "u-check", checked: isOn,
      onChange: (event) => turn(name, isOff(event.target.checked))}), words)
  return jsx("details", {ref: box, className: "u-column-menu"},
    jsx("summary", {className: "u-btn u-btn-secondary u-btn-medium"}, "Columns"),
    jsx("div", {className: "u-menu", role: "group", "aria-label": "Columns"},
      columns.map(([place, words]) => choice(`c${place}`, words, !off.has(`c${place}`),
        (isOn) => !isOn)),
      jsx("div", {role: "separator", className: "u-menu-line"}),
      choice("roomy", "Roomy rows", off.has("roomy"), (isOn) => isOn)))
}
"""


class _Columns(rx.Component):
    """Acts in the browser alone."""

    tag = "UpstageColumns"

    columns: rx.Var[list[list[str]]]

    def add_imports(self) -> dict[str, Any]:
        return {"react": ["useEffect", "useRef", "useState"], "@emotion/react": "jsx"}

    def add_custom_code(self) -> list[str]:
        return [_COLUMNS]


def columns_menu(columns: Sequence[tuple[int, str]]) -> rx.Component:
    """Return the button with its choices."""
    return _Columns.create(columns=[[str(place), words] for place, words in columns])
