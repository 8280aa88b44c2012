"""The patron's page in a real browser: what it loads, and how soon a slow phone can decide.

Every visit is a first one: a context of its own, nothing cached, from the link in the mail. The
peer is the blank page of the same build, visited in turn.
"""

from __future__ import annotations

import gzip
import re
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.bench.decisions import pending
from tests.bench.project import serving
from tests.bench.report import Figure, figure, ratios
from tests.support.browser import ARGUMENTS, find_browser
from tests.support.factories import Desk
from tests.support.keyring import SECRET_KEYS, opened
from upstage_crm.core.clock import FrozenClock, SystemClock

VISITS = 5
KILOBYTE = 1000
# A cheap phone on a slow mobile network, as Lighthouse has it.
NETWORK = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 750_000 / 8,
}
SLOWER_CPU = 4
PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
PATIENCE_S = 30
LOOK_MS = 50

# Notes the moment at which `ready()` first holds; asked after every change of the document.
_WATCH = """
window.benchReadyAt = 0;
const ready = () => %s;
const look = () => {
  if (!window.benchReadyAt && ready()) window.benchReadyAt = performance.now();
};
const observer = new MutationObserver(look);
observer.observe(document, {subtree: true, childList: true, attributes: true});
document.addEventListener("DOMContentLoaded", look);
"""
_HYDRATED = 'document.querySelector("[data-hydrated=true]")'
_CAN_APPROVE = (
    f"{_HYDRATED} && [...document.querySelectorAll('button')].some(button => "
    "/^approve/i.test(button.textContent.trim()) && !button.disabled "
    "&& button.getAttribute('aria-disabled') !== 'true' && button.offsetParent)"
)
_HAS_FORM = "document.querySelector('form input[type=radio]') && document.readyState !== 'loading'"
_FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"


@dataclass(slots=True)
class Visit:
    """What one visit saw: seconds since it began, and every address that it asked for."""

    first_paint: float = 0
    ready: float = 0
    requests: list[str] = field(default_factory=list[str])
    document_bytes: int = 0


def measure(root: Path, bare: Path) -> list[Figure]:
    """Figures of the patron's page, its plain twin and the blank pages, on the built copies."""
    database = root / "var" / "bench.db"
    token = pending_link(f"sqlite:///{database}")
    settings = {"UPSTAGE_DATABASE_URL": f"sqlite:///{database}", "UPSTAGE_SECRET_KEYS": SECRET_KEYS}
    with serving(root, settings=settings) as server, sync_playwright() as playwright:
        launch = playwright.chromium.launch
        with closing(launch(executable_path=find_browser(), args=list(ARGUMENTS))) as browser:
            ways: dict[str, Callable[[], Visit]] = {
                "page": lambda: _visit(browser, f"{server.url}/c/{token}", _CAN_APPROVE),
                "blank": lambda: _visit(browser, f"{server.url}/blank/", _HYDRATED),
                "twin": lambda: _visit_twin(browser, server.url, token),
            }
            visits: dict[str, list[Visit]] = {name: [] for name in ways}
            for _ in range(VISITS):
                for name, way in ways.items():
                    visits[name].append(way())
    return [*_weights(root, bare, visits), *_times(visits)]


def pending_link(url: str) -> str:
    """Make one request that waits for its patron, and return the token of its mail."""
    database = opened(url)
    desk = Desk(database, FrozenClock(SystemClock().now()))
    claims = pending(desk, 1)
    database.dispose()
    return desk.codec.mint(claims[0])


def _visit(browser: Browser, url: str, ready: str) -> Visit:
    with closing(browser.new_context(**PHONE)) as context:
        return look(phone(context), url, ready)


def _visit_twin(browser: Browser, url: str, token: str) -> Visit:
    with closing(browser.new_context(**PHONE)) as context:
        # The way to the twin leads over the gate, which sets the cookie.
        gate = context.request.get(f"{url}/c/{token}", max_redirects=0)
        query = urlsplit(gate.headers["location"]).query
        return look(phone(context), f"{url}/confirm/plain?{query}", _HAS_FORM)


