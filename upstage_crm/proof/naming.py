"""What people call the rows that findings are about: a patron's number, a request's reference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from upstage_crm.proof.integrity import Finding

# By subject, the column with the name. What an attacker wrote there is shown as it stands.
_NAMED = {"patron": "number", "change_request": "reference", "staff": "display_name"}


def names(session: Session, findings: Iterable[Finding]) -> Mapping[tuple[str, str], str]:
    """The name of every row that has one and is still there, by subject and id."""
    found: dict[tuple[str, str], str] = {}
    wanted = [finding.ref for finding in findings]
    for subject, column in _NAMED.items():
        ids = [row_id for name, row_id in wanted if name == subject]
        if not ids:
            continue
        table = SQLModel.metadata.tables[subject]
        query = sa.select(table.c.id, table.c[column]).where(table.c.id.in_(ids))
        for row_id, name in session.connection().execute(query):
            found[subject, row_id] = str(name)
    return found
