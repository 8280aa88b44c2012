"""Keys of a whole page.

focus_key(key, target)      pressing `key` puts the cursor into the field with that id
"""

from typing import Any

import reflex as rx

_CODE = """
function UpstageFocusKey({shortcut, target}) {
  useEffect(() => {
    const pressed = (event) => {
      if (event.key !== shortcut || event.ctrlKey || event.metaKey || event.altKey) return
      const at = event.target
      if (at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName)) return
      if (document.querySelector("[role=dialog], [role=menu]")) return
      const field = document.getElementById(target)
      if (!field) return
      event.preventDefault()
      field.focus()
      field.select?.()
    }
    document.addEventListener("keydown", pressed)
    return () => document.removeEventListener("keydown", pressed)
  }, [shortcut, target])
  return null
}
"""


def focus_key(key: str, target: str) -> rx.Component:
    """Return what binds `key` while this page is open; it draws nothing.

    It does nothing inside a field, over a dialog or with a modifier held, so it never takes a
    letter from somebody who writes.
    """
    return _FocusKey.create(shortcut=key, target=target)


class _FocusKey(rx.Component):
    """A listener in the browser: no event reaches the server."""

    tag = "UpstageFocusKey"

    shortcut: rx.Var[str]
    target: rx.Var[str]

    def add_imports(self) -> dict[str, Any]:
        return {"react": ["useEffect"]}

    def add_custom_code(self) -> list[str]:
        return [_CODE]
