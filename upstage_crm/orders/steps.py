"""Writes the steps of an order: its lines, its tickets, and what they move on the books."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import table_of
from upstage_crm.core.ids import new_id
from upstage_crm.orders.errors import TicketNotValid, UnknownOrder, UnknownTicket
from upstage_crm.orders.letters.tables import OrderLetterRow
from upstage_crm.orders.order_postings import Booked
from upstage_crm.orders.tables import OrderLineRow, OrderRow, OrderStepRow, TicketRow
from upstage_crm.orders.views import BasketLine, Seller, StepKind, TicketState
from upstage_crm.pricing import views as pricing
from upstage_crm.pricing.views import Priced, PricedLine
from upstage_crm.staff.command_context import CommandContext

ORDER, STEP = table_of(OrderRow), table_of(OrderStepRow)
ORDER_LINE, TICKET = table_of(OrderLineRow), table_of(TicketRow)
_NEW_STEP, _NEW_LINES, _NEW_TICKETS = (
    sa.insert(STEP),
    sa.insert(ORDER_LINE),
    sa.insert(TICKET),
)
_NEW_LETTER = sa.insert(table_of(OrderLetterRow))
TOLD = frozenset({StepKind.SALE, StepKind.EXCHANGE, StepKind.REISSUE})
"""The steps after which the buyer is mailed the tickets that count."""
_SALT_BYTES = 16
_LINE_KIND = "ticket"
_LAST = sa.select(sa.func.coalesce(sa.func.max(STEP.c.n), 0)).where(
    STEP.c.order_id == sa.bindparam("order", type_=sa.String)
)
_LOCK = (
    sa.select(ORDER)
    .where(ORDER.c.id == sa.bindparam("order", type_=sa.String))
    .with_for_update(key_share=True)
)
_OF_KEY = sa.select(STEP).where(STEP.c.key == sa.bindparam("key", type_=sa.String))
_TICKETS = (
    sa.select(
        TICKET,
        ORDER_LINE.c.fee_amount,
        ORDER_LINE.c.fees,
        ORDER_LINE.c.tax,
        ORDER_LINE.c.tax_basis_points,
        ORDER_LINE.c.price_id,
        ORDER_LINE.c.window_id,
        ORDER_LINE.c.steps,
    )
    .join(ORDER_LINE, ORDER_LINE.c.id == TICKET.c.line_id)
    .where(
        TICKET.c.order_id == sa.bindparam("order", type_=sa.String),
        TICKET.c.id.in_(sa.bindparam("tickets", type_=sa.String, expanding=True)),
    )
    .order_by(TICKET.c.id)
)
_END = sa.update(TICKET).where(
    TICKET.c.id.in_(sa.bindparam("tickets", type_=sa.String, expanding=True)),
    TICKET.c.state == TicketState.VALID,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """What a step has sold: the new tickets, and their amounts as they are booked."""

    ticket_ids: tuple[str, ...]
    booked: tuple[Booked, ...]


def lock_order(session: Session, order_id: str) -> sa.RowMapping:
    """Lock an order, after the seats that the command is about.

    Raises:
        UnknownOrder: there is none with this id.
    """
    row = session.connection().execute(_LOCK, {"order": order_id}).mappings().one_or_none()
    if row is None:
        raise UnknownOrder
    return row


def of_key(session: Session, key: str) -> sa.RowMapping | None:
    """The step that was taken under `key` before; None when it is a new one."""
    return session.connection().execute(_OF_KEY, {"key": key}).mappings().one_or_none()


def begin(
    context: CommandContext[object],
    seller: Seller,
    *,
    order_id: str,
    kind: StepKind,
    key: str,
    total: int,
    reason: str = "",
) -> str:
    """Write a step of a locked order and return its id. `total` is what it adds to the order."""
    connection = context.session.connection()
    step_id = new_id(context.now)
    n = 1 + connection.execute(_LAST, {"order": order_id}).scalar_one()
    row = {
        "id": step_id,
        "order_id": order_id,
        "n": n,
        "kind": kind,
        "key": key,
        "total": total,
        "staff_id": seller.staff_id,
        "shift_id": seller.shift_id,
        "reason": reason,
        "created_at": context.now,
    }
    connection.execute(_NEW_STEP, row)
    if kind in TOLD:
        connection.execute(_NEW_LETTER, {"step_id": step_id, "order_id": order_id})
    return step_id


def issue(
    context: CommandContext[object],
    *,
    order_id: str,
    step_id: str,
    lines: Sequence[BasketLine],
    priced: Priced,
    holder_id: str | None,
) -> Issued:
    """Write a line and a ticket for each thing that was in the basket."""
    connection, now = context.session.connection(), context.now
    prices = {each.line.key: each for each in priced.lines}
    rows = [line_row(new_id(now), order_id, step_id, prices[line.key]) for line in lines]
    connection.execute(_NEW_LINES, rows)
    tickets = [
        ticket_row(context.now, line, row, holder_id) for line, row in zip(lines, rows, strict=True)
    ]
    connection.execute(_NEW_TICKETS, tickets)
    return Issued(
        ticket_ids=tuple(str(ticket["id"]) for ticket in tickets),
        booked=tuple(booked_of(row) for row in rows),
    )


def tickets_of(
    session: Session, order_id: str, ticket_ids: Sequence[str]
) -> Sequence[sa.RowMapping]:
    """Tickets of an order with the amounts of their lines, in the order of their ids.

    Raises:
        UnknownTicket: one of them is no ticket of the order.
    """
    given = {"order": order_id, "tickets": sorted(set(ticket_ids))}
    rows = session.connection().execute(_TICKETS, given).mappings().all()
    if len(rows) != len(given["tickets"]):
        raise UnknownTicket
    return rows


def take_back(
    context: CommandContext[object],
    *,
    order_id: str,
    step_id: str,
    tickets: Sequence[sa.RowMapping],
    state: TicketState,
) -> tuple[list[Booked], dict[str, str]]:
    """End tickets and write the lines that reverse theirs; return amounts and reversing lines.

    Raises:
        TicketNotValid: one of them ended before. Facts: `place`.
    """
    connection, now = context.session.connection(), context.now
    ids = [row["id"] for row in tickets]
    ended = connection.execute(_END.values(state=state), {"tickets": ids}).rowcount
    if ended != len(ids):
        gone = [row["place"] for row in tickets if row["state"] is not TicketState.VALID]
        raise TicketNotValid(place=", ".join(gone or [tickets[0]["place"]]))
    rows = [_reversing_row(new_id(now), order_id, step_id, row) for row in tickets]
    connection.execute(_NEW_LINES, rows)
    booked = [
        Booked(
            line_id=row["line_id"],
            performance_id=row["performance_id"],
            amount=row["amount"],
            fees=row["fee_amount"],
            tax=row["tax"],
        )
        for row in tickets
    ]
    return booked, {row["reverses"]: str(row["id"]) for row in rows}


def carry(
    context: CommandContext[object],
    ticket: sa.RowMapping,
    *,
    step_id: str,
    seat_id: str,
    place: str,
    zone: str,
) -> Issued:
    """Write a ticket for another seat at exactly the price of one that has just ended."""
    connection, now = context.session.connection(), context.now
    same = (
        *("performance_id", "type_id", "price_id", "window_id", "amount", "fees", "fee_amount"),
        *("tax", "tax_basis_points", "steps"),
    )
    line = {
        "id": new_id(now),
        "order_id": ticket["order_id"],
        "step_id": step_id,
        "kind": _LINE_KIND,
        "zone": zone,
        "reverses": "",
        **{name: ticket[name] for name in same},
    }
    connection.execute(_NEW_LINES, [line])
    moved = {
        **{name: ticket[name] for name in ("order_id", "performance_id", "pool_id")},
        **{name: ticket[name] for name in ("type_id", "amount", "holder_id")},
        "id": new_id(now),
        "line_id": line["id"],
        "seat_id": seat_id,
        "place": place[:240],
        "zone": zone,
        **_unseen(now),
    }
    connection.execute(_NEW_TICKETS, [moved])
    return Issued(ticket_ids=(str(moved["id"]),), booked=(booked_of(line),))


def ticket_row(
    now: datetime, line: BasketLine, row: Mapping[str, Any], holder_id: str | None
) -> dict[str, Any]:
    """The ticket of an order line, as it is stored."""
    return {
        "id": new_id(now),
        "order_id": row["order_id"],
        "line_id": row["id"],
        "performance_id": line.performance_id,
        "seat_id": line.seat_id,
        "pool_id": line.pool_id,
        "place": line.place[:240],
        "zone": line.zone,
        "type_id": line.type_id,
        "amount": row["amount"],
        "holder_id": holder_id,
        **_unseen(now),
    }


def _unseen(now: datetime) -> dict[str, Any]:
    """What every ticket begins with: its first code, nowhere shown and not sealed yet."""
    return {
        "state": TicketState.VALID,
        "code_version": 1,
        "collected_at": None,
        "salt": secrets.token_hex(_SALT_BYTES),
        "seal_id": None,
        "created_at": now,
    }


def line_row(line_id: str, order_id: str, step_id: str, each: PricedLine) -> dict[str, Any]:
    """A priced line of an order, as it is stored."""
    listed = [one.rule_id for one in each.steps if one.kind is pricing.StepKind.LIST]
    return {
        "id": line_id,
        "order_id": order_id,
        "step_id": step_id,
        "kind": _LINE_KIND,
        "performance_id": each.line.performance_id,
        "zone": each.line.zone,
        "type_id": each.line.type_id,
        "price_id": listed[0] if listed else "",
        "window_id": each.window_id,
        "amount": each.amount,
        "fees": json.dumps([[fee.name, fee.amount] for fee in each.fees]),
        "fee_amount": sum(fee.amount for fee in each.fees),
        "tax": each.tax,
        "tax_basis_points": each.tax_rate.basis_points,
        "steps": json.dumps(
            [[one.kind.value, one.rule_id, one.name, one.amount, one.version] for one in each.steps]
        ),
        "reverses": "",
    }


def _reversing_row(
    line_id: str, order_id: str, step_id: str, ticket: sa.RowMapping
) -> dict[str, Any]:
    fees = [[name, -amount] for name, amount in json.loads(ticket["fees"])]
    return {
        "id": line_id,
        "order_id": order_id,
        "step_id": step_id,
        "kind": _LINE_KIND,
        "performance_id": ticket["performance_id"],
        "zone": ticket["zone"],
        "type_id": ticket["type_id"],
        "price_id": ticket["price_id"],
        "window_id": ticket["window_id"],
        "amount": -ticket["amount"],
        "fees": json.dumps(fees),
        "fee_amount": -ticket["fee_amount"],
        "tax": -ticket["tax"],
        "tax_basis_points": ticket["tax_basis_points"],
        "steps": "[]",
        "reverses": ticket["line_id"],
    }


def booked_of(row: Mapping[str, Any]) -> Booked:
    """The amounts of a stored line as they are booked."""
    return Booked(
        line_id=row["id"],
        performance_id=row["performance_id"],
        amount=row["amount"],
        fees=row["fee_amount"],
        tax=row["tax"],
    )
