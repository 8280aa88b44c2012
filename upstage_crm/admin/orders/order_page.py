"""The page at `/orders/[reference]/`."""

from typing import Any, cast

import reflex as rx

from upstage_crm.admin.frame import framed, what_became
from upstage_crm.admin.orders.dialog_state import OrderDialogState
from upstage_crm.admin.orders.list_state import OrderListState
from upstage_crm.admin.orders.order_dialogs import order_dialogs
from upstage_crm.admin.orders.order_reading import ContactLine, MoneyRow, StepRow, TicketRow
from upstage_crm.admin.orders.order_reveal_state import OrderRevealState
from upstage_crm.admin.orders.order_state import OrderRecordState as State
from upstage_crm.admin.orders.seat_dialog import seat_dialog
from upstage_crm.admin.orders.seat_dialog_state import SeatDialogState
from upstage_crm.pages.list_page import list_crumb
from upstage_crm.ui.components.base import Child, filled, hidden_text, show_if
from upstage_crm.ui.components.button import button, copy_button, link, link_button
from upstage_crm.ui.components.feedback import empty_state, skeleton_lines
from upstage_crm.ui.components.forms.form import native_form
from upstage_crm.ui.components.page import card, columns, inline, page_header, stack
from upstage_crm.ui.components.records.record import definition, definitions, known
from upstage_crm.ui.components.records.status import chip
from upstage_crm.ui.components.records.table import cell, column, data_table, table_row, two_lines
from upstage_crm.ui.components.records.timeline import timeline, timeline_item
from upstage_crm.ui.components.text import breadcrumbs, value, when

CRUMB = list_crumb(OrderListState, "Orders")


def page() -> rx.Component:
    """Return the page."""
    return framed(
        State,
        rx.match(State.shown, ("order", _order()), ("missing", _missing()), skeleton_lines(6)),
        *order_dialogs(),
        seat_dialog(),
        active="orders",
        waiting=stack(page_header("Order"), card(skeleton_lines(10))),
        title=State.title,
    )


def _order() -> rx.Component:
    record = State.record
    return rx.fragment(
        page_header(
            record.heading,
            subtitle=record.sold,
            crumbs=breadcrumbs(CRUMB, here=record.reference),
            chips=(
                copy_button(record.reference, label="Copy reference"),
                show_if(
                    filled(record.owed),
                    chip(record.owed_chip, icon="triangle-alert", tone="warning"),
                ),
                show_if(State.has_ended, chip("No valid tickets", icon="circle-slash")),
            ),
            actions=(_actions(),),
        ),
        stack(
            what_became(State),
            columns(
                stack(_tickets(), _steps()),
                stack(_buyer(), _money()),
            ),
        ),
    )


def _actions() -> Child:
    return inline(
        show_if(
            State.may_sell & State.has_valid,
            native_form(
                button("Print duplicates", type="submit", icon="download"),
                action=State.record.print_href,
                target="_blank",
            ),
        ),
        show_if(
            State.may_sell & State.has_valid,
            button("Issue again", icon="key-round", on_click=OrderDialogState.open_reissue),
        ),
        show_if(
            State.may_sell & State.can_move,
            button("Propose another seat", icon="send", on_click=SeatDialogState.open_propose),
        ),
        show_if(
            State.may_refund & State.can_return,
            button("Return", icon="undo-2", on_click=OrderDialogState.open_return),
        ),
        show_if(
            State.may_refund & filled(State.record.owed),
            button("Give money back", variant="primary", on_click=OrderDialogState.open_give_back),
        ),
    )


def _tickets() -> rx.Component:
    headings = ("Ticket", "For", "Price", "State")
    rows = rx.foreach(State.record.tickets, lambda one: _ticket(cast("TicketRow", one)))
    table = data_table([column(words) for words in headings], rows, label="Tickets")
    return card(table, title="Tickets", flush=True)


