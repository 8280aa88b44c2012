"""Tills and shifts: opened, moved, counted and closed; what is refused, and what the trail says."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, IntegrityError

from tests.support.factories import Desk, unchanged
from upstage_crm.audit.events import Action
from upstage_crm.core.errors import Forbidden, UpstageError
from upstage_crm.core.ids import new_id
from upstage_crm.core.text import InvalidText
from upstage_crm.ledger import books
from upstage_crm.ledger import queries as ledger
from upstage_crm.ledger.views import Account, Leg, Posting, PostingKind
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role, StaffMember
from upstage_crm.tills import queries, shifts, till_commands
from upstage_crm.tills.errors import (
    MoveReasonMissing,
    NothingMoved,
    ShiftClosed,
    ShiftElsewhere,
    TillChangedMeanwhile,
    TillInUse,
    TillNameMissing,
    TillNameTaken,
    TillRetired,
    UnknownShift,
    UnknownTill,
)
from upstage_crm.tills.views import MoveKind, ShiftReport

FLOAT = 100_00
STRANGERS = [role for role in Role if Permission.RUN_TILLS not in PERMISSIONS[role]]
CLERKS = [role for role in Role if Permission.MANAGE_TILLS not in PERMISSIONS[role]]


def add_till(desk: Desk, name: str = "Foyer left") -> str:
    return desk.act(desk.owner, till_commands.add, name=name)


def opened(
    desk: Desk, till: str, who: StaffMember | None = None, *, is_training: bool = False
) -> str:
    return desk.act(
        who or desk.owner,
        shifts.open_shift,
        till_id=till,
        float_amount=FLOAT,
        is_training=is_training,
    )


def moved(desk: Desk, shift: str, kind: MoveKind, amount: int, reason: str = "Why") -> None:
    desk.act(desk.owner, shifts.move, shift_id=shift, kind=kind, amount=amount, reason=reason)


def closed(desk: Desk, shift: str, counted: int, terminal: int | None = None) -> ShiftReport:
    return desk.act(
        desk.owner,
        shifts.close,
        shift_id=shift,
        counted_cash=counted,
        counted_terminal=terminal,
    )


def report(desk: Desk, shift: str) -> ShiftReport:
    return desk.read(lambda session: queries.report(session, shift))


def took(desk: Desk, shift: str, amount: int, account: Account = Account.CASH_DRAWER) -> None:
    """What a sale books; below zero, what a refund does."""
    posting = Posting(
        kind=PostingKind.SALE if amount > 0 else PostingKind.REFUND,
        legs=(Leg(account, amount), Leg(Account.DEFERRED_INCOME, -amount)),
        shift_id=shift,
    )
    desk.write(lambda session: books.post(session, posting, now=desk.now))


def balances(desk: Desk) -> dict[Account, int]:
    found = desk.read(ledger.balances)
    return {account: amount for account, amount in found.items() if amount}


def names(desk: Desk) -> list[str]:
    return [one.name for one in desk.read(queries.tills)]


def test_a_till_is_added_renamed_and_retired(desk: Desk) -> None:
    till = add_till(desk, "  Foyer  left ")
    add_till(desk, "Door")
    desk.act(desk.owner, till_commands.rename, till_id=till, version=1, name="Foyer right")
    before = desk.dump()
    desk.act(desk.owner, till_commands.rename, till_id=till, version=1, name="Foyer right")
    assert before == desk.dump()
    assert names(desk) == ["Door", "Foyer right"]

    desk.act(desk.owner, till_commands.retire, till_id=till)
    add_till(desk, "FOYER right")  # the name is free again

    assert names(desk) == ["Door", "FOYER right"]
    told = [dict(line.facts) for line in desk.lines(action=Action.TILL_RENAMED)]
    assert told == [{"till": "Foyer right", "name.old": "Foyer left", "name.new": "Foyer right"}]
    assert [line.facts["till"] for line in desk.lines(action=Action.TILL_RETIRED)] == [
        "Foyer right"
    ]


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        (" ", TillNameMissing),
        ("foyer-LEFT", TillNameTaken),
        ("x" * 41, InvalidText),
        ("two\nlines", InvalidText),
    ],
)
def test_a_name_that_cannot_be_used_is_refused(
    desk: Desk, name: str, refusal: type[UpstageError]
) -> None:
    add_till(desk)
    other = add_till(desk, "Door")

    unchanged(desk, lambda: add_till(desk, name), refusal)
    unchanged(
        desk,
        lambda: desk.act(desk.owner, till_commands.rename, till_id=other, version=1, name=name),
        refusal,
    )


def test_a_till_that_moved_on_is_left_alone(desk: Desk) -> None:
    till = add_till(desk)
    shift = opened(desk, till)

    unchanged(desk, lambda: desk.act(desk.owner, till_commands.retire, till_id=till), TillInUse)
    closed(desk, shift, FLOAT)
    desk.act(desk.owner, till_commands.rename, till_id=till, version=1, name="Door")
    for version, till_id, refusal in (
        (1, till, TillChangedMeanwhile),
        (1, "no such till", UnknownTill),
    ):

        def rename(version: int = version, till_id: str = till_id) -> None:
            desk.act(desk.owner, till_commands.rename, till_id=till_id, version=version, name="Bar")

        unchanged(desk, rename, refusal)
    desk.act(desk.owner, till_commands.retire, till_id=till)
    unchanged(desk, lambda: opened(desk, till), TillRetired)
    unchanged(desk, lambda: desk.act(desk.owner, till_commands.retire, till_id=till), TillRetired)


def test_a_shift_is_closed_by_what_was_counted(desk: Desk) -> None:
    till = add_till(desk)
    shift = opened(desk, till)
    moved(desk, shift, MoveKind.CASH_IN, 50_00, "Coins")
    moved(desk, shift, MoveKind.PAID_OUT, 12_40, "Batteries")
    moved(desk, shift, MoveKind.DROP, 40_00, "Too much in the drawer")
    x = report(desk, shift)
    assert (x.expected_cash, x.counted_cash, x.over_short) == (97_60, None, None)

    z = closed(desk, shift, 96_20, 0)

    assert (z.expected_cash, z.counted_cash, z.over_short) == (97_60, 96_20, -1_40)
    assert (z.shift.number, z.shift.is_open, z.counted_terminal) == (1, False, 0)
    assert [(one.kind, one.amount, one.reason) for one in z.moves] == [
        (MoveKind.CASH_IN, 50_00, "Coins"),
        (MoveKind.PAID_OUT, 12_40, "Batteries"),
        (MoveKind.DROP, 40_00, "Too much in the drawer"),
    ]
    assert dict(desk.lines(action=Action.SHIFT_CLOSED)[0].facts) == {
        "till": "Foyer left",
        "shift": 1,
        "is_training": False,
        "currency": "USD",
        "expected": "97.60",
        "counted": "96.20",
        "of": "Dana, box office",
    }
    assert len(desk.lines(action=Action.CASH_MOVED)) == 3


def test_every_move_of_cash_is_booked_and_the_drawer_ends_empty(desk: Desk) -> None:
    shift = opened(desk, add_till(desk))
    moved(desk, shift, MoveKind.CASH_IN, 50_00)
    moved(desk, shift, MoveKind.PAID_OUT, 12_40)
    moved(desk, shift, MoveKind.DROP, 40_00)
    took(desk, shift, 70_00)
    took(desk, shift, -35_00)
    took(desk, shift, 45_00, Account.TERMINAL_CLEARING)
    x = report(desk, shift)
    assert (x.expected_cash, x.expected_terminal) == (132_60, 45_00)
    assert [(one.tender, one.taken, one.given_back, one.times, one.rest) for one in x.takings] == [
        ("cash_drawer", 70_00, 35_00, 1, 35_00),
        ("terminal_clearing", 45_00, 0, 1, 45_00),
    ]

    z = closed(desk, shift, 131_20, 45_00)

    assert (z.over_short, z.expected_terminal, z.counted_terminal) == (-1_40, 45_00, 45_00)
    assert balances(desk) == {
        Account.CASH_SAFE: 21_20,
        Account.OVER_SHORT: 1_40,
        Account.PAID_OUTS: 12_40,
        Account.TERMINAL_CLEARING: 45_00,
        Account.DEFERRED_INCOME: -80_00,
    }
    assert report(desk, shift) == z


def test_nothing_is_booked_in_a_closed_shift_or_a_training(desk: Desk) -> None:
    till = add_till(desk)
    shift = opened(desk, till)
    closed(desk, shift, FLOAT)
    training = opened(desk, till, is_training=True)
    moved(desk, training, MoveKind.CASH_IN, 50_00)
    before = desk.dump()

    for late in (shift, training):
        with pytest.raises(DatabaseError, match="ledger transaction shift"):
            took(desk, late, 70_00)
    assert before == desk.dump()
    closed(desk, training, 0)
    assert balances(desk) == {}


def test_a_till_has_one_open_shift_and_a_person_too(desk: Desk) -> None:
    left, right = add_till(desk), add_till(desk, "Door")
    vic = desk.staff("Vic", Role.BOX_OFFICE)
    opened(desk, left)

    unchanged(desk, lambda: opened(desk, left, vic), TillInUse)
    unchanged(desk, lambda: opened(desk, right), ShiftElsewhere)
    unchanged(desk, lambda: opened(desk, "no such till", vic), UnknownTill)
    opened(desk, right, vic)

    shown = desk.read(queries.tills)
    assert [(one.name, one.shift and one.shift.staff) for one in shown] == [
        ("Door", "Vic, box office"),
        ("Foyer left", "Dana, box office"),
    ]


def test_a_closed_shift_takes_nothing_more(desk: Desk) -> None:
    shift = opened(desk, add_till(desk))
    closed(desk, shift, FLOAT)

    unchanged(desk, lambda: moved(desk, shift, MoveKind.DROP, 1), ShiftClosed)
    unchanged(desk, lambda: closed(desk, shift, FLOAT), ShiftClosed)
    unchanged(desk, lambda: desk.write(lambda s: shifts.ensure_open(s, shift)), ShiftClosed)
    unchanged(desk, lambda: closed(desk, "no such shift", 0), UnknownShift)


def test_a_colleague_closes_a_shift_that_was_left_open(desk: Desk) -> None:
    vic, till = desk.staff("Vic", Role.BOX_OFFICE), add_till(desk)
    shift = opened(desk, till, vic)

    z = closed(desk, shift, FLOAT - 500_00)  # even a count that cannot be

    assert (z.shift.staff, z.closed_by, z.over_short) == (
        "Vic, box office",
        "Dana, box office",
        -500_00,
    )
    assert opened(desk, till, vic)


def test_numbers_of_z_reports_have_no_gap(desk: Desk) -> None:
    till = add_till(desk)
    numbers: list[int | None] = []
    for is_training in (False, True, False):
        shift = opened(desk, till, is_training=is_training)
        numbers.append(closed(desk, shift, FLOAT).shift.number)

    assert numbers == [1, None, 2]


def test_a_training_counts_what_it_pretends_to_have_taken(desk: Desk) -> None:
    shift = opened(desk, add_till(desk), is_training=True)
    moved(desk, shift, MoveKind.CASH_IN, 5_00)
    desk.act(desk.owner, shifts.practise, shift_id=shift, cash=70_00)

    assert closed(desk, shift, 175_00).over_short == 0
    unchanged(
        desk,
        lambda: desk.act(desk.owner, shifts.practise, shift_id=shift, cash=1),
        ShiftClosed,
    )


def test_nothing_is_practised_in_a_real_shift(desk: Desk) -> None:
    shift = opened(desk, add_till(desk))

    unchanged(
        desk,
        lambda: desk.act(desk.owner, shifts.practise, shift_id=shift, cash=1),
        ShiftClosed,
    )


@pytest.mark.parametrize(
    ("amount", "reason", "refusal"),
    [
        (0, "Why", NothingMoved),
        (-5, "Why", NothingMoved),
        (5, " ", MoveReasonMissing),
        (5, "x" * 201, InvalidText),
    ],
)
def test_a_move_that_says_too_little_is_refused(
    desk: Desk, amount: int, reason: str, refusal: type[UpstageError]
) -> None:
    shift = opened(desk, add_till(desk))

    unchanged(desk, lambda: moved(desk, shift, MoveKind.DROP, amount, reason), refusal)


def test_only_who_runs_a_till_touches_a_drawer(desk: Desk) -> None:
    till = add_till(desk)
    shift = opened(desk, till)
    for role in STRANGERS:
        member = desk.staff(f"S_{role.value}", role)
        for command, named in (
            (shifts.open_shift, {"till_id": till, "float_amount": 0}),
            (
                shifts.move,
                {"shift_id": shift, "kind": MoveKind.DROP, "amount": 1, "reason": "Why"},
            ),
            (shifts.close, {"shift_id": shift, "counted_cash": 0}),
            (shifts.practise, {"shift_id": shift, "cash": 0}),
        ):

            def run(
                member: StaffMember = member, command: object = command, named: object = named
            ) -> None:
                desk.act(member, command, **named)  # pyright: ignore[reportCallIssue]  # by name

            unchanged(desk, run, Forbidden)


def test_only_who_manages_tills_adds_or_retires_one(desk: Desk) -> None:
    till = add_till(desk)
    for role in CLERKS:
        member = desk.staff(f"C_{role.value}", role)
        for command, named in (
            (till_commands.add, {"name": "Bar"}),
            (till_commands.rename, {"till_id": till, "version": 1, "name": "Bar"}),
            (till_commands.retire, {"till_id": till}),
        ):

            def run(
                member: StaffMember = member, command: object = command, named: object = named
            ) -> None:
                desk.act(member, command, **named)  # pyright: ignore[reportCallIssue]  # by name

            unchanged(desk, run, Forbidden)


def test_the_database_keeps_a_closed_shift(desk: Desk) -> None:
    till = add_till(desk)
    shift = opened(desk, till)
    moved(desk, shift, MoveKind.CASH_IN, 1_00)
    closed(desk, shift, FLOAT)
    late = f"'{new_id(desk.now)}', shift_id, kind, 1, 'x', 'x', created_at"
    attempts = (
        f"UPDATE till_shift SET counted_cash = 1 WHERE id = '{shift}'",
        f"UPDATE till_shift SET expected_cash = 1 WHERE id = '{shift}'",
        "UPDATE till_shift SET closed_at = NULL, counted_cash = NULL, expected_cash = NULL",
        f"UPDATE till_shift SET float_amount = 1 WHERE id = '{shift}'",
        f"UPDATE till_shift SET staff_id = 'other' WHERE id = '{shift}'",
        f"DELETE FROM till_shift WHERE id = '{shift}'",
        "UPDATE drawer_move SET amount = 1",
        "DELETE FROM drawer_move",
        f"INSERT INTO drawer_move SELECT {late} FROM drawer_move",
    )
    before = desk.dump()
    for statement in attempts:

        def attempt(statement: str = statement) -> None:
            desk.as_owner(lambda session: session.connection().execute(sa.text(statement)))

        with pytest.raises(DatabaseError):
            attempt()
    assert before == desk.dump()


def test_the_database_refuses_a_second_open_shift(desk: Desk) -> None:
    till = add_till(desk)
    opened(desk, till)
    statement = (
        "INSERT INTO till_shift (id, till_id, staff_id, staff_label, is_training, number, "
        "currency, float_amount, practised, opened_at, closed_by) "
        f"SELECT '{new_id(desk.now)}', till_id, 'other', 'Other', is_training, 2, currency, "
        "0, 0, opened_at, '' FROM till_shift"
    )

    with pytest.raises(IntegrityError, match="till_shift"):
        desk.as_owner(lambda session: session.connection().execute(sa.text(statement)))


def test_of_many_who_open_a_till_at_once_one_does(desk: Desk) -> None:
    till = add_till(desk)
    members = [desk.staff(f"Clerk_{letter}", Role.BOX_OFFICE) for letter in "ABCDEF"]
    outcomes: list[str] = []
    start = threading.Barrier(len(members))

    def run(member: StaffMember) -> None:
        start.wait()
        try:
            opened(desk, till, member)
            outcomes.append("opened")
        except TillInUse:
            outcomes.append("refused")

    threads = [threading.Thread(target=run, args=(member,)) for member in members]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["opened", *["refused"] * 5]
