"""What a device at the door sends, and what it is told. Nothing here names a person."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from upstage_crm.door.rules import Direction, Verdict

KEY_DIGITS: Final = 20  # of a hash; two of a million tickets share one with a chance of 1 in 10^12


@dataclass(frozen=True, slots=True, kw_only=True)
class SentScan:
    """One scan as a device sends it. `nonce` is its number on that device.

    `age` is how long ago it was made. `shown` is what the device said then, None while the person
    still waits for the server's word.
    """

    nonce: str
    code: str
    direction: Direction
    age: timedelta
    shown: Verdict | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanAnswer:
    """What the server made of a scan; the same scan sent again has the same answer.

    `before` is the entry that counts, for a ticket that is in already.
    """

    nonce: str
    verdict: Verdict
    place: str = ""
    zone: str = ""
    price_type: str = ""
    other_performance_id: str = ""
    before_at: datetime | None = None
    before_device: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTicket:
    """A ticket in the list that a device keeps: a hash of its id, never the id or the code."""

    key: str
    version: int
    is_valid: bool
    is_inside: bool
    place: str
    zone: str
    price_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorFigures:
    """How many people are in, and how many valid tickets there are."""

    inside: int
    expected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorList:
    """Everything that a device needs to decide by itself at one performance."""

    performance_id: str
    made_at: datetime
    tickets: tuple[ListedTicket, ...]
    figures: DoorFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictLine:
    """A person who should not have passed, for the house manager."""

    why: Verdict
    at: datetime
    device: str
    place: str
    staff_id: str
    before_at: datetime | None
    before_device: str


def list_key(ticket_id: str) -> str:
    """By what a ticket is found in a device's list."""
    return hashlib.sha256(ticket_id.encode()).hexdigest()[:KEY_DIGITS]
