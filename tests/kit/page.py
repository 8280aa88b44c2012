"""The page at `/kit/`: every component in every state, for the eye and for a browser test.

Nothing here has a handler: menus, dialogs and tabs keep their own state in the browser.
"""

import reflex as rx

from tests.kit import controls, lists, patron, records
from upstage_crm.ui.components.button import button
from upstage_crm.ui.components.feedback import banner
from upstage_crm.ui.components.page import (
    columns,
    page_header,
    stack,
    tile,
    tiles,
)
from upstage_crm.ui.components.records.status import request_chip
from upstage_crm.ui.components.text import breadcrumbs
from upstage_crm.ui.layout import admin_shell, menu_place


def kit_page() -> rx.Component:
    """Return the page of all components, in the staff frame."""
    return admin_shell(
        page_header(
            "The kit",
            subtitle="Every component in every state. Switch the theme at the foot of the side.",
            crumbs=breadcrumbs(("Dashboard", "/"), here="The kit"),
            chips=(request_chip("pending"),),
            actions=(
                button("Add note", icon="message-square"),
                button("Propose change", variant="primary"),
            ),
        ),
        stack(
            tiles(
                tile(
                    "Waiting on patrons",
                    "38",
                    href="/requests/",
                    note="3 expire today",
                    tone="warning",
                ),
                tile(
                    "Approved this week",
                    "112",
                    note="94 % of those decided",
                    tone="success",
                ),
                tile(
                    "Undeliverable",
                    "2",
                    href="/requests/",
                    note="Needs attention",
                    tone="danger",
                ),
                tile("Patrons", "50,214"),
            ),
            columns(
                rx.fragment(records.record_card(), records.diff_card(), records.timeline_card()),
                rx.fragment(
                    records.facts_card(),
                    controls.text_card(),
                    controls.button_card(),
                    controls.overlay_card(),
                ),
            ),
            lists.list_card(),
            lists.table_cards(),
            controls.cells_card(),
            lists.status_card(),
            lists.notice_card(),
            controls.form_card(),
            controls.tabs_card(),
            patron.patron_card(),
            lists.state_cards(),
            gap="large",
        ),
        places=(
            menu_place("Dashboard", href="/", mark="layout-dashboard", is_active=False),
            menu_place("Patrons", href="/patrons/", mark="users", is_active=True),
        ),
        organisation="Playhouse on the Quay",
        user_name="Dana Reyes",
        user_role="Box office",
        user_initials="DR",
        banners=banner(
            rx.el.strong("Mail is not being sent. "),
            "This installation keeps every message in the local mailbox.",
            action=button("Open the mailbox", size="small"),
        ),
    )
