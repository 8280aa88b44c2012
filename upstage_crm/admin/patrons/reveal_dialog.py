"""The button beside a masked value, and the dialog in which a member says why it is needed."""

import reflex as rx

from upstage_crm.admin.patrons.record_rows import ProtectedView
from upstage_crm.admin.patrons.record_state import PatronRecordState
from upstage_crm.admin.patrons.reveal_state import REASON, REVEAL
from upstage_crm.admin.patrons.reveal_state import RevealState as State
from upstage_crm.pages.view import kept, question
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.patrons.reveals import REASON_LIMIT
from upstage_crm.ui.components.base import Child, filled, hidden_text, show_if, text_for
from upstage_crm.ui.components.button import button
from upstage_crm.ui.components.forms.form import text_area

TITLES = {key: f"Show: {field.label.lower()}" for key, field in FIELDS.items()}


def reveal_button(field: ProtectedView) -> Child:
    """Return the button that shows a value masked for this member, or hides it again."""
    shown = button(
        "Show",
        hidden_text(" ", field.label),
        size="small",
        variant="quiet",
        icon="eye",
        on_click=State.open(field.key, PatronRecordState.subject),
    )
    # The button that had the focus is gone, so the one in its place takes it over.
    hide = button(
        "Hide",
        hidden_text(" ", field.label),
        size="small",
        variant="quiet",
        auto_focus=True,
        on_click=PatronRecordState.hide(field.key, PatronRecordState.subject),
    )
    revealed = rx.fragment(hide, rx.el.span(field.revealed_words, class_name="u-muted"))
    return rx.fragment(
        show_if(field.can_reveal, shown),
        show_if(filled(field.revealed_words), revealed),
    )


def reveal_dialog() -> rx.Component:
    """Return the dialog; `RevealState.open(field, subject)` opens it."""
    return question(
        State,
        REVEAL,
        text_area(
            "Why do you need it?",
            REASON,
            id="reveal-reason",
            default_value=kept(State, REASON),
            hint="The history keeps who looked, when, and these words.",
            rows=2,
            max_length=REASON_LIMIT,
        ),
        title=text_for(State.field, TITLES, "Show a masked value"),
        description="It is shown to you until you leave this page.",
        on_submit=State.reveal,
        send="Show it",
        send_icon="eye",
    )
