"""What a basket costs: every rule of a price, and what holds for all baskets."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upstage_crm.core.errors import UpstageError
from upstage_crm.core.money import tax_within
from upstage_crm.pricing.assignment import best_assignment
from upstage_crm.pricing.basket import price_basket
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
    Reduction,
    ReductionKind,
    StepKind,
    TaxMode,
)
from upstage_crm.programme.errors import UnknownPerformance
from upstage_crm.programme.prices.errors import UnknownPriceType
from upstage_crm.programme.prices.sale_windows import Claim
from upstage_crm.programme.prices.views import (
    Audience,
    Cell,
    CompReason,
    Fee,
    Price,
    PriceList,
    PriceType,
    SaleChannel,
    SaleWindow,
    TaxRate,
)
from upstage_crm.wording.programme import price_words

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TYPES = {
    "adult": PriceType(id="adult", name="Adult"),
    "child": PriceType(id="child", name="Child", most=3),
    "group": PriceType(id="group", name="Group", least=10),
    "comp": PriceType(id="comp", name="Complimentary", is_comp=True),
    "gone": PriceType(id="gone", name="Gone", is_retired=True),
}
VAT = TaxRate(id="vat", name="VAT", basis_points=2_000)
PORTAL = Buyer(channel=SaleChannel.PORTAL)
DESK = Buyer(channel=SaleChannel.BOX_OFFICE, may_comp=True)


def prices(
    amounts: Mapping[tuple[str, str], int], *, version: int = 1, currency: str = "GBP"
) -> PriceList:
    return PriceList(
        id=f"v{version}",
        version=version,
        performance_id=None,
        currency=currency,
        tax=VAT,
        fees=(Fee("Booking fee", 150), Fee("Restoration", 100)),
        prices={
            Cell(zone, kind): Price(id=f"v{version}-{zone}-{kind}", amount=amount)
            for (zone, kind), amount in amounts.items()
        },
        starts_at=NOW - DAY,
        ends_at=None,
    )


LIST = prices({("A", "adult"): 3_500, ("A", "child"): 1_200, ("B", "adult"): 2_205})


def window(channel: SaleChannel, audience: Audience = Audience.PUBLIC) -> SaleWindow:
    return SaleWindow(
        id=f"{audience}-{channel}",
        performance_id=None,
        audience=audience,
        named="",
        channel=channel,
        opens_at=NOW - HOUR,
        closes_at=None,
    )


WINDOWS = [window(channel) for channel in SaleChannel]


def offer(
    performance_id: str = "p1", *lists: PriceList, windows: Sequence[SaleWindow] | None = None
) -> Offer:
    return Offer(
        performance_id=performance_id,
        starts_at=NOW + DAY,
        lists=lists or (LIST,),
        windows=WINDOWS if windows is None else windows,
    )


def line(key: str, zone: str = "A", kind: str = "adult", **more: object) -> Line:
    return Line(key=key, zone=zone, type_id=kind, **{"performance_id": "p1", **more})


def priced(
    *lines: Line, buyer: Buyer = PORTAL, offers: Sequence[Offer] = (), **how: object
) -> Priced:
    known = {each.performance_id: each for each in offers or (offer(), offer("p2"))}
    return price_basket(lines, known, TYPES, buyer, now=NOW, **how)  # type: ignore[arg-type]


def test_a_line_says_its_price_the_rule_behind_it_and_its_parts() -> None:
    basket = priced(line("B2", "B"))

    (one,) = basket.lines
    assert (one.amount, one.tax, basket.total) == (2_205, 367, 2_205)
    assert one.fees == (Fee("Booking fee", 150), Fee("Restoration", 100))
    (step,) = one.steps
    assert (step.kind, step.rule_id, step.name, step.version) == (
        StepKind.LIST,
        "v1-B-adult",
        "Adult",
        1,
    )
    assert one.window_id == "public-portal"
    assert basket.taxes == {VAT: 367}


def test_a_reduction_is_a_step_of_its_own_and_fees_shrink_last_first() -> None:
    half = Reduction(id="half", name="Friend", kind=ReductionKind.SHARE_OFF, value=5_000)
    nearly = Reduction(id="n", name="Guest", kind=ReductionKind.FIXED_PRICE, value=200)

    (one,) = priced(line("1", "B"), reductions=[half]).lines
    assert [(s.kind, s.name, s.amount) for s in one.steps] == [
        (StepKind.LIST, "Adult", 2_205),
        (StepKind.REDUCTION, "Friend", -1_103),
    ]
    (two,) = priced(line("1", "B"), reductions=[nearly]).lines
    assert (two.amount, two.fees) == (200, (Fee("Booking fee", 150), Fee("Restoration", 50)))


def test_a_limited_reduction_goes_where_it_saves_the_basket_most() -> None:
    """Half price for one seat, £8 off any: the dear seat gets the half, the other the £8."""
    rules = [
        Reduction(id="8", name="Code", kind=ReductionKind.AMOUNT_OFF, value=800),
        Reduction(id="½", name="Friend", kind=ReductionKind.SHARE_OFF, value=5_000, allowance=1),
    ]

    basket = priced(line("1", "B"), line("2"), reductions=rules)

    assert [(each.line.key, each.steps[1].rule_id) for each in basket.lines] == [
        ("2", "½"),
        ("1", "8"),
    ]
    assert basket.total == 1_750 + 1_405


def test_a_complimentary_ticket_is_free_with_a_reason_by_who_may_give_it() -> None:
    given_away = line("1", kind="comp", comp_reason=CompReason.PRESS)

    (one,) = priced(given_away, buyer=DESK).lines
    assert (one.amount, one.tax, one.fees) == (0, 0, ())
    assert (one.steps[0].kind, one.steps[0].rule_id) == (StepKind.COMP, "press")
    with pytest.raises(CompNotAllowed):
        priced(given_away)
    with pytest.raises(CompReasonMissing):
        priced(line("1", kind="comp"), buyer=DESK)


LATER = replace(window(SaleChannel.PORTAL), opens_at=NOW + HOUR)
MEMBERS = replace(window(SaleChannel.PORTAL, Audience.MEMBERS), named="Friend")


@pytest.mark.parametrize(
    ("lines", "offers", "refusal"),
    [
        ([line("1"), line("1", "B")], [], LineTwice),
        ([line("1", "C")], [], NotPriced),
        ([line("1", kind="gone")], [], NotPriced),
        ([line("1", kind="nobody")], [], UnknownPriceType),
        ([line("1", performance_id="p9")], [], UnknownPerformance),
        ([line(str(n), kind="child") for n in range(4)], [], TooManyTickets),
        ([line(str(n), kind="group") for n in range(9)], [], TooFewTickets),
        ([line("1")], [offer(windows=[])], NotOnSale),
        ([line("1")], [offer(windows=[LATER])], NotOnSaleYet),
        ([line("1")], [offer(windows=[MEMBERS])], NotOnSale),
        ([line("1")], [replace(offer(), starts_at=NOW)], NotOnSale),
        ([line("1")], [replace(offer(), lists=[])], NotOnSale),
        (
            [line("1"), line("2", performance_id="p2")],
            [offer(), offer("p2", prices({("A", "adult"): 9}, currency="EUR"))],
            CurrenciesDiffer,
        ),
    ],
)
def test_what_cannot_be_sold_is_refused(
    lines: list[Line], offers: list[Offer], refusal: type[UpstageError]
) -> None:
    with pytest.raises(refusal):
        priced(*lines, offers=offers)


def test_the_bounds_of_a_price_type_are_within_and_count_for_each_performance() -> None:
    children = [line(str(n), kind="child") for n in range(3)]
    others = [line(f"o{n}", kind="child", performance_id="p2") for n in range(3)]

    assert len(priced(*children, *others).lines) == 6


def test_a_member_buys_in_the_members_window() -> None:
    friend = replace(PORTAL, claims=frozenset({Claim(Audience.MEMBERS, "friend")}))

    basket = priced(line("1"), buyer=friend, offers=[offer(windows=[MEMBERS])])

    assert basket.lines[0].window_id == "members-portal"


def test_the_newest_prices_that_hold_count_and_a_performances_own_come_first() -> None:
    newer = prices({("A", "adult"): 4_000}, version=2)
    own = replace(prices({("A", "adult"): 5_000}, version=3), performance_id="p1")
    future = replace(prices({("A", "adult"): 9_000}, version=4), starts_at=NOW + HOUR)
    over = replace(prices({("A", "adult"): 1_000}, version=5), ends_at=NOW)
    back = replace(own, version=6, prices={})

    def costs(*lists: PriceList) -> int:
        return priced(line("1"), offers=[offer("p1", *lists)]).total

    assert costs(newer, LIST) == 4_000
    assert costs(newer, over, future) == 4_000
    assert costs(own, LIST, newer, future, over) == 5_000
    assert costs(own, LIST, newer, back) == 4_000


def test_a_price_is_told_rule_by_rule() -> None:
    half = Reduction(id="half", name="Friend", kind=ReductionKind.SHARE_OFF, value=5_000)
    comp = line("2", kind="comp", comp_reason=CompReason.COMPANY)

    basket = priced(line("1", "A"), comp, buyer=DESK, reductions=[half])

    assert [price_words(each, basket.currency) for each in basket.lines] == [
        [
            "Adult: £35.00, version 1 of the prices",
            "Friend: £17.50 off",
            "Includes Booking fee £1.50, Restoration £1.00, VAT £2.92",
        ],
        ["Complimentary: free, company and crew"],
    ]


# --- what holds for all baskets -------------------------------------------------------------------

AMOUNTS = st.integers(0, 999_999_999)
RATES = st.sampled_from([0, 250, 500, 700, 1_900, 2_000, 2_500])
REDUCTIONS = st.builds(
    Reduction,
    id=st.uuids().map(str),
    name=st.just("Rule"),
    kind=st.sampled_from(ReductionKind),
    value=st.integers(0, 10_000),
    allowance=st.none() | st.integers(0, 3),
    type_ids=st.sets(st.sampled_from(["adult", "child"])).map(frozenset),
    zones=st.sets(st.sampled_from(["A", "B"])).map(frozenset),
)


@st.composite
def baskets(draw: st.DrawFn) -> tuple[list[Line], list[Offer], list[Reduction], TaxMode]:
    lists = []
    for version, performance_id in enumerate(("p1", "p2"), 1):
        amounts = {(zone, kind): draw(AMOUNTS) for zone in "AB" for kind in ("adult", "child")}
        tax = replace(VAT, id=str(version), basis_points=draw(RATES))
        fees = tuple(Fee(str(n), draw(st.integers(1, 500))) for n in range(draw(st.integers(0, 2))))
        made = prices(amounts, version=version, currency=draw(st.just("JPY")))
        lists.append(offer(performance_id, replace(made, tax=tax, fees=fees)))
    count = draw(st.integers(0, 8))
    lines = [
        Line(
            key=str(number),
            performance_id=draw(st.sampled_from(["p1", "p2"])),
            zone=draw(st.sampled_from("AB")),
            type_id="adult" if number > 2 else draw(st.sampled_from(["adult", "child"])),
        )
        for number in range(count)
    ]
    rules = draw(st.lists(REDUCTIONS, max_size=3))
    return lines, lists, rules, draw(st.sampled_from(TaxMode))


@given(given_basket=baskets(), seed=st.randoms(use_true_random=False))
def test_every_basket_adds_up_in_whatever_order_it_was_clicked(
    given_basket: tuple[list[Line], list[Offer], list[Reduction], TaxMode], seed: random.Random
) -> None:
    lines, offers, rules, mode = given_basket
    basket = priced(*lines, offers=offers, reductions=rules, tax_mode=mode)

    assert basket.total == sum(each.amount for each in basket.lines)
    assert sum(basket.taxes.values()) == sum(each.tax for each in basket.lines)
    for each in basket.lines:
        assert each.amount == sum(step.amount for step in each.steps)
        assert 0 <= sum(fee.amount for fee in each.fees) <= each.amount
        assert 0 <= each.tax <= each.amount
        if mode is TaxMode.LINE:
            assert each.tax == tax_within(each.amount, each.tax_rate.basis_points)
    if mode is TaxMode.SUM:
        for rate, tax in basket.taxes.items():
            gross = sum(each.amount for each in basket.lines if each.tax_rate == rate)
            assert tax == tax_within(gross, rate.basis_points)
    for rule in rules:
        uses = sum(s.rule_id == rule.id for each in basket.lines for s in each.steps)
        assert rule.allowance is None or uses <= rule.allowance

    seed.shuffle(lines)
    assert priced(*lines, offers=offers, reductions=rules, tax_mode=mode) == basket


@given(data=st.data(), count=st.integers(0, 5), rules=st.integers(0, 3))
def test_no_other_assignment_saves_more(data: st.DataObject, count: int, rules: int) -> None:
    savings = [[data.draw(st.integers(0, 9)) for _ in range(rules)] for _ in range(count)]
    most = [data.draw(st.none() | st.integers(0, 3)) for _ in range(rules)]

    def worth(chosen: Sequence[int | None]) -> int:
        return sum(savings[at][rule] for at, rule in enumerate(chosen) if rule is not None)

    def is_allowed(chosen: Sequence[int | None]) -> bool:
        return all(limit is None or chosen.count(rule) <= limit for rule, limit in enumerate(most))

    chosen = best_assignment(savings, most)

    every = product([None, *range(rules)], repeat=count)
    assert is_allowed(chosen)
    assert worth(chosen) == max(worth(other) for other in every if is_allowed(other))


def test_of_equal_savings_the_reduction_that_is_stated_first_is_used() -> None:
    assert best_assignment([[0, 5, 5], [5, 5, 0]], [None, None, None]) == [1, 0]
    assert best_assignment([[5, 5], [5, 5]], [1, None]) == [0, 1]
