"""What an attacker with SQL access would try on the books: money from nowhere, or gone from them.

Each attempt books a movement of its own first, so it needs no sale. See `attack_list`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from sqlalchemy.engine import Connection

from upstage_crm.demo.attack_list import Attempt, copy

GROUP = "Move money"
_GOOD = [["cash_drawer", 7000, "", ""], ["deferred_income", -7000, "p", "l"]]
_WHERE = "id = 'good'"
_ENTRY = "transaction_id = 'good' AND n = 1"


def ledger_attempts(connection: Connection) -> list[Attempt]:
    """Every attempt on one movement of money."""
    found = _attempts(is_sqlite=connection.dialect.name == "sqlite")
    return [
        Attempt(GROUP, words, (_booked("good", _GOOD), *statements)) for words, *statements in found
    ]


def _booked(name: str, legs: object) -> str:
    said = json.dumps(legs) if not isinstance(legs, str) else legs
    return (
        "INSERT INTO ledger_transaction (id, kind, booked_at, legs, salt) "
        f"VALUES ('{name}', 'sale', '2026-01-01 00:00:00', '{said}', 'x')"
    )


def _attempts(*, is_sqlite: bool) -> Iterator[tuple[str, ...]]:
    for words, legs in (
        ("more taken than was sold", [["bank", 5, "", ""], ["tax", -4, "", ""]]),
        ("money on one account alone", [["bank", 5, "", ""]]),
        ("a movement of nothing", []),
        ("half a cent", [["bank", 0.5, "", ""], ["tax", -0.5, "", ""]]),
        ("an amount in words", [["bank", "5", "", ""], ["tax", "-5", "", ""]]),
        ("an account of one's own", [["mine", 5, "", ""], ["tax", -5, "", ""]]),
        ("more than a number holds", [["bank", 10**19, "", ""], ["tax", -(10**19), "", ""]]),
    ):
        yield words, _booked("evil", legs)
    fair = {"id": "'evil'", "seal_id": "'mine'"}
    yield "a movement that is born sealed", copy("ledger_transaction", _WHERE, fair)
    unseen = f"UPDATE ledger_transaction SET seal_id = 'mine' WHERE {_WHERE}"
    yield "a seal that there is not", unseen
    yield "other legs", f"UPDATE ledger_transaction SET legs = '[]' WHERE {_WHERE}"
    yield "another order's money", f"UPDATE ledger_transaction SET order_id = 'x' WHERE {_WHERE}"
    yield "another day", f"UPDATE ledger_transaction SET booked_at = NULL WHERE {_WHERE}"
    yield "another amount", f"UPDATE ledger_entry SET amount = amount - 1 WHERE {_ENTRY}"
    yield "another account", f"UPDATE ledger_entry SET account = 'bank' WHERE {_ENTRY}"
    yield "an entry more", copy("ledger_entry", _ENTRY, {"n": "2"})
    yield "an entry of no movement", copy("ledger_entry", _ENTRY, {"transaction_id": "'none'"})
    yield "the same movement again", copy("ledger_transaction", _WHERE, {})
    yield "the same entry again", copy("ledger_entry", _ENTRY, {})
    yield "DELETE an entry", f"DELETE FROM ledger_entry WHERE {_ENTRY}"
    yield "DELETE a movement", f"DELETE FROM ledger_transaction WHERE {_WHERE}"
    if is_sqlite:
        evil = {"legs": '\'[["bank",5,"",""],["tax",-5,"",""]]\''}
        yield "REPLACE of a movement", copy("ledger_transaction", _WHERE, evil, verb="REPLACE")
        yield "REPLACE of an entry", copy("ledger_entry", _ENTRY, {"amount": "5"}, verb="REPLACE")
        rowid = "UPDATE OR REPLACE ledger_entry SET rowid = rowid - 1"
        yield "UPDATE OR REPLACE of an entry", f"{rowid} WHERE {_ENTRY}"
