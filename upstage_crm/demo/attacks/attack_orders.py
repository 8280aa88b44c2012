"""What an attacker with SQL access would try on orders: a seat twice, money back that never came.

See `attack_list`.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.engine import Connection

from upstage_crm.demo.attack_list import EVIL, Attempt, copy

GROUP = "Change what was sold"
_SOLD = (
    "SELECT t.id, t.order_id, t.line_id, p.id FROM ticket t "
    "JOIN payment p ON p.order_id = t.order_id AND p.state = 'captured' "
    "WHERE t.state = 'valid' AND t.seat_id <> '' ORDER BY t.id"
)


def order_attempts(connection: Connection) -> list[Attempt]:
    """Every attempt on an order with a seat; none where nothing was sold."""
    sold = connection.exec_driver_sql(_SOLD).first()
    if sold is None:
        return []
    ticket, order, line, payment = sold
    found = [
        *_on_ticket(f"id = '{ticket}'", f"id = '{line}'"),
        *_on_order(f"id = '{order}'", f"order_id = '{order}'"),
        *_on_money(f"id = '{payment}'", payment),
    ]
    return [Attempt(GROUP, words, tuple(statements)) for words, *statements in found]


def _on_ticket(ticket: str, line: str) -> Iterator[tuple[str, ...]]:
    new_line = copy("order_line", line, {"id": "'forged'", "reverses": "''"})
    yield (
        "a second valid ticket for a seat",
        new_line,
        copy("ticket", ticket, {"id": "'forged'", "line_id": "'forged'"}),
    )
    yield "a ticket that is born void", copy("ticket", ticket, {"id": "'x'", "state": "'void'"})
    yield "another seat", f"UPDATE ticket SET seat_id = 'forged' WHERE {ticket}"
    yield "another performance", f"UPDATE ticket SET performance_id = 'x' WHERE {ticket}"
    yield "a cheaper ticket", f"UPDATE ticket SET amount = 1 WHERE {ticket}"
    yield "an older code", f"UPDATE ticket SET code_version = 0 WHERE {ticket}"
    yield (
        "a returned ticket that is valid again",
        f"UPDATE ticket SET state = 'returned' WHERE {ticket}",
        f"UPDATE ticket SET state = 'valid' WHERE {ticket}",
    )
    yield "DELETE a ticket", f"DELETE FROM ticket WHERE {ticket}"
    yield "the same ticket again", copy("ticket", ticket, {})


def _on_order(order: str, its: str) -> Iterator[tuple[str, ...]]:
    yield "another total", f"UPDATE orders SET total = 1 WHERE {order}"
    yield "another reference", f"UPDATE orders SET reference = 'K7-2FQ' WHERE {order}"
    yield "DELETE an order", f"DELETE FROM orders WHERE {order}"
    yield "the same order again", copy("orders", order, {})
    yield "a cheaper line", f"UPDATE order_line SET amount = 1 WHERE {its}"
    yield "DELETE a line", f"DELETE FROM order_line WHERE {its}"
    yield "another step", f"UPDATE order_step SET total = 0 WHERE {its}"
    yield "DELETE a step", f"DELETE FROM order_step WHERE {its}"
    yield (
        "the tickets' mailbox",
        f"UPDATE order_contact SET email = '{EVIL}', email_key = '{EVIL}' WHERE {its}",
    )
    yield "the buyer's name", f"UPDATE order_contact SET name = 'Eve' WHERE {its}"
    yield "DELETE a contact", f"DELETE FROM order_contact WHERE {its}"


def _on_money(payment: str, payment_id: str) -> Iterator[tuple[str, ...]]:
    refund = (
        "INSERT INTO refund (id, payment_id, amount, state, cause, reason, key, created_at) VALUES "
        f"('forged', '{payment_id}', 1, 'done', 'staff', '', 'forged', '2026-01-01 00:00:00')"
    )
    yield (
        "more given back than was paid",
        f"UPDATE payment SET refunded = amount + 1 WHERE {payment}",
    )
    yield "a payment of more", f"UPDATE payment SET amount = amount + 1 WHERE {payment}"
    yield "a refund that nothing counted", refund
    yield "DELETE a payment", f"DELETE FROM payment WHERE {payment}"
