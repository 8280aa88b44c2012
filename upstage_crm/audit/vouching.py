"""Which entries of the trail are vouched for: covered by a signature of the key in force then.

The keys that vouch travel with the session, so that no command can forget them.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import signing
from upstage_crm.audit.chain import is_intact, read_instant, read_object, signed_message
from upstage_crm.audit.events import Action
from upstage_crm.audit.signing import KeyRing
from upstage_crm.audit.tables import AuditEntryRow
from upstage_crm.core.db import table_of

COVERED = 64  # entries under one signature at most, so that a proof never reads more
_CACHED = 50_000

_entry = table_of(AuditEntryRow)
# Read without our types: a word that an attacker wrote must not stop a check.
RAW = sa.select(
    *(
        sa.type_coerce(column, sa.String).label(column.name)
        if column.name in ("at", "actor_kind", "channel", "action")
        else column
        for column in _entry.columns
    )
).order_by(_entry.c.seq)
_SIGNED = (
    sa.select(_entry.c.seq)
    .where(_entry.c.seq >= sa.bindparam("seq"), _entry.c.signature.is_not(None))
    .order_by(_entry.c.seq)
    .limit(1)
    .scalar_subquery()
)
# From one entry to the one whose signature covers it.
_SPAN = RAW.where(_entry.c.seq >= sa.bindparam("seq"), _entry.c.seq <= _SIGNED).limit(COVERED)
_KEYS = (
    sa.select(_entry.c.seq, _entry.c.facts)
    .where(_entry.c.action.in_((Action.TRAIL_OPENED, Action.TRAIL_KEY_ENTERED)))
    .order_by(_entry.c.seq)
)
_NAME = "upstage_crm.audit.keys"
_SUSPECTS = 1_000  # rows that failed a proof and wait for the next check; more say no more

T = TypeVar("T")


class Keys:
    """The ring of one database in this process, and what was checked with it so far.

    `suspects` are rows that failed a proof, as (subject or table, row id): the next check looks at
    them, whatever the log of touched rows says.
    """

    def __init__(self, ring: KeyRing) -> None:
        self.ring = ring
        self.suspects: deque[tuple[str, str]] = deque(maxlen=_SUSPECTS)
        self._caches: dict[type, object] = {}

    def cache(self, kind: type[T]) -> T:
        """The one cache of this kind."""
        return cast("T", self._caches.setdefault(kind, kind()))


def give_keys(info: dict[str, object], ring: KeyRing) -> bool:
    """Let every session that is made with `info` carry `ring`; return whether it carried one."""
    had_one = _NAME in info
    info[_NAME] = Keys(ring)
    return had_one


def keys_of(session: Session) -> Keys:
    """The keys of a session.

    Raises:
        RuntimeError: the database was opened without any; nothing can be recorded through it.
    """
    found = session.info.get(_NAME)
    if not isinstance(found, Keys):
        raise RuntimeError("this database was opened without keys: see audit.trail.attach")
    return found


class _Vouched:
    """The hashes of entries that this process has written or checked, by number."""

    def __init__(self) -> None:
        self._hashes: OrderedDict[int, str] = OrderedDict()
        self._lock = Lock()

    def __contains__(self, entry: Mapping[str, Any]) -> bool:
        with self._lock:
            return self._hashes.get(entry["seq"]) == entry["hash"]

    def keep(self, entries: Sequence[Mapping[str, Any]]) -> None:
        with self._lock:
            for entry in entries:
                self._hashes[entry["seq"]] = entry["hash"]
            while len(self._hashes) > _CACHED:
                self._hashes.popitem(last=False)


class _Learned(dict[str, str]):
    """Public keys that entries of the trail have named, by name."""


def entry(session: Session, seq: int) -> Mapping[str, Any] | None:
    """The entry with this number, once a signature vouches for it; None when none does."""
    held = keys_of(session)
    known = held.cache(_Vouched)
    rows = [plain(row) for row in session.connection().execute(_SPAN, {"seq": seq}).mappings()]
    if not rows or rows[0]["seq"] != seq or not is_intact(rows[0]):
        return None
    if rows[0] in known:
        return rows[0]
    span = covered(rows)
    if span is None:
        return None
    last = span[-1]
    kid = str(last["kid"])
    if kid != held.ring.signer.kid and kid != key_at(session, int(last["seq"])):
        return None  # a key that was replaced counts for nothing later
    message = signed_message(covers=last["covers"], seq=last["seq"], head=last["hash"])
    public_key = public_key_at(session, kid, int(last["seq"]))
    if not signing.verify(public_key, message, str(last["signature"])):
        return None
    known.keep(span)
    return rows[0]


def public_key_at(session: Session, kid: str, seq: int) -> str:
    """The public key that signed at `seq`: of the ring, or one that the trail names; else empty.

    A key that has left the ring is named by the entry with which its successor entered, and that
    entry has to be vouched for first. It is a later one each time, so this ends.
    """
    held = keys_of(session)
    learned = held.cache(_Learned)
    if kid in held.ring.public_keys:
        return held.ring.public_keys[kid]
    if kid in learned:
        return learned[kid]
    for row in session.connection().execute(_KEYS).all():
        if row.seq <= seq or read_object(row.facts).get("replaces") != kid:
            continue
        if (replacing := entry(session, row.seq)) is not None:
            learned[kid] = str(read_object(replacing["facts"]).get("replaces_key"))
            return learned[kid]
    return ""


def covered(rows: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]] | None:
    """The entries from the first of `rows` to the one whose signature covers it, chain checked."""
    for place, row in enumerate(rows):
        before = rows[place - 1] if place else None
        if before is not None and not _follows(before, row):
            return None
        if row["signature"] is not None:
            return rows[: place + 1] if place < (row["covers"] or 0) else None
    return None


def remember(session: Session, entries: Sequence[Mapping[str, Any]]) -> None:
    """These entries were signed just now; a rollback leaves hashes that no stored entry has."""
    keys_of(session).cache(_Vouched).keep(entries)


def plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    """An entry as stored: words are text, `at` is an instant, or None when it is none."""
    return {**{str(name): value for name, value in row.items()}, "at": read_instant(row["at"])}


def _follows(before: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    return (
        row["seq"] == before["seq"] + 1
        and row["previous_hash"] == before["hash"]
        and is_intact(row)
    )


def known_keys(session: Session, public_keys: Mapping[str, str]) -> dict[str, str]:
    """The public keys by name: those of the ring, and those that entries of the trail name.

    What an entry names counts as far as the chain and its signatures do: verify those too.
    """
    found: dict[str, str] = {}
    for row in session.connection().execute(_KEYS):
        said = read_object(row.facts)
        older = str(said.get("older_keys", "")).split(", ")
        found |= dict(pair.split("=", 1) for pair in older if "=" in pair)
        found[str(said.get("kid"))] = str(said.get("public_key"))
    return found | dict(public_keys)


def is_former(session: Session, kid: str) -> bool:
    """Whether a key of this name once signed the trail."""
    rows = session.connection().execute(_KEYS).all()
    return kid in {read_object(row.facts).get("kid") for row in rows}


def key_at(session: Session, seq: int) -> str | None:
    """The name of the key that signs at `seq`; None before signing began."""
    rows = session.connection().execute(_KEYS).all()
    began = [row for row in rows if row.seq <= seq]
    return str(read_object(began[-1].facts).get("kid")) if began else None
