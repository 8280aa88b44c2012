"""The keys of a till, and the same as buttons for a touch screen.

till_keys(...)      what is typed, the price types, hold and pay

Everything up to the press that holds or pays happens in the browser. One event holds what was
typed or marked, one pays: so a key is seen at once, however busy the server is. Enter takes what is
typed; without anything typed it takes the exact cash. A long text that ends in Enter came from a
scanner.
"""

from collections.abc import Sequence
from typing import Any

import reflex as rx
from reflex_base.event import passthrough_event_spec

from upstage_crm.box_office.till.seat_dots import MARKS
from upstage_crm.ui.components.base import Flag, Text
from upstage_crm.ui.components.shortcut import SINGLE_KEYS

SCANNED = 12  # characters: nothing that a person types here is longer

_CODE = """
const upstageDesk = (text) => {
  const found = {}
  for (const [, count, letter] of text.matchAll(/(\\d*)([A-Z]?)/g)) {
    if (count || letter) found[letter] = (found[letter] || 0) + (count ? Number(count) : 1)
  }
  return found
}

function UpstageTillKeys({types, methods, reasons, notes, holds, turn, isOff, settles,
  acts, fills, onAdd, onPay, onStep, onScan, onAct, onPark}) {
  const field = useRef(null)
  const sent = useRef(false)
  const marks = useUpstageMarks()
  const [typed, setTyped] = useState("")
  const [asked, setAsked] = useState(null)
  const write = (text) => setTyped((asked ? text : text.toUpperCase()).slice(0, 400))
  useEffect(() => { sent.current = false }, [turn])

  const isComp = (text) => Object.keys(upstageDesk(text)).some(
    (letter) => letter && types.some((one) => one.letter === letter && one.is_comp))
  const add = (text, reason) => {
    onAdd(text, marks.join(" "), reason)
    upstageMarks.set([])
    setTyped("")
    setAsked(null)
    sent.current = true
  }
  const pay = (method, text, note) => {
    onPay(text, method, note)
    setTyped("")
    setAsked(null)
    sent.current = false
  }
  const tender = (method) => {
    const text = typed.trim()
    if (!holds && !sent.current) return method.name === "park" && onPark("")
    if (!method.ask) return pay(method.name, text, "")
    setAsked({kind: "note", method, text})
    setTyped("")
  }
  const enter = () => {
    const text = typed.trim()
    if (asked?.kind === "clear") { setAsked(null); return onStep("clear") }
    if (asked?.kind === "note" && asked.method.name === "park") {
      setTyped("")
      setAsked(null)
      return onPark(text)
    }
    if (asked?.kind === "note") return pay(asked.method.name, asked.text, text)
    if (asked?.kind === "reason") {
      const reason = reasons[Number(text || 1) - 1]
      return reason && add(asked.text, reason.name)
    }
    if (text.length > SCANNED) { setTyped(""); return onScan(text) }
    if (text || marks.length) {
      if (!isComp(text)) return add(text, "")
      setAsked({kind: "reason", text})
      return setTyped("")
    }
    if (holds || sent.current) pay("cash", "", "")
    else if (fills) add("", "")
  }
  const escape = () => {
    if (asked) setAsked(null)
    else if (typed) setTyped("")
    else if (marks.length) upstageMarks.set([])
    else if (holds) setAsked({kind: "clear"})
    else onStep("clear")
    if (asked) setTyped("")
  }
  const more = (letter) => {
    const counts = upstageDesk(typed)
    counts[letter] = (counts[letter] || 0) + 1
    setTyped(Object.entries(counts).sort(([one]) => one ? 0 : 1)
      .map(([one, count]) => `${count}${one}`).join(""))
  }
  const steps = {ArrowDown: "later", ArrowUp: "earlier", ArrowRight: "zone_after",
    ArrowLeft: "zone_before", PageDown: "later", PageUp: "earlier"}

  useEffect(() => {
    const pressed = (event) => {
      if (isOff || event.defaultPrevented || event.isComposing) return
      if (event.ctrlKey || event.metaKey || event.altKey) return
      if (document.querySelector("[role=dialog], [role=alertdialog], [role=menu], dialog[open]")) {
        return
      }
      const at = event.target, own = at === field.current, key = event.key
      if (!own && at.matches?.("input:not([type=checkbox]), textarea, select")) return
      const method = methods.find((one) => one.key === key)
      const deed = acts.find((one) => one.key === key)
      const act = (what) => { event.preventDefault(); if (!event.repeat) what() }
      if (key === "Enter") {
        if (!own && at.matches?.("button:focus-visible, a:focus-visible, summary:focus-visible")) {
          return
        }
        return act(enter)
      }
      if (key === "Escape") return act(escape)
      if (method) return act(() => tender(method))
      if (deed) return act(() => onAct(deed.name))
      if (steps[key] && !asked && !(own && typed)) {
        event.preventDefault()
        return onStep(steps[key])
      }
      if (!own && !upstageHasKeys()) return
      const finder = !asked && {"/": "till-patron", "*": "till-order"}[key]
      if (finder) return act(() => document.getElementById(finder)?.focus())
      if (key === "-" && !asked) return act(() => onStep("remove_last"))
      if (own) return
      if (key === "Backspace") return act(() => setTyped(typed.slice(0, -1)))
      if (asked?.kind === "note" ? key.length !== 1 : !/^[0-9a-zA-Z.,]$/.test(key)) return
      event.preventDefault()
      write(typed + key)
    }
    // A press of the mouse leaves the keys where they were: in the line that is typed into.
    const clicked = (event) => {
      const on = event.detail && event.target.closest?.(".u-till button, .u-till svg")
      if (on && !on.closest("[role=dialog]")) field.current?.focus({preventScroll: true})
    }
    document.addEventListener("keydown", pressed)
    document.addEventListener("click", clicked)
    return () => {
      document.removeEventListener("keydown", pressed)
      document.removeEventListener("click", clicked)
    }
  })

  const counts = upstageDesk(typed)
  const first = types[0]
  const label = asked?.kind === "note" ? asked.method.ask
    : asked?.kind === "reason" ? "Reason: press its number, then Enter"
    : asked?.kind === "clear" ? "Let the tickets go?" : "Tickets"
  const named = (letter) => types.find((one) => one.letter === (letter || first?.letter))
  const parts = asked ? [] : Object.entries(counts).map(([letter, count]) =>
    `${count} × ${named(letter)?.name || "?"}`)
  const said = asked?.kind === "clear" ? "Enter lets them go, Esc keeps them."
    : parts.length && typed.length <= SCANNED ? parts.join(", ")
    : marks.length ? `${marks.length} ${marks.length === 1 ? "seat" : "seats"} marked` : ""
  const button = (key, onClick, className, disabled, ...children) => jsx("button",
    {key, type: "button", onClick, className: `u-btn ${className}`, disabled}, ...children)
  const kbd = (key) => jsx("kbd", {className: "u-kbd", "aria-hidden": true}, key)
  return jsx("div", {className: "u-till-keys"},
    jsx("label", {className: "u-label", htmlFor: "till-typed"}, label),
    jsx("div", {className: "u-till-line"},
      jsx("input", {ref: field, id: "till-typed", className: "u-input u-till-typed", value: typed,
        autoComplete: "off", autoCapitalize: "characters", spellCheck: false, disabled: isOff,
        inputMode: asked?.kind === "note" ? "text" : "none", maxLength: 400,
        readOnly: asked?.kind === "clear", "aria-describedby": "till-said",
        placeholder: asked ? "" : "2, 2A or 2A1C", onChange: (event) => write(event.target.value)}),
      button("enter", enter, "u-btn-primary", isOff,
        asked?.kind === "clear" ? "Let go" : asked?.kind === "note" ? asked.method.words
          : typed || marks.length || !holds ? "Take" : settles,
        kbd("Enter"))),
    jsx("p", {id: "till-said", role: "status", className: "u-till-said"}, said),
    asked?.kind === "reason" && jsx("ol", {className: "u-till-types"}, reasons.map((one, at) =>
      jsx("li", {key: one.name}, button(one.name, () => add(asked.text, one.name),
        "u-btn-secondary", false, kbd(`${at + 1}`), one.words)))),
    !asked && jsx("ul", {className: "u-till-types"}, types.map((one) => jsx("li", {key: one.name},
      button(one.name, () => more(one.letter), "u-btn-secondary u-till-type", isOff,
        kbd(one.letter), jsx("span", {className: "u-till-what"},
          jsx("span", {className: "u-till-name"}, one.name),
          jsx("span", {className: "u-num u-muted"}, one.price)))))),
    jsx("div", {className: "u-till-pad"}, [..."789456123.0"].map((digit) =>
      button(digit, () => write(typed + digit), "u-btn-secondary", isOff, digit)),
      button("back", () => setTyped(typed.slice(0, -1)), "u-btn-secondary", isOff, "⌫",
        jsx("span", {className: "u-hidden"}, "Delete"))),
    holds && !asked && jsx("div", {className: "u-till-pay"},
      methods.map((method) => button(method.name, () => tender(method), "u-btn-secondary", isOff,
        method.words, kbd(method.key)))),
    holds && !asked && !typed && notes.length > 0 && jsx("div", {className: "u-till-pay"},
      notes.map((note) => button(note.typed, () => pay("cash", note.typed, ""),
        "u-btn-secondary", isOff, jsx("span", {className: "u-hidden"}, "Cash "), note.words))),
    asked && button("no", escape, "u-btn-quiet", false, "Back", kbd("Esc")))
}
""".replace("SCANNED", str(SCANNED))


