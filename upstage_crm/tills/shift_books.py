"""A shift in the ledger: what opening, moving and closing book, and what the books say it took."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from upstage_crm.ledger import books, queries
from upstage_crm.ledger.views import TENDERS, Account, Leg, Posting, PostingKind
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.tills.views import MoveKind, MoveView, ShiftView, Taken

OTHER_SIDE: Mapping[MoveKind, Account] = {
    MoveKind.DROP: Account.CASH_SAFE,
    MoveKind.PAID_OUT: Account.PAID_OUTS,
    MoveKind.CASH_IN: Account.CASH_SAFE,
}
"""Where the cash of a move goes, or comes from."""
_OF_SHIFTS = (PostingKind.SHIFT_MOVE, PostingKind.SHIFT_CLOSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftBooks:
    """What the drawer and the terminal hold by the books, and what each tender brought."""

    cash: int
    terminal: int
    takings: tuple[Taken, ...]


def book_float(context: StaffContext[object], shift: ShiftView) -> None:
    """Book the float: it came from the safe."""
    _move(context, shift, shift.float_amount, Account.CASH_SAFE)


def book_move(context: StaffContext[object], shift: ShiftView, kind: MoveKind, amount: int) -> None:
    """Book cash that was put into the drawer or taken out."""
    _move(context, shift, kind.sign * amount, OTHER_SIDE[kind])


def book_count(
    context: StaffContext[object], shift: ShiftView, *, expected: int, counted: int
) -> None:
    """Book what the count has over or short, and all that was counted into the safe.

    The drawer of a closed shift holds nothing, whatever was counted.
    """
    over = counted - expected
    legs = (
        Leg(Account.OVER_SHORT, -over),
        Leg(Account.CASH_SAFE, counted),
        Leg(Account.CASH_DRAWER, -expected),
    )
    _post(context, shift, PostingKind.SHIFT_CLOSED, legs)


def read(
    session: Session, shift: ShiftView, moves: Sequence[MoveView], *, practised: int
) -> ShiftBooks:
    """What the books say of a shift; of a training, which has none, what its moves come to."""
    if shift.is_training:
        moved = sum(one.kind.sign * one.amount for one in moves)
        return ShiftBooks(cash=shift.float_amount + moved + practised, terminal=0, takings=())
    found = queries.balances(session, shift_id=shift.id)
    return ShiftBooks(
        cash=found.get(Account.CASH_DRAWER, 0),
        terminal=found.get(Account.TERMINAL_CLEARING, 0),
        takings=_takings(session, shift.id),
    )


def _takings(session: Session, shift_id: str) -> tuple[Taken, ...]:
    """What each tender brought and gave back, but for the cash that was only moved."""
    taken: defaultdict[Account, int] = defaultdict(int)
    given_back: defaultdict[Account, int] = defaultdict(int)
    times: defaultdict[Account, int] = defaultdict(int)
    for entry in queries.entries_of_shift(session, shift_id):
        if entry.account not in TENDERS or entry.kind in _OF_SHIFTS:
            continue
        if entry.amount > 0:
            taken[entry.account] += entry.amount
            times[entry.account] += 1
        else:
            given_back[entry.account] -= entry.amount
    return tuple(
        Taken(
            tender=account.value,
            taken=taken[account],
            given_back=given_back[account],
            times=times[account],
        )
        for account in TENDERS
        if account in taken or account in given_back
    )


def _move(context: StaffContext[object], shift: ShiftView, amount: int, other: Account) -> None:
    legs = (Leg(Account.CASH_DRAWER, amount), Leg(other, -amount))
    _post(context, shift, PostingKind.SHIFT_MOVE, legs)


def _post(
    context: StaffContext[object], shift: ShiftView, kind: PostingKind, legs: tuple[Leg, ...]
) -> None:
    if shift.is_training:
        return
    posting = Posting(kind=kind, legs=legs, shift_id=shift.id, staff_id=context.actor.id)
    books.post(context.session, posting, now=context.now)
