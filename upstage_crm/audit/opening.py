"""Opens the trail under a key of ours: a new trail, an older one that is sealed once, a new key.

A key enters with an entry that it signs itself and that names the key which it replaces: that one
counts for nothing afterwards.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Session, SQLModel

from upstage_crm.audit import recorded, seals, trail, vouching
from upstage_crm.audit.chain import read_object
from upstage_crm.audit.errors import TrailKeyUnknown, TrailUnsigned
from upstage_crm.audit.events import OPERATOR, Action, AuditEvent, Channel
from upstage_crm.audit.guards import triggers
from upstage_crm.audit.guards.rules import Protected
from upstage_crm.audit.proven_rows import RECORDED, SEALED, Subject
from upstage_crm.audit.recorded import Touched
from upstage_crm.audit.signing import KeyRing
from upstage_crm.audit.tables import AuditEntryRow
from upstage_crm.core.db import table_of

_BATCH = 500  # subjects recorded at once
# Tables whose rows have been sealed since a revision that is younger than signing.
_ADDED: Mapping[str, Sequence[str]] = {
    "0051": ("payment_dispute", "ticket_offer", "ticket_transfer"),
}

_entry = table_of(AuditEntryRow)
_KEY = (
    sa.select(_entry.c.facts)
    .where(_entry.c.action.in_((Action.TRAIL_OPENED, Action.TRAIL_KEY_ENTERED)))
    .order_by(_entry.c.seq.desc())
    .limit(1)
)


def key_in_force(session: Session) -> str | None:
    """The name of the key that signs the trail now; None when nothing was signed yet."""
    said = _key_in_force(session)
    return None if said is None else str(said.get("kid"))


def needs_opening(session: Session) -> bool:
    """Whether `open_trail` has anything to do."""
    said, signer = _key_in_force(session), vouching.keys_of(session).ring.signer
    return said is None or (said.get("kid"), said.get("public_key")) != (
        signer.kid,
        signer.public_key,
    )


def open_trail(session: Session, *, now: datetime, trusts_unknown: bool = False) -> None:
    """Let the first key of ours sign from now on; nothing when it does already.

    An empty trail begins with it, and with the rows that a new database holds. With
    `trusts_unknown` our key also replaces one that is not in the ring: the operator says so.

    Raises:
        TrailUnsigned: the trail has entries from before signing; see `seal_older`.
        TrailKeyUnknown: the key that signs it now is not in the ring, or not under its name.
    """
    before = _key_in_force(session)
    ring = vouching.keys_of(session).ring
    if before is not None:
        # With its public key, so that what it signed can be checked when it has left the ring.
        kid, public_key = str(before.get("kid")), str(before.get("public_key"))
        is_known, is_ours = ring.public_keys.get(kid) == public_key, kid == ring.signer.kid
        if is_known and is_ours:
            return
        if not is_known and (is_ours or not trusts_unknown):
            raise TrailKeyUnknown(kid=kid)
        facts = {"replaces": kid, "replaces_key": public_key}
        _enter(session, facts, now, Action.TRAIL_KEY_ENTERED)
        return
    if trail.head_seq(session):
        raise TrailUnsigned
    rows = [
        row
        for subject in RECORDED.values()
        for ids in _ids(session, subject)
        for row in recorded.read(session.connection(), subject, ids)
    ]
    _enter(session, {}, now, Action.TRAIL_OPENED, rows)


def seal_older(
    session: Session,
    protected: Protected,
    *,
    older_keys: Mapping[str, str],
    now: datetime,
) -> bool:
    """Seal once what is older than signing; False when there is nothing of that kind.

    `older_keys` are the public keys, by name, of receipts whose key has left the ring.

    One signed entry names the head that it found; every recorded row is committed to as it is now,
    and every sealed row gets its seal. Needs the rights of the database's owner: the guards make
    way for the seals of link codes, and are back before this returns.
    """
    if key_in_force(session) is not None or not (found := trail.head(session)) or not found[0]:
        return False
    seq, head = found
    facts: dict[str, str | int] = {"before": seq, "before_hash": head}
    if older_keys:
        facts["older_keys"] = ", ".join(f"{kid}={key}" for kid, key in sorted(older_keys.items()))
    triggers.drop(session.connection())
    _seal_all(session)
    triggers.install(session.connection(), protected)
    _enter(session, facts, now, Action.TRAIL_OPENED)
    _record_all(session, now)
    return True


def seal_added(connection: Connection, ring: KeyRing, *, before: str) -> None:
    """Seal once, within an upgrade from revision `before`, the rows of tables that carry seals
    since. No start does this, and no second upgrade: what comes without a seal later is forged.
    """
    with Session(bind=connection) as session:
        vouching.give_keys(session.info, ring)
        _seal_all(session, _added_since(before))


def has_added(connection: Connection, *, before: str) -> bool:
    """Whether `seal_added` has anything to do."""
    tables = (SQLModel.metadata.tables[name] for name in _added_since(before))
    return any(connection.execute(sa.select(sa.exists(sa.select(t)))).scalar() for t in tables)


def _added_since(before: str) -> list[str]:
    return [name for revision, names in _ADDED.items() if "" < before < revision for name in names]


def _key_in_force(session: Session) -> dict[str, Any] | None:
    facts = session.connection().execute(_KEY).scalar()
    return None if facts is None else read_object(facts)


def _enter(
    session: Session,
    facts: Mapping[str, str | int],
    now: datetime,
    action: Action,
    rows: Sequence[Touched] = (),
) -> None:
    signer = vouching.keys_of(session).ring.signer
    event = AuditEvent(
        action=action,
        actor=OPERATOR,
        channel=Channel.COMMAND_LINE,
        facts={"kid": signer.kid, "public_key": signer.public_key, **facts},
    )
    trail.record(session, [event], now=now, besides=rows)


def _record_all(session: Session, now: datetime) -> None:
    """Commit to every recorded row that stands, some subjects at a time."""
    for subject in RECORDED.values():
        for ids in _ids(session, subject):
            rows = recorded.read(session.connection(), subject, ids)
            trail.record(session, [], now=now, besides=rows)


def _ids(session: Session, subject: Subject) -> list[list[str]]:
    table = SQLModel.metadata.tables[subject.name]
    ids = session.connection().execute(sa.select(table.c.id).order_by(table.c.id)).scalars().all()
    return [[str(one) for one in ids[at : at + _BATCH]] for at in range(0, len(ids), _BATCH)]


def _seal_all(session: Session, tables: Collection[str] = tuple(SEALED)) -> None:
    connection = session.connection()
    for name in tables:
        sealed, table = SEALED[name], SQLModel.metadata.tables[name]
        keyed = [table.c[column] for column in sealed.key]
        for row in (
            connection.execute(sa.select(table).where(table.c.seal.is_(None))).mappings().all()
        ):
            is_this = sa.and_(*(column == row[column.name] for column in keyed))
            seal = seals.seal(session, name, row)
            connection.execute(sa.update(table).where(is_this).values(seal=seal))