def _ticket(one: TicketRow) -> rx.Component:
    state = chip(one.state, icon=one.icon, tone=cast("Any", one.tone))
    return table_row(
        rx.el.th(
            rx.el.bdi(one.place),
            rx.el.div(rx.el.bdi(one.kind), class_name="u-sub"),
            scope="row",
            role="rowheader",
        ),
        cell(two_lines(link(rx.el.bdi(one.event), href=one.house), one.when), label="For"),
        cell(rx.el.span(one.amount, class_name="u-num"), label="Price"),
        cell(show_if(filled(one.note), two_lines(state, one.note), state), label="State"),
    )


def _steps() -> rx.Component:
    return card(
        timeline(
            rx.foreach(State.record.steps, lambda one: _step(cast("StepRow", one))),
            label="What happened to this order",
        ),
        title="History",
    )


def _step(one: StepRow) -> rx.Component:
    return timeline_item(
        one.words,
        icon=one.icon,
        tone=cast("Any", one.tone),
        actor=one.actor,
        time=when(one.time, iso=one.time_iso),
        detail=rx.fragment(
            show_if(filled(one.reason), rx.el.p(rx.el.bdi(one.reason))),
            show_if(filled(one.answer), rx.el.p(one.answer)),
            show_if(filled(one.offer_id) & State.may_sell, _withdraw(one)),
        ),
    )


def _withdraw(one: StepRow) -> Child:
    return button(
        "Withdraw",
        hidden_text(" ", one.words),
        size="small",
        icon="undo-2",
        on_click=State.withdraw_seat(one.offer_id, State.subject),
    )


def _buyer() -> rx.Component:
    record = State.record
    patron = show_if(
        State.may_view_patrons,
        link(rx.el.bdi(record.patron), href=record.patron_href),
        rx.el.bdi(record.patron),
    )
    return card(
        definitions(
            show_if(filled(record.patron), definition("Patron", patron)),
            rx.fragment(rx.foreach(record.contact, lambda one: _line(cast("ContactLine", one)))),
            definition("Sold", record.channel),
            known("By", record.seller),
        ),
        show_if(filled(record.claim), rx.el.p(record.claim, class_name="u-hint")),
        title="Buyer",
    )


def _line(one: ContactLine) -> rx.Component:
    shown = button(
        "Show",
        hidden_text(" ", one.label),
        size="small",
        variant="quiet",
        icon="eye",
        on_click=OrderRevealState.open(one.key, State.subject),
    )
    # The button that had the focus is gone, so the one in its place takes it over.
    hide = button(
        "Hide",
        hidden_text(" ", one.label),
        size="small",
        variant="quiet",
        auto_focus=True,
        on_click=State.hide(one.key, State.subject),
    )
    return definition(
        one.label,
        inline(value(one.value), show_if(one.can_reveal, shown), show_if(one.revealed, hide)),
    )


def _money() -> rx.Component:
    record = State.record
    rows = rx.foreach(record.money, lambda one: _paid(cast("MoneyRow", one)))
    return card(
        definitions(
            definition("Total", rx.el.strong(record.total, class_name="u-num")),
            definition("Paid", rx.el.span(record.paid, class_name="u-num")),
            known("Given back", record.given_back),
            known("On its way back", record.on_its_way),
            known("Owed", record.owed),
        ),
        show_if(
            cast("Any", record.money).length() > 0,
            rx.el.ul(rows, aria_label="Payments", class_name="u-money"),
        ),
        title="Money",
    )


def _paid(one: MoneyRow) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.span(one.words),
            rx.el.span(one.amount, class_name="u-num"),
            class_name="u-money-line",
        ),
        rx.el.div(
            show_if(filled(one.note), rx.fragment(rx.el.bdi(one.note), " · ")),
            when(one.time, iso=one.time_iso),
            class_name="u-sub",
        ),
        data_refund=one.is_refund,
        data_failed=one.is_failed,
    )


def _missing() -> rx.Component:
    return rx.fragment(
        page_header("No such order", crumbs=breadcrumbs(CRUMB, here="Not found")),
        card(
            empty_state(
                "No order has this reference",
                rx.el.p("Check the reference, or search by name or email address."),
                icon="search",
                action=link_button("Search orders", href="/orders/", variant="primary"),
            ),
        ),
    )
