"""What a scan means at the door: who may pass, who is in, and where two scans contradict. Pure.

A person passes when the device says so, since a door without a network decides by itself. The
server judges every scan by the moment of the scan, not of its arrival: of two entries with one
ticket the earlier one counts, whichever is known first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

LATEST: Final = timedelta(hours=48)  # how long a device keeps a scan that it could not send


class Direction(StrEnum):
    """Which way a person goes."""

    IN = "in"
    OUT = "out"


class Verdict(StrEnum):
    """What a scan comes to.

    `UNVERIFIED` is what a device says without a network about a signed code that its list does not
    have: it lets the person in, and the server decides later. The server itself never says it.
    """

    VALID = "valid"
    USED = "used"
    NOT_IN = "not_in"
    WRONG_PERFORMANCE = "wrong_performance"
    VOID = "void"
    REVOKED = "revoked"
    UNKNOWN = "unknown"
    UNVERIFIED = "unverified"


PASSES: Final = frozenset({Verdict.VALID, Verdict.UNVERIFIED})
"""With these the person goes through the door."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What a code that we signed says of its ticket."""

    ticket_id: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A ticket as the door needs it: `is_valid` unless it was returned, exchanged or made void."""

    id: str
    performance_id: str
    is_valid: bool
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One scan of a ticket. `verdict` is the server's, `shown` what the device said."""

    scan_id: str
    ticket_id: str
    direction: Direction
    verdict: Verdict
    shown: Verdict
    scanned_at: datetime
    device: str

    @property
    def is_through(self) -> bool:
        """Whether the person passed the door."""
        return self.shown in PASSES


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A person passed whom the server would not have let pass, and why.

    `before` is the entry that counts, where the ticket was used twice.
    """

    passage: Passage
    why: Verdict
    before: Passage | None = None


def judge(
    claimed: Claimed | None,
    ticket: Admitted | None,
    earlier: Sequence[Passage],
    *,
    performance_id: str,
    direction: Direction,
) -> Verdict:
    """What a scan at the door of `performance_id` comes to.

    `earlier` are the ticket's own scans before this one, in any order. Who goes out needs no valid
    ticket, only to have come in.
    """
    if claimed is None or ticket is None or claimed.ticket_id != ticket.id:
        return Verdict.UNKNOWN
    if ticket.performance_id != performance_id:
        return Verdict.WRONG_PERFORMANCE
    is_in = is_inside(earlier)
    if direction is Direction.OUT:
        return Verdict.VALID if is_in else Verdict.NOT_IN
    if not ticket.is_valid:
        return Verdict.VOID
    if claimed.version != ticket.version:
        return Verdict.REVOKED
    return Verdict.USED if is_in else Verdict.VALID


def in_order(passages: Iterable[Passage]) -> list[Passage]:
    """The scans by the moment of each, the earliest first."""
    return sorted(passages, key=lambda passage: (passage.scanned_at, passage.scan_id))


def is_inside(passages: Iterable[Passage]) -> bool:
    """Whether the holder of one ticket is in, after these scans of it."""
    through = [passage for passage in in_order(passages) if passage.is_through]
    return bool(through) and through[-1].direction is Direction.IN


def entry_that_counts(passages: Iterable[Passage]) -> Passage | None:
    """The entry by which the holder of one ticket is in; None when the holder is not."""
    found: Passage | None = None
    for passage in in_order(passages):
        if not passage.is_through:
            continue
        if passage.direction is Direction.OUT:
            found = None
        elif found is None:
            found = passage
    return found


def people_inside(passages: Iterable[Passage]) -> int:
    """How many people are in: all who passed, rightly or not, less those who went out."""
    through = [passage.direction for passage in passages if passage.is_through]
    return max(through.count(Direction.IN) - through.count(Direction.OUT), 0)


def conflicts(passages: Iterable[Passage]) -> list[Conflict]:
    """The entries that should not have been, the latest first.

    Which of two entries counts is worked out again from all that is known: one that was sent late
    may have been the earlier.
    """
    by_ticket: dict[str, list[Passage]] = defaultdict(list)
    for passage in passages:
        by_ticket[passage.ticket_id].append(passage)
    found: list[Conflict] = []
    for ticket_id, scans in by_ticket.items():
        found += _of_one(in_order(scans), is_known=bool(ticket_id))
    return sorted(found, key=lambda each: each.passage.scanned_at, reverse=True)


def _of_one(scans: Sequence[Passage], *, is_known: bool) -> list[Conflict]:
    found: list[Conflict] = []
    counts: Passage | None = None
    for passage in scans:
        if not passage.is_through:
            continue
        if passage.direction is Direction.OUT:
            counts = None
        elif passage.verdict not in (Verdict.VALID, Verdict.USED):
            found.append(Conflict(passage=passage, why=passage.verdict))
        elif counts is not None and is_known:
            found.append(Conflict(passage=passage, why=Verdict.USED, before=counts))
        else:
            counts = passage
    return found


def moment_of(age: timedelta, *, received_at: datetime) -> datetime:
    """When a scan was made that is this old on arrival: a device's clock is not asked the time.

    An age below zero counts as none, one above what a device keeps as the most.
    """
    return received_at - min(max(age, timedelta()), LATEST)
