"""How a sale, and what comes after it, is refused.

Invalid
├── BasketEmpty
├── ContactMissing
├── TendersDiffer           facts: `total`, `paid`
├── ShiftMissing
├── RefundTooHigh           facts: `left`
├── MoreThanOwed            facts: `owed`
├── RefundAboveLimit        facts: `most`
├── ReasonMissing
└── NothingToReturn
NotFound
├── UnknownBasket
├── UnknownOrder
└── UnknownTicket
Conflict
├── BasketOver              facts: `state`
├── BasketPaying
├── PriceChanged            facts: `before`, `now`
├── BuyerGone
├── TicketNotValid          facts: `place`
├── NoValidTicket
├── LettersSent
├── StepKeyTaken
└── PerformanceBegun
"""

from __future__ import annotations

from upstage_crm.core.errors import Conflict, Invalid, NotFound


class BasketEmpty(Invalid):
    """Nothing is in the basket."""

    code = "basket_empty"


class ContactMissing(Invalid):
    """An order of the portal or the phone needs an email address."""

    code = "order_contact_missing"


class TendersDiffer(Invalid):
    """What is paid is not what is to be paid. Facts: `total`, `paid`, in words."""

    code = "tenders_differ"


class ShiftMissing(Invalid):
    """Cash is taken at a till only while its shift is open."""

    code = "shift_missing"


class RefundTooHigh(Invalid):
    """More is given back than is left of what was paid. Facts: `left`, in words."""

    code = "refund_too_high"


class MoreThanOwed(Invalid):
    """More is given back than the order is owed. Facts: `owed`, in words."""

    code = "more_than_owed"


class RefundAboveLimit(Invalid):
    """More would be given back of the order than the role may. Facts: `most`, in words."""

    code = "refund_above_limit"


class ReasonMissing(Invalid):
    """Why something is done with an order was not said."""

    code = "order_reason_missing"


class NothingToReturn(Invalid):
    """No ticket was chosen."""

    code = "nothing_to_return"


class UnknownBasket(NotFound):
    """There is no such basket."""

    code = "basket_unknown"


class UnknownOrder(NotFound):
    """There is no such order."""

    code = "order_unknown"


class UnknownTicket(NotFound):
    """The order has no such ticket."""

    code = "ticket_unknown"


class BasketOver(Conflict):
    """The basket was sold or let go. Facts: `state`."""

    code = "basket_over"


class BasketPaying(Conflict):
    """A payment for the basket is open, so what is in it stays."""

    code = "basket_paying"


class PriceChanged(Conflict):
    """The prices are not those that were promised. Facts: `before`, `now`, in words."""

    code = "price_changed"


class BuyerGone(Conflict):
    """The patron's record is erased, merged or closed, so nothing can be sold to it."""

    code = "buyer_gone"


class TicketNotValid(Conflict):
    """A ticket was returned, exchanged or made void before. Facts: `place`."""

    code = "ticket_not_valid"


class NoValidTicket(Conflict):
    """No ticket of the order is valid, so there is nothing to print."""

    code = "no_valid_ticket"


class PerformanceBegun(Conflict):
    """The performance has begun, so its tickets are neither returned nor exchanged."""

    code = "performance_begun"


class LettersSent(Conflict):
    """Letters to buyers were sent by another process meanwhile."""

    code = "letters_sent"


class StepKeyTaken(Conflict):
    """The key stands for a step of another order."""

    code = "step_key_taken"
