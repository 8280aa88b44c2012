"""Keys of a whole page.

focus_key(key, target)      pressing `key` puts the cursor into the field with that id
row_keys()                  `j` and `k` go down and up the rows of a list
send_key()                  Ctrl+Enter sends the form that is open
page_keys(acts, places)     one key presses a button of the page, `g` and another goes to a page
shortcut_sheet(keys)        `?` shows what all keys do, and lets them be switched off

Keys of one letter do nothing inside a field, over a dialog or with a modifier held, so they never
take a letter from a staff member who writes. One who speaks to the computer, or rests on the keys,
can switch them off (WCAG 2.1.4); the browser remembers that, and nothing about a person.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import reflex as rx

# What components with keys of their own bring along.
SINGLE_KEYS = """
const upstageKeysOff = "upstage-keys-off"

function upstageHasKeys() {
  try { return !localStorage.getItem(upstageKeysOff) } catch { return true }
}

// Whether a key of one letter is meant for the page, and not for a field or a dialog.
function upstageIsForPage(event) {
  const at = event.target
  return !event.ctrlKey && !event.metaKey && !event.altKey && !at.isContentEditable
    && !at.matches?.("input:not([type=checkbox]), textarea, select") && upstageHasKeys()
    && !document.querySelector("[role=dialog], [role=alertdialog], [role=menu], dialog[open]")
}

function useUpstageKey(act) {
  useEffect(() => {
    const pressed = (event) => { if (upstageIsForPage(event)) act(event) }
    document.addEventListener("keydown", pressed)
    return () => document.removeEventListener("keydown", pressed)
  })
}
"""

_FOCUS = """
function UpstageFocusKey({shortcut, target}) {
  useUpstageKey((event) => {
    const field = event.key === shortcut && document.getElementById(target)
    if (!field) return
    event.preventDefault()
    field.focus()
    field.select?.()
  })
  return null
}
"""

_ROWS = """
function UpstageRowKeys() {
  useUpstageKey((event) => {
    const step = {j: 1, k: -1}[event.key]
    const links = [...document.querySelectorAll("#main .u-row-link")]
    if (!step || !links.length) return
    event.preventDefault()
    const row = document.activeElement.closest("tr, li")
    const at = links.findIndex((link) => link === document.activeElement || row?.contains(link))
    const to = at < 0 ? (step > 0 ? 0 : links.length - 1) : at + step
    const next = links[Math.max(0, Math.min(links.length - 1, to))]
    next.focus({preventScroll: true, focusVisible: true})
    next.scrollIntoView({block: "nearest"})
  })
  return null
}
"""

_SEND = """
function UpstageSendKey() {
  useEffect(() => {
    const pressed = (event) => {
      const isSend = event.key === "Enter" && (event.ctrlKey || event.metaKey)
      if (!isSend || event.repeat || event.isComposing) return
      const open = document.querySelectorAll("[role=dialog] form")
      const form = event.target.closest("form") || (open.length === 1 && open[0])
      if (!form) return
      event.preventDefault()  // else an input would send its form a second time
      const send = form.querySelector("button[type=submit]")
      if (send) send.click()  // as a press would, so a button that is off stays off
      else form.requestSubmit()
    }
    document.addEventListener("keydown", pressed)
    return () => document.removeEventListener("keydown", pressed)
  }, [])
  return null
}
"""

_PAGE = """
function UpstagePageKeys({acts, places}) {
  const goes = useRef(false)
  const navigate = useNavigate()
  useUpstageKey((event) => {
    const isSecond = goes.current
    goes.current = event.key === "g" && !isSecond
    if (isSecond) {
      const place = places[event.key]
      const link = place && document.querySelector(`.u-side a[href="${place}"]`)
      if (!link) return
      event.preventDefault()
      return navigate(place)
    }
    const buttons = [...document.querySelectorAll("#main .u-title-actions button, "
      + "#main .u-card-head button, #main .u-title-actions a")]
    const words = acts[event.key]
    const act = words && buttons.find((one) => !one.disabled
      && words.some((each) => one.textContent.trim() === each))
    if (!act) return
    event.preventDefault()
    act.click()
  })
  return null
}
"""

_SHEET = """
function UpstageShortcutSheet({keys}) {
  const box = useRef(null)
  const [isOpen, setOpen] = useState(false)
  const [isOn, setOn] = useState(true)
  const open = () => { setOn(upstageHasKeys()); setOpen(true) }
  useUpstageKey((event) => event.key === "?" && open())
  useEffect(() => {
    document.addEventListener("upstage-shortcuts", open)
    return () => document.removeEventListener("upstage-shortcuts", open)
  }, [])
  useEffect(() => { if (isOpen && !box.current.open) box.current.showModal() }, [isOpen])
  const turn = (event) => {
    setOn(event.target.checked)
    try {
      if (event.target.checked) localStorage.removeItem(upstageKeysOff)
      else localStorage.setItem(upstageKeysOff, "1")
    } catch { setOn(true) }
  }
  if (!isOpen) return null
  const shut = () => box.current.close()
  return createPortal(jsx("dialog", {ref: box, className: "u-palette",
    "aria-labelledby": "keys-title", onClose: () => setOpen(false),
    onClick: (event) => event.target === box.current && shut()},
    jsx("div", {className: "u-palette-box u-keys"},
      jsx("h2", {id: "keys-title", className: "u-dialog-title"}, "Keyboard shortcuts"),
      jsx("dl", {className: "u-keys-list"}, keys.map(([pressed, does]) => jsx("div", {key: pressed},
        jsx("dt", null, pressed.split(" ").map((one) => jsx("kbd", {key: one, className: "u-kbd"},
          one))), jsx("dd", null, does)))),
      jsx("label", {className: "u-keys-choice"}, jsx("input", {type: "checkbox", checked: isOn,
        onChange: turn}), "Use the keys of one letter"),
      jsx("div", {className: "u-keys-foot"}, jsx("button", {type: "button", onClick: shut,
        className: "u-btn u-btn-secondary u-btn-medium"}, "Close")))), document.body)
}
"""


def focus_key(key: str, target: str) -> rx.Component:
    """Return what binds `key` while this page is open; it draws nothing."""
    return _FocusKey.create(shortcut=key, target=target)


def row_keys() -> rx.Component:
    """Return what binds `j` and `k` to the rows of the page's list; Enter opens the row."""
    return _RowKeys.create()


