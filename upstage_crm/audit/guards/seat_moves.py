"""How a seat may change hands, as part of `rules`. Pure.

That a seat has one row, and that a pool never passes its capacity, the tables say themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from upstage_crm.audit.guards.sql import Rule, is_other, moves

SEAT_MOVES: Mapping[str, Sequence[str]] = {
    "free": ("held", "blocked"),
    "held": ("free", "sold", "blocked"),
    "sold": ("free",),
    "blocked": ("free",),
}
"""Only what was held is sold, and only what is free again is held by another sale."""


def rules(dialect: str) -> list[Rule]:
    """What is refused of seats, of the plan under them, and of what the house keeps back."""
    found = [
        Rule("seat_state_birth", "seat_state", "INSERT", "NEW.state <> 'free'"),
        Rule(
            "seat_state_moves",
            "seat_state",
            "UPDATE",
            f"OLD.state <> NEW.state AND NOT ({moves('state', SEAT_MOVES)})",
        ),
        Rule("seat_state_holder", "seat_state", "UPDATE", _CHANGES_HANDS),
        Rule("seat_state_delete", "seat_state", "DELETE", "OLD.state <> 'free'"),
        Rule("seating_sold", "seating", "UPDATE", _IS_SOLD),
        Rule(
            "house_hold_released",
            "house_hold",
            "UPDATE",
            f"OLD.released_at IS NOT NULL AND NEW.released_at {is_other(dialect)} OLD.released_at",
        ),
    ]
    if dialect != "sqlite":
        found += [
            Rule(f"{table}_truncate", table, "TRUNCATE", "TRUE")
            for table in ("seat_state", "pool_hold")
        ]
    return found


# A lapsed hold passes to another holder, whose deadline is later by the nature of time.
_CHANGES_HANDS = (
    "OLD.state = NEW.state AND NEW.holder <> OLD.holder "
    "AND (OLD.state = 'sold' OR NEW.expires_at <= OLD.expires_at)"
)
_IS_SOLD = (
    "NEW.plan_id <> OLD.plan_id AND (EXISTS (SELECT 1 FROM seat_state s "
    "WHERE s.performance_id = OLD.performance_id AND s.state = 'sold') "
    "OR EXISTS (SELECT 1 FROM pool p WHERE p.performance_id = OLD.performance_id AND p.sold > (0)))"
)
