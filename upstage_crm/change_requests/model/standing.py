"""What the evidence says of a mailbox and of a record. Pure.

Evidence is what happened: mails that arrived or came back, answers, dates. Nothing here is a choice
of a staff member.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

APART = timedelta(days=1)  # between two bounces: one bad day of a provider is none of a mailbox
YOUNG = timedelta(hours=72)  # how long a typing mistake may stand before somebody mends it
TRUST = timedelta(days=730)  # after two years a mailbox may have another reader
OLD_RECORD = timedelta(days=30)
RECENT_ORDER = timedelta(days=730)


class Standing(StrEnum):
    """Whether the current mailbox can be told anything. OUT: its reader is not the patron."""

    WORKING = "working"
    NONE = "none"
    DEAD = "dead"
    OUT = "out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What a patron has with the organisation that a thief would want."""

    has_future_tickets: bool = False
    has_balance: bool = False
    has_membership: bool = False
    last_order_at: datetime | None = None


def is_dead(*, bounces: Collection[datetime], deliveries: Collection[datetime]) -> bool:
    """Whether mail to an address is lost for good: two permanent bounces a day apart, and nothing
    delivered since.
    """
    last = max(deliveries, default=None)
    since = [at for at in bounces if last is None or at > last]
    return len(since) > 1 and max(since) - min(since) >= APART


def has_stake(holdings: Holdings | None, *, created_at: datetime, now: datetime) -> bool:
    """Whether a record is worth a thief's while.

    `holdings` is None as long as orders are not kept here: then any record has a stake that is
    older than a month.
    """
    if holdings is None:
        return now - created_at > OLD_RECORD
    ordered_at = holdings.last_order_at
    return (
        holdings.has_future_tickets
        or holdings.has_balance
        or holdings.has_membership
        or (ordered_at is not None and now - ordered_at <= RECENT_ORDER)
    )


def is_trusted(proven_at: datetime | None, *, now: datetime) -> bool:
    """Whether a mailbox has proven itself lately enough to read a name and free words."""
    return proven_at is not None and now - proven_at <= TRUST
