"""What an attacker with SQL access would try on seats: a second ticket, a place too many.

See `attack_list`.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.engine import Connection

from upstage_crm.demo.attack_list import Attempt, copy

GROUP = "Take a seat"


def seat_attempts(connection: Connection) -> list[Attempt]:
    """Every attempt on the seats of one performance; none where nothing of it is sold."""
    sold = connection.exec_driver_sql(
        "SELECT performance_id, seat_id FROM seat_state WHERE state = 'sold' "
        "ORDER BY performance_id, seat_id"
    ).first()
    if sold is None:
        return []
    is_sqlite = connection.dialect.name == "sqlite"
    found = list(_attempts(str(sold[0]), str(sold[1]), is_sqlite=is_sqlite))
    if connection.exec_driver_sql("SELECT 1 FROM pool").first() is not None:
        found += _places()
    return [Attempt(GROUP, words, tuple(statements)) for words, *statements in found]


def _attempts(performance: str, seat: str, *, is_sqlite: bool) -> Iterator[tuple[str, ...]]:
    house = f"performance_id = '{performance}'"
    where = f"{house} AND seat_id = '{seat.replace(chr(39), chr(39) * 2)}'"
    mine = "holder = 'mine'"
    again = "state = 'held', expires_at = changed_at"
    born = {"seat_id": "'x'"}
    yield "another's sold seat", f"UPDATE seat_state SET {mine} WHERE {where}"
    yield "a sold seat held again", f"UPDATE seat_state SET {again} WHERE {where}"
    yield "a sold seat off sale", f"UPDATE seat_state SET state = 'blocked' WHERE {where}"
    sell = "UPDATE seat_state SET state = 'sold', holder = 'mine'"
    yield "free seats sold without a hold", f"{sell} WHERE {house} AND state = 'free'"
    yield "another id of a seat", f"UPDATE seat_state SET seat_id = 'x' WHERE {where}"
    yield "DELETE a sold seat", f"DELETE FROM seat_state WHERE {where}"
    yield "a second ticket for a seat", copy("seat_state", where, {"holder": "'mine'"})
    yield "a seat that is born sold", copy("seat_state", where, born)
    upsert = "ON CONFLICT (performance_id, seat_id) DO UPDATE SET holder = 'mine'"
    yield "UPSERT of a seat", copy("seat_state", where, {}, suffix=upsert)
    yield (
        "another seat plan under what is sold",
        f"UPDATE seating SET plan_id = 'x' WHERE {house}",
    )
    yield "DELETE how it is laid out", f"DELETE FROM seating WHERE {house}"
    if is_sqlite:
        evil = {"holder": "'mine'"}
        yield "REPLACE of a seat", copy("seat_state", where, evil, verb="REPLACE")
        rowid = f"UPDATE OR REPLACE seat_state SET rowid = rowid + 1 WHERE {where}"
        yield "UPDATE OR REPLACE of a seat", rowid


def _places() -> Iterator[tuple[str, ...]]:
    for column in ("sold", "held", "blocked"):
        yield f"more places {column} than there are", f"UPDATE pool SET {column} = capacity + 1"
        yield f"fewer places {column} than none", f"UPDATE pool SET {column} = -1"
    yield "another name of a pool", "UPDATE pool SET name = 'x'"
    yield "DELETE every pool", "DELETE FROM pool"
