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
        Rule("seating_sold", "seating", "UPDATE", _loses_seats(dialect)),
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


# A hold passes to another holder once it has lapsed, which is when the seat is written again.
_CHANGES_HANDS = (
    "OLD.state = NEW.state AND NEW.holder <> OLD.holder "
    "AND (OLD.state = 'sold' OR NEW.changed_at < OLD.expires_at)"
)


def _loses_seats(dialect: str) -> str:
    """What is sold goes into another version of the same hall's plan, and only if it has the seats.

    That a pool still has room for what is sold, its own counters say.
    """
    of = "seat_plan p WHERE p.id = NEW.plan_id"
    ids = (
        "SELECT e.value FROM seat_plan p, json_tree(p.plan) e "
        "WHERE p.id = NEW.plan_id AND e.key = 'seat_guid'"
        if dialect == "sqlite"
        else "SELECT jsonb_path_query(p.plan::jsonb, "
        "'$.zones[*].rows[*].seats[*].seat_guid'::jsonpath) "
        f"#>> '{{}}'::text[] FROM {of}"
    )
    sold = "SELECT 1 FROM seat_state s WHERE s.performance_id = OLD.performance_id "
    places = "SELECT 1 FROM pool q WHERE q.performance_id = OLD.performance_id AND q.sold > (0)"
    is_of_hall = (
        f"EXISTS (SELECT 1 FROM {of} AND p.hall_id = "
        "(SELECT o.hall_id FROM seat_plan o WHERE o.id = OLD.plan_id))"
    )
    return (
        "NEW.plan_id <> OLD.plan_id AND ("
        f"(NOT {is_of_hall} AND (EXISTS ({sold} AND s.state = 'sold') OR EXISTS ({places}))) "
        f"OR EXISTS ({sold} AND s.state = 'sold' AND s.seat_id NOT IN ({ids})))"
    )
