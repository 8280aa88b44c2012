"""How far an order of a cancelled or moved performance may go, as part of `rules`. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from upstage_crm.audit.guards.sql import Rule, any_differs, moves

DISRUPTED_MOVES: Mapping[str, Sequence[str]] = {
    "listed": ("offered", "settled"),
    "offered": ("settled",),
}


def rules(dialect: str) -> list[Rule]:
    """What is refused of disrupted orders."""
    table = "disrupted_order"
    said = any_differs(
        ("answer", "amount", "rebooked", "mail_id", "answer_until", "settled_at"), dialect
    )
    return [
        Rule("disrupted_order_birth", table, "INSERT", "NEW.stage <> 'listed'"),
        Rule(
            "disrupted_order_moves",
            table,
            "UPDATE",
            f"OLD.stage <> NEW.stage AND NOT ({moves('stage', DISRUPTED_MOVES)})",
        ),
        Rule("disrupted_order_settled", table, "UPDATE", f"OLD.stage = 'settled' AND ({said})"),
        Rule("disrupted_order_link", table, "UPDATE", "NEW.link_version < OLD.link_version"),
    ]
