"""What a page tells the browser about its document.

document_of(lang, dir, title)     sets `<html lang dir>` and the title to the reader's
broken_boundary(fallback)         shows `fallback` in place of a page whose script failed
"""

from typing import Any

import reflex as rx
from reflex_components_core.base.error_boundary import ErrorBoundary

from upstage_crm.ui.components.base import Text

_CODE = """
function UpstageDocument({lang, dir, title}) {
  useEffect(() => {
    if (!title) return
    document.documentElement.lang = lang
    document.documentElement.dir = dir
    document.title = title
  }, [lang, dir, title])
  return null
}
"""


class _Document(rx.Component):
    """Draws nothing. A page is built once for every reader; here its document learns the rest."""

    tag = "UpstageDocument"

    lang: rx.Var[str]
    dir: rx.Var[str]
    title: rx.Var[str]

    def add_imports(self) -> dict[str, Any]:
        return {"react": ["useEffect"]}

    def add_custom_code(self) -> list[str]:
        return [_CODE]


def document_of(*, lang: Text, dir: Text, title: Text) -> rx.Component:
    """Return what gives the document a language, a direction and a title, once `title` is known."""
    return _Document.create(lang=lang, dir=dir, title=title)


def broken_boundary(fallback: rx.Component) -> rx.Component:
    """Return the boundary around the app. It reports what failed, and never shows it.

    Reflex's own boundary shows the stack trace to the visitor.
    """
    return ErrorBoundary.create(fallback_render=rx.Var.create(fallback))
