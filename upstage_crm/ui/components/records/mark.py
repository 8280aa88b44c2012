"""States so small that they fit into a row of a table.

email_mark(state)      the sign of an email address; the word is its title and is read out
one_line(text, mark)   a value that stays on one line and ends in dots when it has no room
"""

import reflex as rx

from upstage_crm.ui.components.base import Child, Text, hidden_text, icon, text_for
from upstage_crm.ui.components.records.status import EMAIL_LOOKS


def email_mark(state: Text) -> rx.Component:
    """Return the icon of an email address's state (`verified`, …) with its word beside, hidden."""
    words = {key: look.label for key, look in EMAIL_LOOKS.items()}
    icons = {key: look.icon for key, look in EMAIL_LOOKS.items()}
    tones = {key: str(look.tone) for key, look in EMAIL_LOOKS.items()}
    label = text_for(state, words, state)
    return rx.el.span(
        icon(text_for(state, icons, "circle-question-mark"), size=14),
        hidden_text(" (", label, ")"),
        title=label,
        data_tone=text_for(state, tones, "neutral"),
        class_name="u-mark-small",
    )


def one_line(text: Text, mark: Child | None = None) -> rx.Component:
    """Return the value, the whole of it as its title; `mark` stands behind it and is never cut."""
    return rx.el.span(
        rx.el.bdi(text, title=text), *([] if mark is None else [mark]), class_name="u-one-line"
    )
