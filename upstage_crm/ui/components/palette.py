"""The command palette: one box that finds records, pages and what can be done on this page.

palette(places, found, asked, on_ask, at, title)     the button that opens it, and the palette

Ctrl+K or ⌘K opens it over any page. Arrow keys move, Enter goes, Ctrl+Enter opens a new tab,
Escape closes. Pages, the actions of the page beneath it (the buttons of its header and its rows)
and the records that this tab has shown are known to the browser; the rest is asked of the server,
whose answer is shown under exactly the words that it was found for.

No record's name is kept in the browser's storage: what was shown lately is forgotten with the
document.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import reflex as rx
from reflex_base.event import passthrough_event_spec

from upstage_crm.ui.components.base import Text

SEARCH_PAUSE_MS = 60
RECENT = 6  # records that were shown lately


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A page that the palette leads to. `also` are other words by which it is found."""

    words: str
    href: str
    icon: str
    also: str = ""
    key: str = ""


def palette(
    places: Sequence[Place],
    *,
    allowed: Any,
    found: Any,
    asked: Text,
    on_ask: Any,
    at: Text,
    title: Text,
) -> rx.Component:
    """Return the palette with its button.

    Of `places` those are offered whose `key` is empty or in `allowed`. `found` are rows with
    `group`, `words`, `detail`, `icon` and `href` for the words `asked`; `on_ask` gets what is
    typed. `title` names the record that is shown at `at`, empty for a page without one.
    """
    return _Palette.create(
        places=[
            {"words": p.words, "href": p.href, "icon": p.icon, "also": p.also, "key": p.key}
            for p in places
        ],
        allowed=allowed,
        found=found,
        asked=asked,
        on_ask=on_ask,
        at=at,
        title=title,
    )


