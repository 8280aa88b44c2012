"""Who may wait, who is asked next, and how long an offer lives. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from upstage_crm.programme.prices.views import PriceType
from upstage_crm.waiting_list.views import PricedZone, Wish

CONFIRM_WITHIN: Final = timedelta(hours=24)
OFFER_LIVES: Final = timedelta(hours=24)
BEFORE_START: Final = timedelta(hours=3)  # so much before the performance the last offer ends
LEAST_TO_ANSWER: Final = timedelta(hours=1)  # who has less is not asked
TIME_TO_PAY: Final = timedelta(minutes=12)  # of someone who takes an offer in its last minute
MOST_PLACES: Final = 10
MOST_ASKED: Final = 5  # unanswered mails to one address in a day


def offer_until(now: datetime, starts_at: datetime) -> datetime | None:
    """The end of an offer that is made now; None when there is no time for one any more."""
    until = min(now + OFFER_LIVES, starts_at - BEFORE_START)
    return until if until - now >= LEAST_TO_ANSWER else None


def is_open(now: datetime, starts_at: datetime) -> bool:
    """Whether it makes sense to join: an offer could still be made."""
    return offer_until(now, starts_at) is not None


def kept_until(now: datetime, until: datetime) -> datetime:
    """How long the seats are kept for someone who takes an offer now."""
    return max(until, now + TIME_TO_PAY)


def is_usual(kind: PriceType) -> bool:
    """Whether an offer may have this price type: anyone may buy it, without proof or a group."""
    return not (kind.is_retired or kind.is_comp or kind.proof or kind.least > 1)


def most_places(zones: Sequence[PricedZone]) -> int:
    """How many places one person may wait for: no more than the price types let anyone buy."""
    return min(MOST_PLACES, max((zone.most for zone in zones), default=0))


def may_wish(wish: Wish, zones: Sequence[PricedZone]) -> bool:
    """Whether a sale could ever fulfil a wish."""
    return wish.places >= 1 and any(_is_meant(wish, zone) for zone in zones)


def fitting(wish: Wish, zones: Sequence[PricedZone]) -> list[PricedZone]:
    """The zones from which a wish could be fulfilled, in the order in which they are tried."""
    return [zone for zone in zones if _is_meant(wish, zone) and zone.free >= wish.places]


def turns(wishes: Sequence[Wish], zones: Sequence[PricedZone]) -> list[str]:
    """The ids of those who are asked, in the order of joining, when so much is free.

    Someone whose wish does not fit keeps the place, and the next one is asked.
    """
    left = {zone.name: zone.free for zone in zones}
    found: list[str] = []
    for wish in wishes:
        for zone in zones:
            if _is_meant(wish, zone) and left[zone.name] >= wish.places:
                left[zone.name] -= wish.places
                found.append(wish.id)
                break
    return found


def _is_meant(wish: Wish, zone: PricedZone) -> bool:
    return wish.zone in {"", zone.name} and wish.places <= min(zone.most, MOST_PLACES)
