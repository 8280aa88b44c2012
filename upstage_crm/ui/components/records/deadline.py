"""How much time is left.

deadline_chip(words, *, absolute, urgent)        "6 days left"; the full instant on hover and focus
countdown_button(label, *, waiting, seconds, until, on_click)            opens when a wait is over
"""

from typing import Any, cast

import reflex as rx

from upstage_crm.ui.components.base import Flag, Text, text_if
from upstage_crm.ui.components.button import Variant
from upstage_crm.ui.components.records.status import chip
from upstage_crm.ui.components.tabs import tooltip

_CODE = """
function UpstageCountdown({seconds, until, label, waiting, variant, onClick}) {
  const [left, setLeft] = useState(seconds)
  useEffect(() => {
    const start = performance.now()
    const look = () => setLeft(Math.max(0, Math.ceil(seconds - (performance.now() - start) / 1000)))
    look()
    if (seconds <= 0) return
    const timer = setInterval(look, 500)
    return () => clearInterval(timer)
  }, [seconds, until])
  const clock = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`
  const className = `u-btn u-btn-${variant} u-btn-medium u-num`
  return jsx("button", {type: "button", disabled: left > 0, onClick, className},
    left > 0 ? `${waiting} ${clock}` : label)
}
"""


def deadline_chip(words: Text, *, absolute: Text, urgent: Flag = False) -> rx.Component:
    """Return what is left of a time, quiet until `urgent`; `absolute` shows on hover and focus."""
    tone = cast("rx.Var[str]", text_if(urgent, "danger", "neutral"))
    return tooltip(absolute, chip(words, icon="clock", tone=tone))


def countdown_button(
    label: Text,
    *,
    waiting: Text,
    seconds: int | rx.Var[int],
    until: Text,
    on_click: Any,
    variant: Variant = "secondary",
) -> rx.Component:
    """Return a button that is disabled for `seconds` and counts them down after `waiting`.

    The browser counts from when it learns of the wait, so its clock need not be right. `until`
    (any text that differs from wait to wait) starts the count anew. The server refuses on its own.
    """
    return _Countdown.create(
        label=label,
        waiting=waiting,
        seconds=seconds,
        until=until,
        variant=variant,
        on_click=on_click,
    )


class _Countdown(rx.Component):
    """Counts in the browser: only the press itself reaches the server."""

    tag = "UpstageCountdown"

    label: rx.Var[str]
    waiting: rx.Var[str]
    seconds: rx.Var[int]
    until: rx.Var[str]
    variant: rx.Var[str]

    def add_imports(self) -> dict[str, Any]:
        return {"react": ["useState", "useEffect"], "@emotion/react": "jsx"}

    def add_custom_code(self) -> list[str]:
        return [_CODE]
