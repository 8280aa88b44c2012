"""An order on the screen of a till with what can be done with it, and the sales that are parked."""

from typing import Any

import reflex as rx

from upstage_crm.box_office.till.order_state import REASON, RETURN, TillReturnState
from upstage_crm.box_office.till.order_state import TillOrderState as State
from upstage_crm.box_office.till.parked_state import TillParkedState
from upstage_crm.pages.view import question
from upstage_crm.ui.components.base import Child, filled, show_if
from upstage_crm.ui.components.button import button, icon_button
from upstage_crm.ui.components.forms.choice import checkbox
from upstage_crm.ui.components.forms.form import text_field

REASON_LENGTH = 200


def order_panel() -> Child:
    """Return the order that is looked at."""
    hand = rx.cond(
        State.is_out,
        button("Not handed out", size="small", on_click=State.hand_out(False)),
        button("Hand out", size="small", variant="primary", on_click=State.hand_out(True)),
    )
    panel = rx.el.section(
        rx.el.div(
            rx.el.h2("Order ", State.reference, class_name="u-till-title"),
            icon_button("Close the order", "x", size="small", on_click=State.shut),
            class_name="u-till-sum",
        ),
        rx.el.p(State.name, " · ", State.total, class_name="u-muted"),
        rx.el.ul(rx.foreach(State.tickets, _ticket), class_name="u-till-lines"),
        rx.el.div(
            hand,
            button("Exchange", size="small", on_click=State.act("exchange")),
            button("Return", size="small", on_click=State.act("return")),
            button("Print again", size="small", on_click=State.print_again),
            class_name="u-inline",
        ),
        aria_label="Order",
        class_name="u-till-basket",
    )
    return show_if(filled(State.order_id), panel)


def _ticket(one: Any) -> rx.Component:
    words = rx.el.div(
        rx.el.span(one.place, class_name="u-till-place"),
        rx.el.span(one.about, class_name="u-muted"),
        class_name="u-till-what",
    )
    box = checkbox(
        one.place,
        "ticket",
        checked=one.is_chosen,
        on_change=lambda _on: State.choose_ticket(one.id),
        hint=one.about,
        id=f"ticket-{one.id}",
    )
    return rx.el.li(
        rx.cond(one.is_valid, box, words),
        rx.el.span(one.amount, class_name="u-num"),
        rx.el.span(one.state, class_name="u-muted"),
        key=one.id,
    )


def parked_sales() -> Child:
    """Return the sales that were put aside, each with the way back to it."""
    return rx.el.ul(
        rx.foreach(TillParkedState.parked, _parked),
        aria_label="Parked sales",
        on_mount=TillParkedState.look,
        class_name="u-till-parked",
    )


def _parked(one: Any) -> rx.Component:
    return rx.el.li(
        button(
            "Recall ",
            one.label,
            rx.el.span(one.tickets, " until ", one.until, class_name="u-muted"),
            size="small",
            on_click=TillParkedState.recall(one.id),
        ),
        key=one.id,
    )


def return_dialog() -> Child:
    """Return the dialog that takes tickets back."""
    return question(
        TillReturnState,
        RETURN,
        rx.el.p(
            TillReturnState.tickets,
            ". The seats are free again, and what was paid goes back the way it came.",
        ),
        text_field(
            "Reason", REASON, max_length=REASON_LENGTH, auto_complete="off", id=f"{RETURN}-{REASON}"
        ),
        title="Return tickets",
        on_submit=TillReturnState.give_back,
        send="Return",
        send_variant="danger",
        size="small",
    )
