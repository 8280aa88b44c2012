"""Ends websockets that fill the memory with messages they never finish.

The web server keeps an unfinished message of a websocket, up to 64 MB, where our code neither sees
nor limits it. Who is in the middle of one cannot answer: so when memory has grown too much, every
open websocket is asked whether it is there. A browser answers at once, and who does not is dropped.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

ROOM_MB: Final = 300  # that a worker may grow before it asks; all websockets together need 260
EVERY_S: Final = 1.0
ANSWER_WITHIN_S: Final = 2.0
PAUSE_S: Final = 30.0  # after a call that found no tab silent: the memory is needed elsewhere
PING: Final = "2"  # engine.io's "are you there?"; the answer is "3"

_MEMORY = Path("/proc/self/statm")  # Linux alone tells it
_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Line:
    """An open websocket, and whether it said something since it was asked."""

    send: Send
    serving: asyncio.Task[None]
    is_heard: bool = True


class RollCall:
    """The open websockets of one worker."""

    def __init__(self, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._pause = pause
        self._lines: set[_Line] = set()

    def around(self, app: ASGIApp) -> ASGIApp:
        """Wrap `app` so that its websockets are known here."""

        async def known(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "websocket":
                await app(scope, receive, send)
                return

            async def hear() -> Message:
                message = await receive()
                line.is_heard = True
                return message

            async def serve() -> None:
                await app(scope, hear, send)

            line = _Line(send, asyncio.create_task(serve()))
            self._lines.add(line)
            try:
                await line.serving
            except asyncio.CancelledError:
                if line in self._lines:  # it was not dropped here: the server is ending
                    raise
            finally:
                self._lines.discard(line)

        return known

    async def take(self) -> int:
        """Ask every websocket, drop those that say nothing in time, and return how many."""
        asked = list(self._lines)
        for line in asked:
            line.is_heard = False
        # Nothing can be sent to one in the middle of a message, so this must not be waited for.
        asking = [asyncio.create_task(_ask(line)) for line in asked]
        await self._pause(ANSWER_WITHIN_S)
        for task in asking:
            task.cancel()
        silent = [line for line in asked if not line.is_heard and line in self._lines]
        for line in silent:
            self._lines.discard(line)
            line.serving.cancel()  # what it has begun is then forgotten
        return len(silent)

    async def watch(self) -> None:
        """Take the roll whenever this worker has grown too much, until cancelled."""
        begun_with = _resident_mb()
        if begun_with is None:
            return
        while True:
            await asyncio.sleep(EVERY_S)
            if (_resident_mb() or 0) <= begun_with + ROOM_MB:
                continue
            dropped = await self.take()
            _log.warning(
                "memory has grown too much: silent websockets were ended",
                extra={"event": "roll_call", "count": dropped},
            )
            if not dropped:
                await asyncio.sleep(PAUSE_S)


async def _ask(line: _Line) -> None:
    with suppress(Exception):  # it may have ended in between
        await line.send({"type": "websocket.send", "text": PING})


def _resident_mb() -> float | None:
    """The memory of this process; None where the system does not tell."""
    try:
        pages = int(_MEMORY.read_text("ascii").split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_048_576
