"""Writers of one SQLite file: served in the order in which they came, and sharing a commit.

SQLite has one writer at a time. Left to its own waiting, which sleeps and knows no order, some
callers wait for seconds while others pass. So a writer waits here, before it takes a connection of
the pool: readers always find one. Whoever leaves while somebody waits lets that one go on in the
same transaction, each in a savepoint, and all wait for the one commit; on a slow disk that is most
of what a write costs. Between processes a turnstile of two file locks keeps the order.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Connection, Engine, NestedTransaction
from sqlalchemy.exc import SQLAlchemyError

PATIENCE_S = 10.0
MOST_SHARING = 32
SHARING_S = 0.02  # after so long a group commits, however many wait
_ASK_AGAIN_S = 0.002


class WritersBusy(SQLAlchemyError):
    """Others wrote for longer than anybody waits."""


@dataclass(slots=True)
class _Group:
    """Writers who share one transaction. `error` is why none of them has written."""

    connection: Connection
    begun: float
    members: int = 0
    error: BaseException | None = None
    done: threading.Event = field(default_factory=threading.Event)


@dataclass(slots=True, eq=False)
class _Waiting:
    """One in the line. `turn` is held until the turn comes: a bare lock is handed over at once."""

    thread: int
    turn: threading.Lock = field(default_factory=threading.Lock)


class Writers:
    """The line in front of one SQLite file; `place` is None when no other process can have it."""

    def __init__(
        self, engine: Engine, place: Path | None, *, patience_s: float = PATIENCE_S
    ) -> None:
        self._engine = engine
        self._patience_s = patience_s
        self._turnstile = Turnstile(place, patience_s) if place else None
        self._guard = threading.Lock()
        self._line: deque[_Waiting] = deque()
        self._writing: int | None = None
        self._group: _Group | None = None

    @contextmanager
    def connection(self) -> Generator[Connection]:
        """A connection whose changes are committed when the block has ended, alone or with others.

        Raises:
            WritersBusy: the turn did not come.
            RuntimeError: this thread is writing already.
        """
        self._wait()
        try:
            group = self._join()
        except BaseException:
            self._hand_over(self._next())
            raise
        savepoint = group.connection.begin_nested() if group.members > 1 else None
        try:
            yield group.connection
            if savepoint is not None:
                savepoint.commit()
        except BaseException as error:
            _undo(group, savepoint, error)
            raise
        finally:
            self._leave(group)
        group.done.wait()
        if group.error is not None:
            raise group.error

    def close(self) -> None:
        """Give the turnstile's files back."""
        if self._turnstile is not None:
            self._turnstile.close()

    def _wait(self) -> None:
        me = _Waiting(threading.get_ident())
        with self._guard:
            if self._writing == me.thread:
                raise RuntimeError("a transaction inside a transaction")
            if self._writing is None:
                self._writing = me.thread
                return
            me.turn.acquire()
            self._line.append(me)
        if me.turn.acquire(timeout=self._patience_s):
            return
        with self._guard:
            if me in self._line:
                self._line.remove(me)
                raise WritersBusy
        # Else the turn was given to us in this very instant.

    def _join(self) -> _Group:
        if self._group is None:
            if self._turnstile is not None:
                self._turnstile.enter()
            try:
                connection = self._engine.connect()
                try:
                    connection.begin()
                except BaseException:
                    connection.close()
                    raise
            except BaseException:
                self._close_turnstile()
                raise
            self._group = _Group(connection, time.monotonic())
        self._group.members += 1
        return self._group

    def _leave(self, group: _Group) -> None:
        heir = self._next()
        is_over = group.error is not None or group.members >= MOST_SHARING
        if heir is None or is_over or time.monotonic() - group.begun > SHARING_S:
            self._end(group)
        self._hand_over(heir)

    def _end(self, group: _Group) -> None:
        try:
            transaction = group.connection.get_transaction()
            if group.error is not None or transaction is None:
                group.connection.rollback()
            else:
                transaction.commit()
        except BaseException as error:  # noqa: BLE001  # every member of the group raises it
            group.error = group.error or error
            with suppress(SQLAlchemyError):
                group.connection.rollback()
        finally:
            self._group = None
            with suppress(SQLAlchemyError):
                group.connection.close()
            self._close_turnstile()
            group.done.set()

    def _next(self) -> _Waiting | None:
        """Take out who comes next: who was taken out can no longer give up."""
        with self._guard:
            return self._line.popleft() if self._line else None

    def _hand_over(self, heir: _Waiting | None) -> None:
        with self._guard:
            if heir is None and self._line:
                heir = self._line.popleft()
            self._writing = heir.thread if heir else None
        if heir is not None:
            heir.turn.release()

    def _close_turnstile(self) -> None:
        if self._turnstile is not None:
            self._turnstile.leave()


def _undo(group: _Group, savepoint: NestedTransaction | None, error: BaseException) -> None:
    """Take back what one member did; the others' stays, unless SQLite has ended it all."""
    if savepoint is None:  # the first: there is nothing of anybody else yet
        with suppress(SQLAlchemyError):
            group.connection.rollback()
        group.error = error
        return
    try:
        if savepoint.is_active:  # a session has taken its own work back already
            savepoint.rollback()
    except SQLAlchemyError as failed:
        group.error = failed
    if not _is_open(group.connection):  # a full disk ends it all, and a commit would say nothing
        group.error = group.error or error


def _is_open(connection: Connection) -> bool:
    """Whether SQLite itself is still in the transaction."""
    driver: Any = connection.connection.driver_connection
    return bool(driver.in_transaction)


class Turnstile:
    """Lets the processes that write to one file take turns: who holds `next` comes next."""

    def __init__(self, place: Path, patience_s: float) -> None:
        self._places = [place.with_name(f"{place.name}-{name}") for name in ("next", "now")]
        self._patience_s = patience_s
        self._files: list[int] = []

    def enter(self) -> None:
        """Wait for this process's turn. Without a place for the locks nobody waits.

        Raises:
            WritersBusy: the turn did not come.
        """
        if not self._files:
            with suppress(OSError):  # SQLite will say what is wrong with the folder
                flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
                self._files = [os.open(place, flags, 0o600) for place in self._places]
        if not self._files:
            return
        until = time.monotonic() + self._patience_s
        next_, now = self._files
        _lock(next_, until)
        try:
            _lock(now, until)
        finally:
            fcntl.flock(next_, fcntl.LOCK_UN)

    def leave(self) -> None:
        """Let another process have its turn."""
        if self._files:
            fcntl.flock(self._files[1], fcntl.LOCK_UN)

    def close(self) -> None:
        """Give the files back."""
        while self._files:
            os.close(self._files.pop())


def _lock(file: int, until: float) -> None:
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise WritersBusy from None
            time.sleep(_ASK_AGAIN_S)
        else:
            return
