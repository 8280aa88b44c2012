"""Contact preferences on a patron's record, drawn: the matrix, and the dialog about one cell."""

from typing import Any, cast

import reflex as rx

from upstage_crm.admin.patrons.record_state import PatronRecordState
from upstage_crm.admin.patrons.tabs.preferences_state import (
    ANSWER,
    BASIS,
    NOT_ASKED,
    PREFERENCE,
    SOURCE,
    CellView,
    MatrixRow,
)
from upstage_crm.admin.patrons.tabs.preferences_state import PreferencesState as State
from upstage_crm.pages.view import question
from upstage_crm.patrons.details.preferences import STAFF_SOURCES, WORDING, Answer, Purpose
from upstage_crm.ui.components.base import filled, hidden_text, show_if
from upstage_crm.ui.components.button import button
from upstage_crm.ui.components.forms.choice import radio_group
from upstage_crm.ui.components.forms.form import select_field
from upstage_crm.ui.components.page import card, inline, quote, stack
from upstage_crm.ui.components.records.status import chip
from upstage_crm.ui.components.records.table import cell, column, data_table, table_row
from upstage_crm.wording.preferences import ANSWER_WORDS, PURPOSE_WORDS, SOURCE_WORDS

_ANSWERS = (
    (Answer.YES.value, ANSWER_WORDS[Answer.YES], ""),
    (Answer.NO.value, ANSWER_WORDS[Answer.NO], ""),
    (NOT_ASKED, "Not asked", "Takes back what was noted by mistake."),
)


def matrix(rows: Any) -> rx.Component:
    """Return the matrix of ways and purposes."""
    headings = [column("Way"), *(column(PURPOSE_WORDS[purpose]) for purpose in Purpose)]
    body = rx.foreach(rows, lambda row: _row(cast("MatrixRow", row)))
    return card(
        data_table(headings, body, label="Contact preferences", wide=True),
        title="Contact preferences",
        flush=True,
    )


def preference_dialog() -> rx.Component:
    """Return the dialog; `PreferencesState.ask(cell, subject)` opens it."""
    options = rx.foreach(State.bases, lambda one: rx.el.option(one[1], value=one[0]))
    return question(
        State,
        PREFERENCE,
        quote(State.asking, source=f"Ask in these words (version {WORDING})"),
        radio_group("May we?", ANSWER, _ANSWERS, default_value=Answer.YES.value),
        select_field("On what basis", BASIS, options, hint="Only a yes needs one."),
        select_field(
            "How do you know",
            SOURCE,
            [(one.value, words) for one, words in SOURCE_WORDS.items() if one in STAFF_SOURCES],
        ),
        title=State.title,
        description="The history keeps every answer, and with which words it was asked for.",
        on_submit=State.save,
        send="Save",
    )


def _row(row: MatrixRow) -> rx.Component:
    return table_row(
        cell(row.channel, label="Way"),
        rx.foreach(row.cells, lambda one: _cell(cast("CellView", one))),
    )


def _cell(one: CellView) -> rx.Component:
    change = button(
        "Change",
        hidden_text(": ", one.purpose),
        size="small",
        variant="quiet",
        on_click=State.ask(one.key, PatronRecordState.subject),
    )
    return cell(
        stack(
            rx.match(
                one.answer,
                (Answer.YES.value, chip(one.words, icon="circle-check", tone="success")),
                (Answer.NO.value, chip(one.words, icon="circle-slash")),
                rx.el.span(one.words, class_name="u-muted"),
            ),
            show_if(filled(one.evidence), rx.el.span(one.evidence, class_name="u-muted")),
            show_if(PatronRecordState.may_edit, inline(change)),
            gap="small",
        ),
        label=cast("Any", one.purpose),
    )
