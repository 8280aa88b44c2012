"""What a shift at a till allows, as part of `rules`. Pure.

That a till has one open shift at most, the tables say themselves.
"""

from __future__ import annotations

from upstage_crm.audit.guards.sql import Rule, any_differs


def rules(dialect: str) -> list[Rule]:
    """What is refused of shifts, and of the cash in their drawers."""
    ended = any_differs(
        (
            "closed_at",
            "closed_by",
            "practised",
            "expected_cash",
            "counted_cash",
            "expected_terminal",
            "counted_terminal",
        ),
        dialect,
    )
    return [
        Rule("till_shift_birth", "till_shift", "INSERT", "NEW.closed_at IS NOT NULL"),
        Rule(
            "till_shift_closed",
            "till_shift",
            "UPDATE",
            f"OLD.closed_at IS NOT NULL AND ({ended})",
        ),
        Rule("drawer_move_late", "drawer_move", "INSERT", f"NOT ({_IS_OPEN})"),
        Rule("ledger_transaction_shift", "ledger_transaction", "INSERT", _TAKES_NO_MONEY),
    ]


_IS_OPEN = "EXISTS (SELECT 1 FROM till_shift s WHERE s.id = NEW.shift_id AND s.closed_at IS NULL)"
_TAKES_NO_MONEY = (
    "EXISTS (SELECT 1 FROM till_shift s WHERE s.id = NEW.shift_id "
    "AND (s.closed_at IS NOT NULL OR s.is_training))"
)
