"""Live updates: who is told of a commit, when, and of nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import pytest
import reflex as rx
from reflex_base.event.processor.future import EventFuture

from tests.support.factories import NEW, Desk
from tests.support.keyring import attach
from tests.support.pipeline import Pipeline, installed, sign_in
from upstage_crm.admin.patrons.record_state import PatronRecordState
from upstage_crm.admin.requests.queue_state import RequestQueueState
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database, make_engine
from upstage_crm.jobs import news
from upstage_crm.jobs.news import EVERYTHING, MOST_READ, Topic
from upstage_crm.pages import live, page_state
from upstage_crm.pages.live import REST_S, SHARE, Hub
from upstage_crm.staff.roles import Role

PATIENCE_S = 10
MAILS = frozenset({Topic.MAILS})
PATRONS = frozenset({Topic.PATRONS})


class Tabs:
    """A worker's tabs and its clock; each reading takes `cost_s`."""

    def __init__(self) -> None:
        self.now = 100.0
        self.cost_s = 0.0
        self.told: list[str] = []
        self.hub = Hub(lambda: self.now)
        self.live: dict[str, str] = {}

    @property
    def app(self) -> rx.App:
        namespace = SimpleNamespace(token_to_sid=self.live)
        processor = SimpleNamespace(enqueue=self._enqueue)
        made = SimpleNamespace(event_namespace=namespace, event_processor=processor)
        return cast("rx.App", made)

    def open(self, token: str, topics: frozenset[Topic]) -> None:
        self.live[token] = ""  # the connection outside of any event
        self.hub.subscribe(token, rx.State.hydrate, topics)

    async def tell(self) -> list[str]:
        """Let every tab read that may; return which."""
        self.told = []
        while await self.hub.tell_next(self.app) == 0:
            pass
        return sorted(self.told)

    async def _enqueue(self, token: str, _event: Any) -> EventFuture:
        self.told.append(token)
        self.now += self.cost_s
        read = EventFuture(txid=token)
        read.set_result(None)
        return read


async def test_only_tabs_that_show_the_topic_are_told() -> None:
    tabs = Tabs()
    tabs.open("mailbox", MAILS)
    tabs.open("list", PATRONS)

    tabs.hub.note([news.News(MAILS)])

    assert await tabs.tell() == ["mailbox"]
    assert await tabs.tell() == []


async def test_a_record_is_told_of_its_own_patron_only() -> None:
    tabs = Tabs()
    for token in ("mara", "ole"):
        tabs.open(token, PATRONS)
        tabs.hub.narrow(token, token)

    tabs.hub.note([news.News(PATRONS, frozenset({"mara"}))])
    assert await tabs.tell() == ["mara"]


async def test_a_burst_is_one_reading_and_the_last_word_is_read_after_a_rest() -> None:
    tabs = Tabs()
    tabs.open("list", PATRONS)
    for _ in range(3):
        tabs.hub.note([EVERYTHING])
    assert await tabs.tell() == ["list"]

    tabs.hub.note([EVERYTHING])
    assert await tabs.tell() == []
    tabs.now += REST_S
    assert await tabs.tell() == ["list"]


async def test_a_quiet_tab_is_told_of_two_commits_without_a_long_rest_between() -> None:
    tabs, told = Tabs(), list[list[str]]()
    tabs.cost_s = 0.1
    for token in ("queue", "record"):
        tabs.open(token, PATRONS)

    for _ in range(3):
        tabs.hub.note([EVERYTHING])
        told.append(await tabs.tell())
        tabs.now += REST_S

    both = ["queue", "record"]
    assert told == [both, both, []]
    tabs.now += tabs.cost_s * len(both) * SHARE
    assert await tabs.tell() == both


async def test_many_slow_tabs_together_read_for_their_share_of_the_time() -> None:
    tabs, count, seconds = Tabs(), 20, 1_000
    tabs.cost_s = 0.1
    for number in range(count):
        tabs.open(f"{number}", PATRONS)
    begun, read = tabs.now, 0
    while tabs.now < begun + seconds:
        tabs.hub.note([EVERYTHING])
        read += len(await tabs.tell())
        tabs.now += 0.05

    assert read * tabs.cost_s == pytest.approx(seconds / SHARE, rel=0.2)


async def test_a_tab_that_hangs_does_not_keep_the_next_one_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tabs = Tabs()
    for token in ("first", "second"):
        tabs.open(token, PATRONS)
    hanging = EventFuture(txid="hanging")

    async def enqueue(token: str, _event: Any) -> EventFuture:
        tabs.told.append(token)
        return hanging

    monkeypatch.setattr(live, "PATIENCE_S", 0.01)
    monkeypatch.setattr(tabs, "_enqueue", enqueue)
    tabs.hub.note([EVERYTHING])
    assert await tabs.tell() == ["first", "second"]
    assert not hanging.cancelled()


