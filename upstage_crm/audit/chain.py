"""The arithmetic of the trail: commitments, hashes and the walk along them. Pure.

An auditor who holds the entries can check them with this alone, database or not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from upstage_crm.audit import signing
from upstage_crm.audit.events import Action

GENESIS = "0" * 64

# A committed value as it stands beside the chain: name, value, salt.
Opened = tuple[str, str | None, str]

_OPENING = (Action.TRAIL_OPENED.value, Action.TRAIL_KEY_ENTERED.value)
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class Broken:
    """The first entry that does not verify, and why."""

    seq: int
    reason: str


class Walk:
    """Follows the chain, one entry after the other, from its beginning or from a known entry.

    `seq` and `hash` are those of the last entry that verified.
    """

    def __init__(self, seq: int = 0, head: str = GENESIS) -> None:
        self.seq = seq
        self.hash = head

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
        if not is_intact(row):
            return Broken(seq, "hash")
        values = tuple(opened)
        said = read_object(row["commitments"]) if values else {}
        if any(said.get(name) != commitment(salt, name, text) for name, text, salt in values):
            return Broken(seq, "value")
        self.resume(row)
        return None

    def resume(self, row: Mapping[str, Any]) -> None:
        """Go on behind `row`, whatever was wrong with it."""
        self.seq, self.hash = row["seq"], row["hash"]


class Vouching:
    """Follows the signatures along the chain: who vouches for which entries.

    Give it every entry in order, beside `Walk`. `public_keys` are the keys that the reader trusts,
    by name; `kid` and `public_key` are the key in force where the walk begins. A key that is no
    longer trusted is known from the entry with which it entered, as long as a key that replaced
    it is trusted. `before` counts entries older than signing.
    """

    def __init__(
        self, public_keys: Mapping[str, str], *, kid: str | None = None, public_key: str = ""
    ) -> None:
        self._trusted = public_keys
        self._known = {} if kid is None else {kid: public_key}
        self._kid = kid
        self._waiting: list[Mapping[str, Any]] = []
        self._unsigned: set[int] = set()
        self._void: set[int] = set()
        self.before = 0

    def step(self, row: Mapping[str, Any]) -> Broken | None:
        """Take the next entry; return what is wrong with the signature that it carries."""
        opens = str(row["action"]) in _OPENING
        if row["signature"] is None and (row["covers"] is not None or row["kid"] is not None):
            return Broken(row["seq"], "signature")
        if self._kid is None and not opens:
            self.before += 1
            return None
        self._waiting.append(row)
        if row["signature"] is None:
            return None
        covers: int = row["covers"] if isinstance(row["covers"], int) else 0
        covered, waiting = self._waiting[-covers:] if covers else [], self._waiting
        self._waiting = []
        self._unsigned |= {one["seq"] for one in waiting[: len(waiting) - len(covered)]}
        is_fitting = True
        for one in covered:
            is_fitting &= self._take(one)
        message = signed_message(covers=covers, seq=row["seq"], head=row["hash"])
        is_ours = row["kid"] == self._kid and len(covered) == covers > 0
        public_key = self._public_key(str(row["kid"]))
        if is_fitting and is_ours and signing.verify(public_key, message, str(row["signature"])):
            return None
        return Broken(row["seq"], "signature")

    def _take(self, row: Mapping[str, Any]) -> bool:
        """What a signed entry says of keys, and of entries that a repair has set aside.

        False when a key enters and does not name the one in force as the one that it replaces.
        """
        said, before = read_object(row["facts"]), self._kid
        if str(row["action"]) in _OPENING:
            self._kid = str(said.get("kid"))
            self._known.setdefault(self._kid, str(said.get("public_key")))
            if before is not None:
                replaced = (said.get("replaces"), said.get("replaces_key"))
                return replaced == (before, self._public_key(before))
        elif str(row["action"]) == Action.ROWS_RESTORED:
            self._void |= _numbers(str(said.get("void", "")))
        return True

    def _public_key(self, kid: str) -> str:
        return self._trusted.get(kid, self._known.get(kid, ""))

    @property
    def unknown_key(self) -> str | None:
        """The name of the key in force, when the reader does not trust it."""
        return None if self._kid is None or self._kid in self._trusted else self._kid

    @property
    def unsigned(self) -> tuple[int, ...]:
        """The entries so far that no signature covers and that no repair has set aside."""
        waiting = {row["seq"] for row in self._waiting}
        return tuple(sorted((self._unsigned | waiting) - self._void))

    def end(self) -> Broken | None:
        """What is wrong at the end: an entry without a signature, or a key that is not trusted."""
        if self.unsigned:
            return Broken(self.unsigned[0], "unsigned")
        if self._kid is None:
            return Broken(1, "unsigned") if self.before else None
        return None if self.unknown_key is None else Broken(1, "unknown_key")


def _numbers(text: str) -> set[int]:
    """The numbers in `12, 20`."""
    return {int(part) for part in text.split(", ") if part.isdigit()}


def signed_message(*, covers: int, seq: int, head: str) -> bytes:
    """What a signature of the trail is over: how many entries it covers, and the last one's hash.

    The hash chains all entries before, and the number keeps the signature from vouching for any
    that another writer put before the first of them.
    """
    return f"upstage-crm trail v1\n{covers}\n{seq}\n{head}".encode()


def canonical(value: object) -> str:
    """JSON with one spelling: sorted keys, no blanks, no escapes beyond JSON's own."""
    return _encode(value)


def commitment(salt: str, name: str, value: str | None) -> str:
    """Return the salted SHA-256 commitment of one named value, in hex."""
    return hashlib.sha256(canonical([salt, name, value]).encode()).hexdigest()


def is_intact(row: Mapping[str, Any]) -> bool:
    """Whether an entry's hash is what its columns give; one that we never write is not intact."""
    try:
        return row["at"] is not None and entry_hash(row) == row["hash"]
    except TypeError:  # SQLite holds bytes where we only ever write text
        return False


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
    """Return the JSON object that a column holds, or an empty one where it holds anything else."""
    try:
        found: Any = json.loads(stored)
    except ValueError:
        return {}
    return dict(found) if isinstance(found, dict) else {}  # pyright: ignore[reportUnknownArgumentType]  # JSON's own
