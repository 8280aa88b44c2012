"""What an attacker with SQL access would try on orders: a seat twice, money back, tickets given on.

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
        *_on_offers(order, ticket),
        *_on_seats(order, ticket),
    ]
    taken = _found(order, ticket, payment)
    return [
        *(Attempt(GROUP, words, tuple(statements)) for words, *statements in found),
        *(Attempt(GROUP, words, tuple(statements), notices=True) for words, *statements in taken),
    ]


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


def _on_offers(order: str, ticket: str) -> Iterator[tuple[str, ...]]:
    """Tickets that change hands. Each attempt makes the offer itself that it is about."""
    mine, theirs = f"'{ticket}'", f"(SELECT min(id) FROM ticket WHERE order_id <> '{order}')"
    offer, asked = _offer(order), _transfer(mine)
    accepted, held = _answered("accepted"), _moved("held")
    yield "an offer that is born accepted", _offer(order, state="accepted")
    yield "a ticket that changes hands without an offer", _transfer(mine, state="held")
    yield "a ticket that is born another's", offer, _transfer(mine, state="held")
    yield "a ticket taken without a yes", offer, asked, held
    yield "a ticket of another order in an offer", offer, _transfer(theirs)
    yield "a ticket for an offer that was answered", offer, accepted, asked
    yield "a ticket in two offers", offer, asked, _offer(order, "two"), _transfer(mine, "two")
    yield "another mailbox in an offer", offer, _changed("email = 'eve', email_key = 'eve'")
    yield "an offer of another order", offer, _changed("order_id = 'x'")
    yield "a yes that becomes a no", offer, accepted, _answered("declined")
    yield "a ticket taken back from its holder", offer, asked, accepted, held, _moved("ended")
    yield "DELETE an offer", offer, "DELETE FROM ticket_offer WHERE id = 'forged'"
    gone = "DELETE FROM ticket_transfer WHERE id = 'forged'"
    yield "DELETE who has a ticket", offer, asked, gone


def _found(order: str, ticket: str, payment: str) -> Iterator[tuple[str, ...]]:
    """What has the shape of ours, so that only its seal tells it from that."""
    given = _offer(order), _transfer(f"'{ticket}'"), _answered("accepted"), _moved("held")
    yield "a ticket given to a mailbox by no one", *given
    yield "an offer of no one's", _offer(order)
    dispute = (
        "INSERT INTO payment_dispute (id, payment_id, amount, currency, state, opened_at) "
        "SELECT 'forged', id, amount, currency, 'open', created_at FROM payment "
        f"WHERE id = '{payment}'"
    )
    ended = "UPDATE payment_dispute SET state = 'dropped', closed_at = opened_at"
    yield "a dispute that no bank opened", dispute
    yield "a dispute that no bank ended", dispute, f"{ended} WHERE id = 'forged'"


def _on_seats(order: str, ticket: str) -> Iterator[tuple[str, ...]]:
    """A ticket that moves to another seat. Each attempt holds the seat itself that it is about."""
    mine, theirs = f"'{ticket}'", f"(SELECT min(id) FROM ticket WHERE order_id <> '{order}')"
    free = (
        "SELECT s.seat_id FROM seat_state s JOIN ticket t ON t.performance_id = s.performance_id "
        f"WHERE t.id = '{ticket}' AND s.state = 'free' ORDER BY s.seat_id LIMIT 1"
    )
    held = (
        "UPDATE seat_state SET state = 'held', holder = 'forged', expires_at = changed_at "
        f"WHERE performance_id = (SELECT performance_id FROM ticket WHERE id = '{ticket}') "
        f"AND seat_id = ({free})"
    )
    offer, asked = _offer(order), _seat_move(mine)
    yield "another seat that nothing holds", offer, _seat_move(mine)
    yield "a seat proposed without an offer", held, asked
    yield "a seat that is born moved", held, offer, _seat_move(mine, state="moved")
    yield "another seat for a stranger's ticket", held, offer, _seat_move(theirs)
    yield "a seat moved without a yes", held, offer, asked, _turned("state = 'moved'")
    yield "another seat than was proposed", held, offer, asked, _turned("seat_id = 'x'")
    yield (
        "a seat proposed for ever",
        held,
        offer,
        asked,
        _turned("answer_until = '2099-01-01 00:00:00'"),
    )
    yield "DELETE a proposed seat", held, offer, asked, "DELETE FROM seat_move WHERE id = 'forged'"


def _seat_move(ticket: str, *, state: str = "proposed") -> str:
    return (
        "INSERT INTO seat_move (id, offer_id, ticket_id, seat_id, place, zone, reason, staff_id, "
        "answer_until, state) SELECT 'forged', 'forged', t.id, COALESCE((SELECT s.seat_id "
        "FROM seat_state s WHERE s.performance_id = t.performance_id AND s.holder = 'forged'), "
        f"'x'), 'x', t.zone, 'broken', '', t.created_at, '{state}' FROM ticket t "
        f"WHERE t.id = {ticket}"
    )


def _turned(to: str) -> str:
    return f"UPDATE seat_move SET {to} WHERE id = 'forged'"


def _answered(state: str) -> str:
    return _changed(f"state = '{state}', answered_at = created_at")


def _changed(to: str) -> str:
    return f"UPDATE ticket_offer SET {to} WHERE id = 'forged'"


def _offer(order: str, name: str = "forged", *, state: str = "open") -> str:
    answered_at = "NULL" if state == "open" else "created_at"
    return (
        "INSERT INTO ticket_offer (id, order_id, state, email, email_key, language, created_at, "
        f"answered_at) SELECT '{name}', id, '{state}', '{EVIL}', '{EVIL}', 'en', created_at, "
        f"{answered_at} FROM orders WHERE id = '{order}'"
    )


def _transfer(ticket: str, name: str = "forged", *, state: str = "offered") -> str:
    return (
        "INSERT INTO ticket_transfer (id, offer_id, ticket_id, state) "
        f"SELECT '{name}', '{name}', {ticket}, '{state}'"
    )


def _moved(state: str) -> str:
    return f"UPDATE ticket_transfer SET state = '{state}' WHERE id = 'forged'"
