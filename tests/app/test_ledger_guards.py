"""The database itself refuses what would make the books say something else, on every connection."""

from __future__ import annotations

import json

import pytest

from tests.app.test_ledger import SALE, post
from tests.support.attack import Attacked, copy
from tests.support.factories import Desk
from upstage_crm.ledger.views import MOST_AMOUNT

pytestmark = pytest.mark.each_database

LEDGER = ("ledger_transaction", "ledger_entry", "ledger_seal")


class Books(Attacked):
    guarded = LEDGER

    @property
    def sale(self) -> str:
        return str(self.desk.scalar("SELECT max(id) FROM ledger_transaction"))

    def seal(self, name: str) -> None:
        """A seal, as the sealer makes it."""
        leaves = "x'00'" if self.is_sqlite else "'\\x00'"
        self.ours(
            "INSERT INTO ledger_seal (id, subject, covers, root, leaves, created_at) VALUES "
            f"('{name}', 'ledger_transaction', 1, '', {leaves}, '2026-01-01 00:00:00')"
        )


@pytest.fixture
def made(desk: Desk) -> Books:
    """A movement of money."""
    post(desk, SALE)
    return Books(desk)


def added(made: Books, legs: object, **more: str) -> str:
    """An INSERT of a transaction with other legs."""
    text = legs if isinstance(legs, str) else json.dumps(legs)
    words = f"'{text}'"
    return copy("ledger_transaction", f"id = '{made.sale}'", {"id": "'x'", "legs": words} | more)


def test_the_copy_of_a_balanced_transaction_is_taken(made: Books) -> None:
    """The control of all attempts below."""
    made.ours(added(made, [["bank", 5, "", ""], ["tax", -5, "p", "l"]]))

    rows = [tuple(row) for table in made.rows()[1:2] for row in table if row[0] == "x"]
    assert rows == [("x", 0, "bank", 5, None, None), ("x", 1, "tax", -5, "p", "l")]


@pytest.mark.parametrize(
    "legs",
    [
        [],
        [["bank", 0, "", ""]],
        [["bank", 5, "", ""], ["tax", -4, "", ""]],
        [["bank", 0, "", ""], ["tax", 0, "", ""]],
        [["bank", 0.5, "", ""], ["tax", -0.5, "", ""]],
        [["bank", 5.0, "", ""], ["tax", -5.0, "", ""]],
        [["bank", "5", "", ""], ["tax", "-5", "", ""]],
        [["bank", None, "", ""], ["tax", None, "", ""]],
        [["mine", 5, "", ""], ["tax", -5, "", ""]],
        [[None, 5, "", ""], ["tax", -5, "", ""]],
        [["bank", 5, None, ""], ["tax", -5, "", ""]],
        [["bank", 5, "", 7], ["tax", -5, "", ""]],
        [["bank", 5, ""], ["tax", -5, "", ""]],
        [["bank", 5, "", "", ""], ["tax", -5, "", ""]],
        [["bank", MOST_AMOUNT + 1, "", ""], ["tax", -MOST_AMOUNT - 1, "", ""]],
        [["bank", 10**19, "", ""], ["tax", -(10**19), "", ""]],
    ],
    ids=str,
)
def test_what_does_not_balance_is_refused(made: Books, legs: list[object]) -> None:
    made.refuses(added(made, legs), by="ledger transaction legs")


@pytest.mark.parametrize(
    "legs",
    [
        "",
        "null",
        "5",
        "[1, -1]",
        '{"a": ["bank", 5, "", ""], "b": ["tax", -5, "", ""]}',
        '[["bank", 5, "", ""], ["tax", -5, "", ""]',
        '[["bank", +5, "", ""], ["tax", -5, "", ""]]',
        '[["bank", 0x5, "", ""], ["tax", -5, "", ""]]',
    ],
)
def test_what_is_no_list_of_legs_is_refused(made: Books, legs: str) -> None:
    made.refuses(added(made, legs))


