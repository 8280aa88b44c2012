"""The words of tickets and receipts on paper, besides what they are about. Pure."""

from __future__ import annotations

from typing import Final

TICKET: Final = "Ticket"
TICKETS: Final = "Tickets"
SEAT: Final = "Seat"
PRICE_ZONE: Final = "Price zone"
PRICE: Final = "Price"
ORDER: Final = "Order"
DUPLICATE: Final = "Duplicate"
FOR_ONE: Final = "One person may enter with this code. A copy of it opens nothing twice."
CODE: Final = "Ticket code"
NO_GLYPHS: Final = "This file cannot show these characters."
SALES_RECEIPT: Final = "Receipt"
TOTAL: Final = "Total"
TAX_IN_IT: Final = "Tax in it"
PAID_WITH: Final = "Paid with"
SERVED_BY: Final = "Served by"
