"""The page at `/box-office/display/`: what the customer pays, on a second screen.

till_display()      draws it
till_broadcast(...) tells it, from the page of the till

Both are windows of one browser, so nothing of a sale goes to a server or to another till.
"""

from typing import Any

import reflex as rx

from upstage_crm.admin.guard import AdminState
from upstage_crm.box_office.till.display_state import TillDisplayState as State
from upstage_crm.box_office.till.till_frame import till_sheet
from upstage_crm.pages.view import page_here
from upstage_crm.ui.components.arrival import arrival
from upstage_crm.ui.components.base import Child, Text
from upstage_crm.ui.components.here import HERE_PATH

_CHANNEL = "upstage-till"
_TELL = """
function UpstageTillBroadcast({title, lines, due, sold, change}) {
  useEffect(() => {
    const channel = new BroadcastChannel("CHANNEL")
    const tell = () => channel.postMessage({kind: "sale", title, due, sold, change,
      lines: lines.map(({key, place, type, amount}) => ({key, place, type, amount}))})
    channel.onmessage = (event) => event.data?.kind === "ask" && tell()
    tell()
    return () => channel.close()
  }, [title, lines, due, sold, change])
  return null
}
""".replace("CHANNEL", _CHANNEL)
_SHOW = """
function UpstageTillDisplay({organisation}) {
  const [sale, setSale] = useState({lines: []})
  useEffect(() => {
    const channel = new BroadcastChannel("CHANNEL")
    channel.onmessage = (event) => event.data?.kind === "sale" && setSale(event.data)
    channel.postMessage({kind: "ask"})
    return () => channel.close()
  }, [])
  const {lines, title, due, sold, change} = sale
  if (sold && !lines.length) return jsx("div", {className: "u-display"},
    jsx("p", {className: "u-display-words"}, "Thank you"),
    change && jsx("p", {className: "u-display-words"}, "Change ",
      jsx("strong", {className: "u-num"}, change)))
  if (!lines.length) return jsx("div", {className: "u-display"},
    jsx("p", {className: "u-display-words"}, organisation))
  return jsx("div", {className: "u-display"},
    jsx("p", {className: "u-display-title"}, title),
    jsx("ul", {className: "u-display-lines"}, lines.map((one) => jsx("li", {key: one.key},
      jsx("span", null, one.place), jsx("span", {className: "u-muted"}, one.type),
      jsx("span", {className: "u-num"}, one.amount)))),
    jsx("p", {className: "u-display-total"}, "To pay ",
      jsx("strong", {className: "u-num"}, due)))
}
""".replace("CHANNEL", _CHANNEL)


def page() -> rx.Component:
    """Return the page."""
    is_here = State.path == HERE_PATH
    return rx.el.div(
        till_sheet(),
        arrival(rx.cond(is_here, State.path, ""), "Your tickets"),
        rx.el.main(
            rx.el.h1("Your tickets", class_name="u-hidden"),
            page_here(State, _Display.create(organisation=AdminState.organisation), rx.fragment()),
            id="main",
            tab_index=-1,
            aria_live="polite",
            class_name="u-display-page",
        ),
        data_hydrated=rx.cond(rx.State.is_hydrated, "true", "false"),
    )


def till_broadcast(title: Text, lines: Any, due: Text, sold: Text, change: Text) -> Child:
    """Return what tells the customer's screen of the sale; it draws nothing."""
    return _Broadcast.create(title=title, lines=lines, due=due, sold=sold, change=change)


class _Broadcast(rx.Component):
    tag = "UpstageTillBroadcast"

    title: rx.Var[str]
    lines: rx.Var[list[Any]]
    due: rx.Var[str]
    sold: rx.Var[str]
    change: rx.Var[str]

    def add_imports(self) -> dict[str, Any]:
        return {"react": ["useEffect"]}

    def add_custom_code(self) -> list[str]:
        return [_TELL]


class _Display(rx.Component):
    tag = "UpstageTillDisplay"

    organisation: rx.Var[str]

    def add_imports(self) -> dict[str, Any]:
        return {"react": ["useEffect", "useState"], "@emotion/react": "jsx"}

    def add_custom_code(self) -> list[str]:
        return [_SHOW]
