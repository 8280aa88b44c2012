"""Tabs, and tooltips for icon-only controls.

link_tabs(*tabs, label)                     each tab is an address: views, parts of a record
link_tab(label, *, href, active, count)
tabs(*panels, label, default)               panels of one page, switched in the browser
tab_panel(value, label, *children, count)   what `tabs` takes
tooltip(words, *children, label)            words on hover and focus; Escape hides them
"""

from typing import Any, NamedTuple

import reflex as rx

from upstage_crm.ui.components.base import (
    Child,
    Flag,
    Text,
    absent,
    filled,
    given,
    show_if,
    text_if,
)
from upstage_crm.ui.components.base_ui import TabsPart, TabsRoot, TooltipPart, part
from upstage_crm.ui.components.button import link

# A row that is longer than a phone is wide begins where the open tab is. The row may be drawn
# before its tabs are, and the open one changes without it.
_LINK_TABS = """
function UpstageLinkTabs({label, children}) {
  const row = useRef(null)
  useEffect(() => {
    const reach = () => {
      const open = row.current.querySelector("[aria-current=page]")
      if (!open) return
      const [outer, inner] = [row.current, open].map((one) => one.getBoundingClientRect())
      if (inner.left >= outer.left && inner.right <= outer.right) return
      row.current.scrollLeft += inner.left - outer.left - (outer.width - inner.width) / 2
    }
    reach()
    const watch = new MutationObserver(reach)
    watch.observe(row.current, {attributeFilter: ["aria-current"], childList: true, subtree: true})
    return () => watch.disconnect()
  }, [])
  return jsx("nav", {ref: row, "aria-label": label, className: "u-tabs"}, children)
}
"""


class _LinkTabs(rx.Component):
    """The row of tabs; it acts in the browser alone."""

    tag = "UpstageLinkTabs"

    label: rx.Var[str]

    def add_imports(self) -> dict[str, Any]:
        return {"react": ["useEffect", "useRef"], "@emotion/react": "jsx"}

    def add_custom_code(self) -> list[str]:
        return [_LINK_TABS]


class TabPanel(NamedTuple):
    """One tab with its panel."""

    value: str
    label: Text
    children: tuple[Child, ...]
    count: Text


def link_tabs(*tabs: Child, label: Text) -> rx.Component:
    """Return a row of addresses; the address is the truth, so a reload keeps the tab."""
    return _LinkTabs.create(*tabs, label=label)


def link_tab(label: Text, *, href: Text, active: Flag, count: Text = "") -> rx.Component:
    """Return one tab; `count` is a small number after its label."""
    current = text_if(active, "page", "false")
    return link(label, *_count(count), href=href, aria_current=current, class_name="u-tab")


def tab_panel(value: str, label: Text, *children: Child, count: Text = "") -> TabPanel:
    """Return one tab with its panel, for `tabs`."""
    return TabPanel(value, label, children, count)


def tabs(
    *panels: TabPanel,
    label: Text,
    default: str | None = None,
    value: Text | None = None,
    on_change: Any = None,
) -> rx.Component:
    """Return tabs with their panels; uncontrolled with `default`, else `value` and `on_change`."""
    heads = (
        part(
            TabsPart,
            "Tabs.Tab",
            p.label,
            *_count(p.count),
            value=p.value,
            class_name="u-tab",
        )
        for p in panels
    )
    bodies = (
        part(TabsPart, "Tabs.Panel", *p.children, value=p.value, class_name="u-tab-panel")
        for p in panels
    )
    start = panels[0].value if default is None and value is None else default
    return TabsRoot.create(
        part(TabsPart, "Tabs.List", *heads, aria_label=label, class_name="u-tabs"),
        *bodies,
        **given(default_value=start, value=value, on_value_change=on_change),
    )


def tooltip(words: Text, *children: Child, label: Text | None = None) -> rx.Component:
    """Return a quiet button whose explanation shows on hover and focus.

    The words are also the button's accessible description, since a tooltip alone is silent.
    """
    return part(
        TooltipPart,
        "Tooltip.Root",
        part(
            TooltipPart,
            "Tooltip.Trigger",
            *children,
            delay=300,
            aria_description=words,
            class_name="u-tip",
            **given(aria_label=label),
        ),
        part(
            TooltipPart,
            "Tooltip.Portal",
            part(
                TooltipPart,
                "Tooltip.Positioner",
                part(
                    TooltipPart, "Tooltip.Popup", words, aria_hidden="true", class_name="u-tooltip"
                ),
                side_offset=6,
                class_name="u-positioner",
            ),
        ),
    )


def _count(count: Text) -> list[Child]:
    return (
        [] if absent(count) else [show_if(filled(count), rx.el.span(count, class_name="u-count"))]
    )
