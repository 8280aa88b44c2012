"""How giving a ticket to someone else, or moving it to another seat, is refused.

Invalid
├── NothingOffered
├── NotASeat                facts: `place`
├── NoMailbox
└── OwnAddress
Conflict
├── OfferedBefore           facts: `place`
├── TransferTooLate         facts: `place`
├── TransferWaits
├── TooManyOffers
├── SeatProposedBefore      facts: `place`
├── SeatMoveTooLate         facts: `place`
├── OwnReturnNotOffered
├── OwnReturnTooLate        facts: `place`
├── OwnReturnOfComp         facts: `place`
├── OwnReturnOfUsed         facts: `place`
└── OfferEnded
"""

from __future__ import annotations

from upstage_crm.core.errors import Conflict, Invalid


class NothingOffered(Invalid):
    """No ticket was chosen to be given."""

    code = "nothing_offered"


class OwnAddress(Invalid):
    """The address is the one that the tickets go to already."""

    code = "transfer_own_address"


class OfferedBefore(Conflict):
    """A ticket is offered already, or was given to someone. Facts: `place`."""

    code = "ticket_offered_before"


class TransferTooLate(Conflict):
    """The doors of the performance are open, or it does not take place. Facts: `place`."""

    code = "transfer_too_late"


class TransferWaits(Conflict):
    """A change of the buyer's record may still be put back, so nothing is given away."""

    code = "transfer_waits"


class TooManyOffers(Conflict):
    """So many tickets of the order were offered within a day that it is enough."""

    code = "transfer_too_many"


class OfferEnded(Conflict):
    """The offer was answered or taken back, or none of its tickets can change hands."""

    code = "offer_ended"


class NotASeat(Invalid):
    """The ticket is for a place without a number. Facts: `place`."""

    code = "seat_move_no_seat"


class NoMailbox(Invalid):
    """The holder of the ticket has no address that a question could go to."""

    code = "seat_move_no_mailbox"


class SeatProposedBefore(Conflict):
    """The holder is asked about another seat already. Facts: `place`."""

    code = "seat_move_before"


class SeatMoveTooLate(Conflict):
    """The doors of the performance are open, or it does not take place. Facts: `place`."""

    code = "seat_move_too_late"


class OwnReturnNotOffered(Conflict):
    """The house takes tickets back at the box office alone."""

    code = "own_return_not_offered"


class OwnReturnTooLate(Conflict):
    """The time to return a ticket is over, or its performance is off. Facts: `place`."""

    code = "own_return_too_late"


class OwnReturnOfComp(Conflict):
    """The house gave the ticket away, so its buyer has nothing to get back. Facts: `place`."""

    code = "own_return_comp"


class OwnReturnOfUsed(Conflict):
    """The ticket was scanned at the door. Facts: `place`."""

    code = "own_return_used"
