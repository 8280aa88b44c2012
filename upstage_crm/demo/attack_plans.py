"""What an attacker with SQL access would try on a seat plan (other seats under sold tickets), and
on a performance: to sell what is over, to hide one.

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


PERFORMANCES = "Change a performance"
_LATER = "2999-01-01 00:00:00.000000"


def programme_attempts(connection: Connection) -> list[Attempt]:
    """Every attempt on a performance of each state; none where there is none."""
    is_sqlite = connection.dialect.name == "sqlite"
    attempts: list[Attempt] = []
    for state, tries in (("draft", _DRAFT), ("performed", _ENDED), ("cancelled", _ENDED)):
        found = connection.exec_driver_sql(
            f"SELECT id FROM performance WHERE state = '{state}' ORDER BY id"
        ).first()
        if found is not None:
            where = f"id = '{found[0]}'"
            attempts += _group(_changed(tries, where, state))
    first = connection.exec_driver_sql("SELECT id FROM performance ORDER BY id").first()
    if first is not None:
        attempts += _group(_performance_rows(f"id = '{first[0]}'", is_sqlite=is_sqlite))
    return attempts


_Tries = Iterator[tuple[str, ...]]
_DRAFT = (
    ("performed without a sale", "state = 'performed'"),
    ("paused without a sale", "state = 'paused'"),
    ("a state of one's own", "state = 'sold_out'"),
)
_ENDED = (
    ("on sale again", "state = 'on_sale'"),
    ("a draft again", "state = 'draft'"),
    ("another day", "day = '2999-01-01'"),
    ("another moment", f"starts_at = '{_LATER}'"),
    ("another hall", "hall_id = 'x'"),
    ("other access", "access = 'x'"),
)


def _group(tries: _Tries) -> list[Attempt]:
    return [Attempt(PERFORMANCES, words, tuple(statements)) for words, *statements in tries]


def _changed(tries: tuple[tuple[str, str], ...], where: str, state: str) -> _Tries:
    for words, change in tries:
        yield f"{state}: {words}", f"UPDATE performance SET {change} WHERE {where}"


def _performance_rows(where: str, *, is_sqlite: bool) -> _Tries:
    for state in ("on_sale", "paused", "performed", "cancelled"):
        born = {"id": "'x'", "state": f"'{state}'", "starts_at": f"'{_LATER}'"}
        yield f"one born {state}", copy("performance", where, born)
    yield "another event", f"UPDATE performance SET event_id = 'x' WHERE {where}"
    yield "DELETE a performance", f"DELETE FROM performance WHERE {where}"
    yield "INSERT with the same id", copy("performance", where, {"state": "'draft'"})
    if is_sqlite:
        yield "REPLACE of a performance", copy("performance", where, {}, verb="REPLACE")


SEATS = "Take a seat"


def seat_attempts(connection: Connection) -> list[Attempt]:
    """Every attempt on the seats of one performance; none where nothing of it is sold."""
    sold = connection.exec_driver_sql(
        "SELECT performance_id, seat_id FROM seat_state WHERE state = 'sold' "
        "ORDER BY performance_id, seat_id"
    ).first()
    if sold is None:
        return []
    is_sqlite = connection.dialect.name == "sqlite"
    found = list(_seat_tries(str(sold[0]), str(sold[1]), is_sqlite=is_sqlite))
    if connection.exec_driver_sql("SELECT 1 FROM pool").first() is not None:
        found += _place_tries()
    return [Attempt(SEATS, words, tuple(statements)) for words, *statements in found]


def _seat_tries(performance: str, seat: str, *, is_sqlite: bool) -> Iterator[tuple[str, ...]]:
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


def _place_tries() -> Iterator[tuple[str, ...]]:
    for column in ("sold", "held", "blocked"):
        yield f"more places {column} than there are", f"UPDATE pool SET {column} = capacity + 1"
        yield f"fewer places {column} than none", f"UPDATE pool SET {column} = -1"
    yield "another name of a pool", "UPDATE pool SET name = 'x'"
    yield "DELETE every pool", "DELETE FROM pool"
