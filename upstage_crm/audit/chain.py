"""The arithmetic of the trail: commitments, hashes and the walk along them. Pure.

Whoever holds the entries can check them with this alone, database or not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

GENESIS = "0" * 64

# A committed value as it stands beside the chain: name, value, salt.
Opened = tuple[str, str | None, str]

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class Broken:
    """The first entry that does not verify, and why."""

    seq: int
    reason: str


class Walk:
    """Follows the chain from its beginning, one entry after the other.

    `seq` and `hash` are those of the last entry that verified.
    """

    def __init__(self) -> None:
        self.seq: int = 0
        self.hash: str = GENESIS

    def step(self, row: Mapping[str, Any], opened: Iterable[Opened] = ()) -> Broken | None:
        """Take the next entry, with those of its values that are still there.

        `row` holds every column of the entry as stored, `at` as an instant or None when it is
        none. Returns what is wrong with it; after that the walk is over.
        """
        seq = row["seq"]
        if seq != self.seq + 1:
            return Broken(self.seq + 1, "missing")
        if row["previous_hash"] != self.hash:
            return Broken(seq, "chain")
        if row["at"] is None or entry_hash(row) != row["hash"]:
            return Broken(seq, "hash")
        values = tuple(opened)
        said: dict[str, str] = json.loads(row["commitments"]) if values else {}
        if any(said.get(name) != commitment(salt, name, text) for name, text, salt in values):
            return Broken(seq, "value")
        self.seq, self.hash = seq, row["hash"]
        return None


def canonical(value: object) -> str:
    """JSON with one spelling: sorted keys, no blanks, no escapes beyond JSON's own."""
    return _encode(value)


def commitment(salt: str, name: str, value: str | None) -> str:
    """Return the salted SHA-256 commitment of one named value, in hex."""
    return hashlib.sha256(canonical([salt, name, value]).encode()).hexdigest()


def entry_hash(row: Mapping[str, Any]) -> str:
    """Return the hash that chains `row` to its predecessor, over every column but itself."""
    body = [
        row["seq"],
        instant_text(row["at"]),
        str(row["actor_kind"]),
        row["actor_id"],
        row["actor_label"],
        str(row["channel"]),
        str(row["action"]),
        row["patron_id"],
        row["request_id"],
        row["facts"],
        row["commitments"],
        row["previous_hash"],
    ]
    return hashlib.sha256(canonical(body).encode()).hexdigest()


def instant_text(at: datetime) -> str:
    """An instant as the hashes spell it: UTC, with microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def read_instant(stored: str | datetime) -> datetime | None:
    """What stands in a column of instants, as any database gives it; None when it is none."""
    try:
        at = datetime.fromisoformat(stored) if isinstance(stored, str) else stored
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def read_object(stored: str) -> dict[str, Any]:
    """The JSON object that stands in a column; empty when somebody made it anything else."""
    try:
        found: Any = json.loads(stored)
    except ValueError:
        return {}
    return dict(found) if isinstance(found, dict) else {}  # pyright: ignore[reportUnknownArgumentType]  # JSON's own
