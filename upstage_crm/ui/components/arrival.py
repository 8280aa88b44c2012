"""What a browser does when a page of the app has arrived: it names the page, and takes the focus.

arrival(at, title)      the title of the document; after a navigation the focus goes to the heading

A browser does both for a document that it loads. Where the app turns to another page by itself,
the focus would stay on nothing, and a screen reader would say nothing.
"""

from typing import Any

import reflex as rx

from upstage_crm.ui.components.base import Text

_CODE = """
function UpstageArrival({at, title, named}) {
  // Before the next frame is drawn: no record's name stands over the page of another one.
  useLayoutEffect(() => {
    if (named) document.title = (at && title) || "UpStage CRM"
  }, [at, title, named])
  useEffect(() => {
    if (!at) return
    // Each page is a module of its own, so what they share belongs to the window.
    const isTurn = window.upstagePage && window.upstagePage !== at
    window.upstagePage = at
    const heading = document.querySelector("#main h1")
    if (!isTurn || !heading || document.activeElement !== document.body) return
    heading.tabIndex = -1
    heading.focus({preventScroll: true})
  }, [at])
  return null
}
"""


def arrival(at: Text, title: Text | None = None) -> rx.Component:
    """Return what draws nothing. `at` is the page's path once its content is there, "" before.

    `title` names the document, where it differs from record to record; None leaves it alone.
    """
    return _Arrival.create(at=at, title="" if title is None else title, named=title is not None)


class _Arrival(rx.Component):
    """Acts in the browser: no event reaches the server."""

    tag = "UpstageArrival"

    at: rx.Var[str]
    title: rx.Var[str]
    named: rx.Var[bool]

    def add_imports(self) -> dict[str, Any]:
        return {"react": ["useEffect", "useLayoutEffect"]}

    def add_custom_code(self) -> list[str]:
        return [_CODE]
