"""What others see of a performance that was cancelled or moved after tickets for it were sold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class DisruptionKind(StrEnum):
    """What became of the performance."""

    CANCELLED = "cancelled"
    MOVED = "moved"


class Stage(StrEnum):
    """How far one order of a disruption is. Settled is for good."""

    LISTED = "listed"
    OFFERED = "offered"
    SETTLED = "settled"


class Answer(StrEnum):
    """What the buyer chose. Of a cancelled performance silence is a refund; of a moved one it
    keeps the tickets.
    """

    NONE = ""
    REFUND = "refund"
    ANOTHER_DATE = "another_date"
    KEEP = "keep"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True, kw_only=True)
class TenderSum:
    """What was paid by one method, in minor units. `by_desk`: only a clerk can give it back."""

    method: str
    amount: int
    by_desk: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What cancelling performances would do now; nothing is done yet.

    `unreachable` orders have no mailbox to write to; of these, `anonymous` ones have no name and
    no phone either.
    """

    tickets: int
    orders: int
    amount: int
    currency: str
    tenders: tuple[TenderSum, ...]
    unreachable: int
    anonymous: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the orders of a disruption are. Amounts are minor units.

    `owed` is what still waits for an answer, `pending` what a provider or the desk has yet to give
    back, of which `at_desk` waits for a clerk.
    """

    kind: DisruptionKind
    orders: int
    told: int
    answered: int
    settled: int
    unreachable: int
    currency: str
    amount: int
    rebooked: int
    owed: int
    pending: int
    at_desk: int
    refunded: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherDate:
    """Another performance of the event that still has room for all tickets of an order."""

    performance_id: str
    starts_at: datetime
    zone: str
    hall: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What the buyer of an order is told and asked. `until` is the end of the time to answer.

    `seats` are in words; `amount` is what was paid for them. `new_starts_at` and `new_hall` are the
    same as before when the performance is cancelled.
    """

    id: str
    kind: DisruptionKind
    stage: Stage
    answer: Answer
    reference: str
    event: str
    event_id: str
    performance_id: str
    zone: str
    was_starts_at: datetime
    was_hall: str
    new_starts_at: datetime
    new_hall: str
    seats: tuple[str, ...]
    currency: str
    amount: int
    rebooked: int
    at_desk: int
    until: datetime | None
    language: str
    version: int
