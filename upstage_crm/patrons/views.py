"""Read models of patrons: what a page may show, and nothing else. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SuppressionCause(StrEnum):
    """Why an address gets no mail: about any patron, or (the last three) about one.

    NOT_MY_ADDRESS and NOT_THIS_PERSON are the words of its owner. DISOWNED is what a displaced
    mailbox said of the one that took its place, FOUND what two staff members found out.
    """

    NOT_MY_ADDRESS = "not_my_address"
    NOT_THIS_PERSON = "not_this_person"
    DISOWNED = "disowned"
    FOUND = "found"


class ContactPlace(StrEnum):
    """What an email or a phone is to its patron, besides the one that is on the record."""

    SECONDARY = "secondary"
    PREVIOUS = "previous"


@dataclass(frozen=True, slots=True, kw_only=True)
class PatronLine:
    """One patron as a row of the list, as its reader sees it: values in full, or masked.

    `family` is the part of a person's name that the list is sorted by; "" where it is masked.
    """

    id: str
    number: int
    name: str
    family: str
    kind: str
    status: str
    email: str
    email_verified: bool
    email_bounced: bool
    phone: str
    city: str
    tags: tuple[str, ...]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PatronRecord:
    """One patron's record. `values` holds the protected columns, derived keys left out."""

    id: str
    number: int
    name: str
    kind: str
    status: str
    values: Mapping[str, str | None]
    free: Mapping[str, str]
    tags: tuple[str, ...]
    email_verified_at: datetime | None
    email_bounced_at: datetime | None
    is_flagged: bool
    is_protected: bool
    created_at: datetime
    updated_at: datetime

    @property
    def is_erased(self) -> bool:
        """Whether every value of the person is gone."""
        return self.status == "erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldLine:
    """One field change, ready to draw: in a mail, on a page, in a receipt. What is "" is left out.

    `outcome` and `note` are short phrases. `key` names the field in an answer; it is "" where there
    is nothing to answer. With `is_kept` the value on the left is the one that is in use.
    """

    label: str = ""
    now: str = ""
    proposed: str = ""
    outcome: str = ""
    note: str = ""
    now_heading: str = ""
    proposed_heading: str = ""
    key: str = ""
    is_kept: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """A patron who may be the same person, and why; name and address as the reader sees them."""

    number: int
    name: str
    email: str
    reasons: tuple[str, ...]
