"""Entries of the trail that an attacker writes."""

from __future__ import annotations

import sqlalchemy as sa

from tests.support.factories import Desk
from upstage_crm.audit.chain import canonical, entry_hash, signed_message
from upstage_crm.audit.events import Action
from upstage_crm.audit.signing import SigningKey
from upstage_crm.audit.tables import AuditEntryRow
from upstage_crm.core.db import table_of

AUDIT_ENTRY = table_of(AuditEntryRow)


def forge_entry(
    desk: Desk,
    *,
    key: SigningKey | None = None,
    action: Action = Action.STAFF_SIGNED_IN,
    **said: str,
) -> int:
    """Append an entry whose hashes fit, as the app's role may, and move the head."""
    query = sa.select(AUDIT_ENTRY).order_by(AUDIT_ENTRY.c.seq.desc()).limit(1)
    with desk.database.engine.begin() as connection:
        last = connection.execute(query).mappings().one()
        row = {**last, "seq": last["seq"] + 1, "previous_hash": last["hash"], "action": action}
        row |= {"facts": canonical(said), "commitments": "{}", "kid": None}
        row |= {"covers": None, "signature": None}
        row["hash"] = entry_hash(row)
        if key is not None:
            message = signed_message(covers=1, seq=row["seq"], head=row["hash"])
            row |= {"covers": 1, "kid": key.kid, "signature": key.sign(message)}
        connection.execute(sa.insert(AUDIT_ENTRY), row)
        head = {"seq": row["seq"], "hash": row["hash"]}
        connection.execute(sa.text("UPDATE audit_head SET seq = :seq, hash = :hash"), head)
    return int(row["seq"])
