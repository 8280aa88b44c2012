"""The dialog that proposes another seat, drawn."""

import reflex as rx

from upstage_crm.admin.orders.seat_dialog_state import (
    PROPOSE,
    REASON,
    SEAT,
    TICKET,
    SeatDialogState,
)
from upstage_crm.pages.view import kept, question
from upstage_crm.ui.components.forms.form import select_field
from upstage_crm.wording.sales.orders import SEAT_REASON_WORDS

State = SeatDialogState


def seat_dialog() -> rx.Component:
    """Return the dialog of the page."""
    return question(
        State,
        PROPOSE,
        select_field(
            "Ticket",
            TICKET,
            rx.foreach(State.tickets, lambda one: rx.el.option(one.called, value=one.id)),
            id=f"{PROPOSE}-{TICKET}",
            default_value=kept(State, TICKET),
        ),
        select_field(
            "Other seat",
            SEAT,
            rx.foreach(State.seats, lambda one: rx.el.option(one[1], value=one[0])),
            id=f"{PROPOSE}-{SEAT}",
            placeholder="Choose a free seat",
            default_value=kept(State, SEAT),
            hint="It is held for the holder until the answer. The price stays as it was paid.",
            error=State.seat_error,
        ),
        select_field(
            "Reason",
            REASON,
            [(reason.value, words) for reason, words in SEAT_REASON_WORDS.items()],
            id=f"{PROPOSE}-{REASON}",
            placeholder="Choose a reason",
            default_value=kept(State, REASON),
            hint="The holder reads it in their own language.",
            error=State.reason_error,
        ),
        title="Propose another seat",
        description="The holder is asked by email and has three days, or until the doors open. "
        "Nothing changes before a yes; without one the ticket keeps its seat.",
        on_submit=State.propose,
        send="Ask the holder",
        send_icon="send",
    )
