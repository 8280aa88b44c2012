"""Numbers and choices of the change process; `reviewers` says who is asked under them. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from upstage_crm.change_requests.model.errors import (
    CannotBeAsked,
    PolicyOutOfRange,
    ReminderTooLate,
)
from upstage_crm.change_requests.model.thresholds import Thresholds
from upstage_crm.patrons import fields as registry
from upstage_crm.patrons.fields import ProtectedField


class Asked(StrEnum):
    """Whose mailboxes have to say yes to a field."""

    PROPOSED = "proposed"
    CURRENT = "current"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldPolicy:
    """What an owner chose for one field.

    `asked` counts for a field that is a mailbox itself, whose proposed address always decides: BOTH
    asks the current one for a yes, too. Any other field is always the current address's to decide,
    because a stranger at a proposed one must not see it. `second_person` holds a proposal until
    another staff member releases it.
    """

    asked: Asked
    second_person: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a deployment runs with. A request keeps the policy that it was proposed under.

    A reminder leaves `reminder_after` the mails went out and another `reminder_before` the end;
    zero leaves one out. For `notice_period` after its notice has arrived the current mailbox may
    say no to a new address. A change confirmed at the desk waits `desk_wait` after its notice, or
    `paper_wait` after a letter where no mailbox works. `code_tries` are for one request, at the
    patron's page and at the desk together. `fields` holds, by key, only what an owner chose
    otherwise than the registry. `second_person_protected` holds what is proposed for a protected
    patron, whatever the field. `thresholds` are the tripwires.
    """

    link_life: timedelta = timedelta(days=7)
    reminder_after: timedelta = timedelta(days=3)
    reminder_before: timedelta = timedelta(hours=24)
    revert_window: timedelta = timedelta(hours=72)
    notice_period: timedelta = timedelta(hours=72)
    desk_wait: timedelta = timedelta(hours=72)
    paper_wait: timedelta = timedelta(hours=168)
    resend_cooldown: timedelta = timedelta(minutes=5)
    resend_limit_per_day: int = 3
    rejected_rest: timedelta = timedelta(days=30)
    address_rest: timedelta = timedelta(days=30)
    code_tries: int = 5
    second_person_protected: bool = False
    thresholds: Thresholds = field(default_factory=Thresholds)
    fields: Mapping[str, FieldPolicy] = field(default_factory=dict[str, FieldPolicy])

    def of(self, entry: ProtectedField) -> FieldPolicy:
        """The policy of one field: an owner's choice, else the registry's."""
        return self.fields.get(entry.key) or FieldPolicy(asked=Asked(entry.reviewers))

    def reminders(self, *, sent_at: datetime, expires_at: datetime) -> tuple[datetime, ...]:
        """When to remind of mails sent at `sent_at`, in order; only instants between the two."""
        instants: set[datetime] = set()
        if self.reminder_after > timedelta():
            instants.add(sent_at + self.reminder_after)
        if self.reminder_before > timedelta():
            instants.add(expires_at - self.reminder_before)
        return tuple(sorted(at for at in instants if sent_at < at < expires_at))


DEFAULT = Policy()


@dataclass(frozen=True, slots=True)
class Limit:
    """What an owner may choose for one duration or number: whole units, both ends included.

    Zero stands for "none" where it is allowed.
    """

    name: str
    unit: timedelta | int
    least: int
    most: int

    def count(self, policy: Policy) -> int:
        """The duration or number in `policy`, in units."""
        return _chosen(policy, self.name) // self.unit


