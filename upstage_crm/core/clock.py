"""The only place that reads the time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the present instant, UTC-aware."""

    def now(self) -> datetime:
        """The present instant."""
        ...


class SystemClock:
    """The machine's clock, cut to microseconds."""

    def now(self) -> datetime:
        """The present instant."""
        return datetime.now(UTC)


class FrozenClock:
    """A clock that moves only when told to; for tests and for the demo."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """The instant that was set last."""
        return self._at

    def set(self, at: datetime) -> None:
        """Jump to `at`, which must be UTC-aware."""
        self._at = at

    def advance(self, by: timedelta) -> datetime:
        """Move forward by `by` and return the new instant."""
        self._at += by
        return self._at
