"""What others see of tills, shifts and drawers. Amounts are minor units of the shift's currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

NAME_LIMIT: Final = 40  # characters
REASON_LIMIT: Final = 200


class MoveKind(StrEnum):
    """How cash moves without a sale.

    A drop takes it to the safe, a cash in brings it from there, a paid-out pays for something.
    """

    DROP = "drop"
    PAID_OUT = "paid_out"
    CASH_IN = "cash_in"

    @property
    def sign(self) -> int:
        """1 where the drawer gets more, -1 where it gets less."""
        return 1 if self is MoveKind.CASH_IN else -1


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftView:
    """One person's time at a till. `number` is None of a training; so is `closed_at` while open."""

    id: str
    till_id: str
    till: str
    staff_id: str
    staff: str
    is_training: bool
    number: int | None
    currency: str
    float_amount: int
    opened_at: datetime
    closed_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether something can be sold in it."""
        return self.closed_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class TillView:
    """One till, with the shift that is open at it."""

    id: str
    name: str
    is_retired: bool
    version: int
    shift: ShiftView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveView:
    """Cash put into a drawer or taken out. `amount` is above zero, whichever way it went."""

    kind: MoveKind
    amount: int
    reason: str
    made_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What one tender brought in a shift: taken in sales, given back, and how often."""

    tender: str
    taken: int
    given_back: int
    times: int

    @property
    def rest(self) -> int:
        """What is left of it."""
        return self.taken - self.given_back


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftReport:
    """An X report of an open shift, or the Z report of a closed one.

    `expected_cash` is what the drawer holds by the books: float, sales and moves. What was counted
    is None while the shift is open; of the terminal also where no total was entered.
    """

    shift: ShiftView
    moves: Sequence[MoveView]
    takings: Sequence[Taken]
    expected_cash: int
    counted_cash: int | None
    expected_terminal: int
    counted_terminal: int | None
    closed_by: str

    @property
    def over_short(self) -> int | None:
        """What was counted beyond the expected, below zero when cash lacks; None while open."""
        return None if self.counted_cash is None else self.counted_cash - self.expected_cash
