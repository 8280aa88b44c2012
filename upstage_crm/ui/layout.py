"""The frames around every page, and the line that says the connection is lost.

admin_shell(*children, places, palette, organisation, user_name, user_role, user_initials, banners)
menu_place(words, href, mark, is_active)      an entry of its menu
menu_room()                                   the room of one
patron_shell(*children, organisation, footer, busy_hint)      auth_shell(*children, organisation)
when_hydrated(content, fallback)     connection_banner(trouble)      theme_switch()

No frame imports a state of the product: names come as values or vars. `data-hydrated` on the frame
turns "true" when the page answers to presses; tests wait for it.
"""

from collections.abc import Sequence
from typing import Any, Final, Literal

import reflex as rx
from reflex_components_core.core.banner import has_too_many_connection_errors

from upstage_crm.ui.components.base import Child, Text, filled, icon, show_if
from upstage_crm.ui.components.button import button, icon_button, link
from upstage_crm.ui.components.forms.form import native_form
from upstage_crm.ui.components.text import avatar
from upstage_crm.ui.design.icons import WIFI_OFF

SKIP: Final = "Skip to the content"


def admin_shell(
    *children: Child,
    places: Sequence[Child] = (),
    organisation: Text,
    user_name: Text,
    user_role: Text,
    user_initials: Text = "",
    palette: Child | None = None,
    banners: Child | None = None,
) -> rx.Component:
    """Return the staff frame: places at the side, banners over everything, then the page.

    `palette` is the button of the command palette.

    On a phone the side becomes a bar with a menu (the browser's own popover: it closes by Escape
    and by a press beside it, and needs no script). Signing out is a real form, so it works even
    when the connection does not.
    """
    person = rx.el.div(
        rx.el.div(
            avatar(user_initials),
            rx.el.div(
                link(user_name, href="/account/", class_name="u-person-name"),
                rx.el.p(user_role, class_name="u-person-role"),
                class_name="u-person-words",
            ),
            class_name="u-person",
        ),
        rx.el.div(
            native_form(
                button(
                    "Sign out",
                    type="submit",
                    variant="quiet",
                    size="small",
                    icon="log-out",
                ),
                action="/auth/sign-out",
            ),
            theme_switch(),
            class_name="u-person-actions",
        ),
        class_name="u-person-block",
    )
    side = rx.el.div(
        rx.el.nav(rx.el.ul(*places), aria_label="Main", class_name="u-places"),
        person,
        id="places",
        class_name="u-side-panel",
        custom_attrs={"popover": "auto"},
    )
    head = rx.el.header(
        link(
            _mark(),
            rx.el.span(organisation, class_name="u-org-name"),
            href="/",
            class_name="u-org",
        ),
        rx.fragment() if palette is None else palette,
        rx.el.button(
            icon("menu"),
            "Menu",
            type="button",
            class_name="u-btn u-btn-secondary u-menu-button",
            custom_attrs={"popoverTarget": "places"},
        ),
        side,
        class_name="u-side",
    )
    return rx.el.div(
        _skip_link(),
        head,
        rx.el.div(
            rx.fragment() if banners is None else banners,
            rx.el.main(*children, id="main", tab_index=-1, class_name="u-main"),
            class_name="u-page",
        ),
        data_hydrated=_hydrated(),
        class_name="u-admin",
    )


def menu_place(words: Text, *, href: Text, mark: str, is_active: bool) -> rx.Component:
    """Return one entry of the staff menu."""
    return rx.el.li(
        link(
            icon(mark),
            words,
            href=href,
            aria_current="page" if is_active else "false",
            class_name="u-place",
        )
    )


def menu_room() -> rx.Component:
    """Return the room of one entry of the staff menu, while it is not known who reads it."""
    return rx.el.li(rx.el.span("\u00a0", class_name="u-place"), aria_hidden="true")


def patron_shell(
    *children: Child,
    organisation: Text,
    footer: Child | None = None,
    lang: Text = "en",
    dir: Text = "ltr",
    skip: Text = SKIP,
) -> rx.Component:
    """Return the patron's frame: the organisation's name, one calm column, a footer.

    The page is built once for everybody, so its language and direction stand on the frame.
    """
    return _column(
        *children,
        organisation=organisation,
        footer=footer,
        kind="patron",
        lang=lang,
        dir=dir,
        skip=skip,
    )


def auth_shell(*children: Child, organisation: Text, footer: Child | None = None) -> rx.Component:
    """Return the frame of the sign-in pages: one narrow column in the middle."""
    return _column(*children, organisation=organisation, footer=footer, kind="auth")


def when_hydrated(content: Child, fallback: Child) -> Child:
    """Return `fallback` (a skeleton) until the page's own data has arrived, then `content`."""
    return show_if(rx.State.is_hydrated, content, fallback)


def theme_switch() -> rx.Component:
    """Return the button between light and dark; it asks nothing of the server."""
    return icon_button(
        rx.color_mode_cond("Dark theme", "Light theme"),
        rx.color_mode_cond("moon", "sun"),
        size="small",
        on_click=rx.toggle_color_mode,
    )


def connection_banner(trouble: Text) -> rx.Component:
    """Return the line that stands for Reflex's toasts: the connection is lost, or an event failed.

    `trouble` is what to say of an event that failed, and empty while none did.

    For `rx.App(app_wraps={..., (5, "Overlay"): ...}, toaster=None)`. It waits for the second failed
    attempt: one lost packet is not news. Reflex puts the whole app inside what this returns, so it
    is a fragment; the line itself is a memo, else every attempt would draw the app again.
    """
    return rx.fragment(_connection_line(trouble=trouble))


def _column(
    *children: Child,
    organisation: Text,
    footer: Child | None,
    kind: Literal["patron", "auth"],
    skip: Text = SKIP,
    **props: Any,
) -> rx.Component:
    return rx.el.div(
        _skip_link(skip),
        rx.el.header(
            _mark(),
            rx.el.span(organisation, class_name="u-org-name"),
            class_name="u-column-head",
        ),
        rx.el.main(*children, id="main", tab_index=-1, class_name="u-column-main"),
        *([] if footer is None else [rx.el.footer(footer, class_name="u-column-foot")]),
        data_hydrated=_hydrated(),
        class_name=f"u-one-column u-{kind}",
        **props,
    )


@rx.memo
def _connection_line(trouble: rx.Var[str]) -> rx.Component:
    drawn = rx.el.svg(
        *[rx.el.svg.path(d=line) for line in WIFI_OFF],
        view_box="0 0 24 24",
        width=16,
        height=16,
        aria_hidden="true",
        class_name="u-icon",
    )
    lost = rx.el.p(
        drawn, "Connection lost. Trying again… What you send is kept.", class_name="u-offline"
    )
    failed = rx.el.p(icon("triangle-alert"), rx.el.bdi(trouble), class_name="u-offline")
    return rx.el.div(
        rx.cond(has_too_many_connection_errors, lost, show_if(filled(trouble), failed)),
        role="status",
        class_name="u-offline-place",
    )


def _skip_link(words: Text = SKIP) -> rx.Component:
    # The browser's own jump: the router would change the address and leave the focus behind.
    return link(words, href="#main", full_load=True, class_name="u-skip")


def _mark() -> rx.Component:
    return rx.el.span(aria_hidden="true", class_name="u-mark")


def _hydrated() -> rx.Var[str]:
    return rx.cond(rx.State.is_hydrated, "true", "false")
