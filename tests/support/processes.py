"""Processes that end with the tests, whatever ends the tests."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

LEASH = Path(__file__).with_name("leash.py")
PATIENCE_S = 120  # longer than a busy machine takes; what takes longer hangs
_PAUSE_S = 0.02


def free_port() -> int:
    """Return a port of 127.0.0.1 that no process listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Leashed:
    """A running command with its output in a file.

    It runs as `user`, when given; the folder `remove` goes when it has ended.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        log: Path,
        environ: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stop_with: signal.Signals = signal.SIGTERM,
        grace_s: float = 5,
        user: str = "",
        remove: Path | None = None,
    ) -> None:
        self.log = log
        self._output: IO[bytes] = log.open("wb")
        self._process = subprocess.Popen(
            [
                sys.executable,
                LEASH,
                str(int(stop_with)),
                str(grace_s),
                user,
                remove or "",
                *command,
            ],
            stdin=subprocess.PIPE,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            env=dict(environ) if environ is not None else None,
            cwd=cwd,
        )

    @property
    def output(self) -> str:
        """What the command has said so far."""
        return self.log.read_text("utf-8", errors="replace")

    def wait_until(self, is_ready: Callable[[], bool], *, within_s: float = PATIENCE_S) -> None:
        """Return when `is_ready` holds; fail with the command's output when it ended or hung."""
        deadline = time.monotonic() + within_s
        while not is_ready():
            if self._process.poll() is not None:
                raise AssertionError(f"ended with {self.stop()}:\n{self.output}")
            if time.monotonic() > deadline:
                self.stop()
                raise AssertionError(f"not ready after {within_s} s:\n{self.output}")
            time.sleep(_PAUSE_S)

    @property
    def has_ended(self) -> bool:
        """Whether the command has ended by its own."""
        return self._process.poll() is not None

    def stop(self) -> int:
        """End the command and return its exit code."""
        if self._process.stdin and not self._process.stdin.closed:
            self._process.stdin.close()
        code = self._process.wait()  # the leash kills what does not end, then removes a folder
        self._output.close()
        return code


def without_settings(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return `environ` without anything that would change how our server starts."""
    ours = ("UPSTAGE_", "RESEND_", "REDIS_", "REFLEX_", "__REFLEX", "GRANIAN_")
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith(ours) and name != "PORT"
    }
