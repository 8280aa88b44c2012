"""What a browser does when a page of the app has arrived: it names the page, and takes the focus.

arrival(at, title)      the title of the document; after a navigation the focus goes to the heading
keep_place(is_shown)    after Back or Forward a list stands where it was left, once it is drawn
focus_on(place)         the focus goes to an element that the server names, once it is drawn

A browser does the first two for a document that it loads. Where the app turns to another page by
itself, the focus would stay on nothing, and a screen reader would say nothing.
"""

from typing import Any

import reflex as rx

from upstage_crm.ui.components.base import Flag, Text

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

# React Router restores the place at once, when a list that is read again has no rows yet. A layout
# effect, because it ends before the router puts the next page to its top.
_PLACE = """
function UpstageKeepPlace({isShown}) {
  const {key} = useLocation()
  const isBack = useNavigationType() === "POP"
  useLayoutEffect(() => {
    if (!isShown) return
    const places = window.upstagePlaces ??= new Map()
    if (isBack && places.has(key)) window.scrollTo(0, places.get(key))
    const note = () => places.set(key, window.scrollY)
    window.addEventListener("scroll", note, {passive: true})
    return () => window.removeEventListener("scroll", note)
  }, [key, isShown])
  return null
}
"""

_FOCUS = """
function UpstageFocusOn({place}) {
  const known = useRef(place)
  useEffect(() => {
    if (known.current === place) return
    known.current = place
    const id = place.split("#")[0]
    if (id) document.getElementById(id)?.focus()
  }, [place])
  return null
}
"""


def arrival(at: Text, title: Text | None = None) -> rx.Component:
    """Return what draws nothing. `at` is the page's path once its content is there, "" before.

    `title` names the document, where it differs from record to record; None leaves it alone.
    """
    return _Arrival.create(at=at, title="" if title is None else title, named=title is not None)


def focus_on(place: Text) -> rx.Component:
    """Return what draws nothing. `place` is an id, `#` and a number that differs each time.

    Reflex's own event may look for the element before the answer that brings it has been drawn.
    """
    return _FocusOn.create(place=place)


def keep_place(is_shown: Flag) -> rx.Component:
    """Return what draws nothing; `is_shown` says that the rows of this address are drawn."""
    return _KeepPlace.create(is_shown=is_shown)


class _KeepPlace(rx.Component):
    """Acts in the browser: no event reaches the server, and nothing outlives the document."""

    tag = "UpstageKeepPlace"

    is_shown: rx.Var[bool]

    def add_imports(self) -> dict[str, Any]:
        return {"react": ["useLayoutEffect"], "react-router": ["useLocation", "useNavigationType"]}

    def add_custom_code(self) -> list[str]:
        return [_PLACE]


class _FocusOn(rx.Component):
    """Acts in the browser: no event reaches the server."""

    tag = "UpstageFocusOn"

    place: rx.Var[str]

    def add_imports(self) -> dict[str, Any]:
        return {"react": ["useEffect", "useRef"]}

    def add_custom_code(self) -> list[str]:
        return [_FOCUS]


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
