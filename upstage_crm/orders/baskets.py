"""Baskets: opened, kept longer, put aside, let go. Every channel buys through one.

A basket's id is the holder of the seats and places in it.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.ids import new_id
from upstage_crm.core.text import clean_line
from upstage_crm.inventory import holds
from upstage_crm.orders.basket_reading import BASKET, LINE, ONE, digest, read, view_of
from upstage_crm.orders.errors import (
    BasketOver,
    BasketPaying,
    UnknownBasket,
)
from upstage_crm.orders.views import (
    BasketKind,
    BasketState,
    BasketView,
    Contact,
    Seller,
)
from upstage_crm.staff.command_context import CommandContext

_NEW = sa.insert(BASKET)
LEFT_ALONE = timedelta(days=1)
MOST_AT_ONCE = 200
LABEL_LIMIT = 80  # characters of what a parked basket is found by
_KEYS = sa.bindparam("keys", type_=sa.String, expanding=True)
_FORGET = sa.delete(LINE).where(
    LINE.c.basket_id == sa.bindparam("basket", type_=sa.String), LINE.c.key.in_(_KEYS)
)
_PROMISE = (
    sa.update(LINE)
    .where(
        LINE.c.basket_id == sa.bindparam("basket", type_=sa.String),
        LINE.c.key == sa.bindparam("line", type_=sa.String),
    )
    .values(amount=sa.bindparam("price", type_=sa.BigInteger))
)


def open_basket(
    context: CommandContext[object],
    seller: Seller,
    *,
    kind: BasketKind = BasketKind.SALE,
    secret: str = "",
    patron_id: str | None = None,
    language: str = "en",
) -> str:
    """Open an empty basket and return its id.

    `secret` is what a portal visitor's cookie holds; only its digest is stored.
    """
    basket_id = new_id(context.now)
    row = {
        "id": basket_id,
        "kind": kind,
        "state": BasketState.OPEN,
        "channel": seller.channel,
        "token_hash": digest(secret) if secret else "",
        "patron_id": patron_id,
        "staff_id": seller.staff_id,
        "shift_id": seller.shift_id,
        "language": language,
        "contact": "{}",
        "label": "",
        "priced_at": context.now,
        "created_at": context.now,
        "changed_at": context.now,
        "order_id": None,
    }
    context.session.connection().execute(_NEW, row)
    return basket_id


def let_go(context: CommandContext[object], basket_id: str) -> None:
    """Cancel a basket and free all that it holds; one that is let go already stays so.

    Raises:
        UnknownBasket, BasketPaying; BasketOver: it is sold.
    """
    row = lock(context.session, basket_id)
    if row["state"] is BasketState.LET_GO:
        return
    ensure_open(row)
    holds.release(context.session, holder=basket_id, now=context.now)
    turn(context.session, basket_id, BasketState.LET_GO, now=context.now)


def let_go_of_shift(context: CommandContext[object], shift_id: str) -> int:
    """Cancel what was being sold in a shift that is closed, parked or not; return how many.

    Call it after the shift is locked, as a sale locks it before its basket. A basket whose payment
    is open is left to that.
    """
    query = (
        sa.select(BASKET.c.id)
        .where(BASKET.c.shift_id == shift_id, BASKET.c.state == BasketState.OPEN)
        .order_by(BASKET.c.id)
    )
    found = context.session.connection().execute(query).scalars().all()
    for basket_id in found:
        if lock(context.session, basket_id)["state"] is BasketState.OPEN:
            let_go(context, basket_id)
    return len(found)


def keep_longer(context: CommandContext[object], basket_id: str) -> BasketView:
    """Keep the seats six minutes longer.

    Raises:
        UnknownBasket, BasketOver, BasketPaying: it is not open.
        HoldLapsed, HoldAtItsEnd: there is no more time.
    """
    ensured_open(context, basket_id)
    holds.extend(context.session, holder=basket_id, now=context.now)
    return read(context.session, basket_id, now=context.now)


def keep_contact(context: CommandContext[object], basket_id: str, contact: Contact) -> None:
    """Remember what the buyer has typed, so that a failed payment or a reload loses none of it.

    Raises:
        UnknownBasket, BasketOver: it is sold or let go.
    """
    row = lock(context.session, basket_id)
    if row["state"] not in {BasketState.OPEN, BasketState.PAYING}:
        raise BasketOver(state=row["state"].value)
    context.session.connection().execute(
        sa.update(BASKET)
        .where(BASKET.c.id == basket_id)
        .values(contact=json.dumps(asdict(contact)), language=contact.language)
    )


def park(context: CommandContext[object], basket_id: str, *, label: str) -> None:
    """Put a till's basket aside under a few words; it keeps its seats as long as they are held.

    Raises:
        InvalidText: the words cannot be stored.
        UnknownBasket, BasketOver, BasketPaying: it is not open.
    """
    ensured_open(context, basket_id)
    words = clean_line(label, LABEL_LIMIT)
    context.session.connection().execute(
        sa.update(BASKET).where(BASKET.c.id == basket_id).values(label=words)
    )


def choose_patron(
    context: CommandContext[object], basket_id: str, *, patron_id: str | None
) -> None:
    """Say whose order it will be, None for a guest.

    Raises:
        UnknownBasket, BasketOver, BasketPaying: it is not open.
    """
    ensured_open(context, basket_id)
    context.session.connection().execute(
        sa.update(BASKET).where(BASKET.c.id == basket_id).values(patron_id=patron_id)
    )


def give_to(context: CommandContext[object], basket_id: str, *, secret: str) -> None:
    """Give an open basket to the portal visitor whose cookie holds `secret`, and to no other one.

    Raises:
        UnknownBasket, BasketOver, BasketPaying: it is not open.
    """
    ensured_open(context, basket_id)
    context.session.connection().execute(
        sa.update(BASKET)
        .where(BASKET.c.id == basket_id)
        .values(token_hash=digest(secret), changed_at=context.now)
    )


def lock(session: Session, basket_id: str) -> sa.RowMapping:
    """Lock a basket before anything that it holds.

    Raises:
        UnknownBasket: there is none with this id.
    """
    found = session.connection().execute(ONE.with_for_update(), {"basket": basket_id})
    row = found.mappings().one_or_none()
    if row is None:
        raise UnknownBasket
    return row


def turn(session: Session, basket_id: str, state: BasketState, **more: Any) -> None:
    """Give a locked basket another state; `more` holds the moment, `now`, and other columns.

    What the buyer has typed is forgotten once the basket is sold or let go.
    """
    values = {"state": state, "changed_at": more.pop("now"), **more}
    if state in {BasketState.SOLD, BasketState.LET_GO}:
        values["contact"] = "{}"
    session.connection().execute(sa.update(BASKET).where(BASKET.c.id == basket_id).values(**values))


def ensured_open(context: CommandContext[object], basket_id: str) -> BasketView:
    """The basket, locked, if something may still be changed in it.

    Raises:
        UnknownBasket, BasketOver, BasketPaying: it may not.
    """
    row = lock(context.session, basket_id)
    ensure_open(row)
    return view_of(context.session, row, context.now)


def ensure_open(row: sa.RowMapping) -> None:
    """Refuse a basket that is sold, let go or being paid.

    Raises:
        BasketOver, BasketPaying.
    """
    if row["state"] is BasketState.PAYING:
        raise BasketPaying
    if row["state"] is not BasketState.OPEN:
        raise BasketOver(state=row["state"].value)


def left(session: Session, *, now: datetime) -> list[str]:
    """The ids of open baskets that their buyers left a day ago or more; 200 at most."""
    query = (
        sa.select(BASKET.c.id)
        .where(BASKET.c.state == BasketState.OPEN, BASKET.c.changed_at <= now - LEFT_ALONE)
        .order_by(BASKET.c.changed_at)
        .limit(MOST_AT_ONCE)
    )
    return list(session.connection().execute(query).scalars())
