"""The page on which a basket is paid by card: a provider's, never one of ours."""

from __future__ import annotations

from upstage_crm.orders.views import BasketView, Contact
from upstage_crm.portal.errors import CardNotTaken
from upstage_crm.portal.readers import Reader


def card_page(view: BasketView, contact: Contact, reader: Reader) -> str:
    """The address of the page on which this basket is paid.

    Raises:
        CardNotTaken: no card can be charged here.
    """
    del view, contact, reader
    raise CardNotTaken
