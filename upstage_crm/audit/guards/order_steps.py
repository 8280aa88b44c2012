"""What was sold stays as it was sold, as part of `rules`. Pure.

A later step adds lines and tickets; it edits none. That a seat has one valid ticket, and that a
line is reversed once, the tables say themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from upstage_crm.audit.guards.sql import Rule, any_differs, is_other, moves

TICKET_MOVES: Mapping[str, Sequence[str]] = {"valid": ("returned", "exchanged", "void")}
BASKET_MOVES: Mapping[str, Sequence[str]] = {
    "open": ("paying", "sold", "let_go"),
    "paying": ("open", "sold", "let_go"),
}
_CONTACT = ("email", "email_key", "name", "name_key", "phone")
_FROZEN_TICKET = (
    "id", "order_id", "line_id", "performance_id", "seat_id", "pool_id", "place", "zone",
    "type_id", "amount", "salt", "created_at",
)  # fmt: skip
_FROZEN_ORDER = (
    "id", "reference", "basket_id", "channel", "staff_id", "shift_id", "currency", "total",
    "tax_mode", "created_at",
)  # fmt: skip


def rules(dialect: str) -> list[Rule]:
    """What is refused of orders, of the contact typed for one, and of tickets."""
    changed = " OR ".join(
        f"(NEW.{column} {is_other(dialect)} OLD.{column} AND NEW.{column} <> '')"
        for column in _CONTACT
    )
    fixed = any_differs(("order_id",), dialect)
    refiled = "OLD.patron_id IS NOT NULL AND NEW.patron_id IS NULL"
    found = [
        Rule("orders_fixed", "orders", "UPDATE", any_differs(_FROZEN_ORDER, dialect)),
        Rule("orders_filed", "orders", "UPDATE", refiled),
        Rule("order_contact_words", "order_contact", "UPDATE", f"{changed} OR {fixed}"),
        Rule("ticket_birth", "ticket", "INSERT", "NEW.state <> 'valid' OR NEW.code_version <> 1"),
        Rule("ticket_fixed", "ticket", "UPDATE", any_differs(_FROZEN_TICKET, dialect)),
        Rule(
            "ticket_moves",
            "ticket",
            "UPDATE",
            f"OLD.state <> NEW.state AND NOT ({moves('state', TICKET_MOVES)})",
        ),
        Rule("ticket_code", "ticket", "UPDATE", "NEW.code_version < OLD.code_version"),
        Rule("ticket_sealed", "ticket", "UPDATE", _is_resealed(dialect)),
        Rule(
            "basket_moves",
            "basket",
            "UPDATE",
            f"OLD.state <> NEW.state AND NOT ({moves('state', BASKET_MOVES)})",
        ),
    ]
    events = ("DELETE",) if dialect == "sqlite" else ("DELETE", "TRUNCATE")
    found += [Rule(f"{table}_update", table, "UPDATE", "TRUE") for table in _NEVER_UPDATED]
    return found + [
        Rule(f"{table}_{event.lower()}", table, event, "TRUE")
        for table in _KEPT
        for event in events
    ]


_NEVER_UPDATED = ("order_line", "order_step")
_KEPT = ("orders", "order_contact", "order_step", "order_line", "ticket")
IDENTITY: Mapping[str, Sequence[str]] = {
    "basket": ("id",),
    "orders": ("id", "reference", "basket_id"),
    "order_contact": ("order_id",),
    "order_step": ("id", "order_id, n", "key"),
    "order_line": ("id",),
    "ticket": ("id", "line_id"),
}
"""Every unique key: an INSERT over one of them is an overwrite."""


def _is_resealed(dialect: str) -> str:
    return f"OLD.seal_id IS NOT NULL AND NEW.seal_id {is_other(dialect)} OLD.seal_id"
