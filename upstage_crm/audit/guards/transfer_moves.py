"""How tickets change hands or seats: offered once, by an answer, and never back. Pure.

It is a part of `rules`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from upstage_crm.audit.guards.sql import Rule, is_other, moves

OFFER_MOVES: Mapping[str, Sequence[str]] = {
    "open": ("accepted", "declined", "taken_back", "lapsed")
}
TRANSFER_MOVES: Mapping[str, Sequence[str]] = {"offered": ("held", "ended")}
SEAT_MOVE_MOVES: Mapping[str, Sequence[str]] = {"proposed": ("moved", "kept")}


def rules(dialect: str) -> list[Rule]:
    """What is refused of offers of tickets."""
    other = is_other(dialect)
    # An erasure empties the address, and nothing else changes it.
    changed = " OR ".join(
        f"(NEW.{column} {other} OLD.{column} AND NEW.{column} <> '')"
        for column in ("email", "email_key")
    )
    reanswered = f"OLD.answered_at IS NOT NULL AND NEW.answered_at {other} OLD.answered_at"
    offer_of = "SELECT 1 FROM ticket_offer o WHERE o.id = NEW.offer_id"
    is_theirs = (
        "EXISTS (SELECT 1 FROM ticket_offer o JOIN ticket t ON t.order_id = o.order_id "
        "WHERE o.id = NEW.offer_id AND t.id = NEW.ticket_id AND o.state = 'open')"
    )
    is_proposable = (
        "EXISTS (SELECT 1 FROM ticket_offer o JOIN ticket t ON t.order_id = o.order_id "
        "JOIN seat_state s ON s.performance_id = t.performance_id AND s.seat_id = NEW.seat_id "
        "WHERE o.id = NEW.offer_id AND o.state = 'open' AND t.id = NEW.ticket_id "
        "AND t.state = 'valid' AND t.seat_id <> '' AND s.state = 'held' AND s.holder = o.id)"
    )
    return [
        Rule("ticket_offer_birth", "ticket_offer", "INSERT", "NEW.state <> 'open'"),
        Rule("ticket_offer_mailbox", "ticket_offer", "UPDATE", changed),
        Rule(
            "ticket_offer_moves",
            "ticket_offer",
            "UPDATE",
            f"(OLD.state <> NEW.state AND NOT ({moves('state', OFFER_MOVES)})) OR ({reanswered})",
        ),
        Rule(
            "ticket_transfer_birth",
            "ticket_transfer",
            "INSERT",
            f"NEW.state <> 'offered' OR NOT {is_theirs}",
        ),
        Rule(
            "ticket_transfer_moves",
            "ticket_transfer",
            "UPDATE",
            f"OLD.state <> NEW.state AND NOT ({moves('state', TRANSFER_MOVES)})",
        ),
        Rule(
            "ticket_transfer_held",
            "ticket_transfer",
            "UPDATE",
            "NEW.state = 'held' AND OLD.state <> 'held' "
            f"AND NOT EXISTS ({offer_of} AND o.state = 'accepted')",
        ),
        Rule(
            "seat_move_birth",
            "seat_move",
            "INSERT",
            f"NEW.state <> 'proposed' OR NOT {is_proposable}",
        ),
        Rule(
            "seat_move_moves",
            "seat_move",
            "UPDATE",
            f"OLD.state <> NEW.state AND NOT ({moves('state', SEAT_MOVE_MOVES)})",
        ),
        Rule(
            "seat_move_moved",
            "seat_move",
            "UPDATE",
            "NEW.state = 'moved' AND OLD.state <> 'moved' "
            f"AND NOT EXISTS ({offer_of} AND o.state = 'accepted')",
        ),
    ]