def phone(context: BrowserContext) -> Page:
    """A page of a slow phone."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE_S * 1000)
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", NETWORK)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER_CPU})
    return page


def look(page: Page, url: str, ready: str) -> Visit:
    """Open an address and wait until `ready`, an expression, holds."""
    seen = Visit()
    page.add_init_script(_WATCH % ready)
    page.on("request", lambda request: seen.requests.append(request.url))
    answer = page.goto(url, wait_until="commit")
    assert answer is not None
    assert answer.ok, f"{urlsplit(url).path[:12]} answered {answer.status}"
    _wait(page, "window.benchReadyAt")
    _wait(page, _FIRST_PAINT)
    page.wait_for_load_state("networkidle")
    seen.ready = float(page.evaluate("window.benchReadyAt")) / 1000
    seen.first_paint = float(page.evaluate(_FIRST_PAINT)) / 1000
    seen.ready = max(seen.ready, seen.first_paint)  # what is not painted cannot be pressed
    sizes = answer.request.sizes()
    seen.document_bytes = sizes["responseBodySize"]
    return seen


def _wait(page: Page, expression: str) -> None:
    """Wait until a number rises above 0; Playwright's own wait is stopped by the page's policy."""
    deadline = time.monotonic() + PATIENCE_S
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, f"{urlsplit(page.url).path} was never ready"
        page.wait_for_timeout(LOOK_MS)


def _weights(root: Path, bare: Path, visits: dict[str, list[Visit]]) -> list[Figure]:
    """Bytes of scripts and style sheets as they travel; what a page names counts as well."""
    page = _loaded(root, visits["page"][0], "confirm")
    blank = _loaded(root, visits["blank"][0], "blank")
    empty = {path for path in _named(bare, "blank") if path.suffix == ".js"}
    scripts, peers = _packed(page, ".js"), _packed(blank, ".js")
    area = "patron page, weight"
    return [
        figure(area, "scripts, gzip", [scripts], unit="kB"),
        figure(area, "scripts", [scripts / peers], against="blank page, same build", at_most=1.1),
        figure(area, "scripts", [scripts / _packed(empty, ".js")], against="blank page, bare app"),
        figure(area, "style sheets, gzip", [_packed(page, ".css")], unit="kB", at_most=12),
        figure(
            area,
            "style sheets",
            [_packed(page, ".css") / _packed(blank, ".css")],
            against="blank page, same build",
        ),
    ]


def _loaded(root: Path, visit: Visit, name: str) -> set[Path]:
    """Every built file that the browser asked for or that the page's document names."""
    folder = root / ".web" / "build" / "client"
    asked = {folder / urlsplit(url).path.lstrip("/") for url in visit.requests}
    return {path for path in asked if path.is_file()} | _named(root, name)


def _named(root: Path, name: str) -> set[Path]:
    folder = root / ".web" / "build" / "client"
    document = (folder / name / "index.html").read_text("utf-8")
    names = re.findall(r'["\'](/[\w./$-]+\.(?:js|css))["\']', document)
    return {path for path in (folder / name.lstrip("/") for name in names) if path.is_file()}


def _packed(paths: set[Path], suffix: str) -> float:
    """Kilobytes of the files of one kind, compressed as the server sends them."""
    total = 0
    for path in paths:
        if path.suffix == suffix:
            packed = path.with_name(f"{path.name}.gz")
            ready = packed.read_bytes() if packed.exists() else gzip.compress(path.read_bytes())
            total += len(ready)
    return total / KILOBYTE


def _times(visits: dict[str, list[Visit]]) -> list[Figure]:
    page, blank, twin = visits["page"], visits["blank"], visits["twin"]
    area, peer = "patron page, slow phone", "blank page, same build"
    beside = "plain twin, slow phone"
    documents = [visit.document_bytes / KILOBYTE for visit in twin]
    return [
        figure(area, "mail link to first paint", _paints(page), unit="s", at_most=1.0),
        figure(area, "first paint", ratios(_paints(page), _paints(blank)), against=peer),
        figure(area, "mail link to ready to decide", _readies(page), unit="s", at_most=2.5),
        figure(area, "ready", ratios(_readies(page), _readies(blank)), against=peer),
        figure(beside, "first paint, ready to decide", _readies(twin), unit="s", at_most=0.6),
        figure(beside, "ready", ratios(_readies(twin), _readies(page)), against="patron page"),
        figure(beside, "document as sent", documents, unit="kB", at_most=10),
        figure(beside, "requests", [len(visit.requests) for visit in twin], unit="", at_most=1),
    ]


def _paints(visits: Sequence[Visit]) -> list[float]:
    return [visit.first_paint for visit in visits]


def _readies(visits: Sequence[Visit]) -> list[float]:
    return [visit.ready for visit in visits]
