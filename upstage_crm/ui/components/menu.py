"""Menus: rarer actions behind one button.

menu(*items, label, trigger, icon, variant, size)      label: the accessible name of the button
menu_item(label, *, on_click, icon, danger, disabled)
menu_link(label, *, href, icon)
menu_line()
"""

from typing import Any

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from upstage_crm.ui.components.base import Child, Flag, Text, given
from upstage_crm.ui.components.base import icon as icon_
from upstage_crm.ui.components.base_ui import MenuPart, MenuRoot, part
from upstage_crm.ui.components.button import Size, Variant

# Screen readers go from landmark to landmark: a menu belongs into that of its page.
_MAIN = rx.Var('({get current() { return document.getElementById("main") ?? document.body }})')


def menu(
    *items: Child,
    label: Text,
    trigger: Child | None = None,
    variant: Variant = "quiet",
    size: Size = "medium",
    default_open: bool = False,
) -> rx.Component:
    """Return a button with its menu; without `trigger` the button is three dots.

    Arrow keys move, letters jump, Enter picks, Escape closes and gives the focus back.
    """
    square = "" if trigger is not None else " u-btn-icon"
    named = {"aria_label": label, "title": label} if trigger is None else {}
    return MenuRoot.create(
        part(
            MenuPart,
            "Menu.Trigger",
            icon_("ellipsis") if trigger is None else trigger,
            class_name=f"u-btn u-btn-{variant} u-btn-{size}{square}",
            **named,
        ),
        part(
            MenuPart,
            "Menu.Portal",
            part(
                MenuPart,
                "Menu.Positioner",
                part(MenuPart, "Menu.Popup", *items, class_name="u-menu"),
                align="end",
                side_offset=4,
                class_name="u-positioner",
            ),
            container=_MAIN,
        ),
        **({"default_open": True} if default_open else {}),
    )


def menu_item(
    label: Text,
    *,
    on_click: Any = None,
    icon: Text | None = None,
    danger: bool = False,
    disabled: Flag = False,
) -> rx.Component:
    """Return one action."""
    return part(
        MenuPart,
        "Menu.Item",
        *([] if icon is None else [icon_(icon)]),
        label,
        disabled=disabled,
        data_danger=danger,
        class_name="u-menu-item",
        **given(on_click=on_click),
    )


def menu_link(label: Text, *, href: Text, icon: Text | None = None) -> rx.Component:
    """Return one place to go; a real link, so it opens in a new tab too."""
    return part(
        MenuPart,
        "Menu.LinkItem",
        *([] if icon is None else [icon_(icon)]),
        label,
        render_=ReactRouterLink.create(to=href),
        close_on_click=True,
        class_name="u-menu-item",
    )


def menu_line() -> rx.Component:
    """Return a line between groups."""
    return rx.el.div(role="separator", class_name="u-menu-line")
