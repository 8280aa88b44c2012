"""How an order, its contact and its tickets may change, as part of `rules`. Pure.

A later step adds lines and tickets; it edits none. That a seat has one valid ticket, and that a
line is reversed once, the tables say themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from upstage_crm.audit.guards.sql import Rule, is_other, moves

TICKET_MOVES: Mapping[str, Sequence[str]] = {"valid": ("returned", "exchanged", "void")}
BASKET_MOVES: Mapping[str, Sequence[str]] = {
    "open": ("paying", "sold", "let_go"),
    "paying": ("open", "sold", "let_go"),
}
_CONTACT = ("email", "email_key", "name", "name_key", "phone")


def rules(dialect: str) -> list[Rule]:
    """What is refused of orders, of the contact typed for one, and of tickets."""
    other = is_other(dialect)
    # An erasure empties a contact, and nothing else changes it.
    changed = " OR ".join(
        f"(NEW.{column} {other} OLD.{column} AND NEW.{column} <> '')" for column in _CONTACT
    )
    resealed = f"OLD.seal_id IS NOT NULL AND NEW.seal_id {other} OLD.seal_id"
    unfiled = "OLD.patron_id IS NOT NULL AND NEW.patron_id IS NULL"
    return [
        Rule("orders_unfiled", "orders", "UPDATE", unfiled),
        Rule("order_contact_words", "order_contact", "UPDATE", changed),
        Rule("ticket_birth", "ticket", "INSERT", "NEW.state <> 'valid' OR NEW.code_version <> (1)"),
        Rule("ticket_moves", "ticket", "UPDATE", _leaves(TICKET_MOVES)),
        Rule("ticket_code", "ticket", "UPDATE", "NEW.code_version < OLD.code_version"),
        Rule("ticket_sealed", "ticket", "UPDATE", resealed),
        Rule("basket_moves", "basket", "UPDATE", _leaves(BASKET_MOVES)),
    ]


def _leaves(legal: Mapping[str, Sequence[str]]) -> str:
    """Whether a state changes in a way that is none of the legal ones."""
    return f"OLD.state <> NEW.state AND NOT ({moves('state', legal)})"
