"""How often a visitor, and a network, may do what costs others something. In memory.

A bot that holds and lets go takes seats from people, so it is slowed. Each process counts for
itself, on the event loop and its threads.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from upstage_crm.portal.errors import TooOften

MOST_KEYS: Final = 20_000  # of visitors and networks that are remembered at a time
LOG_EVERY_S: Final = 60.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limit:
    """So many times in so many seconds, for one visitor and for one network."""

    what: str
    of_visitor: int
    of_network: int
    within_s: float


HOLDS: Final = Limit("holds", 40, 400, 600.0)
PAYMENTS: Final = Limit("payments", 10, 60, 600.0)
LETTING_GO: Final = Limit("letting_go", 12, 120, 600.0)  # of what was held
OFFERS: Final = Limit("offers", 20, 60, 600.0)
LOOKUPS: Final = Limit("lookups", 8, 30, 600.0)
SIGN_INS: Final = Limit("sign_ins", 8, 30, 600.0)
ADDRESSES: Final = Limit("addresses", 5, 5, 600.0)  # from anywhere, for one address
WAITING: Final = Limit("waiting", 8, 30, 600.0)
DOWNLOADS: Final = Limit("downloads", 10, 30, 600.0)
CODES: Final = Limit("codes", 20, 100, 600.0)


class Pace:
    """Counts what was done lately. Thread-safe."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._done: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()
        self._guard = threading.Lock()
        self._silent_until = 0.0
        self.refused = 0
        self._tripped: Counter[str] = Counter()

    def count(self, limit: Limit, *, visitor: str, network: str) -> None:
        """Count one more; an empty visitor is one that is new, and counts by its network.

        Raises:
            TooOften: there were too many lately.
        """
        keys = ((f"n:{network}", limit.of_network), (f"v:{visitor}", limit.of_visitor))
        with self._guard:
            now = self._now()
            wanted = [
                (self._lately((limit.what, key), now - limit.within_s), most)
                for key, most in keys
                if key != "v:"
            ]
            if any(len(done) >= most for done, most in wanted):
                self._refuse(limit, now)
            for done, _ in wanted:
                done.append(now)

    def note(self, limit: Limit, *, visitor: str, network: str) -> None:
        """Count one more that is not refused by itself: `ensure` asks for it later."""
        with self._guard:
            now = self._now()
            for key in (f"n:{network}", f"v:{visitor}"):
                if key != "v:":
                    self._lately((limit.what, key), now - limit.within_s).append(now)

    def ensure(self, limit: Limit, *, visitor: str, network: str) -> None:
        """Refuse where too many were noted lately.

        Raises:
            TooOften: there were.
        """
        keys = ((f"n:{network}", limit.of_network), (f"v:{visitor}", limit.of_visitor))
        with self._guard:
            now = self._now()
            for key, most in keys:
                if key == "v:":
                    continue
                if len(self._lately((limit.what, key), now - limit.within_s)) >= most:
                    self._refuse(limit, now)

    def carry(self, before: str, after: str) -> None:
        """Let what a visitor did count for the new secret that the same browser has now."""
        with self._guard:
            for what, key in [known for known in self._done if known[1] == f"v:{before}"]:
                self._done[what, f"v:{after}"] = self._done.pop((what, key))

    def tripped(self) -> dict[str, int]:
        """How often each limit refused since this was asked last."""
        with self._guard:
            found = dict(self._tripped)
            self._tripped.clear()
            return found

    def forget(self) -> None:
        """Count from nothing; for tests."""
        with self._guard:
            self._done.clear()
            self._tripped.clear()

    def _lately(self, key: tuple[str, str], since: float) -> deque[float]:
        done = self._done.setdefault(key, deque())
        self._done.move_to_end(key)
        while done and done[0] <= since:
            done.popleft()
        while len(self._done) > MOST_KEYS:
            self._done.popitem(last=False)
        return done

    def _refuse(self, limit: Limit, now: float) -> None:
        self.refused += 1
        self._tripped[limit.what] += 1
        if now >= self._silent_until:  # a flood must not become one of the log
            self._silent_until = now + LOG_EVERY_S
            _log.warning(
                "visitors of the portal were slowed",
                extra={"event": "portal_slowed", "count": self.refused, "what": limit.what},
            )
        raise TooOften


pace = Pace()
