"""What the page about a cancelled or moved performance shows to one visitor. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from upstage_crm.confirm.page_view import Fact
from upstage_crm.confirm.tickets import choice_copy as copy
from upstage_crm.core import when
from upstage_crm.core.languages import Say, speaker
from upstage_crm.core.money import in_words
from upstage_crm.orders.cancellations.views import Answer, DisruptionKind, Offer, OtherDate, Stage
from upstage_crm.organisation.details import OrganisationDetails

DATE: Final = "date-"  # how the answer begins that names another performance


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceWords:
    """One page, ready to show; what is empty is left out.

    `beside` are two things to compare. `options` pair an answer's value with its words: an
    `Answer`, or `DATE` and a performance's id.
    """

    lang: str
    organisation: str
    phone: str
    title: str
    lead: tuple[str, ...] = ()
    beside: tuple[Fact, ...] = ()
    facts: tuple[Fact, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    hint: str = ""
    reference: str = ""
    is_found: bool = True


def broken_words(organisation: OrganisationDetails, *, language: str) -> ChoiceWords:
    """The page for a link that is not ours, or that this browser does not hold."""
    say = speaker(language)
    return ChoiceWords(
        lang=language,
        organisation=organisation.name,
        phone=organisation.desk_phone,
        title=say(copy.BROKEN),
        lead=(say(copy.BROKEN_HINT),),
        is_found=False,
    )


def choice_words(
    offer: Offer,
    dates: Sequence[OtherDate],
    *,
    is_open: bool,
    is_newest: bool,
    organisation: OrganisationDetails,
    language: str,
) -> ChoiceWords:
    """The page of one order: the choice while it is open, afterwards what became of it."""
    say = speaker(language)
    title, lead = (
        _asking(offer, organisation, language)
        if is_open
        else _told(offer, organisation, language, is_newest=is_newest)
    )
    return ChoiceWords(
        lang=language,
        organisation=organisation.name,
        phone=organisation.desk_phone,
        title=title,
        lead=lead,
        facts=_facts(offer, organisation, language),
        options=tuple(_options(offer, dates, organisation, language)) if is_open else (),
        hint=say(copy.ANOTHER_DATE_HINT) if is_open and dates else "",
        reference=offer.reference,
    )


def _asking(
    offer: Offer, organisation: OrganisationDetails, language: str
) -> tuple[str, tuple[str, ...]]:
    say = speaker(language)
    until = say(copy.UNTIL).format(
        until=when.in_words(offer.until, organisation.zone, language) if offer.until else ""
    )
    if offer.kind is DisruptionKind.CANCELLED:
        return say(copy.CANCELLED), (say(copy.SORRY), f"{until} {say(copy.SILENCE_REFUNDS)}")
    return say(copy.MOVED), (say(copy.STILL_VALID), f"{until} {say(copy.SILENCE_KEEPS)}")


def _told(
    offer: Offer, organisation: OrganisationDetails, language: str, *, is_newest: bool
) -> tuple[str, tuple[str, ...]]:
    """What became of it."""
    say = speaker(language)
    if not is_newest:
        return say(copy.ENDED), (say(copy.ENDED_HINT),)
    given_back = offer.amount - offer.rebooked
    money = _money(offer, given_back, say, language)
    keeps = offer.kind is DisruptionKind.MOVED and offer.answer is not Answer.REFUND
    if keeps:
        return say(copy.DONE_KEEP), (
            say(copy.STILL_VALID),
            say(copy.COME).format(
                when=_instant(offer.new_starts_at, offer, organisation, language)
            ),
        )
    if offer.answer is Answer.ANOTHER_DATE:
        went = say(copy.NEW_TICKETS).format(
            amount=in_words(offer.rebooked, offer.currency, language)
        )
        return say(copy.DONE_DATE), (went, *money)
    if not offer.amount:
        return say(copy.DONE_FREE), ()
    title = copy.DONE_REFUND if offer.stage is Stage.SETTLED else copy.CANCELLED
    return say(title), money


def _money(offer: Offer, given_back: int, say: Say, language: str) -> tuple[str, ...]:
    if given_back <= 0:
        return ()
    if offer.at_desk == given_back:
        amount = in_words(given_back, offer.currency, language)
        return (say(copy.ALL_AT_DESK).format(amount=amount),)
    lines = [say(copy.BY_CARD).format(amount=in_words(given_back, offer.currency, language))]
    if offer.at_desk:
        at_desk = in_words(offer.at_desk, offer.currency, language)
        lines.append(say(copy.AT_DESK).format(amount=at_desk))
    return tuple(lines)


def _facts(offer: Offer, organisation: OrganisationDetails, language: str) -> tuple[Fact, ...]:
    say = speaker(language)
    old = _instant(offer.was_starts_at, offer, organisation, language)
    found = [Fact(label=say(copy.EVENT), text=offer.event)]
    if offer.kind is DisruptionKind.MOVED:
        new = _instant(offer.new_starts_at, offer, organisation, language)
        found += [
            Fact(label=say(copy.NOW), text=f"{new} · {offer.new_hall}"),
            Fact(label=say(copy.BEFORE), text=f"{old} · {offer.was_hall}"),
        ]
    else:
        found += [
            Fact(label=say(copy.WHEN), text=old),
            Fact(label=say(copy.WHERE), text=offer.was_hall),
        ]
    if offer.seats:
        found.append(Fact(label=say(copy.SEATS), text="; ".join(offer.seats)))
    if offer.amount:
        paid = in_words(offer.amount, offer.currency, language)
        found.append(Fact(label=say(copy.PAID), text=paid))
    return tuple(found)


def _options(
    offer: Offer, dates: Sequence[OtherDate], organisation: OrganisationDetails, language: str
) -> list[tuple[str, str]]:
    say = speaker(language)
    amount = in_words(offer.amount, offer.currency, language)
    if offer.kind is DisruptionKind.MOVED:
        leave = copy.CANNOT_COME_PAID if offer.amount else copy.CANNOT_COME
        return [
            (Answer.KEEP.value, say(copy.KEEP)),
            (Answer.REFUND.value, say(leave).format(amount=amount)),
        ]
    found = [(Answer.REFUND.value, say(copy.REFUND).format(amount=amount))]
    for one in dates:
        zone = when.zone(one.zone, country=organisation.country)
        words = say(copy.ANOTHER_DATE).format(
            when=when.in_words(one.starts_at, zone, language), hall=one.hall
        )
        found.append((f"{DATE}{one.performance_id}", words))
    return found


def _instant(at: datetime, offer: Offer, organisation: OrganisationDetails, language: str) -> str:
    zone = when.zone(offer.zone, country=organisation.country)
    return when.in_words(at, zone, language)
