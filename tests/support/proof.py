"""What tests of the proof share: the key of the test's desk, and whole checks."""

from __future__ import annotations

from tests.support.factories import PROTECTED, Desk
from tests.support.keyring import SECRET, over
from upstage_crm.audit.guards import triggers
from upstage_crm.audit.proven_rows import RECORDED, SEALED
from upstage_crm.audit.signing import SigningKey
from upstage_crm.proof.verifying import Report, verify

KEY = SigningKey.derive("test-key", SECRET)
OTHER = SigningKey.derive("other", b"o" * 32)
KEYS = {KEY.kid: KEY.public_key}


def verified(desk: Desk) -> Report:
    """What `audit verify` finds."""
    return desk.read(lambda session: verify(session, protected=PROTECTED, public_keys=KEYS))


def granting(desk: Desk) -> int:
    """How many recorded subjects and sealed rows there are."""
    names = (*RECORDED, *SEALED)
    return sum(int(desk.scalar(f"SELECT count(*) FROM {name}")) for name in names)


def verified_after(desk: Desk, *statements: str, guarded: bool = True) -> Report:
    """What `audit verify` finds after SQL by the owner of the database; then all is undone."""
    with desk.owned.connect() as connection, connection.begin() as transaction:
        triggers.drop(connection)
        for statement in statements:
            connection.exec_driver_sql(statement.replace("%", "%%"))
        if guarded:
            triggers.install(connection, PROTECTED)
        with over(connection) as session:
            report = verify(session, protected=PROTECTED, public_keys=KEYS)
        transaction.rollback()
    return report
