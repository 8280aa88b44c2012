"""What an attacker with SQL access would try on a performance: to sell what is over, to hide one.

See `attack_list`.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.engine import Connection

from upstage_crm.demo.attack_list import Attempt, copy

GROUP = "Change a performance"
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
            attempts += _all(_changed(tries, where, state))
    first = connection.exec_driver_sql("SELECT id FROM performance ORDER BY id").first()
    if first is not None:
        attempts += _all(_rows(f"id = '{first[0]}'", is_sqlite=is_sqlite))
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


def _all(tries: _Tries) -> list[Attempt]:
    return [Attempt(GROUP, words, tuple(statements)) for words, *statements in tries]


def _changed(tries: tuple[tuple[str, str], ...], where: str, state: str) -> _Tries:
    for words, change in tries:
        yield f"{state}: {words}", f"UPDATE performance SET {change} WHERE {where}"


def _rows(where: str, *, is_sqlite: bool) -> _Tries:
    for state in ("on_sale", "paused", "performed", "cancelled"):
        born = {"id": "'x'", "state": f"'{state}'", "starts_at": f"'{_LATER}'"}
        yield f"one born {state}", copy("performance", where, born)
    yield "another event", f"UPDATE performance SET event_id = 'x' WHERE {where}"
    yield "DELETE a performance", f"DELETE FROM performance WHERE {where}"
    yield "INSERT with the same id", copy("performance", where, {"state": "'draft'"})
    if is_sqlite:
        yield "REPLACE of a performance", copy("performance", where, {}, verb="REPLACE")
