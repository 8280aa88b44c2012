"""A storm over the outbox: workers that are killed, a provider that fails, time that flies.

`python -m tests.support.storm DATABASE PROVIDER BEGAN SPEED [without-key]` is one worker: the real
dispatcher with the real SDK, on a clock that runs `SPEED` times as fast as the machine's, so that
leases and waits of minutes pass in seconds. It ends when nothing is left to send.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import resend

from tests.support.emulator import API_KEY
from tests.support.keyring import attach
from tests.support.outbox import CODEC, anywhere
from upstage_crm.core.clock import SystemClock
from upstage_crm.core.db import Database, make_engine
from upstage_crm.mail import queries
from upstage_crm.mail.sending.dispatcher import Dispatcher
from upstage_crm.mail.sending.resend_sender import ResendSender

SPEED = 60.0
TIMEOUT_S = (0.5, 0.5)
FAULTS = 0.3  # of all requests
_PAUSE_S = 0.02


class FlyingClock:
    """A clock that every worker of one storm shares: it began at one instant and runs fast."""

    def __init__(self, began: float, speed: float) -> None:
        self._began, self._speed = began, speed

    def now(self) -> datetime:
        flown = (SystemClock().now().timestamp() - self._began) * self._speed
        return datetime.fromtimestamp(self._began, UTC) + timedelta(seconds=flown)


def work(url: str, provider: str, began: str, speed: str, *how: str) -> None:
    """Send until nothing is left."""
    if "without-key" in how:
        real = resend.Emails.send
        resend.Emails.send = lambda params, options=None: real(params)
    database = attach(Database(make_engine(url)))
    sender = ResendSender(api_key=API_KEY, api_url=provider, timeout_s=TIMEOUT_S, deadline_s=2)
    clock = FlyingClock(float(began), float(speed))
    worker = Dispatcher(database, sender, CODEC, clock, mailboxes_of=anywhere)
    while True:
        with database.reading() as session:
            if not queries.health(session, now=clock.now()).queued:
                return
        if not worker.run_once():
            time.sleep(_PAUSE_S)


@dataclass
class Weather:
    """What the provider was asked, and what it took. `taken` counts each mail by our id."""

    url: str = ""
    requests: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)


class _Provider(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, seed: int, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _Door)
        self.weather = Weather(url=f"http://127.0.0.1:{self.server_address[1]}")
        self.luck = random.Random(seed)
        self.upstream = upstream
        self.answers: dict[str, bytes] = {}
        self.lock = threading.Lock()


class _Door(BaseHTTPRequestHandler):
    """Fails before or after it took a mail, as a provider does; forwards when there is another."""

    server: _Provider
    protocol_version = "HTTP/1.0"

    def do_POST(self) -> None:
        server, weather = self.server, self.server.weather
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        with server.lock:
            weather.requests += 1
            drawn = server.luck.random()
        fault = ""
        if drawn < FAULTS:
            fault = ("before", "slow down", "cut", "late")[int(drawn / FAULTS * 4)]
            weather.faults[fault] += 1
        if fault == "before":
            self._answer(500, b'{"name": "application_error", "message": "down"}')
        elif fault == "slow down":
            self._answer(429, b'{"name": "rate_limit_exceeded"}', {"retry-after": "1"})
        else:
            status, answer = self._take(body)
            if fault == "late":
                time.sleep(TIMEOUT_S[1] * 1.5)
            if fault:
                self.close_connection = True  # it is taken, and no one hears of it
                return
            self._answer(status, answer)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _take(self, body: bytes) -> tuple[int, bytes]:
        key = self.headers.get("idempotency-key", "")
        if self.server.upstream:
            return self._forward(body, key)
        tags = {tag["name"]: tag["value"] for tag in json.loads(body)["tags"]}
        with self.server.lock:
            if key and key in self.server.answers:
                return 200, self.server.answers[key]
            self.server.weather.taken[tags["outbox_id"]] += 1
            answer = json.dumps({"id": f"re_{sum(self.server.weather.taken.values())}"}).encode()
            if key:
                self.server.answers[key] = answer
            return 200, answer

    def _forward(self, body: bytes, key: str) -> tuple[int, bytes]:
        headers = {"authorization": f"Bearer {API_KEY}", "content-type": "application/json"}
        if key:
            headers["idempotency-key"] = key
        request = urllib.request.Request(f"{self.server.upstream}/emails", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=5) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def _answer(self, status: int, body: bytes, more: dict[str, str] | None = None) -> None:
        self.send_response(status)
        headers = {"content-type": "application/json", "ratelimit-limit": "10", **(more or {})}
        for name, value in (headers | {"content-length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def provider(seed: int, *, upstream: str = "") -> Generator[Weather]:
    """Give a provider that fails three times in ten, in front of `upstream` if there is one."""
    server = _Provider(seed, upstream)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.weather
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def rage(
    url: str,
    weather: Weather,
    *,
    workers: int,
    kills: int,
    seed: int,
    within_s: float,
    how: str = "",
) -> int:
    """Let workers run and kill them at random until all is sent; return how many were killed."""
    luck, killed = random.Random(seed), 0
    began, ends_at = SystemClock().now().timestamp(), time.monotonic() + within_s
    command = [sys.executable, "-m", "tests.support.storm", url, weather.url, str(began)]
    command += [str(SPEED), *([how] if how else [])]

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL)

    running = [start() for _ in range(workers)]
    try:
        while running:
            assert time.monotonic() < ends_at, "the storm does not end"
            victim = luck.choice(running)
            try:
                code = victim.wait(timeout=0.2 + luck.random())
            except subprocess.TimeoutExpired:
                if killed < kills:
                    victim.send_signal(signal.SIGKILL)
                    victim.wait()
                    killed += 1
                    running[running.index(victim)] = start()
                continue
            assert code == 0, code
            running.remove(victim)
    finally:
        for process in running:
            process.kill()
            process.wait()
    return killed


def emulator_count(url: str) -> Counter[str]:
    """How many mails the emulator holds for each id of ours."""
    request = urllib.request.Request(
        f"{url}/emails?limit=10000", headers={"Authorization": f"Bearer {API_KEY}"}
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        listed: list[dict[str, Any]] = json.load(response)["data"]
    return Counter(str(mail.get("subject")) for mail in listed)


if __name__ == "__main__":
    work(*sys.argv[1:])
