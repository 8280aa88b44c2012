"""Reads what buyers are about to buy."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import table_of
from upstage_crm.inventory import holds
from upstage_crm.inventory import queries as inventory
from upstage_crm.inventory.views import Wanted
from upstage_crm.orders.errors import UnknownBasket
from upstage_crm.orders.tables import BasketLineRow, BasketRow
from upstage_crm.orders.views import BasketLine, BasketState, BasketView, Contact
from upstage_crm.organisation.currency import currency
from upstage_crm.programme.prices.views import CompReason

BASKET, LINE = table_of(BasketRow), table_of(BasketLineRow)
ONE = sa.select(BASKET).where(BASKET.c.id == sa.bindparam("basket", type_=sa.String))
"""One basket, by its id `basket`."""
_LINES = sa.select(LINE).where(LINE.c.basket_id == sa.bindparam("basket", type_=sa.String))


def digest(secret: str) -> str:
    """What is stored of the secret in a visitor's cookie."""
    return hashlib.sha256(secret.encode()).hexdigest()


def read(session: Session, basket_id: str, *, now: datetime) -> BasketView:
    """A basket with its lines, the first performance's first.

    Raises:
        UnknownBasket: there is none with this id.
    """
    return view_of(session, basket_row(session, basket_id), now)


def basket_row(session: Session, basket_id: str) -> sa.RowMapping:
    """The row of a basket.

    Raises:
        UnknownBasket: there is none with this id.
    """
    row = session.connection().execute(ONE, {"basket": basket_id}).mappings().one_or_none()
    if row is None:
        raise UnknownBasket
    return row


def of_visitor(session: Session, secret: str, *, now: datetime) -> BasketView | None:
    """The basket of the portal visitor whose cookie holds `secret`; None without one."""
    query = sa.select(BASKET).where(BASKET.c.token_hash == digest(secret))
    row = session.connection().execute(query).mappings().one_or_none() if secret else None
    return None if row is None else view_of(session, row, now)


def contact_of(session: Session, basket_id: str) -> Contact:
    """What the buyer has typed so far.

    Raises:
        UnknownBasket: there is none with this id.
    """
    row = basket_row(session, basket_id)
    typed = json.loads(row["contact"])
    return Contact(**typed) if typed else Contact(language=row["language"])


def parked(session: Session, *, now: datetime) -> list[BasketView]:
    """The baskets that were put aside and still hold something, the oldest first."""
    query = (
        sa.select(BASKET)
        .where(BASKET.c.state == BasketState.OPEN, BASKET.c.label != "")
        .order_by(BASKET.c.id)
    )
    found = [view_of(session, row, now) for row in session.connection().execute(query).mappings()]
    return [view for view in found if view.is_held]


def wanted_of(lines: Sequence[BasketLine]) -> Wanted:
    """The seats and places of lines, as inventory is asked for them."""
    seats: dict[str, set[str]] = {}
    places: dict[str, int] = {}
    for line in lines:
        if line.seat_id:
            seats.setdefault(line.performance_id, set()).add(line.seat_id)
        else:
            places[line.pool_id] = places.get(line.pool_id, 0) + 1
    return Wanted(seats={each: frozenset(ids) for each, ids in seats.items()}, places=places)


def view_of(session: Session, row: sa.RowMapping, now: datetime) -> BasketView:
    """A basket from its row."""
    found = session.connection().execute(_LINES, {"basket": row["id"]}).all()
    lines = [_line(session, each) for each in found]
    own = holds.own_deadline(session, holder=row["id"], now=now) if lines else None
    return BasketView(
        id=row["id"],
        kind=row["kind"],
        state=row["state"],
        channel=row["channel"],
        patron_id=row["patron_id"],
        language=row["language"],
        label=row["label"],
        currency=currency(session),
        lines=tuple(sorted(lines, key=lambda line: (line.performance_id, line.zone, line.key))),
        until=own.at if own else None,
        extensions_left=own.extensions_left if own else 0,
        priced_at=row["priced_at"],
        order_id=row["order_id"],
    )


def _line(session: Session, row: Any) -> BasketLine:
    place = row.zone
    if row.seat_id:
        places = inventory.places_of(session, row.performance_id)
        place = places[row.seat_id].words if row.seat_id in places else row.seat_id
    return BasketLine(
        key=row.key,
        performance_id=row.performance_id,
        seat_id=row.seat_id,
        pool_id=row.pool_id,
        place=place,
        zone=row.zone,
        type_id=row.type_id,
        comp_reason=CompReason(row.comp_reason) if row.comp_reason else None,
        amount=row.amount,
    )
