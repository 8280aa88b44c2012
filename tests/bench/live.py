"""Live updates: from a patron's press until another browser shows what the patron decided.

A member of staff looks at the list of requests; patrons decide by the simple page. The time begins
before the press is sent, so it holds the decision itself too. With Postgres and Redis several
workers serve, and the press seldom meets the worker that the browser is connected to.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.bench.decisions import pending
from tests.bench.peer import open_decision
from tests.bench.project import serving
from tests.bench.report import Figure, figure
from tests.support.browser import ARGUMENTS, find_browser
from tests.support.factories import Desk
from tests.support.journey import sign_in
from tests.support.keyring import SECRET_KEYS, opened
from tests.support.postgres import Postgres
from tests.support.processes import Leashed, free_port
from tests.support.server import Server
from tests.support.stage import set_stage
from upstage_crm.audit import database_roles
from upstage_crm.core.clock import FrozenClock, SystemClock

PRESSES = 12
QUIET_MS = 1_500  # between two presses: a colleague acts now and then, and the tab rests meanwhile
PATIENCE_MS = 30_000
LOOK_MS = 20
AREA = "press to another browser"

_WATCH = """
() => {
  const main = document.querySelector("#main"), before = main.innerText;
  window.benchSeen = 0;
  const observer = new MutationObserver(() => {
    if (main.innerText === before) return;
    window.benchSeen = performance.timeOrigin + performance.now();
    observer.disconnect();
  });
  observer.observe(main, {subtree: true, childList: true, characterData: true});
}
"""


def measure(folder: Path, root: Path, server: Postgres) -> Iterator[Figure]:
    """Figures of one worker on SQLite, and of several on Postgres where Redis is installed."""
    yield _figure("SQLite, one worker", root, f"sqlite:///{folder / 'live.db'}", {})
    redis = shutil.which("redis-server")
    if not redis:
        return
    server.create("live")
    with ExitStack() as stack:
        address = stack.enter_context(_Redis(redis, folder))
        url = server.url("live", database_roles.OWNER)
        yield _figure("Postgres and Redis, several", root, url, {"REDIS_URL": address})


def _figure(name: str, root: Path, url: str, more: Mapping[str, str]) -> Figure:
    set_stage(url).parts.database.dispose()
    database = opened(url)
    desk = Desk(database, FrozenClock(SystemClock().now()))
    tokens = [desk.codec.mint(claims) for claims in pending(desk, PRESSES)]
    database.dispose()
    settings = {"UPSTAGE_DATABASE_URL": url, "UPSTAGE_SECRET_KEYS": SECRET_KEYS, **more}
    with ExitStack() as stack:
        started = stack.enter_context(serving(root, settings=settings))
        us = Server(started.url, url, started.process)
        playwright = stack.enter_context(sync_playwright())
        launched = playwright.chromium.launch(executable_path=find_browser(), args=list(ARGUMENTS))
        page = stack.enter_context(closing(launched)).new_page()
        page.set_default_timeout(PATIENCE_MS)
        sign_in(page, us)
        page.goto(f"{us.url}/requests/?view=open")
        expect(page.locator("#main .u-row-link").first).to_be_visible()
        took = [_took(page, us, token) for token in tokens]
    return figure(AREA, name, took, unit="ms", at_most=150)


def _took(page: Page, server: Server, token: str) -> float:
    """Milliseconds from a patron's press until the list of the other browser has changed."""
    press = open_decision(server, token)
    page.wait_for_timeout(QUIET_MS)
    page.evaluate(_WATCH)
    begun = SystemClock().now().timestamp()
    press()
    for _ in range(PATIENCE_MS // LOOK_MS):
        if seen := float(page.evaluate("window.benchSeen")):
            return seen - 1000 * begun
        page.wait_for_timeout(LOOK_MS)
    raise AssertionError("the other browser showed nothing new")


class _Redis:
    """A Redis of the bench's own, in memory only."""

    def __init__(self, program: str, folder: Path) -> None:
        self._port = free_port()
        command = [program, "--port", str(self._port), "--save", "", "--bind", "127.0.0.1"]
        self._process = Leashed(command, environ={}, log=folder / "redis.log", cwd=folder)

    def __enter__(self) -> str:
        return f"redis://127.0.0.1:{self._port}"

    def __exit__(self, *_error: object) -> None:
        self._process.stop()
