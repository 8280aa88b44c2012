"""What is drawn for several performances at once: the bar, and a dialog for each edit.

bulk_bar(state)             "3 performances chosen", and what can be done with them
undo_button(page)           takes the last edit back, where that is possible
bulk_dialogs(state, halls)  the dialogs; `halls` are pairs of id and name
"""

from __future__ import annotations

from typing import Any

import reflex as rx

from upstage_crm.admin.programme.performance_bulk_state import (
    ACCESS,
    DAY,
    HALL,
    LATER,
    TIME,
)
from upstage_crm.pages.view import kept, refusal_of, subject_dialog, subject_form
from upstage_crm.programme.bulk_edit import BulkEdit
from upstage_crm.ui.components.base import Child, Text, show_if
from upstage_crm.ui.components.button import button
from upstage_crm.ui.components.dialog import dialog_close
from upstage_crm.ui.components.forms.choice import checkbox
from upstage_crm.ui.components.forms.form import select_field, text_field
from upstage_crm.ui.components.page import halves, stack
from upstage_crm.ui.components.records.selection import Act, pick_bar
from upstage_crm.wording.programme import ACCESS_WORDS


def bulk_bar(state: Any) -> rx.Component:
    """Return the bar beneath the rows."""
    return pick_bar(
        (
            Act(BulkEdit.ON_SALE, "Put on sale", "o"),
            Act(BulkEdit.PAUSE, "Pause", "p"),
            Act(BulkEdit.CHANGE, "Change time or hall", "c"),
            Act(BulkEdit.CANCEL, "Cancel performances", "w"),
        ),
        on_act=state.ask,
        nouns=("performance", "performances"),
    )


def undo_button(page: Any) -> Child:
    """Return the button that follows what was done."""
    return show_if(page.can_undo, button("Undo", icon="undo-2", size="small", on_click=page.undo))


def bulk_dialogs(state: Any, halls: Any) -> tuple[rx.Component, ...]:
    """Return the dialogs, each of which says what its press will do."""
    for_good = rx.el.p("A cancelled performance stays cancelled. Its hall is free again then.")
    return (
        _dialog(
            state, BulkEdit.ON_SALE, state.put_on_sale, title="Put on sale?", send="Put on sale"
        ),
        _dialog(state, BulkEdit.PAUSE, state.pause, title="Pause the sale?", send="Pause"),
        _dialog(
            state,
            BulkEdit.CANCEL,
            state.cancel,
            for_good,
            title="Cancel performances?",
            send="Cancel the performances",
        ),
        _dialog(
            state,
            BulkEdit.CHANGE,
            state.change,
            _inputs(state, halls),
            title="Change performances",
            send="Change",
        ),
    )


def _dialog(
    state: Any, edit: BulkEdit, on_submit: Any, *body: Child, title: str, send: str
) -> rx.Component:
    danger = edit is BulkEdit.CANCEL
    return subject_dialog(
        state,
        edit,
        subject_form(
            state,
            *body,
            rx.el.div(
                stack(rx.foreach(state.lines, rx.el.p), gap="small"),
                role="status",
            ),
            refusal_of(state),
            rx.el.div(
                dialog_close("Keep them" if danger else "Cancel", variant="quiet"),
                show_if(
                    state.applies > 0,
                    button(send, type="submit", variant="danger" if danger else "primary"),
                ),
                class_name="u-dialog-foot",
            ),
            on_submit=on_submit,
            name=edit,
        ),
        title=title,
        size="medium" if body else "small",
    )


def _inputs(state: Any, halls: Any) -> rx.Component:
    options = rx.foreach(halls, lambda hall: rx.el.option(hall[1], value=hall[0]))
    later = text_field(
        "Days later",
        LATER,
        optional=True,
        hint="7 for a week later, -7 for a week earlier.",
        input_mode="numeric",
        default_value=kept(state, LATER),
    )
    day = text_field("Day", DAY, type="date", default_value=_held(state, DAY))
    return stack(
        rx.el.p("By the clocks of the house. What is empty stays as it is.", class_name="u-hint"),
        halves(
            show_if(state.is_one, day, later),
            text_field("Time", TIME, type="time", optional=True, default_value=_held(state, TIME)),
        ),
        select_field(
            "Hall",
            HALL,
            rx.fragment(options),
            placeholder="As it is",
            optional=True,
            default_value=_held(state, HALL),
        ),
        rx.el.fieldset(
            rx.el.legend("Access", class_name="u-label"),
            _box(state, "Change the access to what is ticked here", ACCESS),
            halves(*(_box(state, words, kind.value) for kind, words in ACCESS_WORDS.items())),
            class_name="u-field u-fieldset",
        ),
    )


def _held(state: Any, name: str) -> Text:
    return kept(state, name, rx.cond(state.now.contains(name), state.now[name], ""))


def _box(state: Any, words: str, name: str) -> Child:
    is_on = rx.cond(state.is_restored, state.draft.contains(name), state.now.contains(name))
    return checkbox(words, name, default_checked=is_on)
