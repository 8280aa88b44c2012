"""The tab "Orders": what the patron has bought, what is still to come first."""

from dataclasses import dataclass
from typing import Any, Final, cast

import reflex as rx

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.orders.order_rows import OrderRow, order_rows
from upstage_crm.admin.patrons.tabs.record_tab import Reading, RecordTabMixin
from upstage_crm.core.money import in_words
from upstage_crm.orders import queries
from upstage_crm.orders.records import order_list, patron_orders
from upstage_crm.orders.records.order_list import OrderFilter
from upstage_crm.staff.roles import Permission, may
from upstage_crm.ui.components.base import filled, show_if
from upstage_crm.ui.components.feedback import empty_state, notice
from upstage_crm.ui.components.page import card, stack
from upstage_crm.ui.components.records.table import (
    cell,
    column,
    data_table,
    lead_cell,
    table_row,
    two_lines,
)
from upstage_crm.ui.components.text import empty_value, reference, when
from upstage_crm.wording.consequences import counted

KEY: Final = "orders"
SHOWN = 100  # of the newest; the list of orders has them all

count = queries.count_of_patron


@dataclass(frozen=True)
class Bought:
    """What the tab shows. `open` says in words what is owed or on its way."""

    ahead: list[OrderRow]
    past: list[OrderRow]
    tickets: str
    open: list[str]


class OrdersTabState(RecordTabMixin, AdminState):
    """What the tab shows."""

    ahead: rx.Field[list[OrderRow]] = rx.field(default_factory=list)
    past: rx.Field[list[OrderRow]] = rx.field(default_factory=list)
    tickets: str = ""
    open: rx.Field[list[str]] = rx.field(default_factory=list)
    is_empty: bool = True

    def _take(self, found: Bought) -> None:
        self.ahead, self.past, self.tickets = found.ahead, found.past, found.tickets
        self.open, self.is_empty = found.open, not found.ahead and not found.past


def read(reading: Reading) -> Bought:
    """Read the patron's orders, and what is open of them."""
    session, viewer = reading.session, reading.viewer
    if not may(viewer, Permission.VIEW_ORDERS):
        return Bought([], [], "", [])
    wanted = OrderFilter(patron_id=reading.record.id)
    found = order_list.page(session, wanted, size=SHOWN, reader=viewer.role)
    held = patron_orders.held(session, reading.record.id, now=reading.now)
    until = {one.reference: one.until for one in held if one.until is not None}
    rows = order_rows(session, found.lines, reader=viewer.role, time_zone=reading.time_zone)
    ahead = sorted(
        (row for row in rows if row.reference in until), key=lambda row: until[row.reference]
    )
    tickets = sum(one.tickets for one in held)
    told = [
        f"{in_words(one.owed, one.currency)} is owed for order {one.reference}."
        for one in held
        if one.owed
    ]
    told += [
        f"{in_words(one.on_its_way, one.currency)} is on its way back for order {one.reference}."
        for one in held
        if one.on_its_way
    ]
    return Bought(
        ahead,
        [row for row in rows if row.reference not in until],
        counted(tickets, "ticket") if tickets else "",
        told,
    )


def view() -> rx.Component:
    """Return the tab."""
    state: Any = OrdersTabState
    nothing = empty_state(
        "No orders yet", rx.el.p("What this patron buys is listed here."), icon="receipt"
    )
    ahead = card(
        _table(state.ahead, "Orders to come"),
        title=rx.fragment("To come ", rx.el.span(OrdersTabState.tickets, class_name="u-count")),
        flush=True,
    )
    past = card(_table(state.past, "Past orders"), title="Past", flush=True)
    return stack(
        show_if(
            state.open.length() > 0,
            notice(stack(rx.foreach(state.open, rx.el.p), gap="small"), tone="warning", live=False),
        ),
        show_if(OrdersTabState.is_empty, card(nothing)),
        show_if(state.ahead.length() > 0, ahead),
        show_if(state.past.length() > 0, past),
    )


def _table(rows: Any, label: str) -> rx.Component:
    headings = ("Order", "For", "Tickets", "Total", "Sold")
    return data_table(
        [column(words) for words in headings],
        rx.foreach(rows, lambda one: _row(cast("OrderRow", one))),
        label=label,
    )


def _row(row: OrderRow) -> rx.Component:
    more = show_if(filled(row.more), rx.fragment(" ", row.more))
    visit = two_lines(rx.el.bdi(row.event), rx.fragment(row.when, more))
    return table_row(
        lead_cell(reference(row.reference), href=row.href, sub=row.channel),
        cell(
            show_if(filled(row.event), visit, empty_value("No valid tickets")),
            label="For",
            wide=True,
        ),
        cell(row.tickets, label="Tickets"),
        cell(rx.el.span(row.total, class_name="u-num"), label="Total"),
        cell(when(row.sold, iso=row.sold_iso), label="Sold"),
    )
