"""Puts seats and places into a basket and takes them out, all that is asked for or none of it.

They are held from then on, and their prices are promised as long as they are. After a refusal the
transaction has to be taken back.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from upstage_crm.inventory import best_seats, holds
from upstage_crm.inventory import queries as inventory
from upstage_crm.inventory.errors import HoldLapsed, NothingWanted, SeatUnknown
from upstage_crm.inventory.views import Wanted
from upstage_crm.orders import basket_prices
from upstage_crm.orders.basket_reading import BASKET, LINE, read, wanted_of
from upstage_crm.orders.baskets import ensured_open
from upstage_crm.orders.errors import (
    BasketEmpty,
)
from upstage_crm.orders.views import (
    BasketLine,
    BasketView,
    Choices,
    Seller,
)
from upstage_crm.programme.prices.views import CompReason
from upstage_crm.staff.command_context import CommandContext

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
    .values(amount=sa.bindparam("price", type_=sa.Integer))
)


def add_best(
    context: CommandContext[object],
    seller: Seller,
    basket_id: str,
    *,
    performance_id: str,
    choices: Choices,
    zone: str = "",
    seed: int = 0,
    comp_reason: CompReason | None = None,
) -> BasketView:
    """Hold the best seats for so many tickets of each price type, all in `zone` if one is named.

    Raises:
        UpstageError: as `best_seats.hold_best` and `basket_prices.price`.
        UnknownBasket, BasketOver, BasketPaying: nothing can be added.
        HoldLapsed: what is in the basket has to be held again before.
    """
    types = [type_id for type_id, count in choices.items() for _ in range(count)]
    if not types:
        raise NothingWanted
    view = _open_to_more(context, basket_id)
    chosen, _ = best_seats.hold_best(
        context.session,
        holder=basket_id,
        performance_id=performance_id,
        size=len(types),
        seed=seed,
        now=context.now,
        zone=zone,
    )
    wanted = dict(zip(chosen, types, strict=True))
    return _add(context, seller, view, _seats(context, performance_id, wanted, comp_reason))


def add_seats(
    context: CommandContext[object],
    seller: Seller,
    basket_id: str,
    *,
    performance_id: str,
    seats: Mapping[str, str],
    comp_reason: CompReason | None = None,
) -> BasketView:
    """Hold these seats, by their ids, each with its price type.

    Raises:
        UpstageError: as `holds.hold` and `basket_prices.price`.
        UnknownBasket, BasketOver, BasketPaying: nothing can be added.
        HoldLapsed: what is in the basket has to be held again before.
    """
    view = _open_to_more(context, basket_id)
    new = _seats(context, performance_id, seats, comp_reason)
    wanted = Wanted(seats={performance_id: frozenset(seats)})
    holds.hold(context.session, holder=basket_id, wanted=wanted, now=context.now)
    return _add(context, seller, view, new)


def add_places(
    context: CommandContext[object],
    seller: Seller,
    basket_id: str,
    *,
    pool_id: str,
    choices: Choices,
    comp_reason: CompReason | None = None,
) -> BasketView:
    """Hold so many places without numbers for each price type.

    Raises:
        UpstageError: as `holds.hold` and `basket_prices.price`.
        UnknownBasket, BasketOver, BasketPaying: nothing can be added.
        HoldLapsed: what is in the basket has to be held again before.
    """
    types = [type_id for type_id, count in choices.items() for _ in range(count)]
    view = _open_to_more(context, basket_id)
    performance_id, name = inventory.pool_place(context.session, pool_id)
    wanted = Wanted(places={pool_id: len(types)})
    holds.hold(context.session, holder=basket_id, wanted=wanted, now=context.now)
    known = {line.key for line in view.lines}
    free = (key for n in range(len(known) + len(types)) if (key := f"{pool_id}:{n}") not in known)
    new = [
        BasketLine(
            key=key,
            performance_id=performance_id,
            seat_id="",
            pool_id=pool_id,
            place=name,
            zone=name,
            type_id=type_id,
            comp_reason=comp_reason,
            amount=0,
        )
        for type_id, key in zip(types, free, strict=False)
    ]
    return _add(context, seller, view, new)


def set_types(
    context: CommandContext[object],
    seller: Seller,
    basket_id: str,
    *,
    types: Mapping[str, str],
    comp_reason: CompReason | None = None,
) -> BasketView:
    """Give lines, by their keys, other price types; `comp_reason` is for what is given away.

    Raises:
        UpstageError: as `basket_prices.price`.
        UnknownBasket, BasketOver, BasketPaying: nothing can be changed.
    """
    view = ensured_open(context, basket_id)
    lines = [
        replace(line, type_id=types[line.key], comp_reason=comp_reason)
        if line.key in types
        else line
        for line in view.lines
    ]
    connection = context.session.connection()
    for line in lines:
        if line.key in types:
            connection.execute(
                sa.update(LINE)
                .where(LINE.c.basket_id == basket_id, LINE.c.key == line.key)
                .values(type_id=line.type_id, comp_reason=line.comp_reason or "")
            )
    return _promise(context, seller, view, lines, priced_at=view.priced_at)


def remove(
    context: CommandContext[object], seller: Seller, basket_id: str, *, keys: Collection[str]
) -> BasketView:
    """Let go of lines, by their keys; one that is not there is no error.

    Raises:
        UpstageError: as `basket_prices.price`.
        UnknownBasket, BasketOver, BasketPaying: nothing can be changed.
    """
    view = ensured_open(context, basket_id)
    gone = [line for line in view.lines if line.key in keys]
    left = [line for line in view.lines if line.key not in keys]
    if not gone:
        return view
    context.session.connection().execute(
        _FORGET, {"basket": basket_id, "keys": [line.key for line in gone]}
    )
    _release(context, basket_id, gone, left)
    return _promise(context, seller, view, left, priced_at=view.priced_at)


def hold_again(context: CommandContext[object], seller: Seller, basket_id: str) -> BasketView:
    """Hold what a basket had once its time was over, all of it, at the prices of now.

    Raises:
        UpstageError: as `holds.hold` and `basket_prices.price`.
        BasketEmpty: nothing is in it.
        UnknownBasket, BasketOver, BasketPaying: it is not open.
    """
    view = ensured_open(context, basket_id)
    if not view.lines:
        raise BasketEmpty
    if view.is_held:
        return view
    holds.release(context.session, holder=basket_id, now=context.now)
    wanted = wanted_of(view.lines)
    holds.hold(context.session, holder=basket_id, wanted=wanted, now=context.now)
    return _promise(context, seller, view, view.lines, priced_at=context.now, is_new=True)


def _open_to_more(context: CommandContext[object], basket_id: str) -> BasketView:
    view = ensured_open(context, basket_id)
    if view.lines and not view.is_held:
        raise HoldLapsed
    return view


def _seats(
    context: CommandContext[object],
    performance_id: str,
    types: Mapping[str, str],
    comp_reason: CompReason | None,
) -> list[BasketLine]:
    places = inventory.places_of(context.session, performance_id)
    unknown = types.keys() - places.keys()
    if unknown:
        raise SeatUnknown(seats=tuple(sorted(unknown)), words=", ".join(sorted(unknown)))
    return [
        BasketLine(
            key=f"{performance_id}:{seat_id}",
            performance_id=performance_id,
            seat_id=seat_id,
            pool_id="",
            place=places[seat_id].words,
            zone=places[seat_id].zone,
            type_id=type_id,
            comp_reason=comp_reason,
            amount=0,
        )
        for seat_id, type_id in types.items()
    ]


def _add(
    context: CommandContext[object], seller: Seller, view: BasketView, new: Sequence[BasketLine]
) -> BasketView:
    """Add lines whose seats and places are held by now; a seat chosen twice has the newer type."""
    keys = {line.key for line in new}
    old = [line for line in view.lines if line.key not in keys]
    gone = [line.key for line in view.lines if line.key in keys]
    connection = context.session.connection()
    if gone:
        connection.execute(_FORGET, {"basket": view.id, "keys": gone})
    connection.execute(
        sa.insert(LINE),
        [
            {
                "basket_id": view.id,
                "key": line.key,
                "performance_id": line.performance_id,
                "seat_id": line.seat_id,
                "pool_id": line.pool_id,
                "zone": line.zone,
                "type_id": line.type_id,
                "comp_reason": line.comp_reason or "",
                "amount": 0,
            }
            for line in new
        ],
    )
    priced_at = view.priced_at if old else context.now
    return _promise(context, seller, view, [*old, *new], priced_at=priced_at, is_new=True)


def _release(
    context: CommandContext[object],
    basket_id: str,
    gone: Sequence[BasketLine],
    left: Sequence[BasketLine],
) -> None:
    """Free what lines held; a pool of which some places stay is held again with those."""
    holds.release(context.session, holder=basket_id, now=context.now, wanted=wanted_of(gone))
    pools = {line.pool_id for line in gone if line.pool_id}
    kept = [line for line in left if line.pool_id in pools]
    if kept:
        holds.hold(context.session, holder=basket_id, wanted=wanted_of(kept), now=context.now)


def _promise(
    context: CommandContext[object],
    seller: Seller,
    view: BasketView,
    lines: Sequence[BasketLine],
    *,
    priced_at: datetime,
    is_new: bool = False,
) -> BasketView:
    """Price the lines, and write the prices down."""
    connection = context.session.connection()
    priced = basket_prices.price(context.session, lines, seller, now=priced_at, is_new=is_new)
    amounts = {each.line.key: each.amount for each in priced.lines}
    new = [
        {"basket": view.id, "line": line.key, "price": amounts[line.key]}
        for line in lines
        if amounts[line.key] != line.amount
    ]
    if new:
        connection.execute(_PROMISE, new)
    connection.execute(
        sa.update(BASKET)
        .where(BASKET.c.id == view.id)
        .values(priced_at=priced_at, changed_at=context.now)
    )
    return read(context.session, view.id, now=context.now)
