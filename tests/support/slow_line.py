"""A line between browser and server that takes its time: a round trip as over half the world.

A browser can be told to wait for its requests, but not for what comes over its websocket.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

CHUNK = 65_536


class SlowLine:
    """Passes on what comes to `port`, each piece half a round trip after it came.

    `target` is the port of the server; both numbers may change while it runs.
    """

    def __init__(self) -> None:
        self.round_trip_s = 0.0
        self.port = 0
        self.target = 0
        self._is_cut = False
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._listens = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._listens.wait()

    def cut(self) -> None:
        """Drop every connection, and let none through until `mend`."""
        self._is_cut = True
        for writer in list(self._open):
            self._loop.call_soon_threadsafe(writer.transport.abort)

    def mend(self) -> None:
        """Let connections through again."""
        self._is_cut = False

    def stop(self) -> None:
        """Close every connection."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", self.port)
        )
        self.port = server.sockets[0].getsockname()[1]
        self._listens.set()
        self._loop.run_forever()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        server.close()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.close()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self.target)
        self._open |= {writer, back}
        await asyncio.gather(
            self._pass_on(reader, back), self._pass_on(there, writer), return_exceptions=True
        )
        self._open -= {writer, back}

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read at once, and write each piece when it is due: nothing waits for what is before."""
        due: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def write() -> None:
            while True:
                at, piece = await due.get()
                await asyncio.sleep(max(0.0, at - self._loop.time()))
                if not piece:
                    writer.close()
                    return
                writer.write(piece)
                await writer.drain()

        writing = asyncio.create_task(write())
        piece = b"-"
        while piece:
            try:
                piece = await reader.read(CHUNK)
            except OSError:
                piece = b""
            due.put_nowait((self._loop.time() + self.round_trip_s / 2, piece))
        await writing


@contextmanager
def slow_line() -> Iterator[SlowLine]:
    """Give a line for the length of the block."""
    line = SlowLine()
    try:
        yield line
    finally:
        line.stop()
