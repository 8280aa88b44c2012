"""Threads for writers: who waits for a turn to write holds up no page that only reads."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

MOST_WRITERS = 32  # as many as share a commit

P = ParamSpec("P")
T = TypeVar("T")

_writers = ThreadPoolExecutor(MOST_WRITERS, thread_name_prefix="writer")


async def to_writer_thread(work: Callable[P, T], /, *args: P.args, **options: P.kwargs) -> T:
    """As `asyncio.to_thread`, for work that writes to the database."""
    context = contextvars.copy_context()
    run = partial(context.run, work, *args, **options)
    return await asyncio.get_running_loop().run_in_executor(_writers, run)
