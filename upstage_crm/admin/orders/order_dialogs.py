"""The dialogs of an order, drawn."""

from typing import Any

import reflex as rx

from upstage_crm.admin.orders.dialog_state import (
    AMOUNT,
    GIVE_BACK,
    LATER,
    MONEY,
    NOW,
    REASON,
    REISSUE,
    RETURN,
    TICKET,
    OrderDialogState,
)
from upstage_crm.admin.orders.order_reveal_state import REVEAL, OrderRevealState
from upstage_crm.admin.orders.order_state import OrderRecordState
from upstage_crm.pages.view import kept, question
from upstage_crm.patrons import reveals
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.ui.components.base import Child, text_for
from upstage_crm.ui.components.forms.choice import checkbox, radio_group
from upstage_crm.ui.components.forms.form import select_field, text_area, text_field
from upstage_crm.ui.components.page import stack
from upstage_crm.wording.sales.orders import REASON_WORDS

_TITLES = {key: f"Show: {field.label.lower()}" for key, field in FIELDS.items()}
State = OrderDialogState


def order_dialogs() -> tuple[rx.Component, ...]:
    """Return the dialogs of the page."""
    return (_return(), _give_back(), _reissue(), _reveal())


def _return() -> rx.Component:
    return question(
        State,
        RETURN,
        _tickets("Tickets"),
        radio_group(
            "The money",
            MONEY,
            [
                (NOW, "Give it back now", "To where it came from. Cash needs an open shift."),
                (LATER, "Not yet", "The order shows it as owed."),
            ],
            default_value=kept(State, MONEY, NOW),
        ),
        _reason(RETURN),
        rx.el.div(stack(rx.foreach(State.lines, rx.el.p), gap="small"), role="status"),
        title="Return tickets",
        description="The seats are free for sale again, and the tickets open no door.",
        on_submit=State.take_back,
        send="Return tickets",
        send_variant="danger",
    )


def _give_back() -> rx.Component:
    return question(
        State,
        GIVE_BACK,
        text_field(
            "Amount",
            AMOUNT,
            id=f"{GIVE_BACK}-{AMOUNT}",
            default_value=kept(State, AMOUNT, State.owed),
            hint=OrderRecordState.record.owed_chip,
            error=State.amount_error,
            input_mode="decimal",
            auto_complete="off",
            max_length=20,
        ),
        _reason(GIVE_BACK),
        title="Give money back",
        description="To where it came from. Tickets stay as they are.",
        on_submit=State.give_back,
        send="Give back",
    )


def _reissue() -> rx.Component:
    return question(
        State,
        REISSUE,
        _tickets("Tickets"),
        _reason(REISSUE),
        title="Issue tickets again",
        description="For lost or copied tickets. They get a new code; the earlier one opens no "
        "door.",
        on_submit=State.reissue,
        send="Issue again",
    )


def _reveal() -> rx.Component:
    state = OrderRevealState
    return question(
        state,
        REVEAL,
        text_area(
            "Why do you need it?",
            REASON,
            id=f"{REVEAL}-{REASON}",
            default_value=kept(state, REASON),
            hint="The history keeps who looked, when, and these words.",
            rows=2,
            max_length=reveals.REASON_LIMIT,
        ),
        title=text_for(state.field, _TITLES, "Show a masked value"),
        description="It is shown to you until you leave this page.",
        on_submit=state.reveal,
        send="Show it",
        send_icon="eye",
    )


def _tickets(legend: str) -> rx.Component:
    return rx.el.fieldset(
        rx.el.legend(legend, class_name="u-label"),
        rx.foreach(State.choices, _ticket),
        class_name="u-field u-fieldset",
    )


def _ticket(one: Any) -> rx.Component:
    name = f"{TICKET}{one.id}"
    return checkbox(
        one.called,
        name,
        id=name,
        default_checked=State.draft.contains(name) | (State.choices.length() == 1),
        hint=one.visit,
    )


def _reason(dialog: str) -> Child:
    return select_field(
        "Reason",
        REASON,
        [(reason.value, words) for reason, words in REASON_WORDS.items()],
        id=f"{dialog}-{REASON}",
        placeholder="Choose a reason",
        default_value=kept(State, REASON),
        error=State.reason_error,
    )
