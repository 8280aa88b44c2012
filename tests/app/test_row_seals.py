"""What was sold and booked is sealed in the trail, and `audit verify` names what was changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.app.test_ledger import SALE, post
from tests.support.factories import PROTECTED, Desk, together
from tests.support.houses import seat
from tests.support.keyring import RING
from tests.support.pipeline import installed
from tests.support.shop import Shop, open_shop
from upstage_crm.audit.events import Action
from upstage_crm.jobs import row_sealing
from upstage_crm.ledger import books, row_seals
from upstage_crm.ledger.row_seals import LEDGER
from upstage_crm.proof import verifying
from upstage_crm.proof.reconcile_seals import SUBJECTS
from upstage_crm.proof.verifying import Report

pytestmark = pytest.mark.each_database


def seal(desk: Desk) -> int:
    return row_seals.seal(desk.database, SUBJECTS, now=desk.now)


def verified(desk: Desk) -> Report:
    keys = RING.public_keys
    return desk.read(lambda s: verifying.verify(s, protected=PROTECTED, public_keys=keys))


def found(desk: Desk) -> list[str]:
    report = verified(desk)
    assert report.found == len(report.differences)
    return [f"{one.row}: {one.problem}" for one in report.differences]


def booked(desk: Desk, count: int) -> list[str]:
    return [post(desk, replace(SALE, order_id=f"order {n}")) for n in range(count)]


@pytest.fixture
def shop(desk: Desk) -> Shop:
    return open_shop(desk)


def test_tickets_and_movements_are_sealed_together(desk: Desk, shop: Shop) -> None:
    order = shop.sold(seat("A", 1), seat("A", 2))

    assert seal(desk) == 3
    assert seal(desk) == 0

    told = desk.lines(action=Action.ROWS_SEALED)
    assert [(one.facts["subject"], one.facts["rows"]) for one in told] == [
        ("ledger_transaction", 1),
        ("ticket", 2),
    ]
    assert found(desk) == []
    assert verified(desk).sealed == 3
    assert desk.scalar("SELECT count(*) FROM ticket WHERE seal_id IS NULL") == 0
    shop.take_back(order, order.tickets[0].id)  # a state is no part of what is sealed
    assert found(desk) == []
    assert seal(desk) == 2  # the return, and the refund


def test_a_seal_covers_what_has_none_and_never_what_comes_after_it(desk: Desk) -> None:
    """A transaction that began before a seal and commits after it has a smaller id."""
    early = desk.now
    desk.clock.advance(timedelta(seconds=5))
    later = booked(desk, 3)
    assert seal(desk) == 3
    slow = desk.write(lambda s: books.post(s, SALE, now=early))
    assert slow < min(later)

    assert seal(desk) == 1

    assert found(desk) == []


def test_two_workers_seal_each_row_once(desk: Desk) -> None:
    booked(desk, 5)

    done = together(*[lambda: seal(desk)] * 4)

    assert sorted(str(one) for one in done) == ["0", "0", "0", "5"]
    assert len(desk.lines(action=Action.ROWS_SEALED)) == 1
    assert found(desk) == []


def test_the_clock_seals_in_portions(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_seals, "MOST", 2)
    booked(desk, 5)

    with installed(desk.database, desk.clock) as parts:
        assert row_sealing.seal_rows(parts) == 5
        assert row_sealing.seal_rows(parts) == 0

    assert found(desk) == []


CHANGED = {
    "an amount": "legs = replace(legs, '2000', '2001')",
    "the day": "booked_at = '2020-01-01 00:00:00'",
    "the order": "order_id = 'other'",
    "no order": "order_id = NULL",
    "the salt": "salt = 'x'",
    "no seal": "seal_id = NULL",
}


@pytest.mark.parametrize("changed", CHANGED.values(), ids=CHANGED)
def test_a_changed_row_is_named(desk: Desk, changed: str) -> None:
    victim = booked(desk, 7)[3]
    seal(desk)
    update = f"UPDATE ledger_transaction SET {changed} WHERE id = '{victim}'"
    desk.forge(update, unguarded=True)

    assert f"ledger_transaction {victim}: seal" in found(desk)


def test_a_row_that_is_gone_is_named(desk: Desk) -> None:
    victim = booked(desk, 7)[3]
    seal(desk)
    for table, key in (("ledger_entry", "transaction_id"), ("ledger_transaction", "id")):
        desk.forge(f"DELETE FROM {table} WHERE {key} = '{victim}'", unguarded=True)

    assert found(desk) == [f"ledger_transaction {victim}: row_gone"]


def test_a_changed_ticket_is_named(desk: Desk, shop: Shop) -> None:
    victim = shop.sold(seat("A", 1)).tickets[0].id
    seal(desk)
    desk.forge(f"UPDATE ticket SET seat_id = 'x' WHERE id = '{victim}'", unguarded=True)

    assert found(desk) == [f"ticket {victim}: seal"]


def test_entries_that_are_not_the_legs_are_named(desk: Desk) -> None:
    first, second, third = booked(desk, 3)
    seal(desk)
    desk.forge(f"DELETE FROM ledger_entry WHERE transaction_id = '{first}'", unguarded=True)
    desk.forge(
        f"UPDATE ledger_entry SET amount = 7 WHERE transaction_id = '{second}' AND n = 1",
        unguarded=True,
    )

    assert found(desk) == [
        f"ledger_transaction {victim}: row_altered" for victim in (first, second)
    ]
    assert third


def _copied(changed: str, where: str) -> str:
    columns = "id, kind, booked_at, legs, salt, seal_id"
    return (
        f"INSERT INTO ledger_transaction ({columns}) SELECT {changed} FROM ledger_transaction "
        f"WHERE id = '{where}'"
    )


def test_a_row_that_only_says_it_is_sealed_is_named(desk: Desk) -> None:
    (real,) = booked(desk, 1)
    seal(desk)
    fake = "f" * 32
    desk.forge(_copied(f"'{fake}', kind, booked_at, legs, salt, seal_id", real), unguarded=True)

    assert f"ledger_transaction {fake}: seal" in found(desk)


def test_an_id_that_we_never_give_is_left_unsealed_and_named(desk: Desk) -> None:
    (real,) = booked(desk, 1)
    desk.forge(_copied("'mine', kind, booked_at, legs, salt, NULL", real))

    assert seal(desk) == 1

    assert found(desk) == ["ledger_transaction mine: seal"]


def test_a_seal_that_the_trail_does_not_know_is_named(desk: Desk) -> None:
    booked(desk, 1)
    seal(desk)
    made = desk.scalar("SELECT id FROM ledger_seal")
    desk.forge(
        "INSERT INTO ledger_seal (id, subject, covers, root, leaves, created_at) SELECT 'mine', "
        "subject, covers, root, leaves, created_at FROM ledger_seal"
    )

    assert found(desk) == ["ledger_seal mine: row_unknown"]
    desk.forge("DELETE FROM ledger_seal WHERE id = 'mine'", unguarded=True)
    desk.forge("UPDATE ledger_seal SET root = 'x'", unguarded=True)
    assert f"ledger_seal {made}: row_altered" in found(desk)


def test_leaves_that_were_written_to_fit_do_not_fit_the_trail(desk: Desk) -> None:
    """Who may drop guards can write a row and its seal anew, but not the signed entry."""
    (victim,) = booked(desk, 1)
    seal(desk)
    desk.forge("UPDATE ledger_transaction SET order_id = 'other'", unguarded=True)
    with desk.database.reading() as session:
        row = session.connection().execute(LEDGER.read()).mappings().one()
    leaves = [row_seals.Leaf(bytes.fromhex(victim), LEDGER.digest(row))]
    kept = row_seals.packed(leaves).hex()
    value = f"x'{kept}'" if desk.database.engine.dialect.name == "sqlite" else f"'\\x{kept}'"
    root = row_seals.root_of(leaves)
    desk.forge(f"UPDATE ledger_seal SET root = '{root}', leaves = {value}", unguarded=True)

    made = desk.scalar("SELECT id FROM ledger_seal")
    assert f"ledger_seal {made}: row_altered" in found(desk)


def in_words(leaves: Sequence[row_seals.Leaf]) -> list[str]:
    return [leaf.name.hex() for leaf in leaves]


def test_the_seal_of_a_gone_table_row_keeps_its_name(desk: Desk) -> None:
    ids = booked(desk, 3)
    seal(desk)
    kept = desk.scalar("SELECT leaves FROM ledger_seal")

    assert in_words(list(row_seals.unpacked(bytes(kept)))) == sorted(ids)
