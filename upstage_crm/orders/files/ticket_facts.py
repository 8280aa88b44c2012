"""What tickets, receipts and calendar entries say, ready to draw: no drawing asks the database.

Every text is in the language of its reader, with amounts and times in words. What is frozen in a
mail is one of these as JSON, so that the file is drawn when the mail leaves and is the same then.
Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self, cast
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFacts:
    """One ticket. A text that is "" is not drawn.

    `when` is weekday, date, local time and zone; `doors` is when they open; `notes` are entrance,
    access and what else the holder needs to arrive. `code` is the 212 digits. `issued_at` dates the
    file: the same ticket in the same version is the same bytes.
    """

    language: str
    organisation: str
    event: str
    when: str
    doors: str
    venue: str
    address: str
    hall: str
    seat: str
    zone: str
    price_type: str
    price: str
    reference: str
    code: str
    notes: tuple[str, ...]
    issued_at: datetime
    is_duplicate: bool = False

    def as_json(self) -> dict[str, Any]:
        """The ticket as plain JSON values."""
        return {**asdict(self), "notes": list(self.notes), "issued_at": self.issued_at.isoformat()}

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> Self:
        """The reverse of `as_json`.

        Raises:
            TypeError, KeyError, ValueError: the values are not what `as_json` wrote.
        """
        notes, issued = tuple(values["notes"]), datetime.fromisoformat(values["issued_at"])
        return cls(**cast("Any", {**values, "notes": notes, "issued_at": issued}))


@dataclass(frozen=True, slots=True, kw_only=True)
class CodedTicket:
    """A ticket without its code, and what its code is drawn from: no secret waits in the outbox.

    `kid` names the key that signs it. `facts.code` is "".
    """

    facts: TicketFacts
    ticket_id: str
    version: int
    performance_id: str
    kid: str

    def as_json(self) -> dict[str, Any]:
        """The ticket as plain JSON values."""
        return {
            "facts": self.facts.as_json(),
            "kid": self.kid,
            "performance_id": self.performance_id,
            "ticket_id": self.ticket_id,
            "version": self.version,
        }

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> Self:
        """The reverse of `as_json`.

        Raises:
            TypeError, KeyError, ValueError: the values are not what `as_json` wrote.
        """
        return cls(**cast("Any", {**values, "facts": TicketFacts.of_json(values["facts"])}))


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitFacts:
    """One visit for a calendar: a performance that an order has tickets for.

    `uid` stays the same for as long as the visit does; `sequence` counts its changes from 0.
    `starts_at` carries the zone of the hall, a `ZoneInfo`. Without `minutes` the entry has no end.
    """

    uid: str
    sequence: int
    title: str
    place: str
    description: str
    url: str
    organiser: str
    organiser_address: str
    starts_at: datetime
    minutes: int | None
    stamped_at: datetime
    is_cancelled: bool = False

    def as_json(self) -> dict[str, Any]:
        """The visit as plain JSON values; the start as the hall's clock shows it, with its zone."""
        return {
            **asdict(self),
            "starts_at": self.starts_at.replace(tzinfo=None).isoformat(),
            "zone": str(self.starts_at.tzinfo),
            "stamped_at": self.stamped_at.isoformat(),
        }

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> Self:
        """The reverse of `as_json`.

        Raises:
            TypeError, KeyError, ValueError: the values are not what `as_json` wrote.
        """
        given = dict(values)
        zone = ZoneInfo(given.pop("zone"))
        given["starts_at"] = datetime.fromisoformat(given["starts_at"]).replace(tzinfo=zone)
        given["stamped_at"] = datetime.fromisoformat(given["stamped_at"])
        return cls(**cast("Any", given))


def visit_uid(reference: str, performance_id: str) -> str:
    """How calendars tell the visit of an order: the same wherever its file comes from."""
    return f"{reference}-{performance_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipFacts:
    """The receipt of a sale on narrow paper: `lines`, `taxes` and `tenders` pair words and amount.

    `place` is the till or the way of the sale, `by` the staff member as patrons read the name.
    """

    language: str
    organisation: str
    address: str
    reference: str
    when: str
    place: str
    by: str
    lines: tuple[tuple[str, str], ...]
    total: str
    taxes: tuple[tuple[str, str], ...]
    tenders: tuple[tuple[str, str], ...]
    note: str = ""
    is_duplicate: bool = False
