"""The form of a sold-out performance with which a visitor asks for a place on its waiting list."""

from __future__ import annotations

from dataclasses import dataclass

from upstage_crm.portal.addresses import WAITING
from upstage_crm.portal.listings.offer_words import EventWords
from upstage_crm.portal.listings.public_programme import Programme
from upstage_crm.portal.listings.sale_states import SaleState
from upstage_crm.portal.readers import Reader
from upstage_crm.programme.views import PerformanceView
from upstage_crm.waiting_list import rules


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingForm:
    """What can be wished: up to `most` tickets, in one of the zones with its price, or in any."""

    action: str
    most: int
    zones: tuple[tuple[str, str], ...]


def waiting_form(
    programme: Programme,
    performance: PerformanceView,
    state: SaleState,
    words: EventWords,
    reader: Reader,
) -> WaitingForm | None:
    """The form; None where nothing is sold out, or no offer could be made in time."""
    if state is not SaleState.SOLD_OUT or not rules.is_open(programme.now, performance.starts_at):
        return None
    found: list[tuple[str, str]] = []
    most = 0
    for zone, prices in programme.prices_of(performance, programme.now).items():
        kinds = (programme.types[type_id] for type_id in prices)
        kind = next((each for each in kinds if rules.is_usual(each)), None)
        if kind is not None:
            found.append((zone, words.amount(prices[kind.id])))
            most = max(most, kind.most or rules.MOST_PLACES)
    if not found:
        return None
    return WaitingForm(
        action=reader.href(f"{WAITING}/join"),
        most=min(most, rules.MOST_PLACES),
        zones=tuple(found),
    )