def test_what_happened_is_told_by_topic_and_record(desk: Desk) -> None:
    mara = desk.patron()
    seen = desk.read(news.position)

    request = desk.propose(mara, NEW)
    seen, happened = desk.read(lambda session: news.since(session, seen))
    assert {one.subjects for one in happened} == {frozenset({mara.id, request.request_id})}
    assert frozenset[Topic]().union(*(one.topics for one in happened)) >= {Topic.REQUESTS}

    desk.deliver()
    seen, happened = desk.read(lambda session: news.since(session, seen))
    assert happened == (news.News(MAILS),)
    assert desk.read(lambda session: news.since(session, seen)) == (seen, ())


def test_after_very_many_entries_everything_is_read_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = desk.read(news.position)
    monkeypatch.setattr(news, "MOST_READ", 2)
    for place in range(MOST_READ // 50):
        desk.patron(f"p{place}@example.com")

    assert desk.read(lambda session: news.since(session, seen))[1] == (EVERYTHING,)


@pytest.fixture
def desk(database: Database, clock: FrozenClock) -> Desk:
    return Desk(database, clock)


@contextmanager
def watched(desk: Desk, monkeypatch: pytest.MonkeyPatch, poll_s: float) -> Iterator[Watched]:
    """A hub of its own behind the pages, which looks by itself every `poll_s` seconds."""
    monkeypatch.setattr(live, "POLL_S", poll_s)
    monkeypatch.setattr(page_state, "hub", Hub())
    with installed(desk.database, desk.clock):
        yield Watched(desk)


class Watched:
    """A worker with a hub, a queue, a mailbox and the record of another patron."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.mara = desk.patron(family_name="Okonkwo")
        self.ole = desk.patron("ole@example.com", "Ole", "Nord")
        self.dana = sign_in(desk.database, Role.OWNER, at=desk.now)

    async def watch(self, propose: Callable[[], object]) -> None:
        """A colleague proposes: the queue shows it, the other patron's record is left alone."""
        async with Pipeline() as pipeline:
            queue, record = pipeline.client(self.dana), pipeline.client(self.dana)
            sockets = {tab.token: tab.token for tab in (queue, record)}
            namespace = SimpleNamespace(token_to_sid=sockets)
            app = SimpleNamespace(event_namespace=namespace, event_processor=pipeline._processor)
            hub = page_state.hub
            watching = asyncio.create_task(hub.run(cast("rx.App", app)))
            await until(lambda: hub._seen is not None and self.is_heard())
            await pipeline.send(queue, RequestQueueState.load, "/requests/")
            await pipeline.send(record, PatronRecordState.load, f"/patrons/{self.ole.number}/")
            shown = len(record.deltas)

            await asyncio.to_thread(propose)
            await pipeline.until_told(queue, "Okonkwo")

            assert len(record.deltas) == shown
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    def is_heard(self) -> bool:
        """Whether the worker hears what other processes say: on PostgreSQL once it listens."""
        listening = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN %'"
        is_sqlite = self.desk.database.engine.dialect.name == "sqlite"
        return is_sqlite or self.desk.scalar(listening) > 0


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():  # noqa: ASYNC110  # what another process does sets no event here
            await asyncio.sleep(0.01)


async def test_a_commit_reaches_the_tabs_that_show_it_without_a_poll(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with watched(desk, monkeypatch, poll_s=3_600) as worker:
        await worker.watch(lambda: desk.propose(worker.mara, NEW))


async def test_a_commit_of_another_process_reaches_them_too(
    desk: Desk, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL says so at once; SQLite cannot, so the hub looks."""
    is_sqlite = database_url.startswith("sqlite")
    elsewhere = Desk(attach(Database(make_engine(database_url))), desk.clock)
    with watched(desk, monkeypatch, poll_s=0.01 if is_sqlite else 3_600) as worker:
        propose = partial(elsewhere.propose, worker.mara, NEW, actor=desk.owner)
        await worker.watch(propose)
    elsewhere.database.dispose()


async def test_what_was_committed_while_no_tab_was_open_is_told_to_the_next_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker without tabs does not look at each commit; nothing may be lost by that."""
    with watched(desk, monkeypatch, poll_s=3_600) as worker:
        hub = page_state.hub
        namespace = SimpleNamespace(token_to_sid={"late": "another connection"})
        app = SimpleNamespace(event_namespace=namespace, event_processor=None)
        watching = asyncio.create_task(hub.run(cast("rx.App", app)))
        await until(lambda: hub._seen is not None)
        before = hub._seen

        await asyncio.to_thread(desk.propose, worker.mara, NEW)
        await until(lambda: not hub._woken.is_set())
        hub.subscribe("late", rx.State.hydrate)
        late = hub._tabs["late"]

        await until(lambda: hub._seen != before)
        await until(lambda: "late" not in hub._tabs)  # it was due, and had gone: so it was told
        assert late.is_due
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
