"""The second steps on a request's page: the card of what waits, and the dialogs behind buttons."""

from typing import Any

import reflex as rx
from reflex.vars import ObjectVar

from upstage_crm.admin.requests.detail_state import RequestDetailState
from upstage_crm.admin.requests.field_rows import FieldRow
from upstage_crm.admin.requests.task_state import CODE, KEEPER, NOTE
from upstage_crm.admin.requests.task_state import RequestTaskState as State
from upstage_crm.change_requests.model.rules import Decision
from upstage_crm.core.text import REMARK_LIMIT
from upstage_crm.pages.view import kept, question
from upstage_crm.ui.components.base import Child, filled, hidden_text, show_if
from upstage_crm.ui.components.button import button
from upstage_crm.ui.components.feedback import notice
from upstage_crm.ui.components.forms.form import (
    select_field,
    text_area,
    text_field,
)
from upstage_crm.ui.components.page import card, inline, quote, stack
from upstage_crm.ui.components.records.deadline import countdown_button
from upstage_crm.wording.sentences import DECISION_WORDS

REQUEST = RequestDetailState.detail
TASK = REQUEST.task


def task_card() -> Child:
    """Return the card of the step that waits, if one does."""
    return show_if(filled(TASK.kind), _task())


def revert_button() -> Child:
    """Return the button that puts back what was changed, for who may and while it is possible."""
    return show_if(
        REQUEST.can_revert, button("Undo change", icon="undo-2", on_click=_ask("revert"))
    )


def code_button() -> Child:
    """Return the button for a patron who reads out the code of our mail."""
    opener = button("Enter code from phone call", icon="key-round", on_click=_ask("code"))
    return show_if(REQUEST.can_read_out, opener)


def withdraw_button() -> Child:
    """Return the button that asks whether to withdraw the request."""
    return show_if(REQUEST.can_withdraw, button("Withdraw", on_click=_ask("withdraw")))


def resend_button() -> Child:
    """Return the button that asks whether to send the question again, once its wait is over."""
    refused = button("Send again", disabled=True, icon="send", aria_describedby="resend-hint")
    ready = countdown_button(
        "Send again",
        waiting="Send again in",
        seconds=REQUEST.resend_wait_s,
        until=REQUEST.resend_until,
        on_click=_ask("resend"),
    )
    return show_if(REQUEST.can_resend, show_if(filled(REQUEST.resend_refusal), refused, ready))


def assign_button() -> Child:
    """Return the button that chooses who answers for the request."""
    opener = button(
        "Change", hidden_text(" who answers for it"), size="small", on_click=_ask("assign")
    )
    return show_if(REQUEST.can_assign, opener)


def comment_button() -> Child:
    """Return the button that writes something for colleagues."""
    opener = button("Add comment", icon="message-square", size="small", on_click=_ask("comment"))
    return show_if(REQUEST.can_comment, opener)


def task_dialogs() -> Child:
    """Return the dialogs; one at most is open."""
    asked = (_withdraw(), _resend(), _decline(), _explain(), _revert(), _code())
    return rx.fragment(*asked, _assign(), _comment())


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
                        on_click=rx.match(
                            TASK.kind,
                            ("release", State.release(RequestDetailState.subject)),
                            ("identity", State.confirm(TASK.kind, RequestDetailState.subject)),
                            ("code", State.confirm(TASK.kind, RequestDetailState.subject)),
                            _ask("explain"),
                        ),
                    ),
                    show_if(TASK.can_decline, button("Decline", on_click=_ask("decline"))),
                ),
            ),
            gap="small",
        ),
        title=TASK.title,
    )


def _withdraw() -> rx.Component:
    return question(
        State,
        "withdraw",
        rx.el.p("The links in our emails stop working at once. The record stays as it is."),
        rx.el.p(REQUEST.told),
        title="Withdraw this request?",
        on_submit=State.withdraw,
        send="Withdraw request",
        send_variant="danger",
        cancel="Keep it",
        size="small",
    )


def _resend() -> rx.Component:
    return question(
        State,
        "resend",
        rx.el.p("The links in the emails we sent before stop working at once."),
        rx.el.p(REQUEST.resends),
        title="Send the question again?",
        on_submit=State.resend,
        send="Send again",
        send_icon="send",
        size="small",
    )


def _decline() -> rx.Component:
    return question(
        State,
        "decline",
        text_area(
            "What is wrong?",
            NOTE,
            id="task-decline",
            default_value=kept(State, NOTE),
            max_length=REMARK_LIMIT,
        ),
        title="Decline?",
        description="It does not count. What you write stays in the history.",
        on_submit=State.decline,
        send="Decline",
        send_variant="danger",
    )


def _explain() -> rx.Component:
    return question(
        State,
        "explain",
        text_area(
            TASK.prompt,
            NOTE,
            id="task-explain",
            default_value=kept(State, NOTE),
            max_length=REMARK_LIMIT,
        ),
        title=TASK.title,
        description="What you write stays in the history.",
        on_submit=State.explain,
        send=TASK.act,
    )


def _revert() -> rx.Component:
    return question(
        State,
        "revert",
        rx.el.p(REQUEST.revert_words),
        text_area(
            "Reason",
            NOTE,
            id="task-revert",
            default_value=kept(State, NOTE),
            max_length=REMARK_LIMIT,
        ),
        title="Undo this change?",
        description="Both addresses and the proposer are told at once.",
        on_submit=State.revert,
        send="Undo change",
        send_variant="danger",
    )


def _assign() -> rx.Component:
    return question(
        State,
        "assign",
        select_field(
            "Colleague",
            KEEPER,
            rx.foreach(State.keepers, lambda one: rx.el.option(one.words, value=one.id)),
            default_value=State.keeper,
            id="task-keeper",
        ),
        title="Who answers for this request?",
        description="They are told the outcome by email. Who proposed it stays in the history.",
        on_submit=State.assign,
        send="Save",
        size="small",
    )


def _comment() -> rx.Component:
    return question(
        State,
        "comment",
        text_area(
            "Comment",
            NOTE,
            id="task-comment",
            default_value=kept(State, NOTE),
            max_length=REMARK_LIMIT,
        ),
        title="Comment for colleagues",
        description="The patron never sees this here, but may ask for a copy of what we keep.",
        on_submit=State.comment,
        send="Add comment",
    )


def _code() -> rx.Component:
    return question(
        State,
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
            max_length=REMARK_LIMIT,
        ),
        title="Enter the code from a phone call",
        description=(
            "Ask for the code in our email, and what the patron answers. "
            "A colleague must confirm it before it counts."
        ),
        on_submit=State.read_out,
        send="Record the answer",
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


def _ask(name: str) -> Any:
    return State.ask(name, RequestDetailState.subject)
