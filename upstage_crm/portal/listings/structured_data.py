"""What search machines read of our pages: schema.org, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from upstage_crm.core.money import exponent
from upstage_crm.organisation.details import OrganisationDetails
from upstage_crm.portal import addresses
from upstage_crm.portal.addresses import WHATS_ON
from upstage_crm.portal.listings.offer_words import EventWords
from upstage_crm.portal.listings.public_programme import OnOffer, Programme
from upstage_crm.portal.listings.sale_states import SaleState
from upstage_crm.wiring import runtime

CONTEXT: Final = "https://schema.org"
MOST_TOLD: Final = 40  # performances of one event
_AVAILABILITY: Final[Mapping[SaleState, str]] = {
    SaleState.OPEN: "InStock",
    SaleState.SOLD_OUT: "SoldOut",
    SaleState.LATER: "PreOrder",
    SaleState.DESK: "InStoreOnly",
    SaleState.PAUSED: "OutOfStock",
    SaleState.CANCELLED: "Discontinued",
    SaleState.OVER: "Discontinued",
}


def of_organisation(organisation: OrganisationDetails) -> dict[str, Any]:
    """The organisation itself."""
    base = runtime().settings.base_url
    return {
        "@context": CONTEXT,
        "@type": "PerformingArtsTheater",
        "name": organisation.name,
        "address": organisation.postal_address,
        "telephone": organisation.desk_phone,
        "url": organisation.website or base + WHATS_ON,
    }


def of_event(words: EventWords, programme: Programme) -> dict[str, Any]:
    """Every performance of an event, each as an Event with its offer."""
    told = words.offers[:MOST_TOLD]
    return {"@context": CONTEXT, "@graph": [_event(words, one, programme) for one in told]}


def of_performance(words: EventWords, offer: OnOffer, programme: Programme) -> dict[str, Any]:
    """One performance."""
    return {"@context": CONTEXT, **_event(words, offer, programme)}


def _event(words: EventWords, offer: OnOffer, programme: Programme) -> dict[str, Any]:
    one, base = offer.performance, runtime().settings.base_url
    hall = programme.halls[one.hall_id]
    venue = programme.venues[hall.venue_id]
    is_off = offer.state is SaleState.CANCELLED
    said: dict[str, Any] = {
        "@type": "Event",
        "name": words.title,
        "startDate": one.starts_at.isoformat(),
        "endDate": words.ends_at(offer).isoformat(),
        "eventAttendanceMode": f"{CONTEXT}/OfflineEventAttendanceMode",
        "eventStatus": f"{CONTEXT}/Event{'Cancelled' if is_off else 'Scheduled'}",
        "location": {
            "@type": "Place",
            "name": f"{hall.texts['name']}, {venue.texts['name']}",
            "address": venue.texts["address"],
        },
        "organizer": {"@type": "Organization", "name": programme.organisation.name},
        "url": base + addresses.performance_path(words.event, one),
        "offers": {
            "@type": "Offer",
            "url": base + addresses.performance_path(words.event, one),
            "priceCurrency": programme.currency,
            "availability": f"{CONTEXT}/{_AVAILABILITY[offer.state]}",
        },
    }
    if offer.lowest is not None:
        amount = Decimal(offer.lowest).scaleb(-exponent(programme.currency))
        said["offers"]["price"] = str(amount)
    if offer.opens_at is not None:
        said["offers"]["validFrom"] = offer.opens_at.isoformat()
    if words.image.is_photo:
        said["image"] = base + words.image.src
    if words.texts["description"]:
        said["description"] = words.texts["description"]
    return said
