"""What a basket costs: from lines, prices, windows and reductions to priced lines. Pure.

The same basket, buyer and moment give the same lines, in whatever order they were clicked
together. Every price holds its fees and its tax from the first list to the receipt.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from upstage_crm.core.money import share_out, tax_within
from upstage_crm.pricing.assignment import best_assignment
from upstage_crm.pricing.errors import (
    CompNotAllowed,
    CompReasonMissing,
    CurrenciesDiffer,
    LineTwice,
    NotOnSale,
    NotOnSaleYet,
    NotPriced,
    TooFewTickets,
    TooManyTickets,
)
from upstage_crm.pricing.views import (
    Buyer,
    Line,
    Offer,
    Priced,
    PricedLine,
    Reduction,
    Step,
    StepKind,
    TaxMode,
)
from upstage_crm.programme.errors import UnknownPerformance
from upstage_crm.programme.prices.errors import UnknownPriceType
from upstage_crm.programme.prices.sale_windows import may_sell
from upstage_crm.programme.prices.versions import holding
from upstage_crm.programme.prices.views import Cell, Fee, PriceList, PriceType, SaleWindow


@dataclass(frozen=True, slots=True)
class _OnSale:
    """A performance that the buyer may buy now."""

    window: SaleWindow
    prices: PriceList


def price_basket(
    lines: Sequence[Line],
    offers: Mapping[str, Offer],
    types: Mapping[str, PriceType],
    buyer: Buyer,
    *,
    now: datetime,
    reductions: Sequence[Reduction] = (),
    tax_mode: TaxMode = TaxMode.LINE,
    currency: str = "",
) -> Priced:
    """Price every line, each with the rules that made its price.

    `offers` are by performance, `types` by id. Of the `reductions`, in their stated order, each
    line gets at most one, so that the buyer saves the most. `currency` is that of an empty basket.

    Raises:
        LineTwice, UnknownPerformance, UnknownPriceType: the lines cannot be.
        NotOnSale, NotOnSaleYet: this buyer cannot buy one of the performances now.
        NotPriced: there is no price for a line.
        TooFewTickets, TooManyTickets: a price type has other bounds, for each performance.
        CompReasonMissing, CompNotAllowed: a complimentary ticket cannot be given so.
        CurrenciesDiffer: prices are in two currencies.
    """
    if len({line.key for line in lines}) != len(lines):
        raise LineTwice
    places = {type_id: place for place, type_id in enumerate(types)}
    for line in lines:
        if line.type_id not in types:
            raise UnknownPriceType
    wanted = sorted(
        lines, key=lambda line: (line.performance_id, line.zone, places[line.type_id], line.key)
    )
    sold = {
        performance_id: _on_sale(offers.get(performance_id), buyer, now)
        for performance_id in sorted({line.performance_id for line in lines})
    }
    _ensure_quantities(wanted, types)
    found = {each.prices.currency for each in sold.values()}
    if len(found) > 1:
        raise CurrenciesDiffer
    listed = [
        _listed(line, sold[line.performance_id], types[line.type_id], buyer) for line in wanted
    ]
    reduced = _reduced(listed, reductions)
    whole = [_with_fees(line, sold[line.line.performance_id].prices.fees) for line in reduced]
    return Priced(
        currency=next(iter(found), currency), tax_mode=tax_mode, lines=_taxed(whole, tax_mode)
    )


def _on_sale(offer: Offer | None, buyer: Buyer, now: datetime) -> _OnSale:
    if offer is None:
        raise UnknownPerformance
    sale = may_sell(
        offer.windows,
        buyer.claims,
        buyer.channel,
        now,
        performance_id=offer.performance_id,
        starts_at=offer.starts_at,
    )
    prices = holding(offer.lists, now, performance_id=offer.performance_id)
    if sale.window is not None and prices is not None:
        return _OnSale(sale.window, prices)
    if sale.opens_at is not None:
        raise NotOnSaleYet(opens=sale.opens_at)
    raise NotOnSale


def _ensure_quantities(lines: Sequence[Line], types: Mapping[str, PriceType]) -> None:
    counts = Counter((line.performance_id, line.type_id) for line in lines)
    for (_, type_id), count in counts.items():
        kind = types[type_id]
        if count < kind.least:
            raise TooFewTickets(price_type=kind.name, least=kind.least)
        if kind.most and count > kind.most:
            raise TooManyTickets(price_type=kind.name, most=kind.most)


def _listed(line: Line, sold: _OnSale, kind: PriceType, buyer: Buyer) -> PricedLine:
    """A line at the price of the list, or free."""
    if kind.is_retired:
        raise NotPriced(zone=line.zone)
    if kind.is_comp:
        step = _given_away(line, kind, buyer)
    else:
        price = sold.prices.prices.get(Cell(line.zone, line.type_id))
        if price is None:
            raise NotPriced(zone=line.zone)
        step = Step(
            kind=StepKind.LIST,
            rule_id=price.id,
            name=kind.name,
            amount=price.amount,
            version=sold.prices.version,
        )
    return PricedLine(
        line=line,
        window_id=sold.window.id,
        steps=(step,),
        fees=(),
        amount=step.amount,
        tax_rate=sold.prices.tax,
        tax=0,
    )


def _given_away(line: Line, kind: PriceType, buyer: Buyer) -> Step:
    if not buyer.may_comp:
        raise CompNotAllowed
    if line.comp_reason is None:
        raise CompReasonMissing(price_type=kind.name)
    return Step(kind=StepKind.COMP, rule_id=line.comp_reason.value, name=kind.name, amount=0)


def _reduced(lines: Sequence[PricedLine], reductions: Sequence[Reduction]) -> list[PricedLine]:
    """Each line with the reduction that is its part of the best for the buyer."""
    savings = [
        [rule.saving(each.amount) if rule.is_for(each.line) else 0 for rule in reductions]
        for each in lines
    ]
    chosen = best_assignment(savings, [rule.allowance for rule in reductions])
    found: list[PricedLine] = []
    for each, place, saved in zip(lines, chosen, savings, strict=True):
        if place is None:
            found.append(each)
            continue
        rule = reductions[place]
        step = Step(kind=StepKind.REDUCTION, rule_id=rule.id, name=rule.name, amount=-saved[place])
        found.append(replace(each, steps=(*each.steps, step), amount=each.amount + step.amount))
    return found


def _with_fees(line: PricedLine, fees: Sequence[Fee]) -> PricedLine:
    """The line with the fees in its price: in their order, as far as a lowered price holds them."""
    left, parts = line.amount, list[Fee]()
    for fee in fees:
        part = min(fee.amount, left)
        left -= part
        if part:
            parts.append(Fee(fee.name, part))
    return replace(line, fees=tuple(parts))


def _taxed(lines: Sequence[PricedLine], mode: TaxMode) -> tuple[PricedLine, ...]:
    if mode is TaxMode.LINE:
        return tuple(
            replace(each, tax=tax_within(each.amount, each.tax_rate.basis_points)) for each in lines
        )
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, each in enumerate(lines):
        places[each.tax_rate.id].append(place)
    taxed = list(lines)
    for same in places.values():
        amounts = [lines[place].amount for place in same]
        tax = tax_within(sum(amounts), lines[same[0]].tax_rate.basis_points)
        for place, part in zip(same, share_out(tax, amounts), strict=True):
            taxed[place] = replace(lines[place], tax=part)
    return tuple(taxed)
