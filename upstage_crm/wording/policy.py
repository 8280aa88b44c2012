"""The rules of requests in words: on the settings page and in the trail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from upstage_crm.change_requests.model.policy import (
    LIMITS,
    TRIPWIRES,
    Asked,
)
from upstage_crm.core import when
from upstage_crm.patrons.fields import FIELDS

NUMBER_WORDS: Mapping[str, tuple[str, str]] = {
    "link_life": ("Days to answer", "How long a patron’s link works. After it, nothing changes."),
    "reminder_after": (
        "First reminder, days after the email",
        "Patrons who have answered are not reminded.",
    ),
    "reminder_before": ("Last reminder, hours before the end", "The second and last one."),
    "revert_window": (
        "Hours to undo",
        "How long the old address can have an approved change undone.",
    ),
    "notice_period": (
        "Hours to say no to a new address",
        "From the arrival of our notice at the current address. Its silence lets it happen.",
    ),
    "paper_wait": (
        "The same after a letter, hours",
        "Where no mailbox of the patron works. It begins when the letter is recorded.",
    ),
    "desk_wait": (
        "Waiting time at the desk, hours",
        "How long a change that the desk confirmed waits, so that the old address can object.",
    ),
    "at_speed": (
        "Proposals in three seconds",
        "More than this in three seconds by one person is not typing: they are paused at once.",
    ),
    "at_once": (
        "Proposals at once",
        "This many by one person within ten minutes go out at once; the next ones wait a little.",
    ),
    "cooling": ("Minutes to wait", "How long those wait, so that a burst can still be stopped."),
    "burst": (
        "Proposals within ten minutes",
        "One more pauses all of the person’s proposals, and the owners are told.",
    ),
    "alone_at_once": (
        "New addresses at once, when no other address is asked",
        (
            "For records without a working address, or with a new and unproven one. This many by "
            "one person within ten minutes go out at once; the next ones wait a little."
        ),
    ),
    "alone_per_hour": (
        "The same within an hour",
        "One more pauses them, as above.",
    ),
    "per_hour": ("Proposals within an hour", "By one person."),
    "per_domain": (
        "Proposals to one email domain within an hour",
        "By one person. Few patrons share a domain unless it is an email provider’s.",
    ),
    "per_common_domain": (
        "The same for well-known email domains",
        "Many patrons have an address at gmail.com and the like.",
    ),
    "high_value": ("Proposals for protected patrons within an hour", "By one person."),
    "at_night": ("Proposals in one night", "By one person."),
    "night_from": ("The night begins, hour", "At the organisation, 24 is midnight."),
    "night_until": ("The night ends, hour", "At the organisation, 24 is midnight."),
    "attempts": (
        "Attempts within an hour",
        "By one person, refused ones included. One more is refused.",
    ),
    "per_patron": (
        "Proposals for one patron in a day",
        "By everyone together. One more is refused.",
    ),
    "per_address": (
        "Proposals of one address in a day",
        "By everyone together. One more is refused.",
    ),
}
"""Label and use of each number that owners choose."""
SECOND_PROTECTED = "Everything that is proposed for a protected patron"
ASKED_WORDS: Mapping[Asked, str] = {
    Asked.PROPOSED: "The proposed address",
    Asked.CURRENT: "The current address",
    Asked.BOTH: "Both addresses",
}
_STANDARD = "as delivered"
_SECONDS = frozenset(
    limit.name for limit in (*LIMITS, *TRIPWIRES) if isinstance(limit.unit, timedelta)
)


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
    if name == "second_person_protected":
        return "Protected patrons: second person"
    return NUMBER_WORDS[name][0] if name in NUMBER_WORDS else name.replace("_", " ").capitalize()


def _shown(name: str, value: object) -> str:
    if value is None:
        return _STANDARD
    if name.endswith(".asked") and value in list(Asked):
        return ASKED_WORDS[Asked(str(value))].lower()
    if isinstance(value, bool):
        return "required" if value else "not required"
    if isinstance(value, int) and name in _SECONDS:
        return when.span(timedelta(seconds=value)) if value else "none"
    return str(value)
