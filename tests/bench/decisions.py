"""Decisions recorded per second, against the same statements without our code around them.

Every request is decided once on a recording copy of the database. What SQLAlchemy Core and the
driver were given there is kept, values included, and replayed on two more copies: the peers get
ready-made ids, hashes and mail texts, and do nothing but execute. Copies start equal and are
decided in the same order, so each replay meets exactly the rows that it expects.
"""

from __future__ import annotations

import gc
import shutil
import sqlite3
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection

from tests.bench.report import Figure, figure, ratios
from tests.bench.unsigned import believing, take_keys_from
from tests.conftest import START
from tests.support.factories import Desk
from tests.support.keyring import opened
from tests.support.postgres import Postgres
from upstage_crm.audit import database_roles
from upstage_crm.change_requests.model.rules import RequestState
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import make_engine
from upstage_crm.links.claims import LinkClaims
from upstage_crm.mail.message import MailKind

# 0.7 holds where statements cross a wire. SQLite's cost a tenth of that, so the same work of ours
# weighs more: docs/decisions/0015 gives the reason for 0.5.
LEAST = {"SQLite": 0.5, "Postgres": 0.7}
ROUND = 15  # decisions
ROUNDS = 8  # the first one warms caches up and does not count
PRAGMAS = ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL", "recursive_triggers=ON")


@dataclass(slots=True)
class Recorded:
    """One decision as the layers below our code got it."""

    core: list[tuple[Any, Any, Any]] = field(default_factory=list[tuple[Any, Any, Any]])
    driver: list[tuple[str, Any, bool]] = field(default_factory=list[tuple[str, Any, bool]])


def measure(folder: Path, server: Postgres) -> list[Figure]:
    """Figures for SQLite (every commit synced to the disk) and for Postgres."""
    figures: list[Figure] = []
    with _sqlite_copies(folder) as (urls, claims):
        figures += _compare("SQLite", urls, claims)
    with _postgres_copies(server) as (urls, claims):
        figures += _compare("Postgres", urls, claims)
    return figures


def pending(desk: Desk, count: int) -> list[LinkClaims]:
    """Add `count` patrons, propose a new address for each, let the mails leave; return the links.

    All through the commands that the pages use; the links come out of the delivered mails.
    """
    for place in range(count):
        patron = desk.patron(f"old{place}@example.com", "Mara", f"Smith {place}")
        desk.propose(patron, f"new{place}@example.org", reason_text="Called us from her new desk")
    sent = desk.deliver()
    asked = [mail.to for mail in sent if mail.tags["kind"] == MailKind.DECISION_REQUEST]
    assert len(asked) == count
    by_address = {to: desk.codec.read(desk.tokens(to)[-1]) for to in asked}
    return [by_address[f"new{place}@example.org"] for place in range(count)]


def _compare(name: str, urls: Sequence[str], claims: Sequence[LinkClaims]) -> list[Figure]:
    recorded = _record(urls[0], claims)
    with ExitStack() as stack:
        database = opened(urls[1])
        stack.callback(database.dispose)
        desk = Desk(database, FrozenClock(START))
        unsigned = opened(urls[4])
        stack.callback(unsigned.dispose)
        unsigned_desk = Desk(unsigned, FrozenClock(START))
        unsigned_desk.room = replace(unsigned_desk.room, signer=take_keys_from(unsigned))
        engine = make_engine(urls[2])
        stack.callback(engine.dispose)
        driver = stack.enter_context(_driver(urls[3]))

        def real(place: int) -> None:
            assert desk.decide(claims[place]) is RequestState.APPROVED

        def without_signatures(place: int) -> None:
            with believing():
                assert unsigned_desk.decide(claims[place]) is RequestState.APPROVED

        def core(place: int) -> None:
            with engine.begin() as connection:
                for statement, many, one in recorded[place].core:
                    result = connection.execute(statement, many or one or None)
                    if result.returns_rows:
                        result.all()

        def raw(place: int) -> None:
            driver(recorded[place].driver)

        ways = [real, without_signatures, core, raw]
        ours, bare, by_core, by_driver = _interleave(ways)
    # The trail's last hash covers every decision: the peers wrote what we would have written.
    assert _head(urls[0]) == _head(urls[2]) == _head(urls[3])
    area = f"decisions, {name}"
    return [
        figure(area, "recorded by our command", ours, unit="/s"),
        figure(area, "without signatures and seals", bare, unit="/s"),
        figure(area, "same statements, Core", by_core, unit="/s"),
        figure(area, "same statements, driver", by_driver, unit="/s"),
        figure(
            area, "ours", ratios(ours, by_core), against="SQLAlchemy Core", at_least=LEAST[name]
        ),
        figure(area, "ours", ratios(ours, by_driver), against="raw driver", at_least=0.2),
        figure(
            area, "ours", ratios(ours, bare), against="without signatures and seals", at_least=0.95
        ),
    ]


