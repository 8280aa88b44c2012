"""The page at `/orders/`."""

import reflex as rx

from upstage_crm.admin.frame import framed, what_became
from upstage_crm.admin.orders.list_state import OrderListState as State
from upstage_crm.admin.orders.order_rows import OrderRow
from upstage_crm.admin.orders.url import PERFORMANCE
from upstage_crm.pages.list_page import (
    Column,
    list_dates,
    list_select,
    list_table,
    list_tools,
    list_waiting,
)
from upstage_crm.ui.components.base import Child, filled, show_if
from upstage_crm.ui.components.button import button
from upstage_crm.ui.components.feedback import empty_state
from upstage_crm.ui.components.page import page_header, stack
from upstage_crm.ui.components.records.table import lead_cell, two_lines
from upstage_crm.ui.components.text import empty_value, reference, when
from upstage_crm.wording.programme import CHANNEL_WORDS

_CHANNELS = [
    ("", "Sold: anywhere"),
    *((channel.value, f"Sold: {words.lower()}") for channel, words in CHANNEL_WORDS.items()),
]


def visit_cell(row: OrderRow) -> Child:
    """Return what an order has valid tickets for."""
    more = show_if(filled(row.more), rx.fragment(" ", row.more))
    shown = two_lines(rx.el.bdi(row.event), rx.fragment(row.when, more))
    return show_if(filled(row.event), shown, empty_value("No valid tickets"))


COLUMNS = [
    Column(
        heading="Order",
        is_lead=True,
        cell=lambda row: lead_cell(
            reference(row.reference), href=row.href, sub=rx.el.bdi(row.name)
        ),
    ),
    Column(heading="For", cell=visit_cell, wide=True),
    Column(heading="Tickets", cell=lambda row: row.tickets),
    Column(heading="Total", cell=lambda row: rx.el.span(row.total, class_name="u-num")),
    Column(heading="Channel", cell=lambda row: row.channel),
    Column(heading="Sold", cell=lambda row: when(row.sold, iso=row.sold_iso)),
]


def page() -> rx.Component:
    """Return the page."""
    return framed(
        State,
        page_header("Orders"),
        stack(
            what_became(State),
            list_tools(
                State,
                list_select(State, PERFORMANCE, "Performance", _performances()),
                list_select(State, "channel", "Channel", _CHANNELS),
                list_dates(State, "Sold"),
                label="Search orders",
                placeholder="Reference, name, email or ticket",
            ),
            list_table(
                State, OrderRow, COLUMNS, label="Orders", empty=_empty(), nothing=_nothing()
            ),
        ),
        active="orders",
        waiting=stack(page_header("Orders"), list_waiting(State, COLUMNS, label="Orders")),
    )


def _performances() -> rx.Component:
    choices = rx.foreach(State.performances, lambda one: rx.el.option(one[1], value=one[0]))
    return rx.fragment(rx.el.option("Performance: any", value=""), choices)


def _empty() -> rx.Component:
    return empty_state(
        "No orders yet",
        rx.el.p("What is sold online, at the box office and on the phone is listed here."),
        icon="ticket",
    )


def _nothing() -> rx.Component:
    return empty_state(
        "No order fits",
        rx.el.p("Search by the reference, or by the buyer’s name or email address."),
        icon="search",
        action=button("Show all orders", on_click=State.clear),
    )
