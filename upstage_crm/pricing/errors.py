"""How a basket cannot be priced.

Invalid
├── LineTwice
├── NotPriced               facts: `zone`
├── TooFewTickets           facts: `price_type`, `least`
├── TooManyTickets          facts: `price_type`, `most`
└── CompReasonMissing       facts: `price_type`
Forbidden
└── CompNotAllowed
Conflict
├── NotOnSale
├── NotOnSaleYet            facts: `opens`
└── CurrenciesDiffer
"""

from __future__ import annotations

from upstage_crm.core.errors import Conflict, Forbidden, Invalid


class LineTwice(Invalid):
    """Two lines of a basket are for the same seat or place."""

    code = "basket_line_twice"


class NotPriced(Invalid):
    """The zone has no price of this type, or the type is not offered any more. Facts: `zone`."""

    code = "basket_not_priced"


class TooFewTickets(Invalid):
    """A price type asks for more tickets in one basket. Facts: `price_type`, `least`."""

    code = "basket_too_few"


class TooManyTickets(Invalid):
    """A price type allows fewer tickets in one basket. Facts: `price_type`, `most`."""

    code = "basket_too_many"


class CompReasonMissing(Invalid):
    """A complimentary ticket is given without a reason. Facts: `price_type`."""

    code = "comp_reason_missing"


class CompNotAllowed(Forbidden):
    """This buyer, or this staff member, may not give complimentary tickets."""

    code = "comp_not_allowed"


class NotOnSale(Conflict):
    """No sale window is open for this buyer, and none will be."""

    code = "not_on_sale"


class NotOnSaleYet(Conflict):
    """The sale to this buyer begins later. Facts: `opens`."""

    code = "not_on_sale_yet"


class CurrenciesDiffer(Conflict):
    """The prices of a basket are in two currencies."""

    code = "basket_currencies_differ"
