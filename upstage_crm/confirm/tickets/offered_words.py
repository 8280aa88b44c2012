"""What the page about tickets that someone offers shows to the recipient. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from upstage_crm.confirm.page_view import Fact
from upstage_crm.confirm.tickets import choice_copy, offer_copy
from upstage_crm.confirm.tickets.choice_words import ChoiceWords
from upstage_crm.core import when
from upstage_crm.core.email_address import mask_email
from upstage_crm.core.languages import Say, speaker
from upstage_crm.orders.transfers.views import OfferedTicket, OfferState, OfferView
from upstage_crm.organisation.details import OrganisationDetails

YES: Final = "yes"
NO: Final = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """The performance of an offered ticket, in the reader's language."""

    title: str
    starts_at: datetime
    zone: str
    hall: str


def offer_words(
    offer: OfferView,
    played: Mapping[str, Played],
    *,
    organisation: OrganisationDetails,
    language: str,
) -> ChoiceWords:
    """The page of one offer: the question while it is open, afterwards what became of it."""
    say = speaker(language)
    title, lead = _told(offer, say)
    shown = offer.open_tickets if offer.is_open else offer.held_tickets
    return ChoiceWords(
        lang=language,
        organisation=organisation.name,
        phone=organisation.desk_phone,
        title=title,
        lead=lead,
        facts=tuple(_facts(shown, played, say, organisation, language)),
        options=((YES, say(offer_copy.YES)), (NO, say(offer_copy.NO))) if offer.is_open else (),
        reference=offer.reference,
    )


def _told(offer: OfferView, say: Say) -> tuple[str, tuple[str, ...]]:
    if offer.is_open:
        given_by = (
            say(offer_copy.FROM).format(giver=mask_email(offer.giver))
            if offer.giver
            else say(offer_copy.FROM_SOMEONE)
        )
        return say(offer_copy.ASKED), (given_by, say(offer_copy.IF_YES))
    if offer.state is OfferState.ACCEPTED:
        return say(offer_copy.TAKEN), (say(offer_copy.TAKEN_HINT),)
    if offer.state is OfferState.DECLINED:
        return say(offer_copy.DECLINED), (say(offer_copy.DECLINED_HINT),)
    return say(offer_copy.OVER), (say(offer_copy.OVER_HINT),)


def _facts(
    tickets: Sequence[OfferedTicket],
    played: Mapping[str, Played],
    say: Say,
    organisation: OrganisationDetails,
    language: str,
) -> list[Fact]:
    found: list[Fact] = []
    for performance_id in dict.fromkeys(each.performance_id for each in tickets):
        about = played[performance_id]
        at = when.in_words(about.starts_at, organisation.zone_of(about.zone), language)
        seats = "; ".join(each.place for each in tickets if each.performance_id == performance_id)
        found += [
            Fact(label=say(choice_copy.EVENT), text=about.title),
            Fact(label=say(choice_copy.WHEN), text=at),
            Fact(label=say(choice_copy.WHERE), text=about.hall),
            Fact(label=say(offer_copy.SEATS), text=seats),
        ]
    return found
