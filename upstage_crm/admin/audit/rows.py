"""The trail as the page shows it: plain texts that may go to the browser.

What is shown is named here, one by one. Whatever else an entry keeps (the network and browser of a
patron, the name that a visitor tried to sign in with) never leaves the server.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo

from upstage_crm.audit.events import Action
from upstage_crm.audit.trail import AuditLine
from upstage_crm.core import when
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.patrons.visibility import (
    EVERYTHING,
    FieldAccess,
)
from upstage_crm.privacy.redacted_trail import (
    told_changes,
    told_words,
)
from upstage_crm.staff.roles import Role
from upstage_crm.wording.action_table import ACTIONS
from upstage_crm.wording.actions import action_words
from upstage_crm.wording.policy import policy_changes
from upstage_crm.wording.preferences import kept_words
from upstage_crm.wording.sentences import (
    cause_words,
    channel_words,
)
from upstage_crm.wording.staff import ROLE_WORDS

_OLD, _NEW = ".old", ".new"


@dataclass(frozen=True)
class ValueLine:
    """One value that changed; an empty side was nothing."""

    label: str = ""
    old: str = ""
    new: str = ""


@dataclass(frozen=True)
class TrailRow:
    """One entry. `quote` is a person's own words, kept apart from ours."""

    seq: str = ""
    words: str = ""
    note: str = ""
    icon: str = "info"
    tone: str = "neutral"
    actor: str = ""
    channel: str = ""
    time: str = ""
    time_iso: str = ""
    reference: str = ""
    request_href: str = ""
    patron: str = ""
    patron_href: str = ""
    quote: str = ""
    quote_source: str = ""
    changes: list[ValueLine] = field(default_factory=list)


def trail_row(
    line: AuditLine,
    *,
    numbers: Mapping[str, int],
    shows_values: bool,
    time_zone: tzinfo,
    access: FieldAccess = EVERYTHING,
) -> TrailRow:
    """Return one entry in words; personal values only with `shows_values`, as far as `access`."""
    words = action_words(line.action, line.facts)
    keys = str(line.facts.get("field") or line.facts.get("fields") or "").split(", ")
    labels = ", ".join(_label(key) for key in keys if key)
    look = ACTIONS[line.action]
    reference = str(line.facts.get("reference") or "")
    number = numbers.get(line.patron_id or "")
    source, said = _quote(line, access) if shows_values else ("", "")
    return TrailRow(
        seq=f"{line.seq:,}",
        words=words[:1].upper() + words[1:] + (f": {labels}" if labels else ""),
        note=_note(line, shows_values=shows_values),
        icon=look.icon,
        tone=look.tone,
        actor=line.actor.label,
        channel=channel_words(line.channel),
        time=when.short(line.at, time_zone),
        time_iso=when.iso(line.at),
        reference=reference,
        request_href=f"/requests/{reference}/" if reference else "",
        patron=f"Patron {number}" if number else "",
        patron_href=f"/patrons/{number}/" if number else "",
        quote=said,
        quote_source=source,
        changes=_changes(line, access if shows_values else None, time_zone),
    )


def _note(line: AuditLine, *, shows_values: bool) -> str:
    if words := cause_words(line.facts.get("cause")):
        return words
    if place := line.facts.get("place"):
        return str(place)
    role = line.facts.get("role")
    if line.action is Action.STAFF_ADDED and role:
        name = line.values.get("staff.name") if shows_values else ""
        return ", ".join(part for part in (name, ROLE_WORDS[Role(role)]) if part)
    return ""


def _quote(line: AuditLine, access: FieldAccess) -> tuple[str, str]:
    """Whose words an entry keeps, and the words."""
    if words := told_words(line, "comment", access):
        return "The patron’s words", words
    if words := told_words(line, "reason", access):
        return "The reason given by staff", words
    return "", ""


def _changes(line: AuditLine, access: FieldAccess | None, time_zone: tzinfo) -> list[ValueLine]:
    """What changed; personal values only with a sight."""
    # The organisation's own details are facts, not personal values.
    if line.action is Action.POLICY_CHANGED:
        return [ValueLine(*change) for change in policy_changes(line.facts)]
    found = _pairs({name: str(value or "") for name, value in line.facts.items()})
    if access is None:
        return found
    told = told_changes(line.values, access)
    return found + [
        ValueLine(_label(name), *(kept_words(name, kept, time_zone) for kept in sides))
        for name, *sides in told
    ]


def _pairs(values: Mapping[str, str]) -> list[ValueLine]:
    """What has an old and a new side, in the order of the names."""
    names = sorted(name.removesuffix(_NEW) for name in values if name.endswith(_NEW))
    return [
        ValueLine(_label(name), values.get(name + _OLD, ""), values[name + _NEW]) for name in names
    ]


def _label(key: str) -> str:
    if key in FIELDS:
        return FIELDS[key].label
    return key.replace("_", " ").capitalize()
