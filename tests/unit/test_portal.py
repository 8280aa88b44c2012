"""The pure parts of the portal: addresses, sale states, the memory, posters."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from upstage_crm.portal import addresses, memory
from upstage_crm.portal.listings import event_filters, event_pictures
from upstage_crm.portal.listings.sale_states import SaleState, sale_state
from upstage_crm.portal.memory import Memory
from upstage_crm.portal.readers import Reader
from upstage_crm.programme.event_texts import ALT, LIMITS
from upstage_crm.programme.prices.sale_windows import Sale
from upstage_crm.programme.prices.views import Audience, SaleChannel, SaleWindow
from upstage_crm.programme.views import Access, EventView, PerformanceState, PerformanceView

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=3)
ID = "0190a1b2c3d47e5f8a9b0123456789ab"
PERFORMANCE = PerformanceView(
    id=ID,
    event_id=ID,
    title="Así que pasen",
    hall_id="hall",
    hall="Loft",
    day=date(2026, 3, 9),
    at=time(19, 30),
    zone="Europe/London",
    starts_at=datetime(2026, 3, 9, 19, 30, tzinfo=UTC),
    running_minutes=None,
    access=(),
    state=PerformanceState.ON_SALE,
    version=1,
)
OPEN = Sale(
    window=SaleWindow(
        id="w",
        performance_id=None,
        audience=Audience.PUBLIC,
        named="",
        channel=SaleChannel.PORTAL,
        opens_at=NOW,
        closes_at=None,
    )
)


def event(title: str) -> EventView:
    texts = dict.fromkeys((*LIMITS, ALT), "") | {"title": title}
    return EventView(
        id=ID, texts=texts, language="en", translated={}, picture="", version=1, performances=()
    )


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Así que pasen <cinco> años", "asi-que-pasen-cinco-anos-"),
        ("الملك لير", ""),
        ("O" * 200, f"{'o' * 60}-"),
    ],
)
def test_an_address_has_the_title_as_far_as_it_can_be_typed(title: str, slug: str) -> None:
    path = addresses.event_path(event(title))

    assert path == f"/whats-on/{slug}{ID[-10:]}/"
    assert addresses.ending_of(path.split("/")[2]) == ID[-10:]


def test_an_address_of_a_performance_has_its_day_and_time() -> None:
    path = addresses.performance_path(event("Lear"), PERFORMANCE)

    assert path.endswith(f"/2026-03-09-1930-{ID[-10:]}/")


@pytest.mark.parametrize(
    "part", ["", "lear", "lear-0123", "lear-012345678Z", "x" * 3_000, "é" * 10]
)
def test_a_part_of_no_address_of_ours_names_nothing(part: str) -> None:
    assert addresses.ending_of(part) == ""


def test_links_keep_the_language_only_where_the_address_chose_it() -> None:
    chosen, guessed = Reader(language="de", chosen="de"), Reader(language="de")

    assert chosen.href("/whats-on/", {"genre": "Tanz & Musik"}) == (
        "/whats-on/?genre=Tanz+%26+Musik&lang=de"
    )
    assert guessed.href("/whats-on/") == "/whats-on/"


@pytest.mark.parametrize(
    ("changes", "sale", "free", "state"),
    [
        ({}, OPEN, 3, SaleState.OPEN),
        ({}, OPEN, 0, SaleState.SOLD_OUT),
        ({}, OPEN, None, SaleState.DESK),
        ({}, Sale(), 3, SaleState.DESK),
        ({}, Sale(opens_at=LATER), 3, SaleState.LATER),
        ({}, Sale(opens_at=LATER), None, SaleState.LATER),
        ({"state": PerformanceState.PAUSED}, OPEN, 3, SaleState.PAUSED),
        ({"state": PerformanceState.CANCELLED}, OPEN, 3, SaleState.CANCELLED),
        ({"state": PerformanceState.PERFORMED}, OPEN, 3, SaleState.OVER),
        ({"starts_at": NOW}, OPEN, 3, SaleState.OVER),
    ],
)
def test_a_performance_is_for_sale_or_says_why_not(
    changes: dict[str, object], sale: Sale, free: int | None, state: SaleState
) -> None:
    performance = replace(PERFORMANCE, **changes)

    assert sale_state(performance, sale, free=free, is_priced=True, now=NOW) is state


def test_without_a_price_nothing_is_for_sale() -> None:
    assert sale_state(PERFORMANCE, OPEN, free=3, is_priced=False, now=NOW) is SaleState.DESK


def test_a_wish_is_read_as_far_as_it_makes_sense() -> None:
    wish = event_filters.read_wish(
        {"from": "2026-03-01", "until": "soon", "access": "signed", "price": "7", "genre": " Play "}
    )

    assert wish == event_filters.Wish(first=date(2026, 3, 1), access=Access.SIGNED, genre="Play")
    assert event_filters.read_wish(wish.query) == wish
    assert event_filters.read_wish({}).is_any


@pytest.mark.parametrize("text", ["2026-13", "0000-01", "next", "2026-12-24"])
def test_a_month_that_is_none_is_this_month(text: str) -> None:
    assert event_filters.read_month(text, NOW.date()) == date(2026, 3, 1)


@pytest.mark.parametrize("motif", event_pictures.MOTIFS)
def test_every_motif_is_drawn_and_the_same_each_time(motif: str) -> None:
    digits = next(
        f"{number:010x}"
        for number in range(1 << 20, 1 << 21)
        if event_pictures.motif_of(f"{number:010x}") == motif
    )

    poster = event_pictures.drawn(digits)

    assert poster == event_pictures.drawn(digits)
    assert poster.count("<") > 8
    assert "None" not in poster


def test_what_is_young_is_not_made_again() -> None:
    kept, made = Memory[int](life_s=60, most=2), iter(range(9))

    assert [kept.get("a", lambda: next(made)) for _ in range(3)] == [0, 0, 0]
    assert kept.fresh("a") == 0
    assert kept.fresh("b") is None

    kept.forget()

    assert kept.get("a", lambda: next(made)) == 1


def test_only_so_many_values_are_kept() -> None:
    kept = Memory[int](life_s=60, most=2)

    for key in range(5):
        kept.get(key, lambda: 1)

    assert [key for key in range(5) if kept.fresh(key)] == [3, 4]


def test_while_one_caller_makes_a_value_the_others_get_the_one_of_before() -> None:
    kept = Memory[str](life_s=60, most=2)
    kept.get("a", lambda: "old")
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> str:
        begun.set()
        go_on.wait()
        return "new"

    maker = threading.Thread(target=lambda: kept.get("a", slow, life_s=-1))
    maker.start()
    begun.wait()
    meanwhile = kept.get("a", lambda: "third", life_s=-1)
    go_on.set()
    maker.join()

    assert meanwhile == "old"
    assert kept.fresh("a") == "new"


def test_everything_can_be_forgotten_at_once() -> None:
    kept = Memory[int](life_s=60, most=2)
    kept.get("a", lambda: 1)

    memory.forget_all()

    assert kept.fresh("a") is None
