"""The two pages of one event: what is performed, and what it costs."""

from __future__ import annotations

from typing import Any, Literal

import reflex as rx

from upstage_crm.ui.components.tabs import link_tab, link_tabs


def event_tabs(event_id: Any, *, here: Literal["event", "prices"]) -> rx.Component:
    """Return the tabs; `event_id` is a var of the page's state."""
    event, prices = f"/events/{event_id}/", f"/events/{event_id}/prices/"
    return link_tabs(
        link_tab("Performances", href=event, active=here == "event"),
        link_tab("Prices", href=prices, active=here == "prices"),
        label="Event",
    )
