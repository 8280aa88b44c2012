"""The parts of a record's page that need care: disputes, protection, erasure, and their dialogs."""

from typing import Any, cast

import reflex as rx

from upstage_crm.admin.patrons.care import WaitingChange
from upstage_crm.admin.patrons.care_state import NOTE, STATUS
from upstage_crm.admin.patrons.care_state import PatronCareState as State
from upstage_crm.admin.patrons.record_state import PatronRecordState
from upstage_crm.change_requests.desk.identify import IDENTIFYING
from upstage_crm.change_requests.model.reasons import METHODS
from upstage_crm.change_requests.model.rules import (
    Finding,
    RecordChangeKind,
)
from upstage_crm.core.text import REMARK_LIMIT
from upstage_crm.pages.view import kept, question, refusal_of, subject_dialog, subject_form
from upstage_crm.ui.components.base import Child, filled, show_if, text_if
from upstage_crm.ui.components.button import button, link
from upstage_crm.ui.components.dialog import dialog_close
from upstage_crm.ui.components.feedback import notice
from upstage_crm.ui.components.forms.form import (
    form_actions,
    select_field,
    text_area,
)
from upstage_crm.ui.components.menu import menu, menu_item
from upstage_crm.ui.components.page import inline, quote, stack
from upstage_crm.ui.components.records.status import chip
from upstage_crm.ui.components.text import reference
from upstage_crm.wording.sentences import FINDING_WORDS

CARE = PatronRecordState.care
FROZEN, ERASURE = CARE.frozen, CARE.erasure
PROTECTION = (
    "A new email address of a protected patron also needs approval from the current address."
)
STATUS_BACK = (
    "The record can be made active again. That does not bring withdrawn requests back: "
    "each would have to be proposed again."
)
_GOES = (
    "Name, addresses, phone number, date of birth, notes and every value in requests and emails "
    "are removed. The number, what happened and when, and the signed receipts stay, without any "
    "value. This cannot be undone."
)


def frozen_notice() -> Child:
    """Return the notice of a record in dispute, with what the first of two people found."""
    shown = notice(
        stack(
            rx.el.p(
                FROZEN.cause,
                " No one can propose a change until two colleagues have reviewed the dispute.",
            ),
            rx.el.p("Since ", FROZEN.since, ", request ", _request(), class_name="u-muted"),
            show_if(filled(FROZEN.first), quote(FROZEN.first_note, source=FROZEN.first)),
            show_if(filled(FROZEN.finding), rx.el.p("Found: ", FROZEN.finding, ".")),
            show_if(filled(FROZEN.why_not), rx.el.p(FROZEN.why_not)),
            gap="small",
        ),
        title="This record is in dispute",
        tone="danger",
        live=False,
        action=show_if(
            FROZEN.can_clear,
            button("Review dispute", size="small", on_click=_ask("clear")),
        ),
    )
    return show_if(filled(FROZEN.cause), shown)


def protection_chip() -> Child:
    """Return the chip of a protected patron."""
    return show_if(CARE.is_protected, chip("Protected", icon="shield-check", tone="info"))


def status_button() -> Child:
    """Return the button that changes the record's status."""
    change = button("Change status", icon="circle-slash", on_click=_ask("status"))
    return show_if(CARE.statuses.length() > 0, change)


def waiting_changes() -> Child:
    """Return a notice for each change of the record that waits for a second person."""
    return rx.foreach(CARE.waiting, lambda one: _waiting_change(cast("WaitingChange", one)))


def _waiting_change(waiting: WaitingChange) -> rx.Component:
    buttons = inline(
        show_if(
            waiting.can_confirm,
            button("Confirm", size="small", on_click=_ask_about("confirm_change", waiting)),
        ),
        show_if(
            waiting.can_decline,
            button(
                "Decline",
                size="small",
                variant="quiet",
                on_click=_ask_about("decline_change", waiting),
            ),
        ),
    )
    return notice(
        stack(
            quote(waiting.reason, source=waiting.asked_by),
            rx.el.p("Since ", waiting.since, ".", class_name="u-muted"),
            show_if(filled(waiting.why_not), rx.el.p(waiting.why_not)),
            gap="small",
        ),
        title=waiting.title,
        tone="warning",
        live=False,
        action=buttons,
    )