def send_key() -> rx.Component:
    """Return what binds Ctrl+Enter (⌘+Enter) to the form that is typed into, or the open one."""
    return _SendKey.create()


def page_keys(acts: Mapping[str, Sequence[str]], places: Mapping[str, str]) -> rx.Component:
    """Return what binds keys to the buttons of a page's header, each by its words.

    `places` are pages of the menu that `g` and then a key go to, as far as the menu has them.
    """
    bound = {key: list(words) for key, words in acts.items()}
    return _PageKeys.create(acts=bound, places=dict(places))


def shortcut_sheet(keys: Sequence[tuple[str, str]]) -> rx.Component:
    """Return the sheet of `keys`, each with what it does; it draws nothing until it is asked for.

    The palette opens it with the event `upstage-shortcuts`.
    """
    return _ShortcutSheet.create(keys=[list(key) for key in keys])


class _Keys(rx.Component):
    """A listener in the browser: no event reaches the server."""

    def add_imports(self) -> dict[str, Any]:
        return {"react": ["useEffect"]}


class _FocusKey(_Keys):
    tag = "UpstageFocusKey"

    shortcut: rx.Var[str]
    target: rx.Var[str]

    def add_custom_code(self) -> list[str]:
        return [SINGLE_KEYS, _FOCUS]


class _RowKeys(_Keys):
    tag = "UpstageRowKeys"

    def add_custom_code(self) -> list[str]:
        return [SINGLE_KEYS, _ROWS]


class _PageKeys(_Keys):
    tag = "UpstagePageKeys"

    acts: rx.Var[dict[str, list[str]]]
    places: rx.Var[dict[str, str]]

    def add_imports(self) -> dict[str, Any]:
        return {"react": ["useEffect", "useRef"], "react-router": ["useNavigate"]}

    def add_custom_code(self) -> list[str]:
        return [SINGLE_KEYS, _PAGE]


class _SendKey(_Keys):
    tag = "UpstageSendKey"

    def add_custom_code(self) -> list[str]:
        return [_SEND]


class _ShortcutSheet(_Keys):
    tag = "UpstageShortcutSheet"

    keys: rx.Var[list[list[str]]]

    def add_imports(self) -> dict[str, Any]:
        return {
            "react": ["useEffect", "useRef", "useState"],
            "react-dom": ["createPortal"],
            "@emotion/react": "jsx",
        }

    def add_custom_code(self) -> list[str]:
        return [SINGLE_KEYS, _SHEET]
