"""Sale windows: who may buy when, and which windows cannot stand together."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upstage_crm.programme.prices.errors import WindowBackwards, WindowsOverlap
from upstage_crm.programme.prices.sale_windows import Claim, Sale, ensure_fits, may_sell
from upstage_crm.programme.prices.views import Audience, SaleChannel, SaleWindow

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
WINDOW = SaleWindow(
    id="w",
    performance_id=None,
    audience=Audience.PUBLIC,
    named="",
    channel=SaleChannel.PORTAL,
    opens_at=NOON,
    closes_at=NOON + 2 * HOUR,
)
FRIENDS = replace(
    WINDOW, id="f", audience=Audience.MEMBERS, named="Friend", opens_at=NOON - HOUR, closes_at=NOON
)


def asked(
    *windows: SaleWindow,
    at: datetime = NOON,
    claims: tuple[Claim, ...] = (),
    channel: SaleChannel = SaleChannel.PORTAL,
) -> Sale:
    return may_sell(windows, claims, channel, at, performance_id="p", starts_at=NOON + 9 * HOUR)


@pytest.mark.parametrize(
    ("at", "is_open", "opens_at"),
    [
        (NOON - timedelta(microseconds=1), False, NOON),
        (NOON, True, None),
        (NOON + 2 * HOUR - timedelta(microseconds=1), True, None),
        (NOON + 2 * HOUR, False, None),
    ],
)
def test_a_window_is_open_from_its_first_instant_until_its_last(
    at: datetime, is_open: bool, opens_at: datetime | None
) -> None:
    sale = asked(WINDOW, at=at)

    assert (sale.is_open, sale.opens_at) == (is_open, opens_at)


def test_a_window_without_end_closes_when_the_performance_begins() -> None:
    endless = replace(WINDOW, closes_at=None)

    assert asked(endless, at=NOON + 8 * HOUR).is_open
    assert asked(endless, at=NOON + 9 * HOUR) == Sale()


def test_a_window_is_for_its_audience_and_its_channel() -> None:
    friend, patron = Claim(Audience.MEMBERS, "friend"), Claim(Audience.MEMBERS, "Patron")
    early = NOON - HOUR

    assert asked(WINDOW, FRIENDS, at=early, claims=(friend,)).window == FRIENDS
    assert asked(WINDOW, FRIENDS, at=early, claims=(patron,)) == Sale(opens_at=NOON)
    assert asked(WINDOW, FRIENDS, at=early) == Sale(opens_at=NOON)
    assert asked(replace(FRIENDS, named=""), at=early, claims=(patron,)).is_open
    assert asked(WINDOW, channel=SaleChannel.PHONE) == Sale()
    code = replace(FRIENDS, audience=Audience.CODE, named="EARLY")
    assert asked(code, at=early, claims=(Claim(Audience.CODE, "early"),)).is_open
    assert not asked(code, at=early, claims=(Claim(Audience.CODE, ""),)).is_open


def test_the_windows_of_a_performance_stand_in_place_of_those_of_its_event() -> None:
    own = replace(WINDOW, id="own", performance_id="p", opens_at=NOON + HOUR)
    other = replace(WINDOW, id="other", performance_id="another")

    assert asked(WINDOW, own) == Sale(opens_at=NOON + HOUR)
    assert asked(other) == Sale()


def test_a_window_that_opens_after_the_performance_is_no_promise() -> None:
    assert asked(replace(WINDOW, opens_at=NOON + 10 * HOUR, closes_at=None)) == Sale()


@pytest.mark.parametrize(
    ("change", "is_refused"),
    [
        ({"opens_at": NOON + HOUR, "closes_at": None}, True),
        ({"opens_at": NOON - HOUR, "closes_at": NOON + timedelta(microseconds=1)}, True),
        ({"opens_at": NOON - HOUR, "closes_at": NOON}, False),
        ({"opens_at": NOON + 2 * HOUR}, False),
        ({"audience": Audience.STAFF}, False),
        ({"channel": SaleChannel.PHONE}, False),
        ({"performance_id": "p"}, False),
        ({"id": "w", "opens_at": NOON + HOUR}, False),
    ],
)
def test_windows_for_the_same_people_do_not_overlap(
    change: dict[str, object], is_refused: bool
) -> None:
    changed: dict[str, Any] = {"id": "x", "closes_at": NOON + 3 * HOUR, **change}
    window = replace(WINDOW, **changed)

    if not is_refused:
        ensure_fits(window, [WINDOW])
        return
    with pytest.raises(WindowsOverlap):
        ensure_fits(window, [WINDOW])


def test_names_are_compared_without_case_and_accents() -> None:
    with pytest.raises(WindowsOverlap):
        ensure_fits(replace(FRIENDS, id="x", named="FRIÉND"), [FRIENDS])
    ensure_fits(replace(FRIENDS, id="x", named="Patron"), [FRIENDS])


@pytest.mark.parametrize("length", [timedelta(0), -HOUR])
def test_a_window_does_not_close_before_it_opens(length: timedelta) -> None:
    with pytest.raises(WindowBackwards):
        ensure_fits(replace(WINDOW, closes_at=NOON + length), [])


SPANS = st.tuples(st.integers(0, 20), st.none() | st.integers(1, 20))


@given(spans=st.lists(SPANS, max_size=6), hour=st.integers(-1, 42), seed=st.randoms())
def test_of_windows_that_fit_one_at_most_is_open_and_their_order_changes_nothing(
    spans: list[tuple[int, int | None]], hour: int, seed: random.Random
) -> None:
    standing: list[SaleWindow] = []
    for number, (begins, length) in enumerate(spans):
        opens = NOON + begins * HOUR
        closes = None if length is None else opens + length * HOUR
        window = replace(WINDOW, id=str(number), opens_at=opens, closes_at=closes)
        try:
            ensure_fits(window, standing)
        except WindowsOverlap:
            continue
        standing.append(window)
    at = NOON + hour * HOUR

    def sale() -> Sale:
        return may_sell(
            standing, (), SaleChannel.PORTAL, at, performance_id="p", starts_at=NOON + 99 * HOUR
        )

    found = sale()
    is_open = [
        each
        for each in standing
        if each.opens_at <= at and (each.closes_at is None or at < each.closes_at)
    ]
    assert is_open == ([] if found.window is None else [found.window])
    seed.shuffle(standing)
    assert sale() == found
