"""The log of touched rows: which triggers write it, as part of `rules`. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from upstage_crm.audit.guards.sql import Mark, any_differs, row_id, transaction
from upstage_crm.audit.proven_rows import RECORDED, SEALED

Columns = Mapping[str, Sequence[str]]


def marks(dialect: str, columns: Columns) -> list[Mark]:
    """Every change of a recorded or sealed row is named in the log of touched rows."""
    if "touched_row" not in columns:
        return []  # an early revision
    found: list[Mark] = []
    for subject in RECORDED.values():
        for part in subject.parts:
            if part.table in columns:
                deciding = [name for name in columns[part.table] if name not in part.rest]
                is_root = part is subject.parts[0]
                found += _watch(
                    dialect, part.table, subject.name, [part.subject], deciding, is_root
                )
    for sealed in SEALED.values():
        if "seal" in columns.get(sealed.table, ()):
            deciding = [*sealed.key, *sealed.frozen, "seal"]
            found += _watch(dialect, sealed.table, sealed.table, sealed.key, deciding, True)
    return found


def _watch(
    dialect: str,
    table: str,
    subject: str,
    key: Sequence[str],
    deciding: Sequence[str],
    is_root: bool,
) -> list[Mark]:
    def log(*rows: str, op: str) -> str:
        selects = " UNION ".join(
            f"SELECT '{subject}', {row_id(row, key, dialect)}, '{op}'{transaction(dialect)}"
            for row in rows
        )
        names = "subject, row_id, op" + (", tx" if transaction(dialect) else "")
        return f"INSERT INTO touched_row ({names}) {selects}"

    born, gone = ("born", "gone") if is_root else ("changed", "changed")
    changed = any_differs(deciding, dialect)
    return [
        Mark(f"touch_{table}_insert", "TRUE", log("NEW", op=born), table, "INSERT"),
        Mark(f"touch_{table}_update", changed, log("NEW", "OLD", op="changed"), table, "UPDATE"),
        Mark(f"touch_{table}_delete", "TRUE", log("OLD", op=gone), table, "DELETE"),
    ]
