"""The inputs of an event: label, purpose, and where each is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from upstage_crm.core.errors import UpstageError
from upstage_crm.core.text import InvalidText
from upstage_crm.pages.view import kept
from upstage_crm.programme.errors import EventTextMissing, MinutesUnreadable
from upstage_crm.programme.event_texts import (
    ALT,
    BLOCKS,
    INTERVAL,
    LIMITS,
    MINUTES,
    RUNNING,
    TITLE,
    TRANSLATED,
    cleaned,
    cleaned_translation,
)
from upstage_crm.ui.components.base import Child, Text
from upstage_crm.ui.components.forms.form import text_area, text_field

LABELS: Final[Mapping[str, tuple[str, str]]] = {
    TITLE: ("Title", ""),
    "genre": ("Genre", "Play, concert, dance, family."),
    RUNNING: ("Running time", "In minutes, with the intervals: 140."),
    INTERVAL: ("Interval", "In minutes, all intervals together: 20."),
    "age_advice": ("Age advice", "For example: ages 12 and over."),
    "content_notes": ("Content notes", "What a visitor may want to know before: strobe light."),
    "description": ("About", "What a visitor reads about it."),
    "credits": ("Credits", "One on each line: Director: Ana Ruiz."),
    ALT: ("What the picture shows", "For visitors who do not see it."),
}
assert tuple(LABELS) == (*LIMITS, ALT)


def inputs(state: Any, dialog: str) -> list[Child]:
    """The inputs of one dialog, with what is stored or was typed before in them."""
    return [_input(state, dialog, name) for name in LIMITS]


def title_input(state: Any, dialog: str) -> Child:
    """The input of the title alone."""
    return _input(state, dialog, TITLE)


def translation_inputs(state: Any, dialog: str, own: Mapping[str, Text]) -> list[Child]:
    """The inputs of the texts in another language, each with the event's `own` text as its hint."""
    return [
        _input(state, dialog, name, hint=own[name], needed=False, limits=TRANSLATED)
        for name in TRANSLATED
    ]


def blamed(error: UpstageError, typed: Mapping[str, str]) -> str:
    """The text that a refusal is about; "" when it is about none."""
    if isinstance(error, EventTextMissing):
        return TITLE
    if isinstance(error, InvalidText | MinutesUnreadable):
        return next((name for name in LABELS if _is_refused(name, typed)), "")
    return ""


def _is_refused(name: str, typed: Mapping[str, str]) -> bool:
    try:
        (cleaned if name in LIMITS else cleaned_translation)(
            {TITLE: "x", name: typed.get(name, "")}
        )
    except (InvalidText, MinutesUnreadable):
        return True
    except EventTextMissing:
        pass
    return False


def _input(
    state: Any,
    dialog: str,
    name: str,
    *,
    hint: Text | None = None,
    needed: bool = True,
    limits: Mapping[str, int] = LIMITS,
) -> Child:
    label, purpose = LABELS[name]
    shared: dict[str, Any] = {
        "hint": purpose if hint is None else hint,
        "dir": "auto",
        "default_value": kept(state, name, state.stored[name]),
        "error": state.errors[name],
        "optional": name != TITLE or not needed,
        "id": f"{dialog}-{name}",
        "max_length": limits[name],
    }
    if name in BLOCKS:
        return text_area(label, name, rows=3, **shared)
    if name in MINUTES:
        shared |= {"input_mode": "numeric"}
    return text_field(label, name, auto_complete="off", **shared)
