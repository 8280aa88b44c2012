"""Writers of a SQLite file: served in the order in which they came, and sharing a commit.

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
    """Others wrote for longer than a writer waits."""


class CommitLost(SQLAlchemyError):
    """What several writers shared was not committed. The fault may be another writer's: try again.

    `orig` is the database's own error, or None when it has said nothing.
    """

    def __init__(self, reason: BaseException) -> None:
        super().__init__("the shared transaction was not committed")
        self.orig = getattr(reason, "orig", None)


class _TransactionGone(SQLAlchemyError):
    """SQLite has ended the transaction, and a caller has passed over the error that said so."""


@dataclass(slots=True)
class _Group:
    """Writers who share one transaction. `error` is why none of them has written."""

    connection: Connection
    driver: Any  # SQLite's own connection: it knows whether it still is in the transaction
    begun: float = field(default_factory=time.monotonic)
    members: int = 0
    error: BaseException | None = None
    done: threading.Event = field(default_factory=threading.Event)

    @property
    def is_over(self) -> bool:
        """Whether the next writer begins another one."""
        is_late = time.monotonic() - self.begun > SHARING_S
        return self.error is not None or self.members >= MOST_SHARING or is_late

    @contextmanager
    def savepoint(self) -> Generator[None]:
        """Let one member write. What fails is taken back; what the others wrote stays."""
        savepoint: NestedTransaction | None = None
        try:
            if self.members > 1:
                savepoint = self.connection.begin_nested()
            yield
            if savepoint is not None:
                savepoint.commit()
            if not self.driver.in_transaction:  # what comes next would be kept without a commit
                raise _TransactionGone
        except BaseException as error:
            self._undo(savepoint, error)
            raise

    def _undo(self, savepoint: NestedTransaction | None, error: BaseException) -> None:
        if self.members == 1:  # nothing else is written yet
            self.error = error
            return
        try:
            if (
                savepoint is not None and savepoint.is_active
            ):  # a session has taken its own work back already
                savepoint.rollback()
        except Exception:  # noqa: BLE001  # whatever it is, the others' work cannot be kept
            self.error = error
        if not self.driver.in_transaction:  # a full disk ends it all, and a commit says nothing
            self.error = error


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
        self._turnstile = Turnstile(place, patience_s)
        self._guard = threading.Lock()
        self._line: deque[_Waiting] = deque()
        self._writing: int | None = None
        self._group: _Group | None = None

    @contextmanager
    def connection(self) -> Generator[Connection]:
        """A connection whose changes are committed when the block has ended, alone or with others.

        No writer goes on before that commit, not even one who was refused: what it has read may
        have been another's work, and is true only once it is kept.

        Raises:
            WritersBusy: the turn did not come.
            CommitLost: the transaction was lost, perhaps through another writer.
            RuntimeError: this thread is writing already.
        """
        self._wait()
        group = self._join()
        try:
            with group.savepoint():
                yield group.connection
        except BaseException as error:
            self._leave(group)
            if group.error is not None and group.error is not error:
                raise CommitLost(group.error) from error
            raise
        self._leave(group)
        if group.error is not None and group.members == 1:
            raise group.error
        if group.error is not None:
            raise CommitLost(group.error) from group.error

    @contextmanager
    def silence(self) -> Generator[None]:
        """A turn in which no writer has a transaction open, in this process or another."""
        self._wait()
        try:
            if self._group is not None:
                self._end(self._group)
            self._turnstile.enter()
            try:
                yield
            finally:
                self._turnstile.leave()
        finally:
            self._hand_over(self._next())

    def close(self) -> None:
        """Give the turnstile's files back."""
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
        me.turn.acquire()  # taken out of the line already: it comes when the last one has committed

    def _join(self) -> _Group:
        try:
            if self._group is None:
                # The connection first: other processes must not wait while the pool has none.
                connection = self._engine.connect()
                try:
                    self._turnstile.enter()
                    connection.begin()
                    self._group = _Group(connection, connection.connection.driver_connection)
                except BaseException:
                    self._turnstile.leave()
                    connection.close()
                    raise
        except BaseException:
            self._hand_over(self._next())
            raise
        self._group.members += 1
        return self._group

    def _leave(self, group: _Group) -> None:
        heir = self._next()
        try:
            if heir is None or group.is_over:
                self._end(group)
        finally:
            self._hand_over(heir)
        group.done.wait()

    def _end(self, group: _Group) -> None:
        try:
            transaction = group.connection.get_transaction()
            if group.error is None and transaction is not None:
                transaction.commit()
        except BaseException as error:  # noqa: BLE001  # every member of the group is told
            group.error = error
        try:
            with suppress(Exception):
                group.connection.rollback()  # after a commit that failed SQLite is still in it
            with suppress(Exception):
                group.connection.close()
        finally:
            self._group = None
            self._turnstile.leave()
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


class Places:
    """Lets so many write at once, in the order in which they came.

    For PostgreSQL, whose writers need no line: without it they would take every connection of the
    pool, and a page that only reads would wait for one behind them.
    """

    def __init__(self, count: int, *, patience_s: float = PATIENCE_S) -> None:
        self._free = count
        self._patience_s = patience_s
        self._guard = threading.Lock()
        self._line: deque[threading.Lock] = deque()

    @contextmanager
    def one(self) -> Generator[None]:
        """A place for the length of the block.

        Raises:
            WritersBusy: no place came free.
        """
        self._take()
        try:
            yield
        finally:
            self._give_back()

    def _take(self) -> None:
        turn = threading.Lock()
        with self._guard:
            if self._free:
                self._free -= 1
                return
            turn.acquire()
            self._line.append(turn)
        if turn.acquire(timeout=self._patience_s):
            return
        with self._guard:
            if turn in self._line:
                self._line.remove(turn)
                raise WritersBusy
        # Else the place was given to us in this very instant.

    def _give_back(self) -> None:
        with self._guard:
            if self._line:
                self._line.popleft().release()
            else:
                self._free += 1


class Turnstile:
    """Lets the processes that write to one file take turns: who holds `next` comes next.

    `place` is None for a database in memory, which is one process's own.
    """

    def __init__(self, place: Path | None, patience_s: float) -> None:
        names = ("next", "now") if place else ()
        self._places = [place.with_name(f"{place.name}-{name}") for name in names if place]
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
        except OSError:
            return  # a file system without locks: SQLite's own waiting is left
        else:
            return
