"""How prices and sale windows refuse.

Invalid
├── PriceTextMissing            facts: `text`
├── PriceTypeNameTaken
├── QuantityUnreadable          facts: `most`
├── QuantitiesBackwards
├── RateUnreadable
├── FeeIncomplete
├── FeeNameTwice
├── FeesAbovePrice              facts: `zone`, `price_type`
├── PricesEmpty
├── CompPriced
├── ZoneUnknown                 facts: `zone`
├── ValidityBackwards
├── WindowBackwards
├── WindowsOverlap
├── WindowWithoutChannel
└── WindowNameMissing
NotFound
├── UnknownPriceType
├── UnknownTaxRate
├── UnknownPriceList
└── UnknownSaleWindow
Conflict
├── PriceTypeChangedMeanwhile
├── PricesChangedMeanwhile
├── PriceTypeRetired
├── ZoneUnpriced                facts: `zone`
├── SaleWindowMissing
└── CurrencyInUse               facts: `currency`
"""

from __future__ import annotations

from upstage_crm.core.errors import Conflict, Invalid, NotFound


class PriceTextMissing(Invalid):
    """A text that every price type or tax rate needs is empty. Facts: `text`."""

    code = "price_text_missing"


class PriceTypeNameTaken(Invalid):
    """Another price type has this name, in this or another spelling."""

    code = "price_type_name_taken"


class QuantityUnreadable(Invalid):
    """A number of tickets is none, or too small or too large. Facts: `most`."""

    code = "price_quantity_unreadable"


class QuantitiesBackwards(Invalid):
    """The fewest tickets of an order are more than the most."""

    code = "price_quantities_backwards"


class RateUnreadable(Invalid):
    """A tax rate is no percentage from 0 to 100 with two decimals at most."""

    code = "tax_rate_unreadable"


class FeeIncomplete(Invalid):
    """A fee has a name or an amount, and not both."""

    code = "fee_incomplete"


class FeeNameTwice(Invalid):
    """Two fees of one version have one name."""

    code = "fee_name_twice"


class FeesAbovePrice(Invalid):
    """A price is less than the fees in it. Facts: `zone`, `price_type`."""

    code = "fees_above_price"


class PricesEmpty(Invalid):
    """A version for all performances of an event has no price."""

    code = "prices_empty"


class CompPriced(Invalid):
    """A complimentary ticket is free: it has no price."""

    code = "comp_priced"


class ZoneUnknown(Invalid):
    """No hall in which this is performed has the zone. Facts: `zone`."""

    code = "price_zone_unknown"


class ValidityBackwards(Invalid):
    """Prices end before they begin, or as they begin."""

    code = "prices_backwards"


class WindowBackwards(Invalid):
    """A sale window closes before it opens, or as it opens."""

    code = "window_backwards"


class WindowsOverlap(Invalid):
    """Another window is open then for the same audience and channel."""

    code = "windows_overlap"


class WindowWithoutChannel(Invalid):
    """A sale window names no way to buy."""

    code = "window_without_channel"


class WindowNameMissing(Invalid):
    """A window for people with a code does not say the code."""

    code = "window_name_missing"


class UnknownPriceType(NotFound):
    """There is no such price type."""

    code = "price_type_unknown"


class UnknownTaxRate(NotFound):
    """There is no such tax rate."""

    code = "tax_rate_unknown"


class UnknownPriceList(NotFound):
    """The event has no prices of this version."""

    code = "price_list_unknown"


class UnknownSaleWindow(NotFound):
    """There is no such sale window."""

    code = "window_unknown"


class PriceTypeChangedMeanwhile(Conflict):
    """A colleague changed it after the form was opened; saving would undo that."""

    code = "price_type_changed_meanwhile"


class PricesChangedMeanwhile(Conflict):
    """A colleague saved another version since this one was begun."""

    code = "prices_changed_meanwhile"


class PriceTypeRetired(Conflict):
    """The price type is not offered any more."""

    code = "price_type_retired"


class CurrencyInUse(Conflict):
    """There are prices in the currency of now: it stays. Facts: `currency`."""

    code = "currency_in_use"


class ZoneUnpriced(Conflict):
    """A zone of the hall has no price, so its seats cannot be sold. Facts: `zone`."""

    code = "zone_unpriced"


class SaleWindowMissing(Conflict):
    """No sale window is open or will open before the performance begins."""

    code = "sale_window_missing"