_DAY, _HOUR, _MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
# A link has to outlive a weekend's mail, and not a season. Whoever undoes a change, and whoever
# is told of a change at the desk, gets one day at least to read mail.
LONGEST_REVERT_WINDOW = timedelta(hours=720)
LIMITS = (
    Limit("link_life", _DAY, 2, 30),
    Limit("reminder_after", _DAY, 0, 29),
    Limit("reminder_before", _HOUR, 0, 168),
    Limit("revert_window", _HOUR, 24, LONGEST_REVERT_WINDOW // _HOUR),
    Limit("notice_period", _HOUR, 24, 336),
    Limit("desk_wait", _HOUR, 24, 336),
    Limit("paper_wait", _HOUR, 72, 720),
)
# What a patron has to stop a change. A shorter one counts only after a while: an
# account that was stolen an hour ago must not gain by it.
TIMES_TO_STOP = ("notice_period", "desk_wait", "paper_wait", "revert_window")
SHORTENED_AFTER = timedelta(hours=72)
# A busy desk may need more; nobody may need so much that a stolen account goes unseen.
TRIPWIRES = (
    Limit("at_speed", 1, 1, 50),
    Limit("at_once", 1, 1, 50),
    Limit("cooling", _MINUTE, 1, 60),
    Limit("burst", 1, 2, 100),
    Limit("alone_at_once", 1, 1, 10),
    Limit("alone_per_hour", 1, 2, 30),
    Limit("per_hour", 1, 5, 200),
    Limit("per_domain", 1, 1, 50),
    Limit("per_common_domain", 1, 2, 100),
    Limit("high_value", 1, 1, 50),
    Limit("at_night", 1, 0, 50),
    Limit("night_from", 1, 1, 24),
    Limit("night_until", 1, 1, 24),
    Limit("attempts", 1, 10, 500),
    Limit("per_patron", 1, 1, 50),
    Limit("per_address", 1, 1, 50),
)
_THRESHOLDS = frozenset(limit.name for limit in TRIPWIRES)


def checked(policy: Policy) -> Policy:
    """Return what is stored of a policy that an owner chose: only what differs from the registry.

    Raises:
        PolicyOutOfRange: a number is outside of `LIMITS` or `TRIPWIRES`.
            Facts: `setting`, `least`, `most`.
        ReminderTooLate: no link lives long enough for a reminder. Facts: `setting`.
        UnknownField: there is no such protected field.
        CannotBeAsked: a field that is no mailbox is the current address's to decide, and a
            mailbox never without the proposed one.
    """
    for limit in (*LIMITS, *TRIPWIRES):
        chosen = _chosen(policy, limit.name)
        fits = limit.least * limit.unit <= chosen <= limit.most * limit.unit
        if not fits or chosen % limit.unit:
            raise PolicyOutOfRange(setting=limit.name, least=limit.least, most=limit.most)
    for name in ("reminder_after", "reminder_before"):
        if getattr(policy, name) >= policy.link_life:
            raise ReminderTooLate(setting=name)
    kept: dict[str, FieldPolicy] = {}
    for key, chosen_for in policy.fields.items():
        entry = registry.field(key)
        standard = FieldPolicy(asked=Asked(entry.reviewers))
        if chosen_for.asked not in choices_of(entry):
            raise CannotBeAsked(field=key)
        if chosen_for != standard:
            kept[key] = chosen_for
    return replace(policy, fields=kept)


def with_numbers(policy: Policy, numbers: Mapping[str, Any]) -> Policy:
    """The policy with other durations and numbers, those of the tripwires among them, by name."""
    wires = {name: number for name, number in numbers.items() if name in _THRESHOLDS}
    own = {name: number for name, number in numbers.items() if name not in _THRESHOLDS}
    return replace(policy, thresholds=replace(policy.thresholds, **wires), **own)


def _chosen(policy: Policy, name: str) -> Any:
    return getattr(policy.thresholds if name in _THRESHOLDS else policy, name)


def choices_of(entry: ProtectedField) -> tuple[Asked, ...]:
    """What an owner may choose for a field."""
    standard = Asked(entry.reviewers)
    return (standard, Asked.BOTH) if entry.is_mailbox else (standard,)


def before_shortening(policy: Policy, olds: Mapping[str, timedelta]) -> Policy:
    """The policy with the older, longer times that were shortened just now, by name."""
    kept = {name: max(getattr(policy, name), old) for name, old in olds.items()}
    return replace(policy, **kept)


def resend_wait(policy: Policy, *, last_sent_at: datetime, now: datetime) -> timedelta:
    """How long until the decision mail may be sent again; zero or less means now."""
    return last_sent_at + policy.resend_cooldown - now


def to_json(policy: Policy) -> str:
    """The policy as canonical JSON, durations in whole seconds: what is stored and frozen."""
    plain: dict[str, object] = {}
    for entry in fields(policy):
        value = getattr(policy, entry.name)
        if entry.name == "fields":
            value = {
                key: {"asked": chosen.asked.value, "second_person": chosen.second_person}
                for key, chosen in value.items()
            }
        elif entry.name == "thresholds":
            value = {own.name: _plain(getattr(value, own.name)) for own in fields(value)}
        plain[entry.name] = _plain(value)
    return json.dumps(plain, sort_keys=True, separators=(",", ":"))


def from_json(text: str) -> Policy:
    """The reverse of `to_json`; what it does not name stands at its default.

    Raises:
        ValueError, TypeError, KeyError: the text is not what `to_json` wrote.
    """
    plain: dict[str, Any] = json.loads(text)
    read = _read(DEFAULT, plain)
    if "fields" in plain:
        read["fields"] = {
            key: FieldPolicy(
                asked=Asked(chosen["asked"]), second_person=bool(chosen["second_person"])
            )
            for key, chosen in plain["fields"].items()
        }
    if "thresholds" in plain:
        standard = DEFAULT.thresholds
        read["thresholds"] = replace(standard, **_read(standard, plain["thresholds"]))
    return replace(DEFAULT, **read)


def _plain(value: object) -> object:
    return int(value.total_seconds()) if isinstance(value, timedelta) else value


def _read(standard: Policy | Thresholds, plain: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers that `plain` names, each as `standard` holds it."""
    return {
        entry.name: timedelta(seconds=plain[entry.name])
        if isinstance(getattr(standard, entry.name), timedelta)
        else plain[entry.name]
        for entry in fields(standard)
        if entry.name in plain
    }
