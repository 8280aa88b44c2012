"""A patron who opens the plain page again and again while the server works for others."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

from tests.support.raw_http import ask
from tests.support.server import Server

NETWORK = "203.0.113.9"


class Patron:
    """The patron who got the mail with `token`, on a network of their own."""

    def __init__(self, server: Server, token: str) -> None:
        opened = ask(server, f"/c/{token}")
        self._server = server
        self._page = opened.location.replace("/confirm/", "/confirm/plain", 1)
        self._cookie = opened.cookies[0].partition(";")[0]

    def look(self) -> float:
        """How many milliseconds the page took."""
        begun = time.perf_counter()
        answer = ask(self._server, self._page, Cookie=self._cookie, X_Forwarded_For=NETWORK)
        assert answer.status == 200, answer.status
        return 1000 * (time.perf_counter() - begun)

    def looks(self, count: int) -> list[float]:
        """`count` looks, one after the other."""
        return [self.look() for _ in range(count)]


def p95(samples: Sequence[float]) -> float:
    """What 95 of 100 samples stay under."""
    return statistics.quantiles(samples, n=20)[-1] if len(samples) > 1 else samples[0]
