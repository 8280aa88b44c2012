"""The parts of a record's page that need care: the frozen notice, the mark, and their dialogs."""

import reflex as rx

from upstage_crm.admin.patrons.care_state import NOTE
from upstage_crm.admin.patrons.care_state import PatronCareState as State
from upstage_crm.admin.patrons.record_state import PatronRecordState
from upstage_crm.change_requests.freezing import NOTE_LIMIT
from upstage_crm.ui.components.base import Child, Text, filled, show_if, text_if
from upstage_crm.ui.components.button import button, link
from upstage_crm.ui.components.dialog import dialog, dialog_close, dialog_form
from upstage_crm.ui.components.feedback import notice
from upstage_crm.ui.components.form import text_area
from upstage_crm.ui.components.page import quote, stack
from upstage_crm.ui.components.status import chip
from upstage_crm.ui.components.text import reference

CARE = PatronRecordState.care


def frozen_notice() -> Child:
    """Return the notice of a record in dispute, with what the first of two people found."""
    shown = notice(
        stack(
            rx.el.p(
                CARE.frozen,
                " Nobody can propose a change until two staff members have looked into it.",
            ),
            rx.el.p(
                "Since ", CARE.frozen_since, ", request ", _request(), ".", class_name="u-muted"
            ),
            show_if(filled(CARE.first), quote(CARE.first_note, source=CARE.first)),
            show_if(filled(CARE.why_not), rx.el.p(CARE.why_not)),
            gap="small",
        ),
        title="This record is frozen",
        tone="danger",
        live=False,
        action=show_if(
            CARE.can_clear, button("Say what you found", size="small", on_click=State.ask("clear"))
        ),
    )
    return show_if(filled(CARE.frozen), shown)


def protection_chip() -> Child:
    """Return the chip of a protected patron."""
    return show_if(CARE.is_protected, chip("Protected", icon="shield-check", tone="info"))


def protection_button() -> Child:
    """Return the button that marks a patron as protected, or takes the mark away."""
    words = text_if(CARE.is_protected, "No longer protected", "Mark as protected")
    return show_if(
        CARE.can_protect, button(words, icon="shield-check", on_click=State.ask("protect"))
    )


def care_dialogs() -> Child:
    """Return the dialogs; one at most is open."""
    return rx.fragment(
        _dialog(
            "clear",
            title="What did you find?",
            description=(
                "Talk to the patron first. Two staff members must look into it, each for "
                "themselves; the second one clears it."
            ),
            on_submit=State.clear,
            send="Record what I found",
        ),
        _dialog(
            "protect",
            title=text_if(CARE.is_protected, "Take the protection away?", "Protect this patron?"),
            description=(
                "A new email address of a protected patron needs the yes of the current one, too."
            ),
            on_submit=State.protect,
            send="Save",
        ),
    )


def _dialog(
    name: str, *, title: Text, description: str, on_submit: object, send: str
) -> rx.Component:
    return dialog(
        dialog_form(
            rx.fragment(
                text_area(
                    "Why?" if name == "protect" else "In your words",
                    NOTE,
                    id=f"care-{name}",
                    max_length=NOTE_LIMIT,
                ),
                key=State.form,
            ),
            show_if(filled(State.refusal), notice(State.refusal, tone="danger")),
            on_submit=on_submit,
            actions=rx.fragment(
                dialog_close("Cancel", variant="quiet"),
                button(send, type="submit", variant="primary"),
            ),
        ),
        title=title,
        description=description,
        open=State.dialog == name,
        on_open_change=State.turn,
    )


def _request() -> rx.Component:
    return link(reference(CARE.reference), href=f"/requests/{CARE.reference}/")
