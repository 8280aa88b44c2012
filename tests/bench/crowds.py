"""What a crowd of strangers costs a patron: time beside their sign-ins, memory of their websockets.

The strangers' addresses differ, as those of an attacker with many machines do.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode

from tests.bench.pages import pending_link
from tests.bench.patron import Patron, p95
from tests.bench.project import Started, serving
from tests.bench.report import Figure, figure, ratios
from tests.bench.start import memory_of
from tests.support.keyring import SECRET_KEYS
from tests.support.raw_http import FORM, Answer, exchange, written
from tests.support.server import Server
from tests.support.wire import Refused, Wire
from upstage_crm.web.visits import EVERY_S, GRACE_S

ROUNDS = 5
SIGN_INS = 200  # at once
LOOKS = 40  # of the patron, without the crowd
WEBSOCKETS = 1_150
PATIENCE_S = 60
TIME, MEMORY = "patron beside 200 sign-ins", "1,150 websockets of strangers"
HYDRATE = {
    "name": "reflex___state____state.hydrate",
    "payload": {},
    "router_data": {"pathname": "/sign-in", "asPath": "/sign-in/", "query": {}},
}


def measure(root: Path) -> list[Figure]:
    """Figures of one server on the built copy."""
    database = f"sqlite:///{root / 'var' / 'crowds.db'}"
    token = pending_link(database)
    settings = {
        "UPSTAGE_DATABASE_URL": database,
        "UPSTAGE_SECRET_KEYS": SECRET_KEYS,
        "UPSTAGE_TRUSTED_PROXIES": "127.0.0.1",
    }
    with serving(root, settings=settings) as started:
        server = Server(started.url, database, started.process)
        patron = Patron(server, token)
        return [*_times(server, patron), *_memory(started, server)]


def _times(server: Server, patron: Patron) -> list[Figure]:
    alone: list[float] = []
    beside: list[float] = []
    for turn in range(ROUNDS):
        alone.append(p95(patron.looks(LOOKS)))
        with ThreadPoolExecutor(SIGN_INS) as pool:
            crowd = [pool.submit(_sign_in, server, turn, number) for number in range(SIGN_INS)]
            beside.append(p95(list(_while_they_wait(patron, crowd))))
        assert {one.result().status for one in crowd} <= {303, 503}
    return [
        figure(TIME, "page, p95", beside, unit="ms", at_most=200),
        figure(TIME, "page, p95", ratios(beside, alone), against="without them"),
    ]


def _while_they_wait(patron: Patron, crowd: list[Future[Answer]]) -> Iterator[float]:
    yield patron.look()
    while not all(one.done() for one in crowd):
        yield patron.look()


def _sign_in(server: Server, turn: int, number: int) -> Answer:
    form = {"email": f"nobody{number}@theatre.example", "password": "a" * 20}
    raw = written(
        server,
        "/auth/sign-in",
        method="POST",
        body=urlencode(form),
        Origin=server.url,
        Content_Type=FORM,
        X_Forwarded_For=f"198.{18 + turn}.{number}.7",
    )
    return exchange(server, raw, silence_s=PATIENCE_S)


def _memory(started: Started, server: Server) -> list[Figure]:
    before = memory_of(started)
    if not before:
        return []
    wires: list[Wire] = []
    for number in range(WEBSOCKETS):
        address = f"198.51.{number % 250}.7"
        with suppress(Refused):
            wire = Wire(server, token=f"tab {number}", headers=[("X-Forwarded-For", address)])
            wire.join({"event": HYDRATE})
            wires.append(wire)
    held = memory_of(started)
    for wire in wires:
        wire.close()
    time.sleep(GRACE_S + 2 * EVERY_S)
    after = memory_of(started)
    return [
        figure(MEMORY, "accepted", [len(wires)], unit=""),
        figure(MEMORY, "memory while they are open", [held - before], unit="MB more", at_most=80),
        figure(MEMORY, "memory when they have gone", [after - before], unit="MB more", at_most=30),
    ]
