"""What the page about another seat shows to the holder of a ticket. Pure."""

from __future__ import annotations

from typing import Final

from upstage_crm.confirm.page_view import Fact
from upstage_crm.confirm.tickets import choice_copy, seat_copy
from upstage_crm.confirm.tickets.choice_words import ChoiceWords
from upstage_crm.confirm.tickets.offered_words import NO, YES, Played
from upstage_crm.core import when
from upstage_crm.core.languages import Say, speaker
from upstage_crm.orders.transfers.seat_reasons import SEAT_REASONS
from upstage_crm.orders.transfers.views import OfferState, SeatMoveView
from upstage_crm.organisation.details import OrganisationDetails

_KEPT: Final = frozenset({OfferState.DECLINED, OfferState.LAPSED, OfferState.TAKEN_BACK})


def seat_words(
    asked: SeatMoveView, played: Played, *, organisation: OrganisationDetails, language: str
) -> ChoiceWords:
    """The page of one proposal: the question while it is open, afterwards what became of it."""
    say = speaker(language)
    zone = organisation.zone_of(played.zone)
    title, lead = _told(asked, say, when.in_words(asked.until, zone, language))
    return ChoiceWords(
        lang=language,
        organisation=organisation.name,
        phone=organisation.desk_phone,
        title=title,
        lead=lead,
        beside=_beside(asked, say),
        facts=(
            Fact(label=say(choice_copy.EVENT), text=played.title),
            Fact(
                label=say(choice_copy.WHEN),
                text=when.in_words(played.starts_at, zone, language),
            ),
            Fact(label=say(choice_copy.WHERE), text=played.hall),
        ),
        options=((YES, say(seat_copy.YES)), (NO, say(seat_copy.NO))) if asked.is_open else (),
        reference=asked.reference,
    )


def _told(asked: SeatMoveView, say: Say, until: str) -> tuple[str, tuple[str, ...]]:
    if asked.is_open:
        return say(seat_copy.ASKED), (
            f"{say(SEAT_REASONS[asked.reason])} {say(seat_copy.SAME_PRICE)}",
            f"{say(seat_copy.UNTIL).format(until=until)} {say(seat_copy.SILENCE)}",
        )
    if asked.state is OfferState.ACCEPTED:
        return say(seat_copy.MOVED), (say(seat_copy.MOVED_HINT),)
    if asked.state in _KEPT and asked.is_valid:
        return say(seat_copy.KEPT), (say(seat_copy.KEPT_HINT),)
    return say(seat_copy.OVER), (say(seat_copy.OVER_HINT),)


def _beside(asked: SeatMoveView, say: Say) -> tuple[Fact, ...]:
    """The two seats side by side; neither once the ticket has ended otherwise."""
    if asked.is_open:
        now, new = seat_copy.NOW, seat_copy.PROPOSED
    elif asked.state is OfferState.ACCEPTED:
        now, new = seat_copy.WAS, seat_copy.IS
    elif asked.state in _KEPT and asked.is_valid:
        now, new = seat_copy.NOW, seat_copy.NOT_TAKEN
    else:
        return ()
    return (
        Fact(label=say(now), text=asked.old_place),
        Fact(label=say(new), text=asked.new_place),
    )
