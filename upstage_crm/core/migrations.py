"""Brings a database to the newest revision; the only door to Alembic.

Alembic is loaded only when there is something to migrate: it costs a start 0.2 s and 11 MB.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import ProgrammingError

from upstage_crm.core.errors import Conflict

if TYPE_CHECKING:
    from alembic.config import Config

ROOT = Path(__file__).resolve().parents[2]
_NAMES = re.compile(r"^(revision|down_revision) = (.+)$", re.MULTILINE)
_ADVISORY_LOCK = 0x55705374  # "UpSt": one migration at a time on Postgres


class DatabaseNewer(Conflict):
    """A newer version of ours has migrated the database. Facts: `revision`, the one it is at."""

    code = "database_newer"


@cache
def _known() -> Mapping[str, str]:
    """Every revision of this code, and the one that it follows."""
    found: dict[str, str] = {}
    for file in (ROOT / "alembic" / "versions").glob("*.py"):
        names = dict(_NAMES.findall(file.read_text("utf-8")))
        found[names["revision"].strip("\"'")] = names["down_revision"].strip("\"'")
    return found


@cache
def head() -> str:
    """The newest revision that this code knows: the one that no other follows."""
    (newest,) = _known().keys() - set(_known().values())
    return newest


def current(connection: Connection) -> str:
    """The revision of the database behind `connection`; empty when it has none.

    Empty too for a PostgreSQL role that has no rights yet: `migrate` makes both.
    """
    if not sa.inspect(connection).has_table("alembic_version"):
        return ""
    try:
        with connection.begin_nested():  # or the refused query would spoil the transaction
            query = sa.text("SELECT version_num FROM alembic_version")
            return connection.execute(query).scalar() or ""
    except ProgrammingError:
        return ""


def ensure_not_newer(connection: Connection) -> str:
    """Return the revision of the database, unless a newer version of ours has made it.

    Raises:
        DatabaseNewer: this code does not know what it holds.
    """
    revision = current(connection)
    if revision and revision not in _known():
        raise DatabaseNewer(revision=revision)
    return revision


def upgrade(
    engine: Engine, revision: str = "head", then: Callable[[Connection, str], None] | None = None
) -> None:
    """Migrate up to `revision` in one transaction, one process at a time.

    `then` ends the transaction: it gets the revision that there was before, "" for none.

    Raises:
        DatabaseNewer: the database is ahead of this code.
    """
    with engine.begin() as connection:
        _lock(connection)
        before = ensure_not_newer(connection)
        if revision == "head" and before == head():
            return
        from alembic import command

        command.upgrade(_config(connection), revision)
        if then is not None:
            then(connection, before)


def downgrade(engine: Engine, revision: str) -> None:
    """Migrate down to `revision` in one transaction, one process at a time."""
    with engine.begin() as connection:
        _lock(connection)
        from alembic import command

        command.downgrade(_config(connection), revision)


def _lock(connection: Connection) -> None:
    # On SQLite our engine's BEGIN IMMEDIATE is the lock already.
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})


def _config(connection: Connection | None = None) -> Config:
    from alembic.config import Config

    config = Config(toml_file=ROOT / "pyproject.toml")
    config.attributes["connection"] = connection
    return config
