"""SQLite's writers: in order of arrival, with shared commits, each refused or failed alone."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError
from sqlmodel import Session

from upstage_crm.core.db import Database, make_engine
from upstage_crm.core.db_trouble import Trouble, trouble_of
from upstage_crm.core.writers import Writers, WritersBusy

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


class Crowd:
    """Callers who arrive one after the other while the first one keeps the database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.commits = 0
        self.outcomes: dict[int, str] = {}
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

    def go(self) -> list[int]:
        """Let the first one go on; return the lines that are there when all are through."""
        self._go.set()
        for thread in self._threads:
            thread.join(LONG_S)
        with self.database.reading() as session:
            found = session.connection().exec_driver_sql("SELECT n FROM line ORDER BY rowid")
            return list(found.scalars())

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
        except (Refused, DBAPIError) as error:
            self.outcomes[number] = type(error).__name__

    def _line(self) -> list[object]:
        writers = self.database._writers
        assert writers is not None
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
    assert "done" not in crowd.outcomes.values()


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


class _Ended(Exception):
    sqlstate = "40P01"
