"""`/health` says what is true: it reads and writes the database, and names what is not well."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from starlette.applications import Starlette

from tests.support.engines import owners
from tests.support.pipeline import installed
from tests.support.visitor import Visitor
from upstage_crm.audit.guards import triggers
from upstage_crm.core import heartbeat, migrations
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database, make_engine
from upstage_crm.mail.sending import send_gate
from upstage_crm.web import health
from upstage_crm.web.health import Checkup, Health, check
from upstage_crm.wiring import Runtime

pytestmark = pytest.mark.each_database

WELL = {
    "status": "ok",
    "problems": [],
    "mail": "demo",
    "migrations": migrations.head(),
    "guards": "ok",
    "rights": "ok",
    "outbox_queued": 0,
    "outbox_age_s": 0,
    "outbox_paused": None,
    "database_read": "ok",
    "database_write": "ok",
}


@pytest.fixture
def parts(database: Database, clock: FrozenClock) -> Iterator[Runtime]:
    with installed(database, clock) as made:
        yield made


def found(parts: Runtime) -> dict[str, Any]:
    return check(parts).to_json()


def said(parts: Runtime, name: str) -> tuple[list[str], str]:
    """The problems, and one fact."""
    health = check(parts)
    return list(health.problems), health.facts[name]


def only_reading(parts: Runtime) -> Runtime:
    """The same deployment, whose database lets itself be read alone."""
    engine = make_engine(parts.database.engine.url.render_as_string(hide_password=False))

    @event.listens_for(engine, "connect")
    def refuse(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        if engine.dialect.name == "sqlite":
            cursor.execute("PRAGMA query_only=ON")
        else:
            cursor.execute("SET default_transaction_read_only = on")
            connection.commit()

    return replace(parts, database=Database(engine))


def test_all_is_well_and_the_row_was_written(parts: Runtime, clock: FrozenClock) -> None:
    assert found(parts) == WELL
    clock.advance(timedelta(minutes=1))
    assert found(parts) == WELL

    with parts.database.reading() as session:
        beats = session.connection().execute(sa.select(heartbeat.HEARTBEAT)).all()
    assert [tuple(beat) for beat in beats] == [(1, clock.now())]


def test_a_lost_row_is_made_again(parts: Runtime) -> None:
    with owners(parts.database.engine).begin() as connection:
        connection.execute(sa.delete(heartbeat.HEARTBEAT))

    assert found(parts) == WELL


def test_a_database_that_can_only_be_read_is_no_healthy_one(parts: Runtime) -> None:
    reading = only_reading(parts)

    assert said(reading, "database_write") == (["database_write"], "read_only")
    assert check(reading).facts["database_read"] == "ok"
    reading.database.dispose()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_full_disk_is_said(parts: Runtime) -> None:
    """SQLite's own limit of pages gives its own error for a full disk."""
    engine = make_engine(parts.database.engine.url.render_as_string())
    full = replace(parts, database=Database(engine))

    @event.listens_for(engine, "connect")
    def limit(connection: sqlite3.Connection, _record: Any) -> None:
        connection.execute("PRAGMA max_page_count=1")  # it takes the number of pages there are

    with parts.database.engine.begin() as connection:
        connection.execute(sa.delete(heartbeat.HEARTBEAT))
        # A row that fills pages, so that the one to come needs a new one.
        connection.exec_driver_sql("DROP TABLE heartbeat")
        connection.exec_driver_sql(
            "CREATE TABLE heartbeat (id INTEGER PRIMARY KEY, at DATETIME, more TEXT "
            "DEFAULT (hex(zeroblob(100000))))"
        )

    assert said(full, "database_write") == (["database_write"], "full")
    full.database.dispose()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_damaged_file_is_said(parts: Runtime, tmp_path: Any) -> None:
    path = tmp_path / "damaged.db"
    path.write_bytes(b"no database at all" * 1_000)
    damaged = replace(parts, database=Database(make_engine(f"sqlite:///{path}")))

    assert said(damaged, "database_read") == (["database_read"], "damaged")
    damaged.database.dispose()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_server_that_is_away_is_said(parts: Runtime) -> None:
    away = replace(parts, database=Database(make_engine("postgresql://nobody@127.0.0.1:1/none")))

    assert found(away) == {
        "status": "failing",
        "problems": ["database_read"],
        "mail": "demo",
        "database_read": "away",
    }


@pytest.mark.parametrize("revision", ["9999", "0001", ""])
def test_another_revision_is_said_and_nothing_is_written(parts: Runtime, revision: str) -> None:
    with owners(parts.database.engine).begin() as connection:
        connection.execute(
            sa.text("UPDATE alembic_version SET version_num = :it"), {"it": revision}
        )
        before = connection.execute(sa.select(heartbeat.HEARTBEAT.c.at)).scalar_one()

    assert said(parts, "migrations") == (["migrations"], revision)

    with owners(parts.database.engine).begin() as connection:
        assert connection.execute(sa.select(heartbeat.HEARTBEAT.c.at)).scalar_one() == before
        connection.execute(
            sa.text("UPDATE alembic_version SET version_num = :it"), {"it": migrations.head()}
        )


def test_a_missing_guard_and_a_paused_queue_are_said(parts: Runtime, clock: FrozenClock) -> None:
    with parts.database.transaction() as session:
        send_gate.pause(session, until=clock.now() + timedelta(hours=1), reason="key_refused")
    with owners(parts.database.engine).begin() as connection:
        triggers.drop(connection)

    assert check(parts).problems == ("guards", "outbox")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_over_http_it_is_200_or_503(parts: Runtime) -> None:
    browser = Visitor(Starlette(routes=health.ROUTES))
    well = browser.get("/health")
    with parts.database.transaction() as session:
        triggers.drop(session.connection())
    with installed(parts.database, parts.clock):  # other parts, so what was found is forgotten
        ill = browser.get("/health")

    assert (well.status_code, well.json()) == (200, WELL)
    assert ill.status_code == 503
    assert ill.json()["problems"] == ["guards"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_crowd_that_asks_costs_one_look_a_second(parts: Runtime) -> None:
    looks: list[Runtime] = []
    seconds = [0.0]

    def look(whose: Runtime) -> Health:
        looks.append(whose)
        return Health({}, ())

    checkup = Checkup(look, clock=lambda: seconds[0])
    await asyncio.gather(*[checkup.result(parts) for _ in range(50)])
    seconds[0] = 0.9
    await checkup.result(parts)
    assert len(looks) == 1
    seconds[0] = 1.0
    await checkup.result(parts)
    assert len(looks) == 2
