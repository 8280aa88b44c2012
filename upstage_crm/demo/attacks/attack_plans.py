"""What an attacker with SQL access would try on a seat plan: other seats under sold tickets.

See `attack_list`.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.engine import Connection

from upstage_crm.demo.attack_list import Attempt, copy

GROUP = "Change a seat plan"


def plan_attempts(connection: Connection) -> list[Attempt]:
    """Every attempt on the newest plan; none where no hall has one."""
    newest = connection.exec_driver_sql("SELECT id FROM seat_plan ORDER BY id DESC").first()
    if newest is None:
        return []
    is_sqlite = connection.dialect.name == "sqlite"
    found = _attempts(str(newest[0]), is_sqlite=is_sqlite)
    return [Attempt(GROUP, words, tuple(statements)) for words, *statements in found]


def _attempts(plan: str, *, is_sqlite: bool) -> Iterator[tuple[str, ...]]:
    where = f"id = '{plan}'"
    other = {"id": "'x'", "plan": "'{}'", "digest": "'x'"}
    for column in ("plan", "design", "digest", "hall_id"):
        yield f"{column} of a version", f"UPDATE seat_plan SET {column} = 'x' WHERE {where}"
    for column in ("version", "seats", "places"):
        yield f"{column} of a version", f"UPDATE seat_plan SET {column} = 9 WHERE {where}"
    yield "every version at once", "UPDATE seat_plan SET plan = '{}'"
    yield "DELETE a version", f"DELETE FROM seat_plan WHERE {where}"
    yield "INSERT with the same id", copy("seat_plan", where, {"version": "version + 1"})
    yield "INSERT with the same number", copy("seat_plan", where, other)
    upsert = "ON CONFLICT (id) DO UPDATE SET plan = '{}'"
    yield "UPSERT of a version", copy("seat_plan", where, {}, suffix=upsert)
    if is_sqlite:
        yield "REPLACE of a version by id", copy("seat_plan", where, {}, verb="REPLACE")
        yield "REPLACE of a version by number", copy("seat_plan", where, other, verb="REPLACE")
        rowid = f"UPDATE OR REPLACE seat_plan SET rowid = rowid + 1 WHERE {where}"
        yield "UPDATE OR REPLACE by rowid", rowid
