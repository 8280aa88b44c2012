"""Writes, reads and verifies the trail."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from upstage_crm.audit import recorded, vouching
from upstage_crm.audit.chain import (
    Broken,
    Opened,
    Vouching,
    Walk,
    canonical,
    commitment,
    entry_hash,
    signed_message,
)
from upstage_crm.audit.events import SYSTEM, Action, Actor, ActorKind, AuditEvent, Channel
from upstage_crm.audit.recorded import Touched
from upstage_crm.audit.signing import KeyRing, SigningKey
from upstage_crm.audit.tables import AuditEntryRow, AuditHeadRow, AuditValueRow
from upstage_crm.core.db import Database, table_of

SALT_BYTES = 16

_entry = table_of(AuditEntryRow)
_value = table_of(AuditValueRow)
_head = table_of(AuditHeadRow)
_IS_HEAD = _head.c.id == 1
_HEAD = sa.select(_head.c.seq, _head.c.hash).where(_IS_HEAD)
_LOCK_HEAD = _HEAD.with_for_update()
_ADD_ENTRIES, _ADD_VALUES = sa.insert(_entry), sa.insert(_value)
_MOVE_HEAD = sa.update(_head).where(_IS_HEAD)
_BATCH = 2_000  # entries read at once


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """One entry of the trail as people see it. `values` lacks what erasure removed."""

    seq: int
    at: datetime
    actor: Actor
    channel: Channel
    action: Action
    patron_id: str | None
    request_id: str | None
    facts: Mapping[str, str | int | bool | None]
    values: Mapping[str, str | None]


def attach(database: Database, ring: KeyRing) -> None:
    """Let every transaction of `database` sign what it records with the first key of `ring`.

    A transaction that has touched recorded rows after it recorded last cannot commit.
    """
    if not vouching.give_keys(database.info, ring):
        database.at_begin(recorded.mark)
        database.before_commit(_ensure_all_recorded)


def record(
    session: Session,
    events: Sequence[AuditEvent],
    *,
    now: datetime,
    besides: Sequence[Touched] = (),
) -> int:
    """Append `events` in order and return the sequence number of the last one.

    The entries commit to every recorded row that this transaction has touched, and to `besides`,
    and are signed. Locks the head row, so call it last in a command: the lock order is patron,
    request, head.

    Raises:
        RowNotProven: the transaction touched a recorded row that nothing had proven.
    """
    session.flush()
    told = _told(events, [*recorded.touched(session), *besides])
    connection = session.connection()
    seq, previous = connection.execute(_LOCK_HEAD).one()
    entries: list[dict[str, Any]] = []
    values: list[dict[str, object]] = []
    for event, rows in told:
        seq += 1
        salts = {name: event.salts.get(name) or new_salt() for name in event.values}
        committed = {**event.values, **{row.name: row.text for row in rows}}
        salts |= {row.name: new_salt() for row in rows}
        commitments = {n: commitment(salts[n], n, v) for n, v in committed.items()}
        entry: dict[str, Any] = {
            "seq": seq,
            "at": now,
            "actor_kind": event.actor.kind,
            "actor_id": event.actor.id,
            "actor_label": event.actor.label,
            "channel": event.channel,
            "action": event.action,
            "patron_id": event.patron_id,
            "request_id": event.request_id,
            "facts": canonical(dict(event.facts)),
            "commitments": canonical(commitments),
            "previous_hash": previous,
            "covers": None,
            "kid": None,
            "signature": None,
        }
        entry["hash"] = previous = entry_hash(entry)
        entries.append(entry)
        values.extend(
            {"seq": seq, "name": name, "value": value, "salt": salts[name]}
            for name, value in committed.items()
        )
    if not entries:
        return int(seq)
    _sign(vouching.keys_of(session).ring.signer, entries)
    connection.execute(_ADD_ENTRIES, entries)
    if values:
        connection.execute(_ADD_VALUES, values)
    first = entries[0]["seq"]
    written = [(first + n, row) for n, (_event, rows) in enumerate(told) for row in rows]
    recorded.keep(session, written)
    connection.execute(_MOVE_HEAD, {"seq": seq, "hash": previous})
    vouching.remember(session, entries)
    return int(seq)


def _told(
    events: Sequence[AuditEvent], rows: Sequence[Touched]
) -> list[tuple[AuditEvent, list[Touched]]]:
    """Each event with the rows that its entry commits to.

    A patron's rows go with the last event about that patron, because an erasure takes what stands
    behind the entries about its patron, and nothing else.
    """
    told = [(event, list[Touched]()) for event in events]
    place = {event.patron_id: n for n, event in enumerate(events)}
    for row in rows:
        if row.patron_id not in place:
            place[row.patron_id] = len(told)
            channel = events[-1].channel if events else Channel.SCHEDULE
            event = AuditEvent(
                action=Action.ROWS_RECORDED,
                actor=SYSTEM,
                channel=channel,
                patron_id=row.patron_id,
            )
            told.append((event, []))
        told[place[row.patron_id]][1].append(row)
    return told


def _sign(key: SigningKey, entries: Sequence[dict[str, Any]]) -> None:
    """Sign the last entry, and within many one every so often."""
    covers = 0
    for place, entry in enumerate(entries, 1):
        covers += 1
        if covers == vouching.COVERED or place == len(entries):
            message = signed_message(covers=covers, seq=entry["seq"], head=entry["hash"])
            entry |= {"covers": covers, "kid": key.kid, "signature": key.sign(message)}
            covers = 0


def _ensure_all_recorded(session: Session) -> None:
    session.flush()
    if left := recorded.touched(session):
        names = sorted({row.ref[0] for row in left})
        raise RuntimeError(f"touched and not recorded: {', '.join(names)}")


def forget(session: Session, *, patron_id: str) -> int:
    """Delete the values behind a patron's entries, and return how many; the commitments stay.

    The database's guard lets this through only while an erasure of the patron is being done.
    """
    seqs = sa.select(_entry.c.seq).where(_entry.c.patron_id == patron_id)
    deleted = session.connection().execute(sa.delete(_value).where(_value.c.seq.in_(seqs)))
    return deleted.rowcount


def new_salt() -> str:
    """A fresh salt for one commitment."""
    return secrets.token_hex(SALT_BYTES)


def verify(session: Session, *, public_keys: Mapping[str, str]) -> Broken | None:
    """Walk the whole chain with its signatures; return the first entry that is broken, or None.

    `public_keys` are those of the ring, by name. A missing personal value is not a break
    (erasure); a value that does not match its commitment is. Reads in batches: a trail of any
    length needs the same memory.
    """
    walk, vouching_ = Walk(), Vouching(public_keys)
    for row, opened in entries(session):
        broken = walk.step(row, opened) or vouching_.step(row)
        if broken is not None:
            return broken
    if head(session) != (walk.seq, walk.hash):
        return Broken(walk.seq + 1, "head")
    if (broken := vouching_.end()) is not None:
        return broken
    stray = sa.select(_value.c.seq).where(sa.or_(_value.c.seq > walk.seq, _value.c.seq < 1))
    if session.connection().execute(stray.limit(1)).first() is not None:
        return Broken(walk.seq + 1, "value")
    return None


def entries(
    session: Session, *, after: int | None = None, most: int | None = None
) -> Iterator[tuple[dict[str, Any], Sequence[Opened]]]:
    """Entries as stored, in order, with those of their values that are still there.

    All of them, or at most `most` with numbers above `after`. Words are text and `at` is an
    instant, None when it is none: what `Walk.step` takes.
    """
    last, left = after, most
    while left is None or left > 0:
        # Without `after` there is no lower bound: an entry before the first must not hide.
        query = vouching.RAW if last is None else vouching.RAW.where(_entry.c.seq > last)
        batch = _BATCH if left is None else min(_BATCH, left)
        rows = session.connection().execute(query.limit(batch)).mappings().all()
        if not rows:
            return
        left = None if left is None else left - len(rows)
        opened = _values(session, _value.c.seq.between(rows[0]["seq"], rows[-1]["seq"]))
        for row in rows:
            yield vouching.plain(row), opened.get(row["seq"], ())
        last = rows[-1]["seq"]


def head(session: Session) -> tuple[int, str] | None:
    """The number and the hash of the last entry, as the head row has them; None without one."""
    row = session.connection().execute(_HEAD).first()
    return None if row is None else (row.seq, row.hash)


def hash_at(session: Session, seq: int) -> str | None:
    """The hash of one entry; None when there is none."""
    query = sa.select(_entry.c.hash).where(_entry.c.seq == seq)
    return session.connection().execute(query).scalar()


def head_seq(session: Session) -> int:
    """The number of entries; rises with every recorded event, so it tells that something moved."""
    return session.connection().execute(sa.select(_head.c.seq).where(_head.c.id == 1)).scalar_one()


def head_seq_query() -> sa.ScalarSelect[int]:
    """The same as part of a larger query: who watches several numbers asks once for all."""
    return sa.select(_head.c.seq).where(_head.c.id == 1).scalar_subquery()


def subjects_since(
    session: Session, seq: int, *, limit: int
) -> list[tuple[Action, str | None, str | None]]:
    """What the entries after `seq` did, each with its patron and request; the oldest first."""
    query = (
        sa.select(_entry.c.action, _entry.c.patron_id, _entry.c.request_id)
        .where(_entry.c.seq > seq)
        .order_by(_entry.c.seq)
        .limit(limit)
    )
    return [(action, *ids) for action, *ids in session.connection().execute(query)]


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Entries about any of these patrons or requests, or by any of these staff members."""

    patron_ids: sa.Select[str] | Sequence[str] = ()
    request_ids: Sequence[str] = ()
    actor_ids: sa.Select[str] | Sequence[str] = ()

    def condition(self) -> sa.ColumnElement[bool]:
        """As the database checks it."""
        return sa.or_(
            _entry.c.patron_id.in_(self.patron_ids),
            _entry.c.request_id.in_(self.request_ids),
            _entry.c.actor_id.in_(self.actor_ids),
        )


