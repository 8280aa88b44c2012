"""The staff frame around a page of the CRM, filled from the signed-in member's state.

framed(*children, active)      what every page of the CRM returns
"""

import reflex as rx

from upstage_crm.admin.guard import AdminState
from upstage_crm.ui.components.base import Child, filled, show_if
from upstage_crm.ui.components.feedback import banner, no_permission
from upstage_crm.ui.components.page import page_header
from upstage_crm.ui.layout import Place, admin_shell


def framed(*children: Child, active: Place) -> rx.Component:
    """Return the page's content in the frame, or the refusal when the role does not include it."""
    return admin_shell(
        rx.cond(
            AdminState.is_refused,
            rx.fragment(
                page_header("No access"),
                no_permission(rx.el.p("Ask an owner of this CRM if your work needs it.")),
            ),
            rx.fragment(*children),
        ),
        active=active,
        organisation=AdminState.organisation,
        user_name=AdminState.user_name,
        user_role=AdminState.user_role,
        user_initials=AdminState.user_initials,
        banners=show_if(filled(AdminState.mail_banner), banner(AdminState.mail_banner)),
    )
