"""The rules of requests as a form: what each number is for, and what is wrong with what was typed.

The command has the last word; here every input is looked at by itself, so that a person sees all
problems at once, each at its input.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from upstage_crm.change_requests.model.errors import (
    PolicyOutOfRange,
    ReminderTooLate,
)
from upstage_crm.change_requests.model.policy import (
    LIMITS,
    TRIPWIRES,
    Asked,
    FieldPolicy,
    Limit,
    Policy,
    choices_of,
    with_numbers,
)
from upstage_crm.core.errors import UpstageError
from upstage_crm.patrons.fields import FIELDS, ProtectedField
from upstage_crm.wording.policy import (
    ASKED_WORDS,
    NUMBER_WORDS,
)
from upstage_crm.wording.sentences import sentence


@dataclass(frozen=True, slots=True)
class Number:
    """One number of the policy, as people read it. The unit stands in the label."""

    limit: Limit
    label: str
    used: str

    @property
    def name(self) -> str:
        """The number's name, in the policy and in the form."""
        return self.limit.name

    @property
    def hint(self) -> str:
        """What it is for, and what may be chosen."""
        zero = ", or 0 for none" if self.limit.least == 0 else ""
        return f"{self.used} {self.limit.least or 1} to {self.limit.most}{zero}."


DURATIONS = tuple(Number(limit, *NUMBER_WORDS[limit.name]) for limit in LIMITS)
WIRES = tuple(Number(limit, *NUMBER_WORDS[limit.name]) for limit in TRIPWIRES)
NUMBERS = (*DURATIONS, *WIRES)
SECOND_PROTECTED = "second_person_protected"
PROTECTED = tuple(FIELDS.values())
MAILBOXES = tuple(entry for entry in PROTECTED if entry.is_mailbox)
ASKED_CHOICES = tuple((asked.value, ASKED_WORDS[asked]) for asked in choices_of(MAILBOXES[0]))
_LONGEST = 9  # digits that are read at all; more is no number of days


def asked_name(entry: ProtectedField) -> str:
    """The input's name for who is asked about a field."""
    return f"asked_{entry.key}"


def second_name(entry: ProtectedField) -> str:
    """The input's name for whether a field needs a second person."""
    return f"second_{entry.key}"


NAMES = (
    *(number.name for number in NUMBERS),
    *(asked_name(entry) for entry in MAILBOXES),
    *(second_name(entry) for entry in PROTECTED),
    SECOND_PROTECTED,
)


def shown(policy: Policy) -> dict[str, str]:
    """A policy as the form's inputs; a ticked box is "on"."""
    texts = {number.name: str(number.limit.count(policy)) for number in NUMBERS}
    texts |= {asked_name(entry): policy.of(entry).asked.value for entry in MAILBOXES}
    texts[SECOND_PROTECTED] = "on" if policy.second_person_protected else ""
    return texts | {
        second_name(entry): "on" if policy.of(entry).second_person else "" for entry in PROTECTED
    }


def parsed(form: object, standing: Policy) -> tuple[Policy, dict[str, str]]:
    """The policy in a form, which may be anything at all, and the sentence of each bad input.

    What the form cannot say stays as it is in `standing`.
    """
    given: Mapping[Any, Any] = form if isinstance(form, Mapping) else {}
    problems: dict[str, str] = {}
    chosen: dict[str, Any] = {}
    for number in NUMBERS:
        try:
            chosen[number.name] = _count(number.limit, given.get(number.name)) * number.limit.unit
        except PolicyOutOfRange as error:
            problems[number.name] = sentence(error)
    policies: dict[str, FieldPolicy] = {}
    for entry in PROTECTED:
        asked = policy_asked = standing.of(entry).asked
        if entry in MAILBOXES:
            try:
                asked = Asked(str(given.get(asked_name(entry))))
                choices_of(entry).index(asked)
            except ValueError:
                problems[asked_name(entry)] = "Choose who is asked."
                asked = policy_asked
        is_ticked = _is_ticked(given, second_name(entry))
        policies[entry.key] = FieldPolicy(asked=asked, second_person=is_ticked)
    chosen[SECOND_PROTECTED] = _is_ticked(given, SECOND_PROTECTED)
    return with_numbers(replace(standing, fields=policies), chosen), problems


def blamed(error: UpstageError) -> str:
    """The input that a refusal of the command is about; empty when it is about none."""
    if isinstance(error, PolicyOutOfRange | ReminderTooLate):
        return str(error.facts["setting"])
    return ""


def _is_ticked(given: Mapping[Any, Any], name: str) -> bool:
    return given.get(name) in ("on", True)


def _count(limit: Limit, typed: object) -> int:
    text = str(typed if typed is not None else "").strip()[:_LONGEST]
    count = int(text) if text.isascii() and text.isdigit() else -1
    if not limit.least <= count <= limit.most:
        raise PolicyOutOfRange(setting=limit.name, least=limit.least, most=limit.most)
    return count