_CODE = """
const upstagePaletteKeys = (event) => (event.ctrlKey || event.metaKey) && !event.altKey
  && !event.shiftKey && event.key.toLowerCase() === "k"

const upstageFolded = (text) => text.normalize("NFKD").replace(/\\p{M}/gu, "").toLowerCase()

// 2: every word begins a word; 1: every word's letters come in this order; 0: neither.
function upstageFits(typed, text) {
  const words = upstageFolded(typed).split(/\\s+/).filter(Boolean)
  const folded = upstageFolded(text)
  const parts = folded.split(/[^\\p{L}\\p{N}]+/u)
  if (words.every((word) => parts.some((part) => part.startsWith(word)))) return 2
  const runs = (word) => {
    let at = -1
    return [...word].every((sign) => (at = folded.indexOf(sign, at + 1)) >= 0)
  }
  return words.every((word) => word.length > 2 && runs(word)) ? 1 : 0
}

function UpstagePalette({places, allowed, found, asked, onAsk, at, title}) {
  const box = useRef(null)
  const field = useRef(null)
  const timer = useRef(0)
  const goes = useRef(false)
  const [isOpen, setOpen] = useState(false)
  const [typed, setTyped] = useState("")
  const [picked, setPicked] = useState(0)
  const [actions, setActions] = useState([])
  const [recent, setRecent] = useState([])
  const [shortcut, setShortcut] = useState("Ctrl K")
  const navigate = useNavigate()
  const words = typed.trim()
  const isAnswered = !words || asked === words

  useEffect(() => {
    if (!at || !title) return
    const before = (window.upstageRecent || []).filter((one) => one.href !== at)
    window.upstageRecent = [{href: at, words: title.split(" · ")[0]}, ...before].slice(0, RECENT)
  }, [at, title])

  const open = () => {
    const seen = ["#main .u-title-actions a, #main .u-title-actions button",
      "#main .u-row-action button", "#main .u-card-head button, #main .u-facts button"]
      .flatMap((where) => [...document.querySelectorAll(where)])
    setActions(seen.filter((one) => !one.disabled && !one.ariaHasPopup && one.textContent.trim())
      .map((one) => ({group: "On this page", words: one.textContent.trim(), icon: "arrow-right",
        press: () => one.click()})))
    setRecent((window.upstageRecent || []).filter((one) => one.href !== window.location.pathname)
      .map((one) => ({...one, group: "Recent", icon: "history"})))
    setTyped("")
    setPicked(0)
    setOpen(true)
  }
  useEffect(() => {
    const pressed = (event) => {
      if (!upstagePaletteKeys(event)) return
      event.preventDefault()
      if (box.current?.open) return box.current.close()
      if (!document.querySelector("[role=dialog], [role=alertdialog]")) open()
    }
    if (/Mac|iPhone|iPad/.test(navigator.platform)) setShortcut("⌘K")
    document.addEventListener("keydown", pressed)
    return () => document.removeEventListener("keydown", pressed)
  }, [])
  useEffect(() => {
    if (!isOpen || box.current.open) return
    box.current.showModal()
    field.current.focus()
  }, [isOpen])
  useEffect(() => box.current?.close(), [at])

  const fitting = (list) => {
    if (!words) return list
    const fits = list.map((one) => [upstageFits(words, `${one.words} ${one.also || ""}`), one])
    const best = Math.max(1, ...fits.map(([fit]) => fit))
    return fits.filter(([fit]) => fit === best).map(([_, one]) => one)
  }
  const sheet = {group: "Go to", words: "Keyboard shortcuts", icon: "circle-question-mark",
    also: "keys", press: () => document.dispatchEvent(new Event("upstage-shortcuts"))}
  const pages = places.filter((one) => !one.key || allowed.includes(one.key))
    .map((one) => ({...one, group: "Go to"}))
  const records = words && isAnswered ? found : []
  const known = new Set(records.map((one) => one.href))
  const shown = [...fitting(actions), ...records,
    ...fitting(recent).filter((one) => !known.has(one.href)), ...fitting([...pages, sheet])]
  const current = Math.min(picked, shown.length - 1)

  const type = (text) => {
    setTyped(text)
    setPicked(0)
    goes.current = false
    clearTimeout(timer.current)
    timer.current = setTimeout(() => onAsk(text.trim()), PAUSE)
  }
  const go = (one, apart) => {
    if (!one) return
    if (apart && one.href) return window.open(one.href, "_blank", "noopener")
    box.current.close()
    // The button is pressed when the palette has given the focus back.
    if (one.press) setTimeout(one.press, 0)
    else navigate(one.href)
  }
  useEffect(() => {
    // Enter was pressed before the answer was there.
    if (isOpen && isAnswered && goes.current) {
      goes.current = false
      go(shown[0])
    }
  }, [isAnswered, isOpen])
  const press = (event) => {
    if (event.nativeEvent.isComposing) return
    const steps = {ArrowDown: 1, ArrowUp: -1}
    if (event.key in steps && shown.length) {
      event.preventDefault()
      setPicked((current + steps[event.key] + shown.length) % shown.length)
    }
    if (event.key === "Enter") {
      event.preventDefault()
      if (isAnswered || current > 0) go(shown[current], event.ctrlKey || event.metaKey)
      else goes.current = true
    }
  }
  useEffect(() => {
    document.getElementById(`palette-${current}`)?.scrollIntoView({block: "nearest"})
  }, [current])
  const closed = () => {
    clearTimeout(timer.current)
    setOpen(false)
    if (typed) onAsk("")
  }

  const image = (name) => jsx("svg", {className: "u-icon", width: 16, height: 16,
    "aria-hidden": true}, jsx("use", {href: `/icons.svg#${name}`}))
  const option = (one, place) => jsx(one.href ? "a" : "div", {
    key: `${one.group} ${one.href || place}`, id: `palette-${place}`, role: "option",
    "aria-selected": place === current, tabIndex: -1, href: one.href, className: "u-palette-option",
    onPointerMove: () => place !== current && setPicked(place),
    onClick: (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return
      event.preventDefault()
      go(one)
    },
  }, image(one.icon), jsx("bdi", {className: "u-palette-words"}, one.words),
    one.detail && jsx("bdi", {className: "u-palette-detail"}, one.detail))
  const groups = []
  shown.forEach((one, place) => {
    if (groups.at(-1)?.name !== one.group) groups.push({name: one.group, options: []})
    groups.at(-1).options.push(option(one, place))
  })
  const count = words && isAnswered
    ? `${shown.length} ${shown.length === 1 ? "result" : "results"}` : ""

  return jsx(Fragment, null,
    jsx("button", {type: "button", onClick: open, className: "u-palette-button",
      "aria-haspopup": "dialog"}, image("search"), jsx("span", null, "Search…"),
      jsx("kbd", {className: "u-kbd", "aria-hidden": true}, shortcut)),
    isOpen && createPortal(jsx("dialog", {ref: box, className: "u-palette", onClose: closed,
      "aria-label": "Search or go to",
      onClick: (event) => event.target === box.current && box.current.close()},
      jsx("div", {className: "u-palette-box"},
        jsx("div", {className: "u-palette-head"}, image("search"),
          jsx("input", {ref: field, type: "text", role: "combobox", value: typed,
            className: "u-palette-input", autoComplete: "off", spellCheck: false, maxLength: 100,
            placeholder: "A name, an email, a number, a page", "aria-label": "Search or go to",
            "aria-expanded": true, "aria-controls": "palette-list", "aria-autocomplete": "list",
            "aria-activedescendant": shown.length ? `palette-${current}` : undefined,
            onChange: (event) => type(event.target.value), onKeyDown: press})),
        jsx("div", {id: "palette-list", role: "listbox", "aria-label": "Results",
          "aria-busy": !isAnswered, className: "u-palette-list", tabIndex: -1},
          groups.map((group) => jsx("div", {key: group.name, role: "group",
            "aria-label": group.name}, jsx("p", {className: "u-palette-group",
            "aria-hidden": true}, group.name), group.options))),
        isAnswered && !shown.length && jsx("p", {className: "u-palette-nothing"},
          "Nothing fits these words. Try fewer letters, or a part of the email."),
        jsx("p", {role: "status", className: "u-hidden"}, count),
        jsx("p", {className: "u-palette-foot", "aria-hidden": true},
          jsx("span", null, jsx("kbd", {className: "u-kbd"}, "↑"),
            jsx("kbd", {className: "u-kbd"}, "↓"), " choose"),
          jsx("span", null, jsx("kbd", {className: "u-kbd"}, "Enter"), " go"),
          jsx("span", null, jsx("kbd", {className: "u-kbd"}, "Esc"), " close"))),
    ), document.body))
}
""".replace("PAUSE", str(SEARCH_PAUSE_MS)).replace("RECENT", str(RECENT))


class _Palette(rx.Component):
    """The palette in the browser; only what is typed reaches the server."""

    tag = "UpstagePalette"

    places: rx.Var[list[dict[str, str]]]
    allowed: rx.Var[list[str]]
    found: rx.Var[list[Any]]
    asked: rx.Var[str]
    at: rx.Var[str]
    title: rx.Var[str]

    on_ask: rx.EventHandler[passthrough_event_spec(str)]

    def add_imports(self) -> dict[str, Any]:
        return {
            "react": ["Fragment", "useEffect", "useRef", "useState"],
            "react-dom": ["createPortal"],
            "react-router": ["useNavigate"],
            "@emotion/react": "jsx",
        }

    def add_custom_code(self) -> list[str]:
        return [_CODE]
