"""Answers that take as long whatever they found, so that their time tells nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from time import monotonic
from typing import TypeVar

TAKES_S = 0.4  # longer than any of the work; it also slows guessing

T = TypeVar("T")


async def evenly(work: Awaitable[T]) -> T:
    """Return what `work` comes to, or raise what it raises, no sooner than `TAKES_S` from now."""
    begun = monotonic()
    try:
        return await work
    finally:
        await asyncio.sleep(max(0.0, TAKES_S - (monotonic() - begun)))
