"""What every mail says, and what those of waiting lists say besides."""

from __future__ import annotations

from typing import TypedDict

from upstage_crm.organisation.details import OrganisationDetails
from upstage_crm.patrons.views import FieldLine


class CommonContext(TypedDict):
    """What every mail says.

    `proposer` is display name and desk, never a private surname. `greeting` is the whole line
    ("Dear Ada Example,"), None for a mailbox that is not proven. `expires_text` and `when_text`
    are weekday, date, time and zone in words, in the reader's language; `expires_text` is the
    deadline, `when_text` the moment of what the mail tells.
    """

    org: OrganisationDetails
    public_url: str
    reference: str
    proposer: str
    greeting: str | None
    fields: list[FieldLine]
    when_text: str


class WaitingPlaceContext(CommonContext):
    """`waiting_place`. `when_text` is the performance; `is_confirmed`: it is on the list already.

    `places_text` is the number of places that are waited for.
    """

    event_text: str
    hall_text: str
    places_text: str
    is_confirmed: bool


class WaitingOfferContext(CommonContext):
    """`waiting_offer`. `when_text` is the performance; `until_text` the end of the offer.

    `seats_text` names the seats or places, `amount_text` is what they cost in all.
    """

    event_text: str
    hall_text: str
    places_text: str
    seats_text: str
    amount_text: str
    until_text: str
