"""The demo's tills, and yesterday's shift, which closed 1.40 short."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from upstage_crm.staff.command_context import StaffContext
from upstage_crm.tills import shifts, till_commands
from upstage_crm.tills.views import MoveKind

TILLS = ("Foyer left", "Foyer right")
FLOAT, COINS, PAID_OUT, SHORT = 150_00, 40_00, 12_60, 1_40


def add(context: StaffContext[object]) -> None:
    """Add the tills and the shift. `context` is that of a day before the demo's last."""
    ids = [till_commands.add(context, name=name) for name in TILLS]
    shift = shifts.open_shift(context, till_id=ids[0], float_amount=FLOAT)
    for kind, amount, reason in (
        (MoveKind.CASH_IN, COINS, "Coins from the bank"),
        (MoveKind.PAID_OUT, PAID_OUT, "Batteries for the torches"),
    ):
        shifts.move(context, shift_id=shift, kind=kind, amount=amount, reason=reason)
    later = replace(context, now=context.now + timedelta(hours=5))
    shifts.close(
        later,
        shift_id=shift,
        counted_cash=FLOAT + COINS - PAID_OUT - SHORT,
        counted_terminal=0,
    )
