"""What all visitors see alike: made at most once in a while, and served from memory.

A value is made by one caller at a time. Meanwhile the others get the one of before, as long as it
is not too old; so a page that thousands look at costs one reading a second.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

STALE_S = 30.0  # how old a value may be while a new one is made

T = TypeVar("T")
_all: list[Memory[object]] = []


@dataclass(slots=True)
class _Entry(Generic[T]):
    value: T | None = None
    made_at: float = float("-inf")
    turn: threading.Lock = field(default_factory=threading.Lock)


class Memory(Generic[T]):
    """The newest value of each of `most` keys, each made anew after `life_s`. Thread-safe."""

    def __init__(self, *, life_s: float, most: int) -> None:
        self._life_s = life_s
        self._most = most
        self._entries: OrderedDict[Hashable, _Entry[T]] = OrderedDict()
        self._guard = threading.Lock()
        _all.append(self)  # pyright: ignore[reportArgumentType]  # only `forget` is called

    def fresh(self, key: Hashable, *, life_s: float | None = None) -> T | None:
        """The value if it need not be made anew, without waiting; None otherwise."""
        entry, life_s = self._entries.get(key), self._life(life_s)
        if entry is None or time.monotonic() - entry.made_at > life_s:
            return None
        return entry.value

    def get(self, key: Hashable, make: Callable[[], T], *, life_s: float | None = None) -> T:
        """The value, made now if it is too old; `life_s` is another limit for this caller."""
        entry, life_s = self._entry(key), self._life(life_s)
        if entry.value is not None and time.monotonic() - entry.made_at <= life_s:
            return entry.value
        is_usable = entry.value is not None and time.monotonic() - entry.made_at <= STALE_S
        if not entry.turn.acquire(blocking=not is_usable):
            assert entry.value is not None  # as `is_usable` says
            return entry.value
        try:
            if entry.value is not None and time.monotonic() - entry.made_at <= life_s:
                return entry.value  # another caller was first
            made_at = time.monotonic()
            entry.value = make()
            entry.made_at = made_at
            return entry.value
        finally:
            entry.turn.release()

    def forget(self) -> None:
        """Make everything anew when it is asked for next."""
        with self._guard:
            self._entries.clear()

    def _life(self, wished: float | None) -> float:
        return self._life_s if wished is None else wished

    def _entry(self, key: Hashable) -> _Entry[T]:
        with self._guard:
            entry = self._entries.get(key)
            if entry is None:
                entry = self._entries[key] = _Entry()
                while len(self._entries) > self._most:
                    self._entries.popitem(last=False)
            else:
                self._entries.move_to_end(key)
            return entry


def forget_all() -> None:
    """Forget every value of the process; for tests, which move the clock."""
    for memory in _all:
        memory.forget()
