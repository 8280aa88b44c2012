"""The staff frame around a page of the CRM, filled from the signed-in member's state.

framed(state, *children, active, waiting, title)      what every page of the CRM returns
"""

import reflex as rx

from upstage_crm.admin.guard import AdminState
from upstage_crm.pages.page_state import PageMixin
from upstage_crm.pages.registry import Page, registry
from upstage_crm.pages.view import page_here
from upstage_crm.staff.roles import PERMISSIONS
from upstage_crm.ui.components.arrival import arrival
from upstage_crm.ui.components.base import Child, Text, filled, show_if
from upstage_crm.ui.components.feedback import banner, no_permission
from upstage_crm.ui.components.here import HERE_PATH
from upstage_crm.ui.components.page import page_header
from upstage_crm.ui.layout import admin_shell, menu_place


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
        rx.cond(
            AdminState.refused_at == HERE_PATH,
            rx.fragment(
                page_header("No access"),
                no_permission(rx.el.p("Ask an owner of this CRM if your work needs it.")),
            ),
            page_here(state, rx.fragment(*children), waiting),
        ),
        places=[_place(page, is_active=page.key == active) for page in registry.menu],
        organisation=AdminState.organisation,
        user_name=AdminState.user_name,
        user_role=AdminState.user_role,
        user_initials=AdminState.user_initials,
        banners=show_if(filled(AdminState.mail_banner), banner(AdminState.mail_banner)),
    )


def _place(page: Page, *, is_active: bool) -> Child:
    """An entry of the menu; one that not every role has appears when the role is known."""
    entry = menu_place(page.name, href=page.href, mark=page.icon, is_active=is_active)
    if all(page.permission in held for held in PERMISSIONS.values()):
        return entry
    return rx.fragment(show_if(AdminState.menu.contains(page.key), entry))
