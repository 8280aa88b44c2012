"""Buttons and links.

button(*children, variant, size, icon, busy, disabled, type, **props)
icon_button(label, icon, *, variant, size, busy, disabled, **props)
copy_button(text, *, label, shows_label)      print_button(label)
link(*children, href, full_load, **props)
link_button(*children, href, variant, size, icon, full_load, **props)

`variant`: primary (one per view), secondary, quiet, danger, strong (a patron's equal answers).
`size`: small 28 px, medium 36 px, large 48 px (patron pages). `busy` shows a turning mark, says so
to screen readers and disables.
"""

from typing import Any, Literal

import reflex as rx
from reflex_components_core.el.elements.inline import A as PlainLink  # `rx.el.a` is a router link
from reflex_components_core.react_router.dom import ReactRouterLink

from upstage_crm.ui.components.base import Child, Flag, Text, either, given
from upstage_crm.ui.components.base import icon as icon_

Variant = Literal["primary", "secondary", "quiet", "danger", "strong"]
Size = Literal["small", "medium", "large"]


def button(
    *children: Child,
    variant: Variant = "secondary",
    size: Size = "medium",
    icon: Text | None = None,
    busy: Flag = False,
    disabled: Flag = False,
    type: Literal["button", "submit"] = "button",
    **props: Any,
) -> rx.Component:
    """Return a button; events, `id`, `name`, `value` and `form` go in `props`."""
    return rx.el.button(
        *([icon_(icon)] if icon is not None else []),
        *children,
        type=type,
        disabled=either(disabled, busy),
        class_name=_classes(variant, size, props),
        **given(aria_busy=None if busy is False else busy),
        **props,
    )


def icon_button(
    label: Text,
    icon: Text,
    *,
    variant: Variant = "quiet",
    size: Size = "medium",
    busy: Flag = False,
    disabled: Flag = False,
    **props: Any,
) -> rx.Component:
    """Return a square button; `label` is its accessible name and its `title`."""
    return button(
        icon_(icon),
        variant=variant,
        size=size,
        busy=busy,
        disabled=disabled,
        aria_label=label,
        title=label,
        **{**props, "class_name": f"u-btn-icon {props.get('class_name', '')}".strip()},
    )


def link(*children: Child, href: Text, full_load: bool = False, **props: Any) -> rx.Component:
    """Return a text link: client-side navigation, or a document load with `full_load`.

    Use `full_load` for routes that are not pages of the app (`/auth/…`, `/mailbox/raw/…`).
    """
    props = {"class_name": "u-link", **props}
    if full_load:
        return PlainLink.create(*children, href=href, **props)
    return ReactRouterLink.create(*children, to=href, **props)


def link_button(
    *children: Child,
    href: Text,
    variant: Variant = "secondary",
    size: Size = "medium",
    icon: Text | None = None,
    full_load: bool = False,
    **props: Any,
) -> rx.Component:
    """Return a link that looks like a button."""
    marks = [icon_(icon)] if icon is not None else []
    name = _classes(variant, size, props)
    return link(*marks, *children, href=href, full_load=full_load, class_name=name, **props)


def copy_button(text: Text, *, label: Text = "Copy", shows_label: bool = False) -> rx.Component:
    """Return a button that puts `text` on the clipboard and says "Copied" for two seconds.

    It is an icon alone, unless it `shows_label`. The clipboard exists on https and localhost only;
    elsewhere the button does not show.
    """
    return _CopyButton.create(text=text, label=label, shown=shows_label)


def print_button(label: Text) -> rx.Component:
    """Return a button that prints the page: what is `u-print-alone` on it, if anything is."""
    return _PrintButton.create(label=label)


def _classes(variant: Variant, size: Size, props: dict[str, Any]) -> str:
    own = props.pop("class_name", "")
    return " ".join(name for name in ("u-btn", f"u-btn-{variant}", f"u-btn-{size}", own) if name)


_COPY_CODE = """
function UpstageCopyButton({text, label, shown}) {
  const [able, setAble] = useState(false)
  const [done, setDone] = useState(false)
  useEffect(() => setAble(Boolean(navigator.clipboard)), [])
  useEffect(() => {
    if (!done) return
    const timer = setTimeout(() => setDone(false), 2000)
    return () => clearTimeout(timer)
  }, [done])
  if (!able) return null
  const copy = () => navigator.clipboard.writeText(text).then(() => setDone(true), () => {})
  const image = jsx("svg", {className: "u-icon", width: 16, height: 16, "aria-hidden": true},
    jsx("use", {href: `/icons.svg#${done ? "check" : "copy"}`}))
  const told = jsx("span", {role: "status", className: "u-hidden"}, done ? "Copied" : "")
  if (shown) {
    return jsx("button", {type: "button", onClick: copy,
      className: "u-btn u-btn-secondary u-btn-small"}, image, done ? "Copied" : label, told)
  }
  return jsx("button", {type: "button", onClick: copy, "aria-label": label, title: label,
    className: "u-btn u-btn-quiet u-btn-small u-btn-icon"}, image, told)
}
"""
_PRINT_CODE = """
function UpstagePrintButton({label}) {
  return jsx("button", {type: "button", onClick: () => window.print(),
    className: "u-btn u-btn-secondary u-btn-small"}, label)
}
"""


class _CopyButton(rx.Component):
    """A button with its own client-side state: no event reaches the server."""

    tag = "UpstageCopyButton"

    text: rx.Var[str]
    label: rx.Var[str]
    shown: rx.Var[bool]

    def add_imports(self) -> dict[str, Any]:
        return {"react": ["useState", "useEffect"], "@emotion/react": "jsx"}

    def add_custom_code(self) -> list[str]:
        return [_COPY_CODE]


class _PrintButton(rx.Component):
    """A button that only the browser hears."""

    tag = "UpstagePrintButton"

    label: rx.Var[str]

    def add_imports(self) -> dict[str, Any]:
        return {"@emotion/react": "jsx"}

    def add_custom_code(self) -> list[str]:
        return [_PRINT_CODE]
