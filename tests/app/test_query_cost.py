"""What a page costs does not grow with what the years leave behind.

Counted in steps of SQLite's own machine: they are the same on every computer, however busy.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlmodel import Session

from tests.conftest import START
from tests.support.factories import Desk
from tests.support.keyring import attach
from tests.support.volume import multiply
from upstage_crm.audit import recorded, trail
from upstage_crm.audit.events import Action, ActorKind
from upstage_crm.change_requests.model.rules import RequestState
from upstage_crm.change_requests.reads import (
    dashboard,
    figures,
    needs,
    queue,
    requests,
    revert_windows,
)
from upstage_crm.change_requests.reads.needs import Need
from upstage_crm.change_requests.reads.queue import View
from upstage_crm.change_requests.reads.request_order import RequestSort
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.counting import count_some, some
from upstage_crm.core.db import Database, make_engine
from upstage_crm.jobs import news
from upstage_crm.jobs.news import Position
from upstage_crm.mail import queries as mails
from upstage_crm.mail.delivery import MailState
from upstage_crm.mail.message import MailKind
from upstage_crm.patrons.quality import quality
from upstage_crm.patrons.search import patron_list as patrons
from upstage_crm.patrons.search.list_order import PatronSort
from upstage_crm.staff.roles import Role

pytestmark = pytest.mark.each_database

TIMES = 40
MOST = 1.5  # times the steps of a database that is forty times shorter
SLACK = 400  # steps of a binary search that is a level deeper, and the like
EVERY = 20  # steps between two looks
PAGE = 10

Look = Callable[[Session, Desk], object]
COMMANDS = (
    "add a patron",
    "propose",
    "send the mails of a proposal",
    "decide",
    "send the mails of a decision",
)
CONTROL = "all mails with a word"  # no index helps: every mail is read


def all_mails_with_a_word(session: Session, _desk: Desk) -> object:
    return mails.mails(session, query="no mail says this", searched=None)


def proof_of_a_record(session: Session, desk: Desk) -> object:
    """Every command proves the record that it acts on."""
    newest = session.connection().scalar(sa.text("SELECT id FROM patron ORDER BY number DESC"))
    return recorded.is_proven(session, "patron", newest)


def windows_of_a_patron(session: Session, desk: Desk) -> object:
    newest = session.connection().scalar(sa.text("SELECT id FROM patron ORDER BY number DESC"))
    return revert_windows.of_patron(session, str(newest), now=desk.now)


def some_rows_against_the_trail(session: Session, _desk: Desk) -> object:
    """One batch of the nightly check; there are as many of them as patrons need."""
    ids = session.connection().execute(
        sa.text("SELECT id FROM patron ORDER BY number DESC LIMIT 9")
    )
    return list(recorded.disagreements(session, "patron", list(ids.scalars())))


def needing(need: Need) -> Look:
    def look(session: Session, desk: Desk) -> object:
        week = timedelta(days=7)
        since = desk.now - week
        return needs.needing(session, need, viewer=desk.owner, since=since, limit=PAGE)

    return look


def looking(desk: Desk, *, is_mine: bool = False) -> queue.Look:
    return queue.Look(viewer=desk.owner, now=desk.now, is_mine=is_mine)


def in_view(view: View, *, is_mine: bool = False) -> Look:
    return lambda session, desk: queue.page(
        session, view, look=looking(desk, is_mine=is_mine), size=2
    )


_DAY = timedelta(days=1)
LOOKS: dict[str, Look] = {
    **{
        f"patrons by {sort}": lambda s, _, sort=sort: patrons.page(s, sort=sort, size=PAGE)
        for sort in PatronSort
    },
    "patrons as a clerk sees them": lambda s, _: patrons.page(s, size=PAGE, reader=Role.MARKETING),
    "health": lambda s, d: mails.health(s, now=d.now),
    "mails": lambda s, _: mails.mails(s, size=PAGE),
    "mails that failed": lambda s, _: mails.mails(s, size=PAGE, state=MailState.FAILED),
    "mails of a rare kind": lambda s, _: mails.mails(s, size=PAGE, kind=MailKind.STAFF_INVITATION),
    "mails with a word": lambda s, _: mails.mails(
        s, size=PAGE, query="no mail says this", searched=PAGE
    ),
    "mails to an address": lambda s, _: mails.mails(
        s, size=PAGE, query="old1@example.com", searched=PAGE
    ),
    "mails to no address": lambda s, _: mails.mails(
        s, size=PAGE, query="none@example.com", searched=PAGE
    ),
    "mails in trouble": lambda s, _: mails.mails(s, size=PAGE, troubled=True),
    "mails before the oldest": lambda s, _: mails.mails(
        s, size=PAGE, before="0" * 32, is_counted=False
    ),
    "what a rare actor did": lambda s, _: trail.timeline(s, actor_kind=ActorKind.OUTSIDER),
    "what a rare actor added": lambda s, _: trail.timeline(
        s, actor_kind=ActorKind.OUTSIDER, action=Action.PATRON_ADDED
    ),
    "what staff did last": lambda s, _: trail.timeline(s, actor_kind=ActorKind.STAFF, limit=PAGE),
    "what happened since": lambda s, _: news.since(s, Position(10**9, 0)),
    "requests that ended": lambda s, d: dashboard.ended_counts(s, since=d.now - 7 * _DAY),
    "requests decided last": lambda s, _: dashboard.recently_decided(s),
    "figures: funnel": lambda s, d: figures.funnel(s, since=d.now - 28 * _DAY),
    "figures: trend": lambda s, d: figures.trend(s, [d.now - 28 * _DAY, d.now]),
    "figures: records to look after": lambda s, _: quality(s),
    "proof of a record": proof_of_a_record,
    "records against the trail": some_rows_against_the_trail,
    "revert windows of a patron": windows_of_a_patron,
    "revert windows": lambda s, d: revert_windows.patrons(s, now=d.now),
    "requests, first page": lambda s, _: requests.page(s, size=PAGE),
    "requests as asked": lambda s, _: requests.page(
        s, size=PAGE, sort=RequestSort.ASKED, descending=True
    ),
    "requests of a state": lambda s, _: requests.page(s, size=2, states=(RequestState.WITHDRAWN,)),
    "requests found": lambda s, _: requests.page(s, size=PAGE, query="none@nowhere.example"),
    "requests by reference": lambda s, _: requests.page(s, size=PAGE, query="ZZ-ZZZ"),
    **{f"requests, view {view}": in_view(view) for view in View},
    **{f"requests, view {view}, mine": in_view(view, is_mine=True) for view in View},
    "how many requests in each view": lambda s, d: queue.counts(s, look=looking(d)),
    "how many of mine in each view": lambda s, d: queue.counts(s, look=looking(d, is_mine=True)),
    **{f"needs: {need}": needing(need) for need in (Need.ADDRESS_TAKEN, Need.OBJECTED)},
}


class Counter:
    """How many steps SQLite took, to within `EVERY`."""

    steps = 0

    def __call__(self) -> int:
        self.steps += EVERY
        return 0


@contextmanager
def counting(session: Session) -> Iterator[Counter]:
    counter = Counter()
    driver: Any = session.connection().connection.driver_connection
    driver.set_progress_handler(counter, EVERY)
    yield counter
    driver.set_progress_handler(None, 0)


@contextmanager
def counting_all(engine: Engine) -> Iterator[Counter]:
    """Count in every transaction, also those of the dispatcher."""
    counter = Counter()

    def begin(connection: Any, *_: Any) -> None:
        connection.set_progress_handler(counter, EVERY)

    def end(connection: Any, *_: Any) -> None:
        connection.set_progress_handler(None, 0)

    event.listen(engine, "checkout", begin)
    event.listen(engine, "checkin", end)
    yield counter
    event.remove(engine, "checkout", begin)
    event.remove(engine, "checkin", end)


def command_costs(desk: Desk, name: str) -> dict[str, int]:
    """What one patron's change costs, from adding the record to the mails about the decision."""
    found: dict[str, int] = {}
    old, new = f"{name}.old@example.com", f"{name}.new@example.org"
    with counting_all(desk.database.engine) as counter:

        def note(command: str) -> None:
            found[command] = counter.steps
            counter.steps = 0

        patron = desk.patron(old, "Mara", name)
        note("add a patron")
        desk.propose(patron, new)
        note("propose")
        desk.deliver()
        note("send the mails of a proposal")
        desk.decide(desk.claims(new))
        note("decide")
        desk.deliver()
        note("send the mails of a decision")
    return found


