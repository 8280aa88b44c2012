"""A shift in the books: what it books, and what the books say it took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from upstage_crm.staff.command_context import StaffContext
from upstage_crm.tills.views import MoveKind, MoveView, ShiftView, Taken


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftBooks:
    """What the drawer and the terminal hold by the books, and what each tender brought."""

    cash: int
    terminal: int
    takings: tuple[Taken, ...]


def book_float(context: StaffContext[object], shift: ShiftView) -> None:
    """Book the float: it came from the safe."""


def book_move(context: StaffContext[object], shift: ShiftView, kind: MoveKind, amount: int) -> None:
    """Book cash that was put into the drawer or taken out."""


def book_count(
    context: StaffContext[object], shift: ShiftView, *, expected: int, counted: int
) -> None:
    """Book what the count has over or short, and all that was counted into the safe."""


def read(
    session: Session, shift: ShiftView, moves: Sequence[MoveView], *, practised: int
) -> ShiftBooks:
    """What the books say of a shift; of a training, which has none, what its moves come to."""
    del session
    moved = sum(one.kind.sign * one.amount for one in moves)
    return ShiftBooks(cash=shift.float_amount + moved + practised, terminal=0, takings=())
