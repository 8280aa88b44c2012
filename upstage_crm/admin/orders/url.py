"""What the address of the list of orders can say, and where one order is. Pure."""

from __future__ import annotations

from upstage_crm.pages import periods
from upstage_crm.pages.list_url import ListShape, one_of, text
from upstage_crm.programme.prices.views import SaleChannel

PERFORMANCE = "performance"
ID_LENGTH = 32
SHAPE = ListShape(
    path="/orders/",
    filters={
        PERFORMANCE: text(ID_LENGTH),
        "channel": one_of(SaleChannel),
        **periods.FILTERS,
    },
)


def order_href(reference: str) -> str:
    """Where the page of an order is."""
    return f"{SHAPE.path}{reference}/"


def orders_of_performance(performance_id: str) -> str:
    """The list of the orders with tickets for a performance."""
    return SHAPE.href(SHAPE.plain(performance=performance_id))
