"""Raw SQL against the guards: a scene worth attacking, and every way of running a statement.

An attack runs through our own engine. On SQLite it also runs as the bare `sqlite3` tool would run
it: without foreign keys and without `recursive_triggers`, where REPLACE fires no delete trigger. On
PostgreSQL it runs as the owner, whom only the guards stop, and as the app, whom rights stop first.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import pytest
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError

from tests.support.factories import PROTECTED, Desk
from upstage_crm.change_requests.lifecycle.staff_commands import Proposed
from upstage_crm.links.claims import LinkClaims
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.tables import metadata

COLUMNS = [column for columns in PROTECTED.values() for column in columns]
GUARDED = (
    "patron",
    "change_request",
    "field_change",
    "review",
    "audit_entry",
    "audit_value",
    "audit_head",
    "receipt",
    "link_code",
    "desk_confirmation",
    "patron_freeze",
    "erasure",
    "staff_alert",
)


@dataclass
class Attacked:
    """A database that is attacked; `guarded` are the tables whose rows must stay as they are."""

    guarded: ClassVar[tuple[str, ...]] = GUARDED
    desk: Desk

    @property
    def is_sqlite(self) -> bool:
        return self.desk.database.engine.dialect.name == "sqlite"

    def ours(self, *statements: str) -> None:
        """Run SQL in one transaction of our own engine, on PostgreSQL as the owner."""
        _run(self.desk.owned, statements)

    def as_app(self, *statements: str) -> None:
        """Run SQL in one transaction of the app's role."""
        _run(self.desk.database.engine, statements)

    def bare(self, *statements: str) -> None:
        """Run SQL on SQLite as an outsider's tool does: every protecting pragma at its default."""
        path = self.desk.database.engine.url.database
        assert path is not None
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            assert connection.execute("PRAGMA recursive_triggers").fetchone()[0] == 0
            assert connection.execute("PRAGMA foreign_keys").fetchone()[0] == 0
            connection.execute("BEGIN IMMEDIATE")
            for statement in statements:
                connection.execute(statement)
            connection.execute("COMMIT")

    def rows(self) -> list[list[tuple[object, ...]]]:
        """Every row of every guarded table, read without any help of ours: this runs often."""
        with self.desk.database.engine.connect() as connection:
            return [
                sorted(map(tuple, connection.exec_driver_sql(f"SELECT * FROM {table}")), key=repr)
                for table in self.guarded
            ]

    def ways(self) -> list[Callable[..., None]]:
        return [self.ours, self.bare if self.is_sqlite else self.as_app]

    def refuses(self, *statements: str, by: str = "") -> None:
        """Every way of running the statements is refused, and not one row is another."""
        before = self.rows()
        for way in self.ways():
            with pytest.raises((DBAPIError, sqlite3.Error)) as caught:
                way(*statements)
            said = str(caught.value)
            if by and not (way == self.as_app and "InsufficientPrivilege" in said):
                assert f"upstage guard: {by}" in said, statements
        assert before == self.rows(), statements

    def ignores(self, *statements: str) -> None:
        """The statements may pass without an error, but not one row is another."""
        before = self.rows()
        for way in self.ways():
            with contextlib.suppress(DBAPIError, sqlite3.Error):
                way(*statements)
        assert before == self.rows(), statements


@dataclass
class Scene(Attacked):
    """Mara with every field and a pending email; Ole without a phone and with one proposed."""

    mara: PatronRecord
    ole: PatronRecord
    request: Proposed
    link: LinkClaims
    phone_request: Proposed

    @property
    def change(self) -> str:
        return self.desk.view(self.request).fields[0].id

    @property
    def phone_change(self) -> str:
        return self.desk.view(self.phone_request).fields[0].id

    @property
    def entry(self) -> str:
        """The condition that chooses the entry of the trail which added Mara, with values."""
        return f"seq = {self.desk.lines(action='patron.added', patron_id=self.mara.id)[0].seq}"


def _run(engine: Engine, statements: tuple[str, ...]) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement.replace("%", "%%"))


def copy(
    table: str,
    where: str,
    changed: Mapping[str, str],
    *,
    verb: str = "INSERT",
    suffix: str = "",
    extra: Mapping[str, str] | None = None,
) -> str:
    """An INSERT of a copy of one row with some columns replaced by SQL expressions."""
    names = [column.name for column in metadata.tables[table].columns]
    values = [changed.get(name, name) for name in names]
    names, values = [*names, *(extra or {})], [*values, *(extra or {}).values()]
    return (
        f"{verb} INTO {table} ({', '.join(names)}) "
        f"SELECT {', '.join(values)} FROM {table} WHERE {where} {suffix}"
    )
