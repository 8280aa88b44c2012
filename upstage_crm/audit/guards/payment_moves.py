"""Which steps a payment, a refund and a dispute may take, as part of `rules`. Pure.

That nothing more is given back than was captured, the table's own check says of the counter; here
the counter is held to the refunds themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from upstage_crm.audit.guards.sql import Rule, is_other, moves

PAYMENT_MOVES: Mapping[str, Sequence[str]] = {
    "created": ("action_needed", "captured", "failed", "expired"),
    "action_needed": ("captured", "failed", "expired"),
    "failed": ("captured",),
    "expired": ("captured",),
}
REFUND_MOVES: Mapping[str, Sequence[str]] = {
    "pending": ("done", "failed"),
    "done": ("failed",),
}
_DISPUTE_ENDS = ("won", "lost", "dropped")
DISPUTE_MOVES: Mapping[str, Sequence[str]] = {
    "open": ("answered", *_DISPUTE_ENDS),
    "answered": ("open", *_DISPUTE_ENDS),
    "lost": ("won",),
    "dropped": ("open",),
}


def rules(dialect: str) -> list[Rule]:
    """What is refused of payments, refunds and disputes."""
    other = is_other(dialect)
    return [
        Rule("payment_birth", "payment", "INSERT", f"NOT ({_IS_BORN_OPEN})"),
        Rule("payment_second", "payment", "INSERT", _IS_SECOND),
        Rule(
            "payment_moves",
            "payment",
            "UPDATE",
            f"OLD.state <> NEW.state AND NOT ({moves('state', PAYMENT_MOVES)})",
        ),
        Rule("payment_order", "payment", "UPDATE", _CHANGES_ITS_ORDER),
        Rule("payment_references", "payment", "UPDATE", _again(_REFERENCES, other)),
        Rule("payment_counter", "payment", "UPDATE", _FORGETS_REFUNDS),
        Rule("refund_birth", "refund", "INSERT", f"NEW.state <> 'pending' OR NOT ({_IS_COUNTED})"),
        Rule(
            "refund_moves",
            "refund",
            "UPDATE",
            f"OLD.state <> NEW.state AND NOT ({moves('state', REFUND_MOVES)})",
        ),
        Rule("refund_reference", "refund", "UPDATE", _again(("reference",), other)),
        Rule(
            "payment_dispute_moves",
            "payment_dispute",
            "UPDATE",
            f"OLD.state <> NEW.state AND NOT ({moves('state', DISPUTE_MOVES)})",
        ),
    ]


_REFERENCES = ("reference", "capture_reference")


def _again(columns: Sequence[str], other: str) -> str:
    """Whether what a provider calls a row is changed after it was said once."""
    return " OR ".join(
        f"(OLD.{column} IS NOT NULL AND NEW.{column} {other} OLD.{column})" for column in columns
    )


# A card is captured by its provider, so such a payment begins before the provider hears of it.
_IS_BORN_OPEN = (
    "NEW.refunded = (0) AND (NEW.state = 'created' OR (NEW.state = 'captured' "
    "AND NEW.method IN ('cash', 'terminal', 'invoice')))"
)
_IS_SECOND = (
    "NEW.state = 'created' AND EXISTS (SELECT 1 FROM payment p "
    "WHERE p.basket_id = NEW.basket_id AND p.state IN ('created', 'action_needed'))"
)
_CHANGES_ITS_ORDER = "OLD.order_id <> '' AND NEW.order_id <> OLD.order_id"
_GIVEN_BACK = (
    "(SELECT CAST(coalesce(sum(r.amount), 0) AS bigint) FROM refund r "
    "WHERE r.payment_id = NEW.{key} AND r.state <> 'failed')"
)
_FORGETS_REFUNDS = f"NEW.refunded < OLD.refunded AND NEW.refunded < {_GIVEN_BACK.format(key='id')}"
_IS_COUNTED = (
    "EXISTS (SELECT 1 FROM payment p WHERE p.id = NEW.payment_id AND p.state = 'captured' "
    f"AND p.refunded - NEW.amount >= {_GIVEN_BACK.format(key='payment_id')})"
)
