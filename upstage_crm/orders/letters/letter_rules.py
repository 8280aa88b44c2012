"""When buyers are told of the day of a performance, and at which mailbox. Pure.

The tickets go where they were bought, or to the holder's own mailbox. While a change of that
address can still be undone, they stay with the mailbox that bought them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Final

MORNING: Final = time(9)
NO_EARLIER: Final = time(7)
EVENING_BEFORE: Final = time(18)
BEFORE_DOORS: Final = timedelta(hours=4)
DOORS_BEFORE: Final = timedelta(hours=1)  # doors open as long before the beginning
NIGHT_ENDS: Final = timedelta(hours=5)  # what begins before 05:00 belongs to the evening before


class LetterOutcome(StrEnum):
    """What became of something that a buyer was to be told."""

    MAILED = "mailed"
    NO_ADDRESS = "no_address"
    NO_TICKET = "no_ticket"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """Where a mail goes. Without `has_tickets` the codes stay elsewhere."""

    address: str
    has_tickets: bool


def due_at(starts_at: datetime, zone: tzinfo) -> datetime:
    """When the mail about a performance leaves: 09:00 on its day by the clocks of its hall.

    It is four hours before the doors where that is earlier, and 18:00 on the evening before where
    that would be before 07:00. Instants are subtracted, never times of a clock: the clocks may
    change in between.
    """
    day = (starts_at.astimezone(zone) - NIGHT_ENDS).date()
    due = min(_at(day, MORNING, zone), starts_at - DOORS_BEFORE - BEFORE_DOORS)
    if due >= _at(day, NO_EARLIER, zone):
        return due
    return _at(day - timedelta(days=1), EVENING_BEFORE, zone)


def mailboxes(bought: str, own: str, *, in_window: bool) -> tuple[Mailbox, ...]:
    """Where the holder of a ticket is told.

    `bought` is the mailbox of the order, `own` the proven one of the holder's record; "" where
    there is none. `in_window` says that a change of `own` can still be undone.
    """
    if not own:
        return (Mailbox(address=bought, has_tickets=True),) if bought else ()
    if not in_window:
        return (Mailbox(address=own, has_tickets=True),)
    if not bought:
        return (Mailbox(address=own, has_tickets=False),)
    if bought == own:
        return (Mailbox(address=own, has_tickets=True),)
    return (
        Mailbox(address=bought, has_tickets=True),
        Mailbox(address=own, has_tickets=False),
    )


def _at(day: date, hour: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, hour, zone).astimezone(UTC)