def erased_notice() -> Child:
    """Return the notice of a record that was erased."""
    return show_if(
        CARE.is_erased,
        notice(
            "Nothing about this person is kept. The number and what happened stay as evidence.",
            title="This record was erased",
            live=False,
        ),
    )


def erasure_notice() -> Child:
    """Return the notice of an erasure that waits for a second person."""
    buttons = inline(
        show_if(
            ERASURE.can_confirm,
            button("Confirm", size="small", on_click=_ask("confirm_erasure")),
        ),
        show_if(
            ERASURE.can_decline,
            button("Decline", size="small", variant="quiet", on_click=_ask("decline_erasure")),
        ),
    )
    shown = notice(
        stack(
            quote(ERASURE.reason, source=ERASURE.asked_by),
            rx.el.p("Since ", ERASURE.since, ".", class_name="u-muted"),
            _blockers(),
            show_if(filled(ERASURE.why_not), rx.el.p(ERASURE.why_not)),
            gap="small",
        ),
        title="The erasure of this record needs a colleague",
        tone="warning",
        live=False,
        action=buttons,
    )
    return show_if(filled(ERASURE.asked_by), shown)


def more_menu() -> Child:
    """Return the menu of what is rarely done to a record; the most final comes last."""
    has_statuses: Any = CARE.statuses.length() > 0
    can_protect, is_protected = CARE.can_protect, CARE.is_protected
    items = (
        (CARE.can_find, _item("Who reads this address?", "search", "clear")),
        (can_protect & ~is_protected, _item("Mark as protected", "shield-check", "protect")),
        (can_protect & is_protected, _item("Remove protection", "shield-check", "unprotect")),
        (has_statuses, _item("Change status", "circle-slash", "status")),
        (ERASURE.can_ask, _item("Erase this patron’s data", "trash-2", "erase", is_final=True)),
    )
    found = menu(
        *(show_if(is_offered, item) for is_offered, item in items),
        label="More actions",
        variant="secondary",
    )
    return show_if(CARE.can_find | can_protect | has_statuses | ERASURE.can_ask, found)


def _item(words: str, mark: str, dialog: str, *, is_final: bool = False) -> rx.Component:
    return menu_item(words, icon=mark, danger=is_final, on_click=_ask(dialog))


def _blockers() -> Child:
    """What stands in the way, shown before anybody asks for anything."""
    listed = rx.el.ul(rx.foreach(ERASURE.blockers, rx.el.li), class_name="u-list")
    return show_if(
        ERASURE.is_blocked,
        stack(rx.el.p("What must happen first:"), listed, gap="small"),
    )


def care_dialogs() -> Child:
    """Return the dialogs; one at most is open."""
    return rx.fragment(
        _dialog(
            "clear",
            title="What did you find out?",
            description=(
                "Talk to the patron first. Two colleagues review it, each on their own; "
                "the second one ends the dispute."
            ),
            on_submit=State.clear,
            send="Save findings",
        ),
        _dialog(
            "unprotect",
            title="Remove the protection?",
            description=(
                "A colleague confirms it, and the patron is told by email. A new email address "
                "can then count without the approval of the current one."
            ),
            on_submit=State.unprotect,
            send="Request removal",
        ),
        _status_dialog(),
        _confirm_change_dialog(),
        _dialog(
            "decline_change",
            title="Decline this change?",
            description="The record stays as it is. Your reason is kept in the history.",
            on_submit=State.decline_change,
            send="Decline",
        ),
        _dialog(
            "protect",
            title="Protect this patron?",
            description=PROTECTION,
            on_submit=State.protect,
            send="Protect",
        ),
        _erase_dialog(),
        _confirm_dialog(),
        _dialog(
            "decline_erasure",
            title="Decline the erasure?",
            description="Nothing is erased. The colleague who asked can read why in the history.",
            on_submit=State.decline_erasure,
            send="Decline",
        ),
    )


