"""SQLite's writers: in order of arrival, with shared commits, each refused or failed alone."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DatabaseError, OperationalError, SQLAlchemyError
from sqlmodel import Session

from tests.support.postgres import SharedDatabase
from upstage_crm.core.db import (
    MOST_WRITING,
    POOL_SIZE,
    SQLITE_BUSY_TIMEOUT_MS,
    Database,
    make_engine,
)
from upstage_crm.core.db_trouble import Trouble, trouble_of
from upstage_crm.core.writers import MOST_SHARING, Places, Writers, WritersBusy

LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtext(:key))")
ADD = sa.text("INSERT INTO line VALUES (:n)")
LONG_S = 10


class Refused(Exception):
    """A rule said no."""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(make_engine(f"sqlite:///{tmp_path / 'line.db'}"))
    with made.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE line (n INTEGER)")
    yield made
    made.dispose()


def write(database: Database, number: int) -> None:
    with database.writing() as connection:
        connection.execute(ADD, {"n": number})


def lines_of(database: Database) -> list[int]:
    with database.reading() as session:
        found = session.connection().exec_driver_sql("SELECT n FROM line ORDER BY rowid")
        return list(found.scalars())


class Crowd:
    """Callers who arrive one after the other while the first one keeps the database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.commits = 0
        self.outcomes: dict[int, str] = {}
        self.commits_when_told: dict[int, int] = {}
        self._go = threading.Event()
        self._threads: list[threading.Thread] = []
        event.listen(database.engine, "commit", self._count)

    def arrive(self, number: int, sql: str = "") -> None:
        """A caller adds a line, does `sql` too, and is refused when its number is negative."""
        waiting = len(self._line())
        thread = threading.Thread(target=self._write, args=(number, sql))
        self._threads.append(thread)
        thread.start()
        while number and thread.is_alive() and len(self._line()) == waiting:
            thread.join(0.001)

    def wait_for(self, count: int) -> None:
        """Until so many wait in the line."""
        until = time.monotonic() + LONG_S
        while len(self._line()) < count and time.monotonic() < until:
            time.sleep(0.001)

    def go(self) -> list[int]:
        """Let the first one go on; return the lines that are there when all are through."""
        self._go.set()
        for thread in self._threads:
            thread.join(LONG_S)
        return lines_of(self.database)

    def _write(self, number: int, sql: str) -> None:
        try:
            with self.database.transaction() as session:
                session.connection().execute(ADD, {"n": number})
                if sql:
                    session.connection().exec_driver_sql(sql)
                if number == 0:
                    self._go.wait(LONG_S)
                if number < 0:
                    raise Refused
            self.outcomes[number] = "done"
        except (Refused, SQLAlchemyError) as error:
            self.outcomes[number] = type(error).__name__
        self.commits_when_told[number] = self.commits

    def _line(self) -> list[object]:
        writers = self.database._writers
        assert writers is not None
        with writers._guard:
            return list(writers._line)

    def _count(self, _connection: sa.Connection) -> None:
        self.commits += 1


@pytest.fixture
def crowd(database: Database, monkeypatch: pytest.MonkeyPatch) -> Crowd:
    monkeypatch.setattr("upstage_crm.core.writers.SHARING_S", LONG_S)
    made = Crowd(database)
    made.arrive(0)
    return made


def test_writers_are_served_in_order_and_share_a_commit(crowd: Crowd) -> None:
    for number in range(1, 9):
        crowd.arrive(number)

    assert crowd.go() == list(range(9))
    assert set(crowd.outcomes.values()) == {"done"}
    assert crowd.commits == 1


def test_who_is_refused_takes_nobody_along(crowd: Crowd) -> None:
    for number in (1, -2, 3, -4):
        crowd.arrive(number)

    assert crowd.go() == [0, 1, 3]
    assert crowd.outcomes == {0: "done", 1: "done", -2: "Refused", 3: "done", -4: "Refused"}


def test_when_the_transaction_is_lost_all_who_shared_it_are_told(crowd: Crowd) -> None:
    """SQLite ends a whole transaction when the disk is full; a commit after it says nothing."""
    crowd.arrive(1)
    crowd.arrive(2, "ROLLBACK")

    lines = crowd.go()

    assert lines == []
    assert crowd.outcomes == {0: "CommitLost", 1: "CommitLost", 2: "OperationalError"}


def test_no_writer_is_told_another_ones_refusal(crowd: Crowd) -> None:
    crowd.arrive(1)
    crowd.arrive(-2, "ROLLBACK")

    assert crowd.go() == []
    assert crowd.outcomes == {0: "CommitLost", 1: "CommitLost", -2: "OperationalError"}


