"""Rows that are chosen in a list, for what is done to several of them at once.

pick_box(key, label)            the checkbox of one row; `key` is what the row is called
pick_all(label)                 the checkbox of every row that is drawn
pick_bar(*acts, on_act, nouns)  "3 requests chosen" and what can be done with them

The browser alone knows what is chosen: no press on a box waits for the server. Only what is drawn
can be chosen, and a row that is no longer drawn is chosen no longer, so that nothing is done to
rows that the staff member does not see. `x` chooses the row that has the focus, with Shift all rows
since the last one; Escape chooses none.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import reflex as rx
from reflex_base.event import passthrough_event_spec

from upstage_crm.ui.components.base import Text
from upstage_crm.ui.components.shortcut import SINGLE_KEYS

# Rows are drawn by components of other modules than the bar, so the store is the document's.
_STORE = """
const upstagePicks = globalThis.upstagePicks ??= {
  keys: new Set(), last: "", listeners: new Set(),
  set(keys) { this.keys = keys; this.listeners.forEach((listener) => listener()) },
  boxes: () => [...document.querySelectorAll("#main input[data-pick]")],
  drawn() { return this.boxes().map((box) => box.dataset.pick) },
  turn(key, isOn, isRange) {
    const drawn = this.drawn()
    const [from, to] = [drawn.indexOf(this.last), drawn.indexOf(key)].sort((a, b) => a - b)
    const range = isRange && from >= 0 ? drawn.slice(from, to + 1) : [key]
    const keys = new Set(this.keys)
    range.forEach((one) => isOn ? keys.add(one) : keys.delete(one))
    this.last = key
    this.set(keys)
  },
  // Rows move when the list is read again; one that is gone is chosen no longer.
  forget() {
    const drawn = new Set(this.drawn())
    const keys = new Set([...this.keys].filter((key) => drawn.has(key)))
    if (keys.size !== this.keys.size) this.set(keys)
  },
}
const upstageWatchPicks = (listener) => {
  upstagePicks.listeners.add(listener)
  return () => upstagePicks.listeners.delete(listener)
}
const upstageUsePicks = () => useSyncExternalStore(upstageWatchPicks, () => upstagePicks.keys,
  () => upstagePicks.keys)
"""

_BOX = """
function UpstagePick({pick, label}) {
  const keys = upstageUsePicks()
  useEffect(() => () => { setTimeout(() => upstagePicks.forget(), 0) }, [pick])
  return jsx("input", {type: "checkbox", className: "u-check", "data-pick": pick,
    "aria-label": label, checked: keys.has(pick),
    onChange: (event) => upstagePicks.turn(pick, event.target.checked,
      Boolean(event.nativeEvent.shiftKey))})
}
"""

_ALL = """
function UpstagePickAll({label}) {
  const keys = upstageUsePicks()
  const box = useRef(null)
  const drawn = keys.size ? upstagePicks.drawn().length : 0
  useEffect(() => { box.current.indeterminate = keys.size > 0 && keys.size < drawn })
  return jsx("input", {ref: box, type: "checkbox", className: "u-check", "aria-label": label,
    checked: keys.size > 0 && keys.size >= drawn,
    onChange: (event) => upstagePicks.set(new Set(event.target.checked ? upstagePicks.drawn()
      : []))})
}
"""

_BAR = """
function UpstagePickBar({acts, nouns, onAct}) {
  const keys = upstageUsePicks()
  const chosen = () => upstagePicks.drawn().filter((key) => keys.has(key))
  useUpstageKey((event) => {
    if (event.key === "Escape" && keys.size) return upstagePicks.set(new Set())
    const act = keys.size && acts.find((one) => one[2] === event.key)
    if (act) return onAct(act[0], chosen())
    if (event.key.toLowerCase() !== "x") return
    const box = document.activeElement.closest("tr, li")?.querySelector("input[data-pick]")
    if (!box) return
    event.preventDefault()
    upstagePicks.turn(box.dataset.pick, event.shiftKey || !keys.has(box.dataset.pick),
      event.shiftKey)
  })
  useEffect(() => () => { upstagePicks.keys = new Set() }, [])
  const count = keys.size
  const words = count ? `${count.toLocaleString("en")} ${nouns[count === 1 ? 0 : 1]} chosen` : ""
  const press = (words, onClick, kind) => jsx("button", {key: words, type: "button", onClick,
    className: `u-btn u-btn-${kind} u-btn-small`}, words)
  return jsx("div", {className: "u-picks", "data-open": count > 0},
    jsx("p", {role: "status", className: "u-num"}, words),
    count > 0 && jsx("div", {className: "u-inline"},
      acts.map((act) => press(act[1], () => onAct(act[0], chosen()), "secondary")),
      count < upstagePicks.drawn().length && press("Choose all on this page",
        () => upstagePicks.set(new Set(upstagePicks.drawn())), "quiet"),
      press("Choose none", () => upstagePicks.set(new Set()), "quiet")))
}
"""


class Act(NamedTuple):
    """One thing that can be done with what is chosen: its name for the handler, words and key."""

    name: str
    words: str
    key: str


def pick_box(key: Text, *, label: Text) -> rx.Component:
    """Return the checkbox of one row; `label` says which one it chooses."""
    return _Pick.create(pick=key, label=label)


def pick_all(label: str) -> rx.Component:
    """Return the checkbox that chooses every row on the page, or none."""
    return _PickAll.create(label=label)


def pick_bar(
    acts: Sequence[Act] | rx.Var[Sequence[list[str]]], *, on_act: Any, nouns: tuple[str, str]
) -> rx.Component:
    """Return the bar; `on_act` gets the name of the act and the keys of the rows, as drawn.

    Where the reader's role decides, `acts` is a var of such triples.
    """
    drawn = acts if isinstance(acts, rx.Var) else [list(act) for act in acts]
    return _PickBar.create(acts=drawn, nouns=list(nouns), on_act=on_act)


class _Picking(rx.Component):
    """Acts in the browser; only the press on an act reaches the server."""

    def add_imports(self) -> dict[str, Any]:
        return {
            "react": ["useEffect", "useRef", "useSyncExternalStore"],
            "@emotion/react": "jsx",
        }


class _Pick(_Picking):
    tag = "UpstagePick"

    pick: rx.Var[str]
    label: rx.Var[str]

    def add_custom_code(self) -> list[str]:
        return [_STORE, _BOX]


class _PickAll(_Picking):
    tag = "UpstagePickAll"

    label: rx.Var[str]

    def add_custom_code(self) -> list[str]:
        return [_STORE, _ALL]


class _PickBar(_Picking):
    tag = "UpstagePickBar"

    acts: rx.Var[Sequence[list[str]]]
    nouns: rx.Var[list[str]]

    on_act: rx.EventHandler[passthrough_event_spec(str, list[str])]

    def add_custom_code(self) -> list[str]:
        return [_STORE, SINGLE_KEYS, _BAR]