def _head(url: str) -> tuple[int, str]:
    engine = make_engine(url)
    with engine.connect() as connection:
        seq, last = connection.execute(sa.text("SELECT seq, hash FROM audit_head")).one()
    engine.dispose()
    return seq, last


def _interleave(ways: Sequence[Callable[[int], None]]) -> list[list[float]]:
    """Decisions per second of each way, round by round; the ways take turns at every decision."""
    rates: list[list[float]] = [[] for _ in ways]
    for number in range(ROUNDS):
        gc.collect()
        spent = [0.0] * len(ways)
        for place in range(number * ROUND, (number + 1) * ROUND):
            for index, way in enumerate(ways):
                begun = time.perf_counter()
                way(place)
                spent[index] += time.perf_counter() - begun
        if number:
            for seconds, found in zip(spent, rates, strict=True):
                found.append(ROUND / seconds)
    return rates


def _record(url: str, claims: Sequence[LinkClaims]) -> list[Recorded]:
    """Decide everything once, keeping what Core and the driver were asked to execute."""
    database = opened(url)
    desk = Desk(database, FrozenClock(START))
    found: list[Recorded] = []

    def to_core(
        _connection: Connection, statement: Any, many: Any, one: Any, _options: Any
    ) -> None:
        found[-1].core.append((statement, many, one))

    def to_driver(
        _connection: Connection, _cursor: Any, sql: str, values: Any, _context: Any, many: bool
    ) -> None:
        found[-1].driver.append((sql, values, many))

    found.append(Recorded())  # connecting
    event.listen(database.engine, "before_execute", to_core)
    event.listen(database.engine, "before_cursor_execute", to_driver)
    desk.read(lambda session: session.connection().execute(sa.text("SELECT 1")))
    found.clear()
    for link in claims:
        found.append(Recorded())
        assert desk.decide(link) is RequestState.APPROVED
    database.dispose()
    return found


Driver = Callable[[Sequence[tuple[str, Any, bool]]], None]


@contextmanager
def _driver(url: str) -> Generator[Driver]:
    """Executes recorded statements in one transaction, with nothing above the driver."""
    parsed = sa.make_url(url)
    is_sqlite = parsed.get_backend_name() == "sqlite"
    connection: Any
    if is_sqlite:
        connection = sqlite3.connect(str(parsed.database), isolation_level=None)
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
    else:
        plain = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
        connection = psycopg.connect(plain)

    def execute(statements: Sequence[tuple[str, Any, bool]]) -> None:
        cursor = connection.cursor()
        if is_sqlite:
            cursor.execute("BEGIN IMMEDIATE")
        for sql, values, many in statements:
            if many:
                cursor.executemany(sql, values)
            else:
                cursor.execute(sql, values)
                if cursor.description is not None:
                    cursor.fetchall()
        connection.commit()
        cursor.close()

    with closing(connection):
        yield execute


@contextmanager
def _sqlite_copies(folder: Path) -> Generator[tuple[list[str], list[LinkClaims]]]:
    origin = folder / "origin.db"
    claims = _fill(f"sqlite:///{origin}")
    copies = [folder / f"copy{number}.db" for number in range(5)]
    for copy in copies:
        shutil.copyfile(origin, copy)
    yield [f"sqlite:///{copy}" for copy in copies], claims


@contextmanager
def _postgres_copies(server: Postgres) -> Generator[tuple[list[str], list[LinkClaims]]]:
    with ExitStack() as stack:
        server.create("origin")
        stack.callback(server.drop, "origin")
        claims = _fill(server.url("origin", database_roles.OWNER))
        urls = [stack.enter_context(server.fresh(template="origin")) for _ in range(5)]
        yield urls, claims


def _fill(url: str) -> list[LinkClaims]:
    database = opened(url)
    claims = pending(Desk(database, FrozenClock(START)), ROUND * ROUNDS)
    database.dispose()  # the last connection to close moves everything into the one file
    return claims