def timeline(
    session: Session,
    *,
    patron_id: str | None = None,
    request_id: str | None = None,
    action: Action | None = None,
    actions: Collection[Action] | None = None,
    without: Action | None = None,
    actor_kind: ActorKind | None = None,
    about: About | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    before: int | None = None,
    limit: int = 50,
) -> tuple[AuditLine, ...]:
    """The newest entries first, filtered; `before` is the sequence number to page from.

    `start` and `end` are instants: from the first on, and before the second.
    """
    query = select(AuditEntryRow).order_by(col(AuditEntryRow.seq).desc()).limit(limit)
    given = {
        "patron_id": patron_id,
        "request_id": request_id,
        "action": action,
        "actor_kind": actor_kind,
    }
    query = query.where(*(_entry.c[n] == value for n, value in given.items() if value is not None))
    if actions is not None:
        query = query.where(col(AuditEntryRow.action).in_(actions))
    if without is not None:
        query = query.where(AuditEntryRow.action != without)
    if about is not None:
        query = query.where(about.condition())
    if start is not None:
        query = query.where(col(AuditEntryRow.at) >= start)
    if end is not None:
        query = query.where(col(AuditEntryRow.at) < end)
    if before is not None:
        query = query.where(col(AuditEntryRow.seq) < before)
    rows = session.exec(query).all()
    values = _values(session, _value.c.seq.in_([row.seq for row in rows]))
    return tuple(_line(row, values) for row in rows)


