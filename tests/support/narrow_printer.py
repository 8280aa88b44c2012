"""A printer of our own, which reads the stream as a real one does and keeps what it cannot read."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import BinaryIO

ESC, GS, DLE = b"\x1b", b"\x1d", b"\x10"
_ARGUMENTS = {b"@": 0, b"t": 1, b"E": 1, b"a": 1, b"p": 3}  # bytes behind ESC and a letter


class Printed:
    """What is on the paper: `text`, the `codes` that were drawn, what was `done`, in order."""

    def __init__(self) -> None:
        self.text = ""
        self.codes: list[str] = []
        self.done: list[str] = []
        self.unread: list[bytes] = []

    def read(self, stream: BinaryIO, answer: Callable[[], None]) -> None:
        while byte := stream.read(1):
            if byte == ESC:
                self._escape(stream)
            elif byte == GS:
                self._group(stream)
            elif byte == DLE:
                stream.read(2)
                answer()
            else:
                self.text += byte.decode("cp858")

    def _escape(self, stream: BinaryIO) -> None:
        letter = stream.read(1)
        if letter not in _ARGUMENTS:
            self.unread.append(letter)
            return
        stream.read(_ARGUMENTS[letter])
        if letter == b"p":
            self.done.append("drawer")

    def _group(self, stream: BinaryIO) -> None:
        letter = stream.read(1)
        if letter == b"!":
            stream.read(1)
        elif letter == b"V":
            stream.read(2)
            self.done.append("cut")
        elif letter == b"(":
            stream.read(1)
            body = stream.read(int.from_bytes(stream.read(2), "little"))
            if body[1:2] == b"P":
                self.codes.append(body[3:].decode())
        else:
            self.unread.append(letter)


class NarrowPrinter:
    """Listens on this machine until the block ends. Without `paper` it says so; `mute`, nothing."""

    def __init__(self, *, paper: bool = True, mute: bool = False) -> None:
        self._paper, self._mute = paper, mute
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._server.getsockname()[:2]
        self.printed = Printed()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> NarrowPrinter:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(timeout=5)
        self._server.close()

    def _serve(self) -> None:
        connection, _ = self._server.accept()
        with connection, connection.makefile("rb") as stream:

            def answer() -> None:
                if not self._mute:
                    connection.sendall(bytes([0x12 if self._paper else 0x72]))

            self.printed.read(stream, answer)
