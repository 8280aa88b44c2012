"""Everything that a database holds, to be compared with what it held before."""

from __future__ import annotations

from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from upstage_crm.tables import metadata

Dump = dict[str, list[tuple[Any, ...]]]


def dump(engine: Engine) -> Dump:
    """Every row of every table: two equal dumps mean that nothing at all was written.

    Most tables are empty in most tests. One statement tells which are not.
    """
    with engine.connect() as connection:
        filled = set(connection.scalars(_filled()))
        return {
            name: sorted(map(tuple, connection.execute(rows)), key=repr) if name in filled else []
            for name, rows in _rows().items()
        }


@cache
def _filled() -> sa.CompoundSelect[Any]:
    """The names of the tables that hold a row."""
    return sa.union_all(
        *[
            sa.select(sa.literal(table.name)).where(sa.exists(sa.select(1).select_from(table)))
            for table in metadata.sorted_tables
        ]
    )


@cache
def _rows() -> dict[str, sa.Select[Any]]:
    return {table.name: sa.select(table) for table in metadata.sorted_tables}
