"""Says that the server is ready, once, and only when it answers.

Several workers are forked from one supervisor. The byte in a pipe decides which of them speaks.
"""

from __future__ import annotations

import asyncio
import os
import sys

# Handed on to the workers; not settings, which begin with UPSTAGE_.
_PIPE = "_UPSTAGE_READY_PIPE"
_HOST = "_UPSTAGE_READY_HOST"
_PORT = "_UPSTAGE_READY_PORT"
_TEXT = "_UPSTAGE_READY_TEXT"
_PAUSE_S = 0.02
_TRIES = 1_500  # half a minute


def arm(*, host: str, port: int, text: str) -> None:
    """Let the first worker that answers on `host` and `port` print `text`."""
    reader, writer = os.pipe()
    os.set_inheritable(reader, True)
    os.set_blocking(reader, False)
    os.write(writer, b"1")
    os.close(writer)
    os.environ.update({_PIPE: str(reader), _HOST: host, _PORT: str(port), _TEXT: text})


async def announce_when_ready() -> None:
    """Print the armed text as soon as `/health` answers; a lifespan task of every worker."""
    text = os.environ.get(_TEXT, "")
    if not text or not _is_first():
        return
    host, port = os.environ[_HOST], int(os.environ[_PORT])
    for _ in range(_TRIES):
        if status := await _health(host, port):
            print(text, flush=True)  # noqa: T201  # what the person at the terminal waits for
            if status != b"200":
                print(  # noqa: T201  # see above
                    "Warning: /health reports a problem.", file=sys.stderr, flush=True
                )
            return
        await asyncio.sleep(_PAUSE_S)


def _is_first() -> bool:
    try:
        return os.read(int(os.environ[_PIPE]), 1) == b"1"
    except OSError:
        # Spawned instead of forked (macOS): no pipe came along, and there is one worker.
        return True


async def _health(host: str, port: int) -> bytes:
    """Return the status of `/health`, empty while no server answers."""
    try:
        reader, writer = await asyncio.open_connection(host, port)
    except OSError:
        return b""
    try:
        writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        await writer.drain()
        line = await reader.readline()
        return line.split(b" ")[1] if line.startswith(b"HTTP/") else b""
    except (OSError, IndexError):
        return b""
    finally:
        writer.close()
