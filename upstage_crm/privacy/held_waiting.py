"""The places on waiting lists of one patron, for the person who asks what is held."""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel import Session

from upstage_crm.core import when
from upstage_crm.core.email_address import parse_email
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.privacy.held_orders import Row
from upstage_crm.programme import queries as programme
from upstage_crm.waiting_list import queries as waiting_lists


def waiting(session: Session, record: PatronRecord) -> Iterator[Row]:
    """The places on waiting lists that the record's own mailbox has, once it is proven."""
    email = record.values["email"]
    if not email or record.email_verified_at is None:
        return
    for place in waiting_lists.of_address(session, parse_email(email).key):
        [performance] = programme.performances(session, [place.performance_id])
        yield {
            "event": performance.title,
            "starts_at": when.iso(performance.starts_at),
            "places": place.places,
            "zone": place.zone,
            "waiting": place.state.value,
            "asked_at": when.iso(place.asked_at),
            "confirmed_at": when.iso(place.confirmed_at) if place.confirmed_at else None,
        }