def costs(desk: Desk, name: str) -> dict[str, int]:
    found = command_costs(desk, name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("upstage_crm.core.counting.COUNTED", PAGE)  # a list here is short
        for called, look in {**LOOKS, CONTROL: all_mails_with_a_word}.items():
            with desk.database.reading() as session, counting(session) as counter:
                look(session, desk)
            found[called] = counter.steps
    return found


def fill(desk: Desk) -> None:
    """Requests in every ending that a page tells apart."""
    for place in range(12):
        patron = desk.patron(f"old{place}@example.com", "Mara", f"Smith {place}")
        request = desk.propose(patron, f"new{place}@example.org")
        desk.deliver()
        if place % 3 == 0:
            desk.withdraw(request)
        elif place % 3 == 1:
            desk.decide(desk.claims(f"new{place}@example.org"))
    desk.deliver()


@pytest.fixture(scope="module")
def grown(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, tuple[int, int]]]:
    """What each look costs before and after the database has become forty times as long."""
    place = tmp_path_factory.mktemp("growth") / "upstage.db"
    shutil.copyfile(sqlite_template, place)
    database = attach(Database(make_engine(f"sqlite:///{place}")))
    desk = Desk(database, FrozenClock(START))
    fill(desk)
    command_costs(desk, "first")  # what a process reads once does not count
    before = costs(desk, "before")
    multiply(desk.owned, TIMES)
    after = costs(desk, "after")
    yield {name: (before[name], after[name]) for name in before}
    database.dispose()