def test_when_the_commit_fails_all_are_told_even_who_was_refused(crowd: Crowd) -> None:
    """The refused one may have read what the others wrote: nothing of it is true now."""
    crowd.arrive(1)
    crowd.arrive(-2)

    def fail(_connection: sa.Connection) -> None:
        raise OperationalError("COMMIT", {}, sqlite3.OperationalError("disk I/O error"))

    event.listen(crowd.database.engine, "commit", fail)
    lines = crowd.go()
    event.remove(crowd.database.engine, "commit", fail)

    assert lines == []
    assert crowd.outcomes == dict.fromkeys((0, 1, -2), "CommitLost")
    write(crowd.database, 7)
    assert lines_of(crowd.database) == [7]


def test_a_commit_that_fails_for_one_alone_says_why(database: Database) -> None:
    def fail(_connection: sa.Connection) -> None:
        raise OperationalError("COMMIT", {}, sqlite3.OperationalError("disk I/O error"))

    event.listen(database.engine, "commit", fail)
    with pytest.raises(OperationalError, match="disk I/O error"):
        write(database, 1)
    event.remove(database.engine, "commit", fail)

    assert lines_of(database) == []


def test_a_savepoint_that_fails_ends_the_group_and_not_the_line(crowd: Crowd) -> None:
    failing = [True]

    def fail(_connection: sa.Connection, _name: str) -> None:
        if failing:
            failing.clear()
            raise OperationalError("SAVEPOINT", {}, sqlite3.OperationalError("out of memory"))

    event.listen(crowd.database.engine, "savepoint", fail)
    for number in (1, 2):
        crowd.arrive(number)

    assert crowd.go() == [0, 2]
    assert crowd.outcomes == {0: "done", 1: "OperationalError", 2: "done"}


@pytest.mark.parametrize("number", [0, 1])
def test_who_passes_over_a_lost_transaction_has_written_nothing(crowd: Crowd, number: int) -> None:
    """What is written after SQLite has ended the transaction is kept with no commit."""
    if number:
        crowd.arrive(number, "ROLLBACK")
        crowd.arrive(2)
    else:
        crowd.go()
        crowd = Crowd(crowd.database)
        crowd.arrive(0, "ROLLBACK")
        crowd.arrive(2)

    crowd.go()

    assert "done" not in (crowd.outcomes[0], crowd.outcomes.get(1, ""))
    assert crowd.outcomes[2] == "done"


def test_nobody_is_told_before_the_commit(crowd: Crowd) -> None:
    """Neither who wrote, nor who was refused, nor the listeners."""
    told: list[int] = []
    crowd.database.on_commit(lambda: told.append(crowd.commits))
    for number in (1, -2, 3):
        crowd.arrive(number)

    crowd.go()

    assert told == [1, 1, 1]
    assert crowd.commits_when_told == dict.fromkeys((0, 1, -2, 3), 1)


def test_a_writer_reads_its_own_work_and_that_of_those_before(crowd: Crowd) -> None:
    crowd.arrive(1)
    crowd.arrive(2, "INSERT INTO line SELECT 100 * count(*) FROM line")

    assert crowd.go() == [0, 1, 2, 300]


def test_who_lost_through_another_writer_tries_again(crowd: Crowd) -> None:
    tries: list[int] = []

    def work(session: Session) -> str:
        tries.append(1)
        session.connection().execute(ADD, {"n": 5})
        return "done"

    outcome: list[str] = []
    patient = threading.Thread(target=lambda: outcome.append(crowd.database.attempt(work)))
    patient.start()
    crowd.wait_for(1)
    crowd.arrive(2, "ROLLBACK")

    crowd.go()
    patient.join(LONG_S)

    assert (outcome, len(tries)) == (["done"], 2)
    assert lines_of(crowd.database) == [5]


def test_who_gives_up_at_the_last_moment_does_not_write_beside_the_commit(
    database: Database,
) -> None:
    """The turn was promised, then patience ended, and the commit before was still under way."""
    writers = Writers(database.engine, None, patience_s=0.05)
    committing, go_on, joined = threading.Event(), threading.Event(), threading.Event()

    def hold(_connection: sa.Connection) -> None:
        committing.set()
        go_on.wait(LONG_S)

    def ask() -> None:
        while not joined.is_set():  # a busy machine may take its patience before it is seen
            with suppress(WritersBusy), writers.connection() as connection:
                joined.set()
                connection.execute(ADD, {"n": 2})

    thread = threading.Thread(target=ask)

    def write_first() -> None:
        with writers.connection() as connection:
            connection.execute(ADD, {"n": 1})
            thread.start()
            while not writers._line:
                thread.join(0.001)
            writers._group.members = MOST_SHARING  # type: ignore[union-attr]

    event.listen(database.engine, "commit", hold)
    first = threading.Thread(target=write_first)
    first.start()
    assert committing.wait(LONG_S)
    wrote_beside = joined.wait(0.2)
    go_on.set()
    first.join(LONG_S)
    thread.join(LONG_S)

    assert not wrote_beside
    assert lines_of(database) == [1, 2]


