"""The database: engines, transactions and column types shared by every table.

One `Database` is made by `wiring`. `transaction()` takes the write lock at once (SQLite: BEGIN
IMMEDIATE), so that two writers queue instead of failing half-way, see `core.writers` for the order;
`reading()` never writes.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import SessionTransaction
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection
from sqlmodel import Session, SQLModel
from sqlmodel._compat import SQLModelConfig

from upstage_crm.core.writers import CommitLost, Places, Writers, WritersBusy

SQLITE_BUSY_TIMEOUT_MS = 10_000
POOL_SIZE = 20
MOST_WRITING = 12  # at once on PostgreSQL; the other connections are for those who read

# Every constraint has a name, so that a later migration can drop it on every database.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


RETRIES = 3
TELL_S = 0.05  # at least, between two words about what is not recorded
_STEP_ASIDE_S = 0.02  # twice as long at most each time
_IN_THE_WAY = ("40001", "40P01")  # serialization failure, deadlock

T = TypeVar("T")

COMMITS = "upstage_commits"  # the Postgres channel that says "something was committed"
_NOTIFY = sa.text(f"NOTIFY {COMMITS}")


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An instant. Refuses naive values; always comes back UTC-aware (SQLite forgets zones)."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store the instant in UTC. Raises ValueError for a naive value."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant must carry its time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # the base class's signature
        """Give the instant back in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def text_enum(kind: type[Enum], length: int = 32) -> sa.Enum:
    """A column that stores an enum's *value* as text (SQLAlchemy's default stores its name)."""
    return sa.Enum(
        kind,
        native_enum=False,
        create_constraint=False,
        length=length,
        values_callable=_values,
    )


def _values(members: type[Enum]) -> list[str]:
    return [str(member.value) for member in members]


class Row(SQLModel):
    """The base of every table's rows.

    Rows are never validated by pydantic, so what it would need for that is not made: for 90 tables
    that is a tenth of the time that loading the app takes.
    """

    model_config = SQLModelConfig(defer_build=True)


def table_of(row: type[Row]) -> sa.Table:
    """The table behind a row class, for statements that need no objects."""
    table: sa.Table = row.__dict__["__table__"]
    return table


def make_engine(url: str) -> Engine:
    """Return an engine for `url` (SQLite file or PostgreSQL through psycopg)."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_engine(parsed)
    return sa.create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_pre_ping=True,
        hide_parameters=True,  # a logged error must not carry anybody's data
    )


def _sqlite_engine(url: sa.URL) -> Engine:
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url, pool_size=POOL_SIZE, max_overflow=0, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def configure(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        # We say BEGIN ourselves: the driver's own would be deferred and fail on upgrade.
        connection.isolation_level = None  # sqlite3's own attribute
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "foreign_keys=ON",
            f"busy_timeout={SQLITE_BUSY_TIMEOUT_MS}",
            "synchronous=FULL",  # a decision that was confirmed on screen survives a power cut
            "secure_delete=ON",  # what is erased leaves the file too, however SQLite was built
            "recursive_triggers=ON",  # REPLACE must fire DELETE triggers, or the guards have a hole
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    # No listener on the engine: with one, SQLAlchemy looks for listeners at every statement.
    engine.dialect.do_begin = _begin
    return engine


_begin_words: ContextVar[str] = ContextVar("_begin_words", default="BEGIN IMMEDIATE")


def _begin(dbapi_connection: PoolProxiedConnection) -> None:
    """Begin a transaction of SQLite: one that writes, unless `Database.reading` says otherwise."""
    dbapi_connection.cursor().execute(_begin_words.get())


def _begin_to_read(connection: Connection) -> None:
    """Begin a transaction that waits for no writer and sees one consistent snapshot."""
    if connection.dialect.name == "postgresql":
        # PostgreSQL's own default lets two queries see two moments.
        connection.execution_options(isolation_level="REPEATABLE READ")
    before = _begin_words.set("BEGIN")
    try:
        connection.begin()
    finally:
        _begin_words.reset(before)


class OneConnection(Session):
    """A session for one transaction, which asks for its connection once.

    Commands say `session.connection()` at nearly every statement, and the answer never changes.
    """

    _own: Connection | None = None

    def connection(self, *args: Any, **options: Any) -> Connection:
        """The transaction's connection."""
        if self._own is None or args or options:
            self._own = super().connection(*args, **options)
        return self._own

    def begin_nested(self) -> SessionTransaction:
        """A savepoint. The session sets it when it is asked for its connection: so ask again."""
        self._own = None
        return super().begin_nested()


