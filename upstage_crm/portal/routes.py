"""The routes of the portal, in one table."""

from __future__ import annotations

from upstage_crm.portal import portal_files
from upstage_crm.portal.account import (
    account_data,
    account_forms,
    account_orders,
    account_page,
    contact_preferences,
    record_history,
    register_pages,
    sign_in_link,
    sign_in_pages,
)
from upstage_crm.portal.basket import basket_forms, basket_page, card_pages, paying, tickets_page
from upstage_crm.portal.found_orders import find_order, give_tickets, open_order, order_forms
from upstage_crm.portal.listings import (
    choose_seats,
    event_pictures,
    feeds,
    public_event,
    seat_map,
    whats_on,
)

# What names a place of its own comes before the events, whose names may be anything.
ROUTES = [
    *portal_files.ROUTES,
    *event_pictures.ROUTES,
    *seat_map.ROUTES,
    *feeds.ROUTES,
    *whats_on.ROUTES,
    *public_event.ROUTES,
    *choose_seats.ROUTES,
    *basket_page.ROUTES,
    *basket_forms.ROUTES,
    *paying.ROUTES,
    *card_pages.ROUTES,
    *tickets_page.ROUTES,
    *find_order.ROUTES,
    *open_order.ROUTES,
    *order_forms.ROUTES,
    *give_tickets.ROUTES,
    *sign_in_pages.ROUTES,
    *sign_in_link.ROUTES,
    *register_pages.ROUTES,
    *account_page.ROUTES,
    *account_orders.ROUTES,
    *account_forms.ROUTES,
    *account_data.ROUTES,
    *record_history.ROUTES,
    *contact_preferences.ROUTES,
]