KILLED = """
import os, sys, threading
from upstage_crm.core import writers
from upstage_crm.core.db import SQLITE_BUSY_TIMEOUT_MS, Database, make_engine
writers.SHARING_S = 10
database = Database(make_engine(f"sqlite:///{sys.argv[1]}"))
def write(number):
    with database.writing() as connection:
        connection.exec_driver_sql(f"INSERT INTO line VALUES ({number})")
        while number == 0 and not database._writers._line:
            pass
        if number:
            print("written", flush=True)
            sys.stdin.readline()
first = threading.Thread(target=write, args=(0,))
first.start()
while database._writers._writing is None:
    pass
write(1)
"""


def test_a_killed_process_leaves_nothing_half_written_and_no_lock(database: Database) -> None:
    place = str(database.engine.url.database)
    killed = subprocess.Popen(
        [sys.executable, "-c", KILLED, place],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert killed.stdout is not None
    assert killed.stdout.readline() == "written\n"
    killed.kill()
    killed.communicate()

    write(database, 7)

    assert lines_of(database) == [7]


def test_the_log_is_emptied_beside_a_reader_without_stopping_a_writer(database: Database) -> None:
    """An erasure beside a long report: it is for later, and the writers go on at once."""
    write(database, 1)
    log = Path(f"{database.engine.url.database}-wal")
    with database.reading() as report:
        report.connection().exec_driver_sql("SELECT n FROM line").all()
        write(database, 2)
        begun = time.monotonic()
        assert (database.forget_the_past(), database.holds_the_past) == (False, True)
        write(database, 3)
        took = time.monotonic() - begun

    assert took < SQLITE_BUSY_TIMEOUT_MS / 1000  # as long as who waits for the reader
    assert (database.forget_the_past(), database.holds_the_past) == (True, False)
    assert log.stat().st_size == 0
    assert lines_of(database) == [1, 2, 3]


def test_the_log_is_emptied_between_two_groups(crowd: Crowd) -> None:
    emptied: list[bool] = []
    crowd.arrive(1)
    forget = threading.Thread(target=lambda: emptied.append(crowd.database.forget_the_past()))
    forget.start()
    crowd.wait_for(2)
    crowd.arrive(2)

    assert crowd.go() == [0, 1, 2]
    forget.join(LONG_S)
    assert (emptied, crowd.commits) == ([True], 2)


def test_after_a_lost_transaction_the_next_writer_goes_on(crowd: Crowd) -> None:
    crowd.arrive(1, "ROLLBACK")
    crowd.go()

    with crowd.database.transaction() as session:
        session.connection().execute(ADD, {"n": 7})

    assert crowd.go() == [7]


def test_a_group_ends_when_it_is_full(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("upstage_crm.core.writers.MOST_SHARING", 2)
    for number in range(1, 4):
        crowd.arrive(number)

    assert crowd.go() == [0, 1, 2, 3]
    assert crowd.commits == 2


def test_the_first_one_refused_leaves_a_clean_start(database: Database) -> None:
    crowd = Crowd(database)
    crowd.arrive(-1)
    assert crowd.go() == []
    with database.transaction() as session:
        session.connection().execute(ADD, {"n": 2})

    with database.reading() as session:
        assert session.connection().exec_driver_sql("SELECT n FROM line").scalars().all() == [2]


def test_a_thread_that_asks_twice_is_told(database: Database) -> None:
    with (
        pytest.raises(RuntimeError, match="inside a transaction"),
        database.transaction(),
        database.transaction(),
    ):
        pass


def test_nobody_waits_for_ever(database: Database) -> None:
    writers = Writers(database.engine, None, patience_s=0.05)
    found: list[BaseException] = []

    def ask() -> None:
        try:
            with writers.connection():
                pass
        except WritersBusy as error:
            found.append(error)

    with writers.connection():
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join(LONG_S)

    assert [trouble_of(error) for error in found] == [Trouble.BUSY]
    with writers.connection() as connection:
        connection.execute(ADD, {"n": 1})


def test_places_are_given_in_the_order_of_arrival() -> None:
    places, served = Places(1), list[int]()

    def write(number: int) -> None:
        with places.one():
            served.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(5)]
    with places.one():
        for number, thread in enumerate(threads):
            thread.start()
            while len(places._line) == number:
                thread.join(0.001)
    for thread in threads:
        thread.join(LONG_S)

    assert served == [0, 1, 2, 3, 4]


def test_nobody_waits_for_a_place_for_ever() -> None:
    places = Places(1, patience_s=0.01)

    with places.one(), pytest.raises(WritersBusy), places.one():
        pass
    with places.one():  # who gave up holds no place
        pass


def test_writers_on_postgres_leave_connections_for_those_who_read(
    shared_postgres: SharedDatabase,
) -> None:
    shared_postgres.empty()
    database = Database(make_engine(shared_postgres.url))
    go_on, busy = threading.Event(), threading.Semaphore(0)

    def write(_number: int) -> None:
        with database.writing():
            busy.release()
            go_on.wait(LONG_S)

    with ThreadPoolExecutor(POOL_SIZE + 1) as pool:
        written = pool.map(write, range(POOL_SIZE + 1))
        assert all(busy.acquire(timeout=LONG_S) for _ in range(MOST_WRITING))
        with database.reading() as session:
            found = session.connection().exec_driver_sql("SELECT 1").scalar_one()
        go_on.set()
        list(written)
    database.dispose()

    assert found == 1


OTHER_PROCESS = """
import sys
from pathlib import Path
from upstage_crm.core.writers import Turnstile
turnstile = Turnstile(Path(sys.argv[1]), 10)
turnstile.enter()
print("in", flush=True)
sys.stdin.readline()
turnstile.leave()
"""


def test_another_process_has_its_turn(database: Database) -> None:
    place = str(database.engine.url.database)
    other = subprocess.Popen(
        [sys.executable, "-c", OTHER_PROCESS, place],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdin is not None
    assert other.stdout is not None
    assert other.stdout.readline() == "in\n"
    impatient = Writers(database.engine, Path(place), patience_s=0.05)
    with pytest.raises(WritersBusy), impatient.connection():
        pass
    impatient.close()

    other.stdin.write("leave\n")
    other.stdin.flush()
    with database.transaction() as session:
        session.connection().execute(ADD, {"n": 1})
    other.communicate(timeout=LONG_S)


def test_work_that_was_in_the_way_is_done_once_more(database: Database) -> None:
    """PostgreSQL says which of two transactions it ended: that one begins again."""
    turns: list[int] = []

    def work(session: Session) -> str:
        turns.append(1)
        session.connection().execute(ADD, {"n": len(turns)})
        if len(turns) < 3:
            raise OperationalError("UPDATE", {}, _Ended())
        return "done"

    assert database.attempt(work) == "done"
    with database.reading() as session:
        assert session.connection().exec_driver_sql("SELECT n FROM line").scalars().all() == [3]


def test_any_other_error_is_not_tried_again(database: Database) -> None:
    turns: list[int] = []

    def work(_session: Session) -> None:
        turns.append(1)
        raise DatabaseError("UPDATE", {}, Exception())

    with pytest.raises(DatabaseError):
        database.attempt(work)
    assert turns == [1]


def test_of_two_that_block_each_other_both_are_done(shared_postgres: SharedDatabase) -> None:
    """Each holds what the other one wants: PostgreSQL ends one of them, which begins again."""
    shared_postgres.empty()
    database = Database(make_engine(shared_postgres.url))
    both_hold, turns = threading.Barrier(2), list[int]()

    def work(session: Session, order: tuple[str, str]) -> None:
        turns.append(1)
        for place, key in enumerate(order):
            if place and len(turns) <= 2:
                both_hold.wait(LONG_S)
            session.connection().execute(LOCK, {"key": key})

    orders = (("one", "other"), ("other", "one"))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda order: database.attempt(lambda s: work(s, order)), orders))
    database.dispose()

    assert len(turns) == 3


class _Ended(Exception):
    sqlstate = "40P01"


def test_no_statement_of_sqlite_looks_for_listeners(tmp_path: Path) -> None:
    """One listener on an engine makes SQLAlchemy look for listeners four times a statement."""
    engine = make_engine(f"sqlite:///{tmp_path / 'quiet.db'}")

    with Database(engine).reading() as session:
        is_asked = session.connection()._has_events  # nothing public tells

    assert not is_asked
