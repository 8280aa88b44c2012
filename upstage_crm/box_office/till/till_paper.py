"""What the browser prints at a till: tickets and reports on paper of 80 mm.

print_button(what)      prints what the page has for paper; by itself, too, where that is chosen
paper(tickets)          the tickets, which are seen on paper only
"""

from typing import Any

import reflex as rx

from upstage_crm.ui.components.base import Child, Text, filled, show_if

_CODE = """
const upstagePrints = "upstage-till-prints"

function UpstagePrint({what}) {
  const [isOn, setOn] = useState(false)
  const done = useRef("")
  useEffect(() => {
    try { setOn(localStorage.getItem(upstagePrints) === "1") } catch { setOn(false) }
  }, [])
  useEffect(() => {
    if (!what || done.current === what) return
    done.current = what
    let isChosen = false
    try { isChosen = localStorage.getItem(upstagePrints) === "1" } catch { isChosen = false }
    if (isChosen) requestAnimationFrame(() => window.print())
  }, [what])
  const turn = (event) => {
    setOn(event.target.checked)
    try {
      if (event.target.checked) localStorage.setItem(upstagePrints, "1")
      else localStorage.removeItem(upstagePrints)
    } catch { setOn(false) }
  }
  return jsx("div", {className: "u-inline"},
    jsx("button", {type: "button", className: "u-btn u-btn-secondary u-btn-small",
      onClick: () => window.print()}, "Print"),
    jsx("label", {className: "u-inline u-muted"},
      jsx("input", {type: "checkbox", checked: isOn, onChange: turn}), "at once"))
}
"""


def print_button(what: Text) -> rx.Component:
    """Return the button; `what` is another text for each thing that is to be printed."""
    return _Print.create(what=what)


def paper(tickets: Any) -> Child:
    """Return the tickets for paper, one piece each."""
    return rx.el.div(rx.foreach(tickets, _ticket), aria_hidden="true", class_name="u-paper")


def _ticket(one: Any) -> rx.Component:
    code = rx.el.div(rx.html(one.code), class_name="u-paper-code")
    mark = rx.el.p(one.mark, class_name="u-paper-reference")
    return rx.el.div(
        show_if(filled(one.mark), mark),
        rx.el.p(one.title, class_name="u-paper-title"),
        rx.el.p(one.time),
        rx.el.p(one.hall),
        rx.el.p(one.place, class_name="u-paper-place"),
        rx.el.p(one.type, " · ", one.amount),
        show_if(filled(one.code), code),
        rx.el.p(one.reference, class_name="u-paper-reference"),
        key=one.id,
        class_name="u-paper-piece",
    )


class _Print(rx.Component):
    """The browser's own print, which goes to the till's printer."""

    tag = "UpstagePrint"

    what: rx.Var[str]

    def add_imports(self) -> dict[str, Any]:
        return {"react": ["useEffect", "useRef", "useState"], "@emotion/react": "jsx"}

    def add_custom_code(self) -> list[str]:
        return [_CODE]
