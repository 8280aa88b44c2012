"""What others see of tickets that their holder gives to someone else. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class OfferState(StrEnum):
    """What became of an offer. An open one may have lapsed: that is judged when it is looked at."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    TAKEN_BACK = "taken_back"
    LAPSED = "lapsed"  # only a proposal of another seat, whose holder is told so


class TransferState(StrEnum):
    """How far a ticket of an offer is. A held one belongs to the recipient."""

    OFFERED = "offered"
    HELD = "held"
    ENDED = "ended"


class SeatMoveState(StrEnum):
    """What became of a ticket's seat in a proposal: it was moved, or kept as it was."""

    PROPOSED = "proposed"
    MOVED = "moved"
    KEPT = "kept"


class SeatMoveReason(StrEnum):
    """Why another seat is proposed: a code, which the holder reads in their own language."""

    SEAT_PLAN = "seat_plan"
    EQUIPMENT = "equipment"
    BROKEN = "broken"
    ACCESS = "access"
    AS_ASKED = "as_asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedTicket:
    """A ticket that its holder offers, with the performance that it is for.

    `is_open` says that it can still change hands.
    """

    id: str
    performance_id: str
    place: str
    state: TransferState
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferView:
    """Tickets of one order that are offered to one mailbox.

    `email` is the recipient's, "" once it is erased. `giver` is the address of the order.
    """

    id: str
    order_id: str
    reference: str
    state: OfferState
    email: str
    language: str
    giver: str
    giver_language: str
    patron_id: str | None
    created_at: datetime
    answered_at: datetime | None
    tickets: tuple[OfferedTicket, ...]

    @property
    def open_tickets(self) -> tuple[OfferedTicket, ...]:
        """The tickets that a yes would still move."""
        return tuple(each for each in self.tickets if each.is_open)

    @property
    def held_tickets(self) -> tuple[OfferedTicket, ...]:
        """The tickets that the recipient has taken."""
        return tuple(each for each in self.tickets if each.state is TransferState.HELD)

    @property
    def is_open(self) -> bool:
        """Whether the recipient may still answer, and the giver take it back."""
        return self.state is OfferState.OPEN and bool(self.email) and bool(self.open_tickets)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatMoveView:
    """Another seat that staff propose to the holder of a ticket, and the answer.

    `id` is the offer's. `email` is the holder's, "" once it is erased. `old_place` and `new_place`
    name the seats; `is_valid` says that the ticket still opens the door of a performance that
    takes place, `is_open` that the holder may answer and staff withdraw.
    """

    id: str
    order_id: str
    reference: str
    patron_id: str | None
    state: OfferState
    email: str
    language: str
    ticket_id: str
    performance_id: str
    old_seat: str
    old_place: str
    seat_id: str
    new_place: str
    zone: str
    reason: SeatMoveReason
    staff_id: str
    until: datetime
    created_at: datetime
    answered_at: datetime | None
    is_given: bool
    is_valid: bool
    is_open: bool
