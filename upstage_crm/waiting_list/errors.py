"""How the waiting list refuses.

Invalid
└── WishInvalid            facts: `most`
Conflict
├── ListClosed
├── OfferOver
└── NothingFits
"""

from __future__ import annotations

from upstage_crm.core.errors import Conflict, Invalid


class WishInvalid(Invalid):
    """So many places, or this zone, cannot be waited for. Facts: `most`."""

    code = "waiting_wish_invalid"


class ListClosed(Conflict):
    """No one can wait for this performance, or no longer."""

    code = "waiting_list_closed"


class OfferOver(Conflict):
    """There is no offer, or its time is over."""

    code = "waiting_offer_over"


class NothingFits(Conflict):
    """What is free does not fit the wish: nothing is offered, and the place is kept."""

    code = "waiting_nothing_fits"