def test_a_transaction_begins_unsealed_and_is_sealed_once(made: Books) -> None:
    for name in ("first", "second"):
        made.seal(name)
    balanced = [["bank", 5, "", ""], ["tax", -5, "", ""]]
    made.refuses(added(made, balanced, seal_id="'first'"), by="ledger transaction birth")
    move = f"UPDATE ledger_transaction SET seal_id = {{}} WHERE id = '{made.sale}'"
    made.refuses(move.format("'none'"), by="ledger transaction sealed")

    made.ours(move.format("'first'"))

    for other in ("'second'", "'none'", "NULL"):
        made.refuses(move.format(other), by="ledger transaction sealed")


def test_nothing_that_is_booked_changes(made: Books) -> None:
    made.seal("first")
    for column in ("id", "kind", "legs", "order_id", "step_id", "payment_id", "refund_id"):
        made.refuses(f"UPDATE ledger_transaction SET {column} = 'x'", by="ledger transaction ident")
    for column in ("shift_id", "staff_id", "salt"):
        made.refuses(f"UPDATE ledger_transaction SET {column} = 'x'", by="ledger transaction ident")
    made.refuses("UPDATE ledger_transaction SET booked_at = '2020-01-01 00:00:00'")
    for column in ("account", "performance_id", "line_id", "transaction_id"):
        made.refuses(f"UPDATE ledger_entry SET {column} = 'x'", by="ledger entry update")
    made.refuses("UPDATE ledger_entry SET amount = amount + 1", by="ledger entry update")
    made.refuses("UPDATE ledger_entry SET n = n + 7", by="ledger entry update")
    made.refuses("UPDATE ledger_seal SET root = 'x'", by="ledger seal update")
    for table in LEDGER:
        made.refuses(f"DELETE FROM {table}", by=f"{table.replace('_', ' ')} delete")
        if not made.is_sqlite:
            made.refuses(f"TRUNCATE {table} CASCADE")


def test_no_insert_takes_the_place_of_what_is_booked(made: Books) -> None:
    made.seal("first")
    verbs = ["INSERT", *(("REPLACE", "INSERT OR REPLACE") if made.is_sqlite else ())]
    balanced = '\'[["bank",5,"",""],["tax",-5,"",""]]\''
    for verb in verbs:
        here = f"id = '{made.sale}'"
        same = copy("ledger_transaction", here, {"legs": balanced}, verb=verb)
        made.refuses(same, by="ledger transaction overwrite")
        made.refuses(copy("ledger_entry", "n = 0", {}, verb=verb), by="ledger entry overwrite")
        made.refuses(copy("ledger_seal", "id = 'first'", {}, verb=verb), by="ledger seal overwrite")
    if made.is_sqlite:
        rowid = "SET rowid = (SELECT max(rowid) FROM {0}) + 1"
        made.refuses(f"UPDATE ledger_transaction {rowid.format('ledger_transaction')}")
        extra = {"rowid": "rowid"}
        for table, key in (("ledger_transaction", "id"), ("ledger_seal", "id")):
            changed = {key: "'x'"}
            made.refuses(copy(table, "TRUE", changed, verb="REPLACE", extra=extra))


def test_an_entry_is_made_by_its_transaction_alone(made: Books) -> None:
    for changed in (
        {"n": "5"},
        {"n": "-1"},
        {"n": "7", "account": "'bank'"},
        {"transaction_id": "'x'"},
        {"transaction_id": "'x'", "n": "5", "amount": "-2000"},
    ):
        made.refuses(copy("ledger_entry", "n = 0", changed), by="ledger entry birth")
    made.refuses(copy("ledger_entry", "n = 4", {"n": "-1"}), by="ledger entry birth")
    if made.is_sqlite:  # a number in the words of SQLite's own paths
        for word in ("'#-1'", "'0x4'", "4.5"):
            made.refuses(copy("ledger_entry", "n = 4", {"n": word}), by="ledger entry birth")
