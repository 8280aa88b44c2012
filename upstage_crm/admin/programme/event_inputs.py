"""The inputs of an event: label, purpose, and where each is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from upstage_crm.core.errors import UpstageError
from upstage_crm.core.text import InvalidText
from upstage_crm.pages.view import kept
from upstage_crm.programme.errors import EventTextMissing
from upstage_crm.programme.event_texts import BLOCKS, LIMITS, TITLE, cleaned
from upstage_crm.ui.components.base import Child
from upstage_crm.ui.components.forms.form import text_area, text_field

LABELS: Final[Mapping[str, tuple[str, str]]] = {
    TITLE: ("Title", ""),
    "genre": ("Genre", "Play, concert, dance, family."),
    "running_time": ("Running time", "With the intervals: 2 h 20 min, one interval."),
    "age_advice": ("Age advice", "For example: ages 12 and over."),
    "content_notes": ("Content notes", "What a visitor may want to know before: strobe light."),
    "description": ("About", "What a visitor reads about it."),
}
assert tuple(LABELS) == tuple(LIMITS)


def inputs(state: Any, dialog: str) -> list[Child]:
    """The inputs of one dialog, with what is stored or was typed before in them."""
    return [_input(state, dialog, name) for name in LABELS]


def blamed(error: UpstageError, typed: Mapping[str, str]) -> str:
    """The text that a refusal is about; "" when it is about none."""
    if isinstance(error, EventTextMissing):
        return TITLE
    if isinstance(error, InvalidText):
        return next((name for name in LIMITS if _is_refused(name, typed)), "")
    return ""


def _is_refused(name: str, typed: Mapping[str, str]) -> bool:
    try:
        cleaned({TITLE: "x", name: typed.get(name, "")})
    except InvalidText:
        return True
    except EventTextMissing:
        pass
    return False


def _input(state: Any, dialog: str, name: str) -> Child:
    label, purpose = LABELS[name]
    shared: dict[str, Any] = {
        "hint": purpose,
        "default_value": kept(state, name, state.stored[name]),
        "error": state.errors[name],
        "optional": name != TITLE,
        "id": f"{dialog}-{name}",
        "max_length": LIMITS[name],
    }
    if name in BLOCKS:
        return text_area(label, name, rows=3, **shared)
    return text_field(label, name, auto_complete="off", **shared)
