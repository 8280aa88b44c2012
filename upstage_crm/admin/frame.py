"""The staff frame around a page of the CRM, filled from the signed-in member's state.

framed(state, *children, active, waiting, title)      what every page of the CRM returns
what_became(state, after)                             what became of a press, where it is seen
"""

from typing import Final

import reflex as rx

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.palette.state import PaletteState
from upstage_crm.pages.page_state import PageMixin
from upstage_crm.pages.registry import Page, registry
from upstage_crm.pages.view import page_here
from upstage_crm.staff.roles import PERMISSIONS
from upstage_crm.ui.components.arrival import arrival, focus_on
from upstage_crm.ui.components.base import Child, Text, filled, show_if
from upstage_crm.ui.components.feedback import banner, no_permission, notice
from upstage_crm.ui.components.here import HERE_PATH
from upstage_crm.ui.components.page import page_header
from upstage_crm.ui.components.palette import Place, palette
from upstage_crm.ui.components.shortcut import page_keys, send_key, shortcut_sheet
from upstage_crm.ui.components.text import live_place
from upstage_crm.ui.layout import admin_shell, menu_place, menu_room

ACCOUNT: Final = Place(
    words="Your account", href="/account/", icon="circle-user-round", also="password sign out"
)

KEYS: Final = (
    ("Ctrl K", "Search, go to a page, or do something on this one"),
    ("/", "Go to the search box"),
    ("j", "Next row"),
    ("k", "Row before"),
    ("Enter", "Open the row"),
    ("Space", "Preview a patron beside the list"),
    ("Ctrl Enter", "Send the form (⌘ Enter on a Mac)"),
    ("x", "Choose the row, with Shift up to here"),
    ("e w", "Send again, or withdraw, what is chosen"),
    ("g p", "Go to patrons; g r requests, g d dashboard, g m mailbox, g a audit"),
    ("o p c w", "Put on sale, pause, change or cancel the performances that are chosen"),
    ("h l", "Earlier or later in the calendar; t goes to today"),
    ("c", "Propose a change"),
    ("n", "Write a comment"),
    ("Esc", "Close what is open"),
    ("?", "Show this sheet"),
)
"""What the keys do on every page of the CRM."""


ACTS: Final = {
    "c": ("Propose change", "Correct", "Propose again"),
    "n": ("Add comment",),
    "h": ("Earlier",),
    "l": ("Later",),
    "t": ("Today",),
}
PLACES: Final = {
    "d": "/",
    "p": "/patrons/",
    "r": "/requests/",
    "m": "/mailbox/",
    "a": "/audit/",
    "t": "/team/",
    "s": "/settings/",
}
"""The pages that `g` goes to, by the second key."""


def framed(
    state: type[PageMixin],
    *children: Child,
    active: str,
    waiting: Child,
    title: Text | None = None,
) -> rx.Component:
    """Return the page's content in the frame, or the refusal when the role does not include it.

    `waiting` is shown until `state` holds what the browser's address asks for. `title` names the
    record that a page is about, and is empty until that is known. `active` is the key of the menu
    entry that the page belongs to, "" for none.
    """
    is_here = state.path == HERE_PATH
    has_arrived = is_here if title is None else rx.cond(is_here, filled(title), False)
    return admin_shell(
        arrival(rx.cond(has_arrived, state.path, ""), title),
        focus_on(AdminState.focus_at),
        send_key(),
        shortcut_sheet(KEYS),
        page_keys(ACTS, PLACES),
        rx.cond(
            AdminState.refused_at == HERE_PATH,
            rx.fragment(
                page_header("No access"),
                no_permission(rx.el.p("Ask an owner of this CRM if your work needs it.")),
            ),
            page_here(state, rx.fragment(*children), waiting),
        ),
        places=[_place(page, is_active=page.key == active) for page in registry.menu],
        palette=palette(
            [*(_place_of(page) for page in registry.menu), ACCOUNT],
            allowed=AdminState.menu,
            found=PaletteState.found,
            asked=PaletteState.asked,
            on_ask=PaletteState.find,
            at=rx.cond(has_arrived, state.path, ""),
            title="" if title is None else title,
        ),
        organisation=AdminState.organisation,
        user_name=AdminState.user_name,
        user_role=AdminState.user_role,
        user_initials=AdminState.user_initials,
        banners=show_if(filled(AdminState.mail_banner), banner(AdminState.mail_banner)),
    )


def _place_of(page: Page) -> Place:
    """The page as the palette offers it."""
    return Place(words=page.name, href=page.href, icon=page.icon, key=page.key)


def what_became(state: type[AdminState], *, after: Child | None = None) -> rx.Component:
    """Return the place for what became of the last press; `after` follows what was done.

    First in a page's stack, it stays in sight wherever the page is scrolled to.
    """
    done = notice(state.done, tone="success", live=False, action=after)
    problem = notice(state.problem, tone="danger", live=False)
    return rx.fragment(
        live_place(show_if(filled(state.problem), problem), assertive=True),
        live_place(show_if(filled(state.done), done)),
    )


def _place(page: Page, *, is_active: bool) -> Child:
    """An entry of the menu; one that not every role has keeps its room until the role is known."""
    entry = menu_place(page.name, href=page.href, mark=page.icon, is_active=is_active)
    if all(page.permission in held for held in PERMISSIONS.values()):
        return entry
    known = show_if(AdminState.menu.contains(page.key), entry)
    return rx.fragment(rx.cond(AdminState.menu.length() > 0, known, menu_room()))
