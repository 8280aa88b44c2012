"""The page at `/box-office/shifts/`: tills, the shifts at them, and their reports."""

from typing import Any

import reflex as rx

from upstage_crm.admin.frame import framed, what_became
from upstage_crm.box_office.shifts.shift_parts import report_row
from upstage_crm.box_office.shifts.shifts_state import (
    ADD,
    AMOUNT,
    CLOSE,
    NAME,
    RENAME,
    REPORT,
    RETIRE,
)
from upstage_crm.box_office.shifts.shifts_state import ShiftsState as State
from upstage_crm.box_office.shifts.shifts_state import TillDialogState as Dialog
from upstage_crm.box_office.till.till_frame import till_sheet
from upstage_crm.pages.view import question, subject_dialog
from upstage_crm.tills.views import NAME_LIMIT
from upstage_crm.ui.components.base import Child, filled, hidden_text, show_if
from upstage_crm.ui.components.button import button, link
from upstage_crm.ui.components.dialog import dialog_close
from upstage_crm.ui.components.feedback import empty_state, skeleton_lines
from upstage_crm.ui.components.forms.form import text_field
from upstage_crm.ui.components.page import card, inline, page_header, stack
from upstage_crm.ui.components.records.status import chip
from upstage_crm.ui.components.records.table import cell, column, data_table, table_row

NAME_OF_PAGE = "Tills and shifts"


def page() -> rx.Component:
    """Return the page."""
    add = button("Add till", icon="plus", variant="primary", on_click=Dialog.ask_add)
    return framed(
        State,
        page_header(
            NAME_OF_PAGE,
            actions=(
                link("Box office", href="/box-office/", class_name="u-btn u-btn-secondary"),
                show_if(State.may_manage, add),
            ),
        ),
        till_sheet(),
        stack(
            what_became(State),
            rx.cond(State.has_loaded, _all(), card(skeleton_lines(6))),
        ),
        *_dialogs(),
        active="box-office",
        waiting=stack(page_header(NAME_OF_PAGE), card(skeleton_lines(6))),
    )


def _all() -> Child:
    return stack(_gifts(), _tills(), _shifts())


def _gifts() -> Child:
    table = data_table(
        [
            column("Tickets"),
            column("Reason"),
            column("Asked by"),
            column("Asked"),
            column("Actions", hidden=True),
        ],
        rx.foreach(State.gifts, _gift),
        label="Waiting for a second person",
    )
    waits = card(table, title="Waiting for a second person", flush=True)
    return show_if(State.gifts.length() > 0, waits)


def _gift(row: Any) -> rx.Component:
    decide = inline(
        button("Give", size="small", variant="primary", on_click=State.give(row.id)),
        button("Decline", size="small", on_click=State.decline(row.id)),
    )
    return table_row(
        cell(row.about),
        cell(row.reason, label="Reason"),
        cell(row.by, label="Asked by"),
        cell(row.asked, label="Asked"),
        cell(rx.cond(filled(row.refusal), rx.el.span(row.refusal, class_name="u-muted"), decide)),
        key=row.id,
    )


def _tills() -> Child:
    table = data_table(
        [column("Till"), column("Open shift"), column("Actions", hidden=True)],
        rx.foreach(State.tills, _till),
        label="Tills",
    )
    none = empty_state("There is no till yet", rx.el.p("Add one to sell tickets."), icon="ticket")
    return card(rx.cond(State.tills.length() > 0, table, none), title="Tills", flush=True)


def _till(row: Any) -> rx.Component:
    manage = inline(
        button("Rename", _of(row.name), size="small", on_click=Dialog.ask_rename(row.id)),
        button("Retire", _of(row.name), size="small", on_click=Dialog.ask_retire(row.id)),
    )
    close = button(
        "Close the shift",
        hidden_text(" at ", row.name),
        size="small",
        on_click=Dialog.ask_close(row.shift),
    )
    shift = rx.el.span(row.by, rx.el.span(" since ", row.since, class_name="u-muted"))
    return table_row(
        cell(row.name),
        cell(rx.cond(filled(row.shift), shift, "None"), label="Open shift"),
        cell(
            inline(
                show_if(filled(row.shift), close),
                show_if(State.may_manage, manage),
            )
        ),
        key=row.id,
    )


def _shifts() -> Child:
    table = data_table(
        [
            column("Shift"),
            column("Person"),
            column("Opened"),
            column("Closed"),
            column("Count"),
            column("Actions", hidden=True),
        ],
        rx.foreach(State.shifts, _shift),
        label="Latest shifts",
    )
    none = empty_state("No shift yet", rx.el.p("Shifts are listed here once one was opened."))
    return card(rx.cond(State.shifts.length() > 0, table, none), title="Latest shifts", flush=True)


def _shift(row: Any) -> rx.Component:
    short = chip(row.result, icon="triangle-alert", tone="warning")
    return table_row(
        cell(row.name),
        cell(row.by, label="Person"),
        cell(row.opened, label="Opened"),
        cell(row.closed, label="Closed"),
        cell(rx.cond(row.is_short, short, row.result), label="Count"),
        cell(
            button(
                "Report",
                hidden_text(" of ", row.name),
                size="small",
                on_click=Dialog.ask_report(row.id),
            )
        ),
        key=row.id,
    )


def _dialogs() -> list[Child]:
    return [
        question(
            Dialog,
            ADD,
            _name(ADD, ""),
            title="Add till",
            on_submit=Dialog.add,
            send="Add till",
            size="small",
        ),
        question(
            Dialog,
            RENAME,
            _name(RENAME, Dialog.name),
            title="Rename till",
            on_submit=Dialog.rename,
            send="Save",
            size="small",
        ),
        question(
            Dialog,
            RETIRE,
            rx.el.p("No more shifts can be opened at it. Its shifts and reports stay."),
            title="Retire till",
            on_submit=Dialog.retire,
            send="Retire till",
            send_variant="danger",
            size="small",
        ),
        question(
            Dialog,
            CLOSE,
            text_field(
                "Cash in the drawer",
                AMOUNT,
                hint="Count it; the report shows what was expected.",
                input_mode="decimal",
                auto_complete="off",
                id=f"{CLOSE}-{AMOUNT}",
            ),
            title="Close a shift",
            on_submit=Dialog.close_left,
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


def _of(name: Any) -> Child:
    """What a button is about, for who cannot see its row."""
    return hidden_text(" ", name)


def _name(dialog: str, value: Any) -> Child:
    return text_field(
        "Name",
        NAME,
        default_value=value,
        max_length=NAME_LIMIT,
        auto_complete="off",
        id=f"{dialog}-{NAME}",
    )
