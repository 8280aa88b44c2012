"""What most tests ask for: a database of each kind, and a clock that stands still."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import cast
from zlib import crc32

import pytest
from hypothesis import settings

from tests.support.engines import engine_of
from tests.support.keyring import attach
from tests.support.postgres import TEMPLATE, Postgres, SharedDatabase, running_postgres
from upstage_crm.audit import database_roles
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database, make_engine
from upstage_crm.core.migrations import upgrade

START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)  # a Monday, so that weekdays in texts are settled

MEMORY = Path("/dev/shm")  # Linux has it
KINDS = ("sqlite", "postgresql")

# An example may take as long as a busy machine needs.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the browser tests by their folder; leave out the long ones unless they are asked for.

    Pages and whole stories run on SQLite alone in a short run: each command that they call is
    proven on both databases by tests of its own. Of the other tests one half runs on each
    database, and those of a module marked `each_database` on both.
    """
    here = Path(__file__).parent
    names = {item.nodeid for item in items}
    for item in items:
        if item.path.is_relative_to(here / "e2e"):
            item.add_marker("e2e")
        is_composed = item.path.is_relative_to(here / "state") or item.get_closest_marker("story")
        if "postgresql" in item.name if is_composed else is_other_half(item, names):
            item.add_marker("long")
    if "long" not in str(config.getoption("markexpr")):
        left_out = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("long")]


def is_other_half(item: pytest.Item, names: Collection[str]) -> bool:
    """Whether this is a test whose twin on the other database runs instead, chosen by its name."""
    if item.get_closest_marker("each_database") or not isinstance(item, pytest.Function):
        return False
    kind = item.callspec.params.get("database_url") if hasattr(item, "callspec") else None
    if kind not in KINDS:
        return False
    plain, twin = (item.nodeid.replace(kind, other) for other in ("", KINDS[kind == KINDS[0]]))
    return twin in names and kind != KINDS[crc32(plain.encode()) % len(KINDS)]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """What runs the `async def` tests and fixtures: each test has an event loop of its own."""
    return "asyncio"


@pytest.fixture
def clock() -> FrozenClock:
    """A clock that stands at Monday 2 March 2026, 10:00 UTC, until it is moved."""
    return FrozenClock(START)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file without rows of ours, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    engine = make_engine(f"sqlite:///{path}")
    upgrade(engine)
    attach(Database(engine))
    engine.dispose()  # the last connection to close moves everything into the one file
    assert not path.with_name(f"{path.name}-wal").exists()
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The one Postgres of this test process, with a migrated template."""
    with running_postgres() as server:
        server.create(TEMPLATE)
        engine = make_engine(server.url(TEMPLATE, database_roles.OWNER))
        upgrade(engine)
        attach(Database(engine))
        with engine.begin() as connection:
            database_roles.grant(connection, database_roles.APP)
        engine.dispose()
        yield server


@pytest.fixture(scope="session")
def shared_postgres(postgres: Postgres) -> Iterator[SharedDatabase]:
    """The Postgres database that tests share; ask for `database` instead."""
    shared = postgres.shared()
    yield shared
    shared.close()


@pytest.fixture(scope="session")
def sqlite_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the SQLite file of the running test is: in memory, where the system has a folder there.

    Each commit waits for its disk, as in production, and a disk costs more than the test.
    """
    if not MEMORY.is_dir():
        yield tmp_path_factory.mktemp("running") / "upstage.db"
        return
    with tempfile.TemporaryDirectory(prefix="upstage-sqlite-", dir=MEMORY) as folder:
        yield Path(folder) / "upstage.db"


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest) -> str:
    """The app's address of an empty migrated database, once on SQLite and once on Postgres."""
    if request.param == "sqlite":
        template = cast("Path", request.getfixturevalue("sqlite_template"))
        place = cast("Path", request.getfixturevalue("sqlite_place"))
        for part in ("", "-wal", "-shm"):
            place.with_name(place.name + part).unlink(missing_ok=True)
        shutil.copyfile(template, place)
        return f"sqlite:///{place}"
    shared = cast("SharedDatabase", request.getfixturevalue("shared_postgres"))
    shared.empty()
    return shared.url


@pytest.fixture
def database(request: pytest.FixtureRequest, database_url: str) -> Iterator[Database]:
    """An empty migrated database, once on SQLite and once on Postgres."""
    made = Database(engine_of(database_url))
    attach(made)
    yield made
    if made.engine.dialect.name == "sqlite":
        made.dispose()
    else:
        cast("SharedDatabase", request.getfixturevalue("shared_postgres")).keep(made.engine)


@pytest.fixture(params=KINDS)
def blank_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The owner's address of a database without any table, for tests of the migrations."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'blank.db'}"
        return
    server = cast("Postgres", request.getfixturevalue("postgres"))
    with server.fresh(template="template0") as url:
        yield url
