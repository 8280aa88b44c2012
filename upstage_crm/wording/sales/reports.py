"""The words of reports: what they are grouped by, and what has no name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from upstage_crm.reporting.views import SalesBy, TakingsBy

SALES_BY_WORDS: Mapping[SalesBy, str] = {
    SalesBy.EVENT: "Event",
    SalesBy.PERFORMANCE: "Performance",
    SalesBy.ZONE: "Price zone",
    SalesBy.PRICE_TYPE: "Price type",
    SalesBy.CHANNEL: "Channel",
    SalesBy.DAY: "Day",
}
TAKINGS_BY_WORDS: Mapping[TakingsBy, str] = {
    TakingsBy.TENDER: "Way of payment",
    TakingsBy.TILL: "Till",
    TakingsBy.PERSON: "Person",
    TakingsBy.SHIFT: "Shift",
    TakingsBy.DAY: "Day",
}
UNNAMED: Final = "Without a name"
NOT_AT_A_TILL: Final = "Not at a till"
NOT_BY_STAFF: Final = "Not by staff"
