"""A preview beside a list: what a row is about, while the list stays where it is.

preview_keys(*, shown, on_show, on_shut)   Space previews the row that has the focus, Escape ends it
preview_panel(*children, label)            the preview itself

While a preview is open it follows the focus from row to row, so `j` and `k` go through records.
A row is known by the key of its `selection.pick_box`.
"""

from typing import Any

import reflex as rx
from reflex_base.event import no_args_event_spec, passthrough_event_spec

from upstage_crm.ui.components.base import Child
from upstage_crm.ui.components.shortcut import SINGLE_KEYS

_KEYS = """
function UpstagePreviewKeys({shown, onShow, onShut}) {
  const at = () => document.activeElement.matches(".u-row-link") &&
    document.activeElement.closest("tr, li")?.querySelector("input[data-pick]")?.dataset.pick
  useUpstageKey((event) => {
    if (event.key === "Escape" && shown) return onShut()
    const key = event.key === " " && at()
    if (!key) return
    event.preventDefault()
    key === shown ? onShut() : onShow(key)
  })
  useEffect(() => {
    if (!shown) return
    const follow = () => { const key = at(); if (key && key !== shown) onShow(key) }
    document.addEventListener("focusin", follow)
    return () => document.removeEventListener("focusin", follow)
  })
  return null
}
"""


class _PreviewKeys(rx.Component):
    """A listener in the browser."""

    tag = "UpstagePreviewKeys"

    shown: rx.Var[str]

    on_show: rx.EventHandler[passthrough_event_spec(str)]
    on_shut: rx.EventHandler[no_args_event_spec]

    def add_imports(self) -> dict[str, Any]:
        return {"react": ["useEffect"]}

    def add_custom_code(self) -> list[str]:
        return [SINGLE_KEYS, _KEYS]


def preview_keys(*, shown: rx.Var[str], on_show: Any, on_shut: Any) -> rx.Component:
    """Return what binds the keys; `shown` is the key of the row that is previewed, "" for none."""
    return _PreviewKeys.create(shown=shown, on_show=on_show, on_shut=on_shut)


def preview_panel(*children: Child, label: str) -> rx.Component:
    """Return the preview; it takes no focus and covers no row on a wide screen."""
    return rx.el.aside(*children, aria_label=label, aria_live="polite", class_name="u-preview")
