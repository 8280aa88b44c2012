"""Gives back the memory of visitors who have gone.

Reflex keeps the state of a tab for a quarter of an hour after its last event, so that a reconnect
finds it. A tab in which no one is signed in has nothing to find: its page reads everything again.
So its state is dropped as soon as the tab has been away for `GRACE_S`; a stranger who opens and
closes connections cannot pile states up. With Redis, states are not in our memory.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import sys
from collections.abc import Callable, Container
from functools import cache
from typing import TYPE_CHECKING, Any

import reflex as rx
from reflex.istate.manager.memory import StateManagerMemory

if TYPE_CHECKING:
    from reflex.state import BaseState

EVERY_S = 5.0
GRACE_S = 30.0  # a phone between two networks comes back within it
KEPT = 300  # states of strangers who are away; beyond it the oldest go at once
MANY = 20  # visits ended since the last look: worth a collection of garbage


class Visits:
    """The states of one worker, and since when the tab of each has been away."""

    def __init__(
        self, manager: StateManagerMemory, *, is_signed_in: Callable[[BaseState], bool]
    ) -> None:
        # Its members are not public, but Reflex is pinned, and `tests/state` uses the real one.
        self._manager: Any = manager
        self._is_signed_in = is_signed_in
        self._away_since: dict[str, float] = {}

    def forget_gone(self, connected: Container[str], *, now: float) -> int:
        """Drop the states of strangers who are gone; return how many visits ended just now.

        `connected` holds the tokens of the tabs that are there, `now` is the loop's time. A state
        for which an event is being handled is left alone.
        """
        tokens: dict[str, Any] = {
            key: token
            for key, (_, token) in self._manager._token_expires_at.items()  # noqa: SLF001  # see `__init__`
        }
        away = [key for key, token in tokens.items() if token.ident not in connected]
        ended = sum(key not in self._away_since for key in away)
        self._away_since = {key: self._away_since.get(key, now) for key in away}
        idle = [key for key in away if self._is_idle(key, tokens[key].lock_key)]
        idle.sort(key=self._away_since.__getitem__)
        for place, key in enumerate(idle):
            is_surplus = place < len(idle) - KEPT
            if is_surplus or now - self._away_since[key] >= GRACE_S:
                self._manager._purge_token(tokens[key])  # noqa: SLF001  # see `__init__`
        return ended

    def _is_idle(self, key: str, lock_key: str) -> bool:
        """Whether no one is signed in there and no event is being handled."""
        lock = self._manager._states_locks.get(lock_key)  # noqa: SLF001  # see `__init__`
        is_busy = lock is not None and lock.locked()
        return not is_busy and not self._is_signed_in(self._manager.states[key])


async def forget_visits(app: rx.App, *, is_signed_in: Callable[[BaseState], bool]) -> None:
    """Drop what is no longer needed until cancelled; a lifespan task of every worker."""
    manager = app.state_manager
    if not isinstance(manager, StateManagerMemory):
        return
    visits, loop = Visits(manager, is_signed_in=is_signed_in), asyncio.get_running_loop()
    while True:
        await asyncio.sleep(EVERY_S)
        namespace = app.event_namespace
        if namespace and visits.forget_gone(namespace.token_to_sid, now=loop.time()) >= MANY:
            # A closed connection is a knot of tasks and traces that only the collector unties. What
            # was there before the fork is frozen (see `serve`), so there is little to search.
            gc.collect()
            await asyncio.to_thread(_return_memory)


def _return_memory() -> None:
    """Give the system what was freed; without this the allocator keeps it for the next visitors."""
    if trim := _trim():
        trim(0)


@cache
def _trim() -> Callable[[int], int] | None:
    """The allocator's own function for it; None where there is none (musl, macOS)."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        return ctypes.CDLL(None).malloc_trim
    except AttributeError:
        return None
