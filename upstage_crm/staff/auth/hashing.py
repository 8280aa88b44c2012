"""Where passwords are hashed: on two threads of their own, each with a short queue.

A hash takes 64 MB and a fifth of a second of the processor, on purpose. On the threads that all
requests share, two hundred sign-ins at once kept a patron's page waiting for 40 seconds. Here,
those for whom there is no room are told so at once, and patrons do not notice.

Strangers have one of the threads, and those who are known (a browser that signed in to the account
before, a live session, a mailed link) have the other: strangers cannot keep them out.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from enum import StrEnum
from typing import Final, TypeVar

from upstage_crm.staff.errors import PasswordsBusy

T = TypeVar("T")

QUEUE: Final = 8  # people at a time, the one whose password is being hashed included
SHARE: Final = 4  # of them from one place: a network, a browser, a link
RETRY_AFTER_S: Final = 5
_NICENESS: Final = 5  # the scheduler gives such a thread a third of what another one gets


class Lane(StrEnum):
    """Who waits in which queue."""

    KNOWN = "known"
    STRANGER = "stranger"


class Hashing:
    """The threads and queues of one process. Safe to share between threads."""

    def __init__(self, *, queue: int = QUEUE, share: int = SHARE) -> None:
        self._queue = queue
        self._share = share
        self._lock = threading.Lock()
        self._waiting: dict[Lane, Counter[str]] = {lane: Counter() for lane in Lane}
        self._threads = {
            lane: ThreadPoolExecutor(1, f"hashing-{lane}", initializer=_be_nice) for lane in Lane
        }

    @contextmanager
    def queue(self, lane: Lane, place: str) -> Generator[None]:
        """Hold a place in the queue for the length of the block.

        Raises:
            PasswordsBusy: the queue is full, or those from this place have their share of it.
        """
        waiting = self._waiting[lane]
        with self._lock:
            if waiting.total() >= self._queue or waiting[place] >= self._share:
                raise PasswordsBusy(seconds=RETRY_AFTER_S)
            waiting[place] += 1
        try:
            yield
        finally:
            with self._lock:
                waiting[place] -= 1
                if not waiting[place]:
                    del waiting[place]

    async def run(self, lane: Lane, work: Callable[[], T]) -> T:
        """Run `work` on the lane's thread; only for those who hold a place in its `queue`."""
        return await asyncio.get_running_loop().run_in_executor(self._threads[lane], work)


def _be_nice() -> None:
    """Let the other threads of this process go first; elsewhere `nice` is the whole process's."""
    if sys.platform == "linux":
        os.nice(_NICENESS)
