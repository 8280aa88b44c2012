"""The shift on the screen of a till: its bar, its dialogs, and the tills to open one at."""

from typing import Any

import reflex as rx

from upstage_crm.admin.frame import what_became
from upstage_crm.box_office.shifts.shift_state import (
    AMOUNT,
    CLOSE,
    KIND,
    MOVE,
    OPEN,
    REASON,
    REPORT,
    TERMINAL,
    TRAINING,
)
from upstage_crm.box_office.shifts.shift_state import ShiftDialogState as Dialog
from upstage_crm.box_office.till.till_state import TillState as State
from upstage_crm.pages.view import question, subject_dialog
from upstage_crm.tills.views import REASON_LIMIT, MoveKind
from upstage_crm.ui.components.base import Child, filled, show_if
from upstage_crm.ui.components.button import button, link
from upstage_crm.ui.components.dialog import dialog_close
from upstage_crm.ui.components.feedback import empty_state
from upstage_crm.ui.components.forms.choice import checkbox
from upstage_crm.ui.components.forms.form import select_field, text_field
from upstage_crm.ui.components.page import stack
from upstage_crm.ui.components.records.status import chip
from upstage_crm.wording.sales.tills import MOVE_WORDS


def shift_bar() -> Child:
    """Return the bar of the open shift: where it is, and what can be done with it."""
    training = chip("Training: nothing is sold", icon="triangle-alert", tone="warning")
    return rx.el.div(
        show_if(filled(State.shift_id), rx.el.strong(State.till)),
        show_if(State.is_training, training),
        show_if(
            filled(State.shift_id),
            rx.el.div(
                button("Move cash", size="small", on_click=Dialog.ask_move),
                button("X report", size="small", on_click=Dialog.ask_report),
                button("Close shift", size="small", on_click=Dialog.ask_close),
                link(
                    "Second screen",
                    href="/box-office/display/",
                    target="_blank",
                    class_name="u-btn u-btn-quiet u-btn-small",
                ),
                class_name="u-inline",
            ),
        ),
        class_name="u-till-shift",
    )


def tills_to_open() -> Child:
    """Return the tills, for a member without an open shift."""
    none = empty_state(
        "There is no till yet",
        rx.el.p("A manager adds one on the page of the tills."),
        icon="ticket",
    )
    return stack(
        rx.el.h1("Open a shift", class_name="u-till-title"),
        what_became(State),
        rx.el.ul(rx.foreach(State.tills, _till), class_name="u-till-tills"),
        show_if(State.tills.length() == 0, none),
        link("Tills and shifts", href="/box-office/shifts/"),
    )


def _till(one: Any) -> rx.Component:
    free = button(
        f"Open a shift at {one.name}",
        variant="primary",
        on_click=Dialog.ask_open(one.id),
    )
    return rx.el.li(
        rx.cond(
            filled(one.by),
            rx.el.p(rx.el.strong(one.name), " · ", one.by, class_name="u-muted"),
            free,
        ),
        key=one.id,
    )


def shift_dialogs() -> list[Child]:
    """Return the dialogs of a shift."""
    moves = [(kind.value, words) for kind, words in MOVE_WORDS.items()]
    return [
        question(
            Dialog,
            OPEN,
            _amount("Float", OPEN, "What is in the drawer now, counted."),
            checkbox("Training: nothing is sold or booked", TRAINING, id=f"{OPEN}-{TRAINING}"),
            title="Open a shift",
            on_submit=Dialog.begin,
            send="Open shift",
            size="small",
        ),
        question(
            Dialog,
            MOVE,
            select_field("What", KIND, moves, default_value=MoveKind.DROP.value),
            _amount("Amount", MOVE, ""),
            text_field(
                "Reason",
                REASON,
                error=Dialog.errors[REASON],
                max_length=REASON_LIMIT,
                auto_complete="off",
                id=f"{MOVE}-{REASON}",
            ),
            title="Move cash",
            on_submit=Dialog.move_cash,
            send="Move",
            size="small",
        ),
        question(
            Dialog,
            CLOSE,
            _amount("Cash in the drawer", CLOSE, "Count it; the expected sum is shown afterwards."),
            text_field(
                "Total of the card terminal",
                TERMINAL,
                error=Dialog.errors[TERMINAL],
                optional=True,
                input_mode="decimal",
                auto_complete="off",
                id=f"{CLOSE}-{TERMINAL}",
            ),
            title="Close the shift",
            on_submit=Dialog.end,
            send="Close shift",
            size="small",
        ),
        subject_dialog(
            Dialog,
            REPORT,
            rx.el.p(Dialog.heading, class_name="u-muted"),
            rx.el.table(
                rx.el.tbody(rx.foreach(Dialog.rows, report_row)),
                class_name="u-report u-paper-report",
            ),
            title="Report",
            footer=dialog_close("Close"),
        ),
    ]


def _amount(label: str, dialog: str, hint: str) -> Child:
    return text_field(
        label,
        AMOUNT,
        hint=hint,
        error=Dialog.errors[AMOUNT],
        input_mode="decimal",
        auto_complete="off",
        id=f"{dialog}-{AMOUNT}",
    )


def report_row(row: Any) -> rx.Component:
    """Return one line of a report."""
    return rx.el.tr(
        rx.el.th(
            row.name,
            show_if(filled(row.note), rx.el.span(" ", row.note, class_name="u-muted")),
            scope="row",
        ),
        rx.el.td(row.amount, class_name="u-num"),
        class_name=rx.cond(row.is_sum, "u-report-sum", ""),
    )
