"""The rules of requests in words: on the settings page and in the trail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from upstage_crm.change_requests.policy import Asked
from upstage_crm.core import when
from upstage_crm.patrons.fields import FIELDS

NUMBER_WORDS: Mapping[str, tuple[str, str]] = {
    "link_life": ("Days to answer", "How long a patron's link works. After it, nothing changes."),
    "reminder_after": (
        "First reminder, days after the mail",
        "Nobody is reminded after answering.",
    ),
    "reminder_before": ("Last reminder, hours before the end", "The second and last one."),
    "revert_window": (
        "Hours to undo",
        "How long the old address can have an approved change put back.",
    ),
    "desk_wait": (
        "Waiting time at the desk, hours",
        "How long a change that the desk confirmed waits, so that the old address can object.",
    ),
}
"""Label and use of each number that owners choose."""
ASKED_WORDS: Mapping[Asked, str] = {
    Asked.PROPOSED: "The proposed address",
    Asked.CURRENT: "The current address",
    Asked.BOTH: "Both addresses",
}
_STANDARD = "as delivered"


def policy_changes(facts: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    """What an entry of the trail changed: label, before, after."""
    for name in sorted(key.removesuffix(".new") for key in facts if key.endswith(".new")):
        old, new = facts.get(f"{name}.old"), facts.get(f"{name}.new")
        yield _label(name), _shown(name, old), _shown(name, new)


def _label(name: str) -> str:
    field, _, setting = name.partition(".")
    if field in FIELDS:
        what = "who decides" if setting == "asked" else "second person"
        return f"{FIELDS[field].label}: {what}"
    return NUMBER_WORDS[name][0] if name in NUMBER_WORDS else name.replace("_", " ").capitalize()


def _shown(name: str, value: object) -> str:
    if value is None:
        return _STANDARD
    if name.endswith(".asked") and value in list(Asked):
        return ASKED_WORDS[Asked(str(value))].lower()
    if isinstance(value, bool):
        return "needed" if value else "not needed"
    if isinstance(value, int) and name in NUMBER_WORDS:
        return when.span(timedelta(seconds=value)) if value else "none"
    return str(value)