class Database:
    """The one door to the database for everything above `core`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.info: dict[str, object] = {}
        self.holds_the_past = False
        self._at_begin: list[Callable[[Session], None]] = []
        self._before_commit: list[Callable[[Session], None]] = []
        self._after_commit: list[Callable[[], None]] = []
        self._writers = Writers(engine, _file_of(engine)) if _is_sqlite(engine) else None
        self._places = Places(MOST_WRITING)
        self._told_at = 0.0

    def at_begin(self, step: Callable[[Session], None]) -> None:
        """Run `step` at the beginning of every `transaction()`."""
        self._at_begin.append(step)

    def before_commit(self, step: Callable[[Session], None]) -> None:
        """Run `step` at the end of every `transaction()`; what it raises rolls all back."""
        self._before_commit.append(step)

    def on_commit(self, listener: Callable[[], None]) -> None:
        """Call `listener` (fast, must not raise) after every `transaction()` that is news."""
        self._after_commit.append(listener)

    @contextmanager
    def transaction(self, *, is_recorded: bool = True, is_news: bool = True) -> Generator[Session]:
        """A session that commits when the block ends, or rolls everything back if it raises.

        What is not recorded touches no row that a signed entry vouches for, so no step looks for
        one; and where it comes by the hundred a second, other processes hear of every so many.
        What is no news changes nothing that a page shows or another process waits for.
        """
        info = dict(self.info)
        how = "rollback_only"  # the connection's own block commits
        with (
            self.writing(is_told=is_news and (is_recorded or self._is_long_ago())) as connection,
            OneConnection(
                connection, expire_on_commit=False, info=info, join_transaction_mode=how
            ) as session,
            session.begin(),
        ):
            for step in self._at_begin if is_recorded else ():
                step(session)
            yield session
            for step in self._before_commit if is_recorded else ():
                step(session)
        for listener in self._after_commit if is_news else ():
            listener()

    def _is_long_ago(self) -> bool:
        """Whether other processes may be told again of what is not recorded."""
        now = time.monotonic()
        if now - self._told_at < TELL_S:
            return False
        self._told_at = now
        return True

    def attempt(self, work: Callable[[Session], T], *, is_recorded: bool = True) -> T:
        """What `work` returns, done in one transaction; `is_recorded` as for `transaction`.

        PostgreSQL may end one of two transactions that block each other, and SQLite one that
        several writers share: then all of `work` is done once more, so it must do nothing else.
        """
        for turn in range(RETRIES):
            try:
                with self.transaction(is_recorded=is_recorded) as session:
                    return work(session)
            except CommitLost:
                continue
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in _IN_THE_WAY:
                    raise
                # Not at once and not all together, or they meet again.
                time.sleep(random.uniform(0, _STEP_ASIDE_S * 2**turn))  # noqa: S311  # no secret
        with self.transaction(is_recorded=is_recorded) as session:
            return work(session)

    @contextmanager
    def writing(self, *, is_told: bool = False) -> Generator[Connection]:
        """A connection that commits when the block ends, without any step of `transaction()`.

        What `is_told` is said on PostgreSQL to the other processes; `pages.live` listens. After the
        commit and not in it: PostgreSQL lets one transaction at a time commit that notifies. A
        process that misses the word looks once a second.
        """
        if self._writers is not None:
            with self._writers.connection() as connection:
                yield connection
            return
        with self._places.one(), self.engine.connect() as connection:
            with connection.begin():
                yield connection
            if is_told:
                with suppress(SQLAlchemyError):  # it is committed: nothing may fail any more
                    connection.execution_options(isolation_level="AUTOCOMMIT").execute(_NOTIFY)

    @contextmanager
    def reading(self) -> Generator[Session]:
        """A session over one consistent snapshot that is rolled back at its end."""
        info = dict(self.info)
        how = "rollback_only"  # the connection's own block ends it
        with self.engine.connect() as connection:
            _begin_to_read(connection)
            with OneConnection(
                connection,
                expire_on_commit=False,
                autoflush=False,
                info=info,
                join_transaction_mode=how,
            ) as session:
                yield session

    def forget_the_past(self) -> bool:
        """Empty SQLite's log, which still holds what was overwritten; call it after an erasure.

        No writer waits for it: what is long is done beside them, and a reader who needs the log
        ends the attempt at once. False then: nothing is lost, try again later; `holds_the_past`
        says so until it is done. Postgres' own vacuum does this there.
        """
        if self._writers is None:
            return True
        connection = self.engine.raw_connection()  # outside any transaction
        try:
            cursor = connection.cursor()
            cursor.execute("PRAGMA busy_timeout=0")
            try:
                cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")  # nearly all, beside the writers
                with self._writers.silence():
                    cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                    said = cursor.fetchone()
            except WritersBusy:
                said = None
            finally:
                cursor.execute(f"PRAGMA busy_timeout={SQLITE_BUSY_TIMEOUT_MS}")
                cursor.close()
        finally:
            connection.close()
        self.holds_the_past = said is None or said[0] != 0
        return not self.holds_the_past

    def dispose(self) -> None:
        """Close every pooled connection."""
        if self._writers is not None:
            self._writers.close()
        self.engine.dispose()


def _is_sqlite(engine: Engine) -> bool:
    return engine.dialect.name == "sqlite"


def _file_of(engine: Engine) -> Path | None:
    """The file of a SQLite database; None when it is in memory."""
    name = engine.url.database
    return Path(name) if name and name != ":memory:" else None


def dialect_of(session: Session) -> str:
    """Return `sqlite` or `postgresql`."""
    return session.get_bind().dialect.name


def lock_clause(statement: sa.Select[Any]) -> sa.Select[Any]:
    """Return `statement` so that it locks the rows it reads.

    On SQLite this adds nothing: `transaction()` already holds the one write lock.
    """
    return statement.with_for_update()


def on_the_way(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """The same condition, for which no index is looked for: rows are checked one by one.

    For a list that is walked in the order of an index and ends after a few rows, or for a range
    that is short: the planner may prefer an index on the condition, and read all that fulfil it.
    """
    return sa.case((condition, 1), else_=0) == 1


def take_turns(session: Session, about: str) -> None:
    """Let one transaction about this pass at a time, until it ends: what it counts stays true.

    On SQLite `transaction()` holds the one write lock already.
    """
    if dialect_of(session) == "postgresql":
        key = sa.func.hashtextextended(about, 0)
        session.connection().execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


def insert_unless_there(session: Session, table: sa.Table) -> Any:
    """Return an insert into `table` that does nothing where a unique key stands already.

    It returns the row's `id`, or no row when it did nothing.
    """
    return _insert_unless_there(table, dialect_of(session))


@cache
def _insert_unless_there(table: sa.Table, dialect: str) -> Any:
    # Both have it, but the common `insert` does not: each dialect brings its own.
    if dialect == "sqlite":
        from sqlalchemy.dialects.sqlite import insert
    else:
        from sqlalchemy.dialects.postgresql import insert
    return insert(table).on_conflict_do_nothing().returning(table.c.id)