def _erase_dialog() -> rx.Component:
    """What goes and what stays; what stands in the way comes before any question."""
    asking = subject_form(
        State,
        rx.el.p(rx.el.strong(ERASURE.empties)),
        _note("erase"),
        rx.el.p("A colleague confirms it.", class_name="u-muted"),
        refusal_of(State),
        rx.el.div(
            dialog_close("Cancel", variant="quiet"),
            button("Request erasure", type="submit", variant="danger"),
            class_name="u-dialog-foot",
        ),
        on_submit=State.erase,
        name="erase",
    )
    blocked = stack(_blockers(), form_actions(dialog_close("Close", variant="quiet")))
    return subject_dialog(
        State,
        "erase",
        show_if(ERASURE.is_blocked, blocked, asking),
        title="Erase this patron’s data?",
        description=_GOES,
    )


def _confirm_dialog() -> rx.Component:
    return question(
        State,
        "confirm_erasure",
        rx.el.p(rx.el.strong(ERASURE.empties)),
        _blockers(),
        title="Erase this patron’s data now?",
        description=_GOES,
        on_submit=State.confirm_erasure,
        send="Erase now",
        send_variant="danger",
    )


def _status_dialog() -> rx.Component:
    """A status for a reason; whether a colleague confirms it is said before anything is sent."""
    return question(
        State,
        "status",
        select_field(
            "New status",
            STATUS,
            rx.foreach(CARE.statuses, lambda one: rx.el.option(one.label, value=one.value)),
            placeholder="Choose a status",
            default_value=kept(State, STATUS),
            id="care-new-status",
        ),
        _note("status"),
        rx.el.p(rx.el.strong(CARE.ending)),
        rx.el.p(STATUS_BACK, class_name="u-muted"),
        show_if(
            CARE.status_takes_two,
            rx.el.p("A colleague confirms it before anything changes.", class_name="u-muted"),
        ),
        title="Change the status of this record?",
        description=(
            "A record that is no longer active loses its open requests, and another record can "
            "have its email address."
        ),
        on_submit=State.change_status,
        send="Change status",
    )


def _confirm_change_dialog() -> rx.Component:
    return question(
        State,
        "confirm_change",
        show_if(
            State.kind == RecordChangeKind.STATUS.value,
            stack(
                rx.el.p(rx.el.strong(CARE.ending)),
                rx.el.p(STATUS_BACK, class_name="u-muted"),
                gap="small",
            ),
        ),
        title="Confirm this change?",
        description=text_if(
            State.kind == RecordChangeKind.UNPROTECT.value,
            "The record is no longer protected, and the patron is told by email.",
            "The record gets its new status now.",
        ),
        on_submit=State.confirm_change,
        send="Confirm",
    )


def _dialog(
    name: str, *, title: str, description: str, on_submit: object, send: str
) -> rx.Component:
    return question(
        State,
        name,
        *(_findings() if name == "clear" else ()),
        _note(name, "Your notes" if name == "clear" else "Why?"),
        title=title,
        description=description,
        on_submit=on_submit,
        send=send,
    )


def _note(dialog: str, label: str = "Why?") -> rx.Component:
    """The words that a dialog asks for; what was typed before stands in it again."""
    words = kept(State, NOTE)
    return text_area(label, NOTE, id=f"care-{dialog}", default_value=words, max_length=REMARK_LIMIT)


def _findings() -> tuple[Child, ...]:
    """What was found out, and how: the two members have to agree.

    Without a dispute it can only be about the address on the record.
    """
    disputed = filled(FROZEN.cause)
    found = rx.fragment(
        *(
            option if one is Finding.CURRENT_NOT_PATRONS else show_if(disputed, option)
            for one, words in FINDING_WORDS.items()
            for option in [rx.el.option(words, value=one.value)]
        )
    )
    methods = [("", "Not needed"), *((one.value, METHODS[one].label) for one in IDENTIFYING)]
    return (
        select_field(
            "Finding",
            "finding",
            found,
            default_value=kept(State, "finding"),
            id="care-finding",
        ),
        select_field(
            "How you checked who the patron is",
            "method",
            methods,
            default_value=kept(State, "method"),
            id="care-method",
        ),
    )


def _ask(name: str) -> Any:
    return State.ask(name, PatronRecordState.subject)


def _ask_about(name: str, waiting: WaitingChange) -> Any:
    return State.ask_about(name, PatronRecordState.subject, waiting.kind)


def _request() -> rx.Component:
    return link(reference(FROZEN.reference), href=f"/requests/{FROZEN.reference}/")
