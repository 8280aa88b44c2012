"""Ends a shift at a till with what is still being sold in it."""

from __future__ import annotations

from upstage_crm.orders import baskets
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.tills import shifts
from upstage_crm.tills.views import ShiftReport


def close_and_let_go(
    context: StaffContext[object],
    *,
    shift_id: str,
    counted_cash: int,
    counted_terminal: int | None = None,
) -> ShiftReport:
    """Close a shift and free the seats of its sales that were not finished, parked ones too.

    Raises:
        UpstageError: as `shifts.close`.
    """
    report = shifts.close(
        context,
        shift_id=shift_id,
        counted_cash=counted_cash,
        counted_terminal=counted_terminal,
    )
    baskets.let_go_of_shift(context, shift_id)
    return report
