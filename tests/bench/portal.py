"""The portal as a buyer meets it: how large its pages are, how fast they are served, and seen.

The hall has 1,200 seats. Pages are asked for by many at once, as on the day of an on-sale; the slow
phone is that of `pages`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date, timedelta
from datetime import time as clock_time
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

from tests.bench.pages import PHONE, VISITS, Visit, look, phone
from tests.bench.patron import p95
from tests.bench.project import serving
from tests.bench.report import Figure, figure
from tests.support.browser import ARGUMENTS, find_browser
from tests.support.factories import Desk
from tests.support.keyring import SECRET_KEYS, opened
from upstage_crm.core.clock import FrozenClock, SystemClock
from upstage_crm.demo.season import prices
from upstage_crm.demo.season import venues as demo_venues
from upstage_crm.inventory import sale_steps
from upstage_crm.portal import addresses
from upstage_crm.programme import commands, queries
from upstage_crm.wiring import SALE_CHECKS

KILOBYTE = 1000
ROUNDS = 5
CALLERS = 8  # at once, each on one connection
CALLS = 150  # of each caller in a round
SIZES, SERVED, PHONES = "portal: what is sent", "portal: 8 callers at once", "portal: slow phone"
_FILES = re.compile(r'"(/whats-on/(?:files|plans)/[^"]+)"')
_EVENT_READY = "document.querySelector('.dates a') && document.readyState !== 'loading'"
_MAP_READY = "document.querySelector('#map[data-ready]')"


def measure(root: Path) -> list[Figure]:
    """Figures of one server on the built copy."""
    database = f"sqlite:///{root / 'var' / 'portal.db'}"
    event, performance = on_sale(database)
    settings = {"UPSTAGE_DATABASE_URL": database, "UPSTAGE_SECRET_KEYS": SECRET_KEYS}
    with serving(root, settings=settings) as server:
        return [
            *_sizes(server.url, event, performance),
            *_speeds(server.url, event, performance),
            *_seen(server.url, event, performance),
        ]


def on_sale(url: str) -> tuple[str, str]:
    """Put a concert in the hall of 1,200 seats on sale; its path, and that of its performance."""
    database = opened(url)
    desk = Desk(database, FrozenClock(SystemClock().now()))
    with database.transaction() as session:
        context = desk.staff_context(session, desk.owner)
        demo_venues.add(context)
        halls = {one.name.partition(",")[0]: one.id for one in queries.hall_choices(session)}
        texts = {"title": "Requiem", "genre": "Concert", "running_minutes": "90"}
        event = commands.add_event(context, typed=texts)
        first = date.fromisoformat(context.now.date().isoformat()) + timedelta(days=30)
        commands.add_performances(
            context,
            event_id=event,
            hall_id=halls["Concert Hall"],
            days=[first + timedelta(days=7 * week) for week in range(8)],
            at=clock_time(19, 30),
        )
        prices.add_prices(context, prices.setting_of(context), event_id=event, top=40)
        prices.add_windows(context, event_id=event, today=context.now.date(), weeks=0)
        ids = [one.id for one in queries.event(session, event).performances]
        sale_steps.put_on_sale(context, performance_ids=ids, checks=SALE_CHECKS)
        view = queries.event(session, event)
    database.dispose()
    return addresses.event_path(view), addresses.performance_path(view, view.performances[0])


def _sizes(url: str, event: str, performance: str) -> list[Figure]:
    with closing(_connected(url)) as line:
        page = _asked(line, performance, packed=False).decode()
        files = {path: len(_asked(line, path)) for path in set(_FILES.findall(page))}
        sheet = sum(size for path, size in files.items() if path.endswith(".css"))
        scripts = sum(size for path, size in files.items() if path.endswith("portal.mjs"))
        of_event = len(_asked(line, event)) + sheet + scripts
        of_performance = len(_asked(line, performance)) + sum(files.values())
        bits = len(_asked(line, f"{performance}seats", packed=False))
    return [
        figure(SIZES, "event page, gzip", [of_event / KILOBYTE], unit="kB", at_most=15),
        figure(
            SIZES, "page with 1,200 seats, gzip", [of_performance / KILOBYTE], unit="kB", at_most=30
        ),
        figure(SIZES, "availability", [bits], unit="B", at_most=500),
    ]


def _speeds(url: str, event: str, performance: str) -> list[Figure]:
    found: list[Figure] = []
    for words, path in (
        ("event page", event),
        ("page with 1,200 seats", performance),
        ("availability", f"{performance}seats"),
    ):
        rates, tails = [], []
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            with ThreadPoolExecutor(CALLERS) as pool:
                took = [one for each in pool.map(_calls, [(url, path)] * CALLERS) for one in each]
            rates.append(len(took) / (time.perf_counter() - begun))
            tails.append(p95(took) * 1000)
        is_event = path == event
        found += [
            figure(SERVED, words, rates, unit="a second", at_least=400 if is_event else None),
            figure(SERVED, f"{words}, p95", tails, unit="ms", at_most=20 if is_event else None),
        ]
    return found


def _seen(url: str, event: str, performance: str) -> list[Figure]:
    visits: dict[str, list[Visit]] = {"event": [], "performance": []}
    with sync_playwright() as playwright:
        launch = playwright.chromium.launch
        with closing(launch(executable_path=find_browser(), args=list(ARGUMENTS))) as browser:
            for _ in range(VISITS):
                for name, path, ready in (
                    ("event", event, _EVENT_READY),
                    ("performance", performance, _MAP_READY),
                ):
                    with closing(browser.new_context(**PHONE)) as context:
                        visits[name].append(look(phone(context), url + path, ready))
    paints = [visit.first_paint for visit in visits["event"]]
    readies = [visit.ready for visit in visits["performance"]]
    return [
        figure(PHONES, "event page, first paint", paints, unit="s", at_most=0.8),
        figure(PHONES, "1,200 seats, ready to pick", readies, unit="s", at_most=1.5),
    ]


def _calls(where: tuple[str, str]) -> Sequence[float]:
    url, path = where
    took: list[float] = []
    with closing(_connected(url)) as line:
        for _ in range(CALLS):
            begun = time.perf_counter()
            _asked(line, path)
            took.append(time.perf_counter() - begun)
    return took


def _connected(url: str) -> HTTPConnection:
    return HTTPConnection(urlsplit(url).netloc, timeout=60)


def _asked(line: HTTPConnection, path: str, *, packed: bool = True) -> bytes:
    line.request("GET", path, headers={"accept-encoding": "gzip" if packed else "identity"})
    answer = line.getresponse()
    content = answer.read()
    assert answer.status == 200, f"{path} answered {answer.status}"
    return content
