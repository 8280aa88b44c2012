"""The second steps on a request's page: the card of what waits, and the dialogs behind buttons."""

import reflex as rx
from reflex.vars import ObjectVar

from upstage_crm.admin.requests.detail import FieldRow
from upstage_crm.admin.requests.detail_state import RequestDetailState
from upstage_crm.admin.requests.task_state import CODE, NOTE
from upstage_crm.admin.requests.task_state import RequestTaskState as State
from upstage_crm.change_requests.rules import Decision
from upstage_crm.ui.components.base import Child, filled, show_if
from upstage_crm.ui.components.button import button
from upstage_crm.ui.components.dialog import dialog, dialog_close, dialog_form
from upstage_crm.ui.components.feedback import notice
from upstage_crm.ui.components.form import text_area, text_field
from upstage_crm.ui.components.page import card, inline, quote, stack
from upstage_crm.ui.copy import DECISION_WORDS

REQUEST = RequestDetailState.detail
TASK = REQUEST.task
NOTE_LIMIT = 500  # characters; the commands' own


def task_card() -> Child:
    """Return the card of the step that waits, if one does."""
    return show_if(filled(TASK.kind), _task())


def revert_button() -> Child:
    """Return the button that puts back what was changed, for who may and while it is possible."""
    return show_if(REQUEST.can_revert, button("Put back", icon="undo-2", on_click=_ask("revert")))


def code_button() -> Child:
    """Return the button for a patron who reads out the code of our mail."""
    opener = button("Patron reads out the code", icon="key-round", on_click=_ask("code"))
    return show_if(REQUEST.can_read_out, opener)


def task_dialogs() -> Child:
    """Return the dialogs; one at most is open."""
    return rx.fragment(_decline(), _revert(), _code())


def _task() -> rx.Component:
    return card(
        stack(
            rx.foreach(TASK.lines, rx.el.p),
            show_if(filled(TASK.note), quote(TASK.note, source=TASK.note_source)),
            show_if(filled(TASK.why_not), notice(TASK.why_not, live=False)),
            show_if(
                filled(TASK.act),
                inline(
                    button(
                        TASK.act,
                        variant="primary",
                        icon="users",
                        on_click=rx.cond(TASK.kind == "release", State.release, State.confirm),
                    ),
                    show_if(TASK.can_decline, button("Decline", on_click=_ask("decline"))),
                ),
            ),
            gap="small",
        ),
        title=TASK.title,
    )


def _decline() -> rx.Component:
    return _dialog(
        "decline",
        text_area("What is wrong?", NOTE, id="task-decline", max_length=NOTE_LIMIT),
        title="Decline as second person",
        description="It does not count. What you write stays in the history.",
        on_submit=State.decline,
        send=button("Decline", type="submit", variant="danger"),
    )


def _revert() -> rx.Component:
    return _dialog(
        "revert",
        rx.el.p(REQUEST.revert_words),
        text_area("Reason", NOTE, id="task-revert", max_length=NOTE_LIMIT),
        title="Put back what was changed?",
        description="Both addresses and the proposer are told at once.",
        on_submit=State.revert,
        send=button("Put back", type="submit", variant="danger"),
    )


def _code() -> rx.Component:
    return _dialog(
        "code",
        text_field(
            "Code",
            CODE,
            id="task-code",
            hint=REQUEST.code_hint,
            auto_complete="off",
            auto_capitalize="characters",
            spell_check=False,
            max_length=20,
        ),
        rx.foreach(REQUEST.fields, lambda row: _answer(row=row)),
        text_area(
            "What was said",
            NOTE,
            id="task-note",
            hint="For the second person and for the history.",
            optional=True,
            rows=2,
            max_length=NOTE_LIMIT,
        ),
        title="The patron reads out the code",
        description=(
            "Ask for the code in our mail, and what the patron answers. "
            "A second staff member must confirm it before it counts."
        ),
        on_submit=State.read_out,
        send=button("Record the answer", type="submit", variant="primary"),
    )


@rx.memo
def _answer(row: ObjectVar[FieldRow]) -> rx.Component:
    choices = rx.el.fieldset(
        rx.el.legend(row.label, class_name="u-label"),
        rx.el.p(rx.el.bdi(row.proposed), class_name="u-hint"),
        *(_choice(row, decision) for decision in (Decision.APPROVE, Decision.REJECT)),
        class_name="u-field u-fieldset",
    )
    return rx.fragment(rx.cond(row.is_open, choices, rx.fragment()))


def _choice(row: ObjectVar[FieldRow], decision: Decision) -> rx.Component:
    own = f"{row.id}-{decision.value}"
    box = rx.el.input(type="radio", id=own, name=row.id, value=decision.value, class_name="u-radio")
    label = rx.el.label(DECISION_WORDS[decision], html_for=own, class_name="u-choice-label")
    return rx.el.div(box, label, class_name="u-choice")


def _dialog(
    name: str, *body: Child, title: str, description: str, on_submit: object, send: Child
) -> rx.Component:
    return dialog(
        dialog_form(
            rx.fragment(*body, key=State.form),
            show_if(filled(State.refusal), notice(State.refusal, tone="danger")),
            on_submit=on_submit,
            actions=rx.fragment(dialog_close("Cancel", variant="quiet"), send),
        ),
        title=title,
        description=description,
        open=State.dialog == name,
        on_open_change=State.turn,
    )


def _ask(name: str) -> object:
    return State.ask(name)
