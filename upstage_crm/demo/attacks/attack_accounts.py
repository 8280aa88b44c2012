"""What an attacker with SQL access would try on sessions: an old cookie and a spent code again.

Each attempt writes the row itself that it is about, for a patron or a staff member that there is.
See `attack_list`.
"""

from __future__ import annotations

from collections.abc import Iterator

from upstage_crm.demo.attack_list import Attempt, Target, copy

GROUP = "Wake a session or a code"
_FORGED = "WHERE id = 'forged'"
_NOW, _LATER = "'2026-01-01 00:00:00'", "'2999-01-01 00:00:00'"


def account_attempts(target: Target, *, is_sqlite: bool) -> list[Attempt]:
    """Every attempt on a session or a sign-in of the target's patron, or on a session of staff."""
    found = [
        *_on_sessions("patron_session", _of_patron(target), is_sqlite=is_sqlite),
        *_on_sessions("staff_session", _of_staff(target), is_sqlite=is_sqlite),
        *_on_sign_ins(target, is_sqlite=is_sqlite),
    ]
    taken = (
        ("a session of a patron", _of_patron(target)),
        ("a sign-in of a patron", _sign_in(target)),
    )
    return [
        *(Attempt(GROUP, words, tuple(statements)) for words, *statements in found),
        *(Attempt(GROUP, words, (statement,), notices=True) for words, statement in taken),
    ]


def _on_sessions(table: str, born: str, *, is_sqlite: bool) -> Iterator[tuple[str, ...]]:
    ended = f"UPDATE {table} SET ended_at = created_at {_FORGED}"
    woken, gone = f"UPDATE {table} SET ended_at = NULL {_FORGED}", f"DELETE FROM {table} {_FORGED}"
    yield f"{table}: one that had ended", born, ended, woken
    yield f"{table}: one that ends later", born, ended, ended.replace("created_at", _LATER)
    yield f"{table}: DELETE, to write it again", born, ended, gone, born
    yield f"{table}: another day", born, f"UPDATE {table} SET created_at = {_LATER} {_FORGED}"
    if is_sqlite:
        again = copy(table, "id = 'forged'", {"ended_at": "NULL"}, verb="REPLACE")
        yield f"{table}: REPLACE of one that had ended", born, ended, again


def _on_sign_ins(target: Target, *, is_sqlite: bool) -> Iterator[tuple[str, ...]]:
    born = _sign_in(target)
    used = f"UPDATE patron_sign_in SET used_at = created_at, tries = 5 {_FORGED}"
    yield "a code that was used", born, used, f"UPDATE patron_sign_in SET used_at = NULL {_FORGED}"
    yield "more tries of a code", born, used, f"UPDATE patron_sign_in SET tries = 0 {_FORGED}"
    yield "a code that was used, DELETE", born, used, f"DELETE FROM patron_sign_in {_FORGED}", born
    yield "a later end", born, f"UPDATE patron_sign_in SET expires_at = created_at {_FORGED}"
    if is_sqlite:
        fresh = {"used_at": "NULL", "tries": "0"}
        again = copy("patron_sign_in", "id = 'forged'", fresh, verb="REPLACE")
        yield "a code that was used, REPLACE", born, used, again


def _of_patron(target: Target) -> str:
    return (
        "INSERT INTO patron_session (id, patron_id, email_key, browser, created_at, last_seen_at) "
        f"VALUES ('forged', '{target.other}', 'x', '', {_NOW}, {_NOW})"
    )


def _of_staff(target: Target) -> str:
    return (
        "INSERT INTO staff_session (id, staff_id, created_at, last_seen_at, user_agent, ip_prefix) "
        f"VALUES ('forged', '{target.staff[0]}', {_NOW}, {_NOW}, '', '')"
    )


def _sign_in(target: Target) -> str:
    return (
        "INSERT INTO patron_sign_in (id, patron_id, email_key, browser, jti, kid, tries, "
        f"created_at, expires_at) VALUES ('forged', '{target.other}', 'x', 'x', 'x', 'x', 0, "
        f"{_NOW}, {_LATER})"
    )
