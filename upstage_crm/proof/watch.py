"""The server's own watch over its rows: one per process, a turn every half minute.

How far it has come, and the newest head that it has seen, stand in a file beside the keys. So a
restart goes on where the last one ended, and a database that was put back to an older state is a
finding: the file knows entries that the database no longer holds.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.findings import Problem
from upstage_crm.core.db import Database
from upstage_crm.core.files import PRIVATE, locked, write_whole
from upstage_crm.proof import integrity
from upstage_crm.proof.integrity import TRAIL, Finding, Position

_SLICES = 10  # looks in one turn at most: what is left waits for the next one
_TRAILS = 50  # trails that the file remembers
OLDER = "older"  # the row id of the finding that the database is older than the file


class Witness:
    """The file beside the keys: for each trail, how far it was seen and checked.

    A trail is named by the hash of its first entry, so a new database is another trail and no
    older state of a known one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, name: str) -> Position | None:
        """How far the trail of this name was checked; None when it never was."""
        said = self._all().get(name)
        try:
            return None if said is None else Position(**said)
        except TypeError:
            return None

    def write(self, name: str, position: Position, *, forget: bool = False) -> None:
        """Keep how far a trail was checked; with `forget` even when that is less than before."""
        with locked(self._path.with_name(f"{self._path.name}.lock")):
            known = self._all()
            before = known.get(name)
            if not forget and before is not None and before.get("seq", 0) > position.seq:
                return
            known.pop(name, None)
            known[name] = asdict(position)
            for oldest in list(known)[:-_TRAILS]:
                del known[oldest]
            write_whole(self._path, json.dumps(known, indent=1).encode(), mode=PRIVATE)

    def _all(self) -> dict[str, Any]:
        try:
            found: Any = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}  # pyright: ignore[reportUnknownVariableType]  # JSON's own


class Watch:
    """Checks a database turn by turn. Safe to call from any thread, one turn at a time."""

    def __init__(self, database: Database, witness: Witness) -> None:
        self._database = database
        self._witness = witness
        self._lock = Lock()
        self._position: Position | None = None

    def turn(self, *, now: datetime) -> tuple[Finding, ...]:
        """Look at what is new; keep what was found, and return the findings that are new."""
        with self._lock:
            new: list[Finding] = []
            for _ in range(_SLICES):
                found, is_more = self._look(now)
                new += found
                if not is_more:
                    break
            return tuple(new)

    def _look(self, now: datetime) -> tuple[tuple[Finding, ...], bool]:
        with self._database.reading() as session:
            name = trail.hash_at(session, 1)
            if name is None:
                return (), False
            older = self._begin(session, name) if self._position is None else ()
            start = self._position or Position()
            looked = integrity.look(session, start)
        found = (*older, *looked.findings)
        new: tuple[Finding, ...] = ()
        if found or looked.ended:
            with self._database.transaction() as session:
                new = integrity.note(session, found, looked.ended, now=now)
        self._position = looked.position
        if looked.position != start:
            self._witness.write(name, looked.position)
        return new, looked.is_more

    def _begin(self, session: Session, name: str) -> tuple[Finding, ...]:
        """Go on where the last process ended, if the database still holds what it saw."""
        seen = self._witness.read(name)
        if seen is None:
            self._position = Position()
            return ()
        if trail.hash_at(session, seen.seq) == seen.hash:
            self._position = seen
            return ()
        self._position = Position()
        detail = f"entry {seen.seq}"
        problem = Problem.OLDER_DATABASE
        return (Finding(subject=TRAIL, row_id=OLDER, problem=problem, detail=detail),)