@pytest.mark.parametrize("name", [*LOOKS, *COMMANDS])
def test_a_look_or_a_command_does_not_grow(grown: Mapping[str, tuple[int, int]], name: str) -> None:
    before, after = grown[name]

    assert after <= before * MOST + SLACK


def test_the_measure_sees_what_grows(grown: Mapping[str, tuple[int, int]]) -> None:
    before, after = grown[CONTROL]

    assert after > before * TIMES / 2


@pytest.mark.parametrize("first", [0, 5, 12, 20])
def test_a_stretch_of_requests_is_that_of_the_whole_order(desk: Desk, first: int) -> None:
    """Open ones by deadline, then the others as they ended: as one sort would have them."""
    fill(desk)
    total, lines = desk.read(lambda session: requests.page(session, size=100))
    opens = [line for line in lines if line.ended_at is None]
    assert (total, len(lines)) == (12, 12)
    assert list(lines) == [
        *sorted(opens, key=lambda line: line.expires_at),
        *sorted(
            (line for line in lines if line.ended_at),
            key=lambda line: (line.ended_at, line.id),
            reverse=True,
        ),
    ]

    _, part = desk.read(lambda session: requests.page(session, page=first // 5, size=5))
    start = first // 5 * 5
    assert part == lines[start : start + 5]


def test_of_one_state_the_requests_come_as_they_ended(desk: Desk) -> None:
    fill(desk)
    withdrawn = (RequestState.WITHDRAWN,)

    total, lines = desk.read(lambda session: requests.page(session, states=withdrawn, size=3))

    assert (total, len(lines)) == (4, 3)
    assert {line.state for line in lines} == set(withdrawn)


def test_a_long_list_is_counted_as_far_as_its_page_and_a_thousand(desk: Desk) -> None:
    def counted(to: int, at_least: int) -> int:
        numbers = sa.text(
            "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < :to)"
            " SELECT n FROM n"
        )
        rows = sa.select(numbers.bindparams(to=to).columns(sa.column("n")).subquery())
        return desk.read(lambda session: count_some(session, rows, at_least=at_least))

    assert [counted(to, 50) for to in (1, 7, 1_000, 1_001, 5_000)] == [1, 7, 1_000, 1_001, 1_001]
    assert counted(5_000, at_least=1_200) == 1_201
    assert [some(count) for count in (0, 1_000, 1_001)] == ["0", "1,000", "1,000+"]
