"""The figures of the dashboard: what became of requests, how long it took, month by month."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qsl

import pytest

from tests.support.engine import Engine
from upstage_crm.admin.dashboard.plot_rows import (
    SEASON,
    Figures,
    figures,
    first_day,
    month_bounds,
)
from upstage_crm.admin.patron_list.narrowed import narrowed_by
from upstage_crm.admin.patrons.url import SHAPE as LIST
from upstage_crm.admin.requests.url import SHAPE
from upstage_crm.change_requests.model.rules import Decision, RequestState
from upstage_crm.change_requests.reads import figures as reads
from upstage_crm.change_requests.reads import queue
from upstage_crm.change_requests.reads.figures import Funnel, Step
from upstage_crm.change_requests.reads.queue import Look, View
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.organisation.seasons import FIRST_START
from upstage_crm.pages.list_url import ListUrl
from upstage_crm.pages.periods import span_of
from upstage_crm.patrons import marks
from upstage_crm.patrons.quality import Quality, quality
from upstage_crm.patrons.search import patron_list

HOUR = timedelta(hours=1)


@pytest.fixture
def engine(database: Database, clock: FrozenClock) -> Engine:
    return Engine(database, clock)


def some_requests(engine: Engine) -> None:
    """Approved within an hour, rejected after two days, undeliverable, withdrawn unsent, open."""
    links = {}
    for place, name in enumerate(("quick", "slow", "lost", "open")):
        patron = engine.patron(f"{name}@example.com", "Pat", f"No{place}")
        links[name] = engine.asked(patron, f"new{name}@example.org")
    engine.propose(engine.patron("unsent@example.com", "Una"), "newunsent@example.org")
    engine.bounce(links["lost"][0])
    engine.clock.advance(HOUR / 2)
    engine.decide(links["quick"][1])
    engine.clock.advance(timedelta(days=2))
    engine.decide(links["slow"][1], Decision.REJECT)


def funnel(engine: Engine, days: int = 30) -> Funnel:
    since = engine.now - timedelta(days=days)
    return engine.read(lambda s: reads.funnel(s, since=since))


def test_the_funnel_counts_how_far_the_requests_came(engine: Engine) -> None:
    some_requests(engine)

    found = funnel(engine)

    assert (found.proposed, found.delivered, found.decided) == (5, 4, 2)
    assert found.ended == {
        RequestState.APPROVED: 1,
        RequestState.REJECTED: 1,
        RequestState.UNDELIVERABLE: 1,
    }
    assert found.decided_within == (1, 0, 1, 0, 0)
    assert found.median == (HOUR / 2 + timedelta(days=2, hours=0.5)) / 2


def test_what_was_proposed_before_is_not_counted(engine: Engine) -> None:
    some_requests(engine)
    engine.clock.advance(timedelta(days=40))

    found = funnel(engine)

    assert (found.proposed, found.decided, found.median) == (0, 0, None)


def test_the_trend_counts_what_was_proposed_and_what_ended_between_two_instants(
    engine: Engine,
) -> None:
    some_requests(engine)
    engine.clock.advance(timedelta(days=31))
    engine.propose(engine.patron("late@example.com", "Lea"), "newlate@example.org")

    bounds = month_bounds(engine.now.date(), UTC, months=3)
    spans = engine.read(lambda s: reads.trend(s, bounds))

    assert [span.start.month for span in spans] == [2, 3, 4]
    assert [(s.proposed, s.approved, s.rejected) for s in spans] == [
        (0, 0, 0),
        (5, 1, 1),
        (1, 0, 0),
    ]


def drawn(engine: Engine, *, hidden: Collection[str] = ()) -> Figures:
    bounds = month_bounds(engine.now.date(), UTC)
    return engine.read(
        lambda s: figures(
            reads.funnel(s, since=engine.now - timedelta(days=30)),
            reads.trend(s, bounds),
            quality(s),
            hidden=hidden,
            days=30,
            since=engine.now.date() - timedelta(days=29),
            today=engine.now.date(),
            zone=UTC,
        )
    )


def listed(engine: Engine, href: str) -> int:
    """How many requests are in the list that an address leads to."""
    query = dict(part.split("=") for part in href.partition("?")[2].split("&"))
    url: ListUrl = SHAPE.read(query)
    span = span_of(url.chosen, now=engine.now, time_zone=UTC, season_start=FIRST_START)
    look = Look(viewer=engine.owner, now=engine.now)
    return engine.read(
        lambda s: queue.page(
            s,
            View(url.chosen["view"]),
            look=look,
            start=span.start,
            end=span.end,
            by_proposal=url.chosen["by"] == "proposed",
            step=Step(url.chosen["came"]) if url.chosen["came"] else None,
        )
    )[0]


def test_each_number_is_that_of_the_list_behind_it(engine: Engine) -> None:
    some_requests(engine)
    shown = drawn(engine)

    bars = {bar.label: bar for bar in (*shown.funnel, *shown.times) if bar.number != "0"}
    counts = {label: listed(engine, bar.href) for label, bar in bars.items()}

    assert counts == {label: int(bar.number) for label, bar in bars.items()}
    assert counts["Proposed"] == 5
    assert counts.keys() > {"Delivered", "Decided by the patron", "Approved", "Rejected"}
    assert {bar.href for bar in (*shown.funnel, *shown.times) if bar.number == "0"} == {""}
    cells = [each for row in shown.trend_rows for each in row.cells if each.number != "0"]
    assert [listed(engine, each.href) for each in cells] == [int(each.number) for each in cells]
    (month,) = [column for column in shown.trend if column.words.startswith("March")]
    assert month.words == f"March {engine.now.year}: 5 proposed, 1 approved"
    assert listed(engine, month.href) == 5


def test_a_step_lists_the_requests_that_came_so_far(engine: Engine) -> None:
    some_requests(engine)

    (quick,) = engine.read(lambda s: reads.ids_that_came(s, Step.WITHIN_HOUR, since=None))
    decided = engine.read(lambda s: reads.ids_that_came(s, Step.DECIDED, since=None))

    assert engine.scalar(f"SELECT state FROM change_request WHERE id = '{quick}'") == "approved"
    assert quick in decided


def test_a_venue_without_requests_draws_empty_plots(engine: Engine) -> None:
    shown = drawn(engine)

    assert {bar.share for bar in (*shown.funnel, *shown.times)} == {"0%"}
    assert shown.took == "No patron has decided yet."


@pytest.mark.parametrize(
    ("today", "first", "last"),
    [
        (date(2026, 3, 2), datetime(2025, 4, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)),
        (date(2026, 12, 31), datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
    ],
)
def test_twelve_months_end_with_this_one(today: date, first: datetime, last: datetime) -> None:
    bounds = month_bounds(today, UTC)

    assert (len(bounds), bounds[0], bounds[-1]) == (13, first, last)


def test_records_to_look_after_are_counted(engine: Engine) -> None:
    phone = "+1 212 555 0101"
    engine.patron("", "No", "Mail")
    engine.patron("one@example.com", "Ruby", "Twin", phone=phone)
    engine.patron("two@example.com", "Ruby", "Twin", phone=phone)
    engine.patron("three@example.com", "Rita", "Sister", phone=phone)
    bounced = engine.patron("four@example.com", "Bo", "Unced")
    engine.step(bounced, lambda s: marks.note_bounce(s, patron_id=bounced.id, now=engine.now))

    assert engine.read(quality) == Quality(no_email=1, bounced=1, twins=2)
    bars = drawn(engine).quality
    for bar in bars:
        found = narrowed_by(
            LIST.read(dict(parse_qsl(bar.href.partition("?")[2]))),
            now=engine.now,
            reader=engine.owner,
        )
        total = engine.read(lambda s, one=found: patron_list.count(s, one))
        assert total == int(bar.number), bar.label
    assert [bar.href for bar in drawn(engine, hidden=("email", "twin")).quality] == ["", "", ""]


@pytest.mark.parametrize(
    ("days", "expected"),
    [(30, date(2026, 2, 1)), (365, date(2025, 3, 3)), (SEASON, date(2025, 9, 1))],
)
def test_figures_are_of_some_days_or_of_this_season(days: int, expected: date) -> None:
    today = date(2026, 3, 2)

    assert first_day(days, today, FIRST_START.season_of(today)) == expected
