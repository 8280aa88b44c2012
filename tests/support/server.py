"""Starts the real server, as `make run` does, with a database and settings of its own."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.keyring import SECRET_KEYS
from tests.support.processes import Leashed, free_port, without_settings
from tests.support.project import ROOT, own_database

FIRST_BUILD_S = 300  # the first build downloads script packages


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers."""

    url: str
    database_url: str
    process: Leashed

    @property
    def log(self) -> str:
        """Everything it has printed and logged so far."""
        return self.process.output


@contextmanager
def running_server(
    folder: Path,
    *,
    database_url: str = "",
    settings: Mapping[str, str] | None = None,
    host: str = "localhost",
    port: int = 0,
    demo: Path | None = None,
) -> Generator[Server]:
    """Give a server on a free port, or on `port`, for the length of the block.

    Its log stands in `folder`, and its database too unless `database_url` names one; either is
    migrated first, as an operator does. `settings` are environment variables on top of that.
    `demo` is a copy of the project that is served over its own database, as `make run` does.
    """
    from upstage_crm.web.build import BuildFailed, ensure_built

    try:
        ensure_built()  # here, so that the time below is the server's own
    except BuildFailed as failure:
        raise AssertionError(f"the pages could not be made:\n{failure.facts['output']}") from None
    port = port or free_port()
    database_url = database_url or f"sqlite:///{folder / 'upstage.db'}"
    environ = without_settings() | {"PORT": str(port), "UPSTAGE_SECRET_KEYS": SECRET_KEYS}
    if demo is None:
        migrate(database_url)
        environ["UPSTAGE_DATABASE_URL"] = database_url
    else:
        database_url = own_database(demo)
    environ |= settings or {}
    process = serve_process(environ, log=folder / "server.log", cwd=demo or folder)
    url = f"http://{host}:{port}"
    try:
        process.wait_until(lambda: answers(f"http://127.0.0.1:{port}/health"), within_s=180)
        yield Server(url, database_url, process)
    finally:
        process.stop()


def migrate(database_url: str) -> None:
    """What `upstage-crm migrate` does to a given database; `serve` never does."""
    from upstage_crm.core.db import make_engine
    from upstage_crm.core.migrations import upgrade

    engine = make_engine(database_url)
    upgrade(engine)
    engine.dispose()


def serve_process(environ: Mapping[str, str], *, log: Path, cwd: Path) -> Leashed:
    """Start `upstage-crm serve` of this checkout and return at once."""
    environ = {**environ, "PYTHONPATH": str(ROOT)}
    return Leashed(
        [sys.executable, "-m", "upstage_crm", "serve"], environ=environ, log=log, cwd=cwd
    )


def answers(url: str) -> bool:
    """Whether a GET of `url` is answered with success."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return response.status == 200
    except (OSError, urllib.error.URLError):
        return False
