"""A small box that offers values as one types: a combobox over its own list.

suggest_box(label, *, placeholder, found, asked, on_ask, on_pick, id, shows_label, then)

Arrow keys move, Enter picks, Escape closes and then empties. The answer of the server is shown
under exactly the words that it was found for; Enter before the answer picks its first value.
"""

from typing import Any

import reflex as rx
from reflex_base.event import passthrough_event_spec

from upstage_crm.ui.components.base import Text

PAUSE_MS = 60


def suggest_box(
    label: Text,
    *,
    placeholder: Text,
    found: Any,
    asked: Text,
    on_ask: Any,
    on_pick: Any,
    id: str,
    shows_label: bool = False,
    then: str = "",
) -> rx.Component:
    """Return the box. `found` are rows with `name`, `group`, `words` and `detail` for `asked`.

    `on_ask` gets what is typed, `on_pick` the `name` and the `words` of the row that is picked.
    `then` is the id of the field that has the focus after a pick, at once; without it, this one.
    """
    return _Suggest.create(
        label=label,
        placeholder=placeholder,
        found=found,
        asked=asked,
        box=id,
        shows_label=shows_label,
        then=then,
        on_ask=on_ask,
        on_pick=on_pick,
    )


_CODE = """
function UpstageSuggest({box, label, showsLabel, then, placeholder, found, asked, onAsk, onPick}) {
  const field = useRef(null)
  const timer = useRef(0)
  const picks = useRef(false)
  const [typed, setTyped] = useState("")
  const [isOpen, setOpen] = useState(false)
  const [place, setPlace] = useState(0)
  const words = typed.trim()
  const isAnswered = asked === words
  const shown = words && isAnswered ? found : []
  const isShown = isOpen && Boolean(words) && isAnswered
  const current = Math.min(place, shown.length - 1)

  const type = (text) => {
    setTyped(text)
    setPlace(0)
    setOpen(true)
    picks.current = false
    clearTimeout(timer.current)
    timer.current = setTimeout(() => onAsk(text.trim()), PAUSE)
  }
  const pick = (one) => {
    if (!one) return
    clearTimeout(timer.current)
    setTyped("")
    setOpen(false)
    onPick(one.name, one.words)
    const next = document.getElementById(then) ?? field.current
    next.focus()
  }
  useEffect(() => {
    if (!isAnswered) return
    // The window may have lost the focus meanwhile, which closed the list, and had it back.
    if (words && document.activeElement === field.current) setOpen(true)
    // Enter was pressed before the answer was there.
    if (!picks.current) return
    picks.current = false
    pick(shown[0])
  }, [isAnswered])
  useEffect(() => () => clearTimeout(timer.current), [])
  const press = (event) => {
    if (event.nativeEvent.isComposing) return
    const steps = {ArrowDown: 1, ArrowUp: -1}
    if (event.key in steps && shown.length) {
      event.preventDefault()
      if (!isOpen) return setOpen(true)
      setPlace((current + steps[event.key] + shown.length) % shown.length)
    }
    if (event.key === "Enter" && words) {
      event.preventDefault()
      if (isAnswered) pick(shown[current])
      else picks.current = true
    }
    if (event.key === "Escape" && typed) {
      event.preventDefault()
      event.stopPropagation()
      if (isShown) setOpen(false)
      else setTyped("")
    }
  }
  const groups = []
  shown.forEach((one, at) => {
    if (groups.at(-1)?.name !== one.group) groups.push({name: one.group, options: []})
    groups.at(-1).options.push(jsx("div", {key: `${one.name} ${one.words}`, id: `${box}-${at}`,
      role: "option", "aria-selected": at === current, className: "u-palette-option",
      onPointerMove: () => at !== current && setPlace(at),
      onPointerDown: (event) => event.preventDefault(), onClick: () => pick(one)},
      jsx("bdi", {className: "u-palette-words"}, one.words),
      one.detail && jsx("span", {className: "u-count"}, one.detail)))
  })
  const said = !isShown ? "" : shown.length
    ? `${shown.length} ${shown.length === 1 ? "result" : "results"}` : "Nothing starts like this."

  return jsx("div", {className: "u-suggest"},
    jsx("label", {htmlFor: box, className: showsLabel ? "u-label" : "u-hidden"}, label),
    jsx("input", {ref: field, id: box, type: "text", role: "combobox", value: typed, placeholder,
      className: "u-input", autoComplete: "off", spellCheck: false, maxLength: 80,
      "aria-expanded": isShown && shown.length > 0, "aria-controls": `${box}-list`,
      "aria-autocomplete": "list",
      "aria-activedescendant": isShown && shown.length ? `${box}-${current}` : undefined,
      onChange: (event) => type(event.target.value), onKeyDown: press,
      onFocus: () => setOpen(true), onBlur: () => setOpen(false)}),
    jsx("div", {id: `${box}-list`, role: "listbox", "aria-label": label,
      className: "u-menu u-suggest-list", hidden: !isShown || !shown.length},
      groups.map((group) => jsx("div", {key: group.name, role: "group", "aria-label": group.name},
        jsx("p", {className: "u-menu-heading", "aria-hidden": true}, group.name), group.options))),
    jsx("p", {role: "status", className: shown.length || !said ? "u-hidden"
      : "u-menu u-suggest-list u-muted"}, said))
}
""".replace("PAUSE", str(PAUSE_MS))


class _Suggest(rx.Component):
    """The box in the browser; what is typed and what is picked reach the server."""

    tag = "UpstageSuggest"

    label: rx.Var[str]
    placeholder: rx.Var[str]
    found: rx.Var[list[Any]]
    asked: rx.Var[str]
    box: rx.Var[str]
    shows_label: rx.Var[bool]
    then: rx.Var[str]

    on_ask: rx.EventHandler[passthrough_event_spec(str)]
    on_pick: rx.EventHandler[passthrough_event_spec(str, str)]

    def add_imports(self) -> dict[str, Any]:
        return {"react": ["useEffect", "useRef", "useState"], "@emotion/react": "jsx"}

    def add_custom_code(self) -> list[str]:
        return [_CODE]
