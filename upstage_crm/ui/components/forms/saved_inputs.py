"""What a refused sign-in does not make people type again: the name, which was mostly right.

keep_typed(field)      what is typed into the field with this id is there again after a refusal

The form is posted by the browser itself, so the page behind it begins empty. The name stays in the
browser's own tab, and leaves it with the tab: no cookie, address or log ever holds it.
"""

from typing import Any

import reflex as rx

from upstage_crm.ui.components.base import Flag, Text

# A browser may refuse the storage: then the name is typed again.
_CODE = """
function UpstageKeepTyped({field, isRefused}) {
  useEffect(() => {
    const input = document.getElementById(field)
    if (!input) return
    const note = () => {
      try { sessionStorage.setItem(field, input.value) } catch {}
    }
    input.form.addEventListener("submit", note)
    return () => input.form?.removeEventListener("submit", note)
  }, [field])
  useEffect(() => {
    const input = document.getElementById(field)
    if (!isRefused || !input || input.value) return
    try { input.value = sessionStorage.getItem(field) || "" } catch {}
    if (input.value) input.form.querySelector("input[type=password]")?.focus()
  }, [field, isRefused])
  return null
}
"""


def keep_typed(field: Text, *, is_refused: Flag) -> rx.Component:
    """Return what draws nothing. After a refusal the focus goes to the password of the form."""
    return _KeepTyped.create(field=field, is_refused=is_refused)


class _KeepTyped(rx.Component):
    """Acts in the browser: no event reaches the server."""

    tag = "UpstageKeepTyped"

    field: rx.Var[str]
    is_refused: rx.Var[bool]

    def add_imports(self) -> dict[str, Any]:
        return {"react": ["useEffect"]}

    def add_custom_code(self) -> list[str]:
        return [_CODE]