def till_keys(
    *,
    types: Any,
    methods: Any,
    reasons: Sequence[dict[str, str]],
    notes: Any,
    acts: Sequence[dict[str, str]],
    holds: Flag,
    fills: Flag,
    turn: Any,
    settles: Text,
    on_add: Any,
    on_pay: Any,
    on_step: Any,
    on_scan: Any,
    on_act: Any,
    on_park: Any,
    is_off: Flag = False,
) -> rx.Component:
    """Return the line that is typed into, with the buttons around it.

    `types`, `methods` (`key`, `name`, `words`, and `ask` where a note is asked for), `reasons`
    (`name`, `words`), `notes` (`words`, `typed`) and `acts` (`key`, `name`) are lists. `holds` says
    that the sale has tickets, `fills` that Enter alone takes as many as are exchanged; `turn` is
    another number after each answer of the server, and `settles` are the words of the button that
    pays all that is due. `on_add` gets the text, the marked seats and the reason, `on_pay` the
    text, the name of the method and the note, the others one text. The method `park` asks for a
    name, which `on_park` gets, "" where no sale is to be parked.
    """
    return _TillKeys.create(
        types=types,
        methods=methods,
        reasons=list(reasons),
        notes=notes,
        acts=list(acts),
        holds=holds,
        fills=fills,
        turn=turn,
        settles=settles,
        is_off=is_off,
        on_add=on_add,
        on_pay=on_pay,
        on_step=on_step,
        on_scan=on_scan,
        on_act=on_act,
        on_park=on_park,
    )


class _TillKeys(rx.Component):
    """The keys in the browser."""

    tag = "UpstageTillKeys"

    types: rx.Var[list[Any]]
    methods: rx.Var[list[dict[str, str]]]
    reasons: rx.Var[list[dict[str, str]]]
    notes: rx.Var[list[Any]]
    acts: rx.Var[list[dict[str, str]]]
    holds: rx.Var[bool]
    fills: rx.Var[bool]
    turn: rx.Var[int]
    settles: rx.Var[str]
    is_off: rx.Var[bool]

    on_add: rx.EventHandler[passthrough_event_spec(str, str, str)]
    on_pay: rx.EventHandler[passthrough_event_spec(str, str, str)]
    on_step: rx.EventHandler[passthrough_event_spec(str)]
    on_scan: rx.EventHandler[passthrough_event_spec(str)]
    on_act: rx.EventHandler[passthrough_event_spec(str)]
    on_park: rx.EventHandler[passthrough_event_spec(str)]

    def add_imports(self) -> dict[str, Any]:
        return {
            "react": ["useEffect", "useRef", "useState", "useSyncExternalStore"],
            "@emotion/react": "jsx",
        }

    def add_custom_code(self) -> list[str]:
        return [SINGLE_KEYS, MARKS, _CODE]
