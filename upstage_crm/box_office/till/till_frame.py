"""The frame around a till: a thin bar, and nothing else but the screen."""

import reflex as rx

from upstage_crm.admin.guard import AdminState
from upstage_crm.pages.page_state import PageMixin
from upstage_crm.ui.components.arrival import arrival
from upstage_crm.ui.components.base import Child, filled
from upstage_crm.ui.components.button import link
from upstage_crm.ui.components.feedback import no_permission
from upstage_crm.ui.components.here import HERE_PATH
from upstage_crm.ui.components.shortcut import send_key, shortcut_sheet
from upstage_crm.ui.layout import theme_switch

KEYS = (
    ("0 … 9", "How many tickets; A, C … the price type: 2, 2A or 2A1C"),
    ("Enter", "Take what is typed or marked; then: exact cash"),
    ("F2 F4 F8", "Cash, card terminal, invoice; an amount before it pays a part"),
    ("↑ ↓", "Performance before or after"),
    ("← →", "Zone before or after"),
    ("/", "Find a patron"),
    ("*", "Find an order: reference, name or ticket"),
    ("-", "Take the last ticket out"),
    ("Esc", "Clear what is typed, then what is marked, then the sale"),
    ("?", "Show this sheet"),
)
"""What the keys of a till do."""


def till_sheet() -> rx.Component:
    """Return the link to the sheet that the box office alone loads."""
    return rx.el.link(rel="stylesheet", href="/till.css", custom_attrs={"precedence": "default"})


def till_frame(
    state: type[PageMixin], *children: Child, bar: Child, title: str = "Box office"
) -> rx.Component:
    """Return the frame, or the refusal when the role does not include the page."""
    is_here = state.path == HERE_PATH
    return rx.el.div(
        till_sheet(),
        arrival(rx.cond(is_here, state.path, ""), title),
        send_key(),
        shortcut_sheet(KEYS),
        rx.el.header(
            link(
                rx.el.span(aria_hidden="true", class_name="u-mark"),
                rx.cond(filled(AdminState.organisation), AdminState.organisation, title),
                href="/",
                class_name="u-org",
            ),
            bar,
            theme_switch(),
            class_name="u-till-bar",
        ),
        rx.el.main(
            rx.cond(
                AdminState.refused_at == HERE_PATH,
                no_permission(rx.el.p("Ask an owner of this CRM if your work needs it.")),
                rx.fragment(*children),
            ),
            id="main",
            tab_index=-1,
            class_name="u-till-main",
        ),
        data_hydrated=rx.cond(rx.State.is_hydrated, "true", "false"),
        class_name="u-till-frame",
    )