def lines_since(
    session: Session, since: datetime, *, action: Action, patron_id: str | None = None
) -> Iterator[AuditLine]:
    """Every entry of one kind after an instant, the newest first, however many there are."""
    before: int | None = None
    while lines := timeline(session, action=action, patron_id=patron_id, before=before):
        for line in lines:
            if line.at <= since:
                return
            yield line
        before = lines[-1].seq


def opened(
    session: Session, *, request_id: str, action: Action
) -> tuple[tuple[Mapping[str, str | int | bool | None], tuple[Opened, ...]], ...]:
    """The facts of a request's entries of one kind, oldest first, each with its personal values.

    The values come with their salts, so they are proof: mind who gets to see them. Erased ones
    are not among them.
    """
    query = (
        sa.select(_entry.c.seq, _entry.c.facts)
        .where(_entry.c.request_id == request_id, _entry.c.action == action)
        .order_by(_entry.c.seq)
    )
    rows = session.connection().execute(query).all()
    values = _values(session, _value.c.seq.in_([seq for seq, _facts in rows]))
    return tuple((json.loads(facts), tuple(values.get(seq, ()))) for seq, facts in rows)


def _line(row: AuditEntryRow, values: Mapping[int, list[Opened]]) -> AuditLine:
    return AuditLine(
        seq=row.seq,
        at=row.at,
        actor=Actor(row.actor_kind, row.actor_label, row.actor_id),
        channel=row.channel,
        action=row.action,
        patron_id=row.patron_id,
        request_id=row.request_id,
        facts=json.loads(row.facts),
        values={
            name: value
            for name, value, _salt in values.get(row.seq, ())
            if not name.startswith(recorded.PREFIX)
        },
    )


def _values(session: Session, wanted: sa.ColumnElement[bool]) -> dict[int, list[Opened]]:
    query = sa.select(_value.c.seq, _value.c.name, _value.c.value, _value.c.salt)
    found: dict[int, list[Opened]] = {}
    for seq, name, value, salt in session.connection().execute(query.where(wanted)):
        found.setdefault(seq, []).append((name, value, salt))
    return found
