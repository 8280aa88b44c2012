"""Saves and reads the versions of the prices of an event. No version ever changes."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from upstage_crm.audit import recorded, trail
from upstage_crm.audit.events import Action, AuditEvent
from upstage_crm.core.db import table_of
from upstage_crm.core.ids import new_id
from upstage_crm.core.money import MOST_MINOR, AmountNegative, AmountTooLarge, in_words
from upstage_crm.organisation import currency as organisation
from upstage_crm.programme import queries
from upstage_crm.programme.errors import UnknownPerformance
from upstage_crm.programme.event_texts import TITLE
from upstage_crm.programme.prices.errors import (
    PricesChangedMeanwhile,
    PricesEmpty,
    PriceTypeRetired,
    UnknownPriceList,
    UnknownPriceType,
    UnknownTaxRate,
    ValidityBackwards,
    ZoneUnknown,
)
from upstage_crm.programme.prices.grid import ensure_sound, fees_from_text, fees_to_text
from upstage_crm.programme.prices.price_types import price_types, tax_rates
from upstage_crm.programme.prices.tables import PriceListRow, PriceRow
from upstage_crm.programme.prices.views import Cell, Fee, Price, PriceList
from upstage_crm.programme.prices.zones import zones_of_event
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may

_list, _price = table_of(PriceListRow), table_of(PriceRow)
LISTS_KEPT = 512  # versions in memory
_IDS = (
    sa.select(_list.c.id)
    .where(_list.c.event_id == sa.bindparam("event", type_=sa.String))
    .order_by(_list.c.version.desc())
)
_known: OrderedDict[str, PriceList] = OrderedDict()
_guard = Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPrices:
    """Prices to be saved as the next version; see `views.PriceList` for what they mean."""

    amounts: Mapping[Cell, int]
    fees: Sequence[Fee]
    tax_rate_id: str
    starts_at: datetime
    ends_at: datetime | None = None
    performance_id: str | None = None


def versions(session: Session, event_id: str) -> list[PriceList]:
    """Every version of the prices of an event and of its performances, the newest first."""
    ids = session.connection().execute(_IDS, {"event": event_id}).scalars().all()
    with _guard:
        known = {each: _known[each] for each in ids if each in _known}
        for each in known:
            _known.move_to_end(each)
    missing = [each for each in ids if each not in known]
    if missing:
        read = _read(session, missing)
        known |= read
        with _guard:
            _known.update(read)
            while len(_known) > LISTS_KEPT:
                _known.popitem(last=False)
    return [known[each] for each in ids]


def _read(session: Session, ids: Sequence[str]) -> dict[str, PriceList]:
    """Versions by their ids. None ever changes, so each is read once."""
    rates = tax_rates(session)
    found = session.connection().execute(sa.select(_list).where(_list.c.id.in_(ids))).all()
    cells: defaultdict[str, dict[Cell, Price]] = defaultdict(dict)
    priced = sa.select(_price).where(_price.c.price_list_id.in_(ids))
    for row in session.connection().execute(priced.order_by(_price.c.zone, _price.c.price_type_id)):
        cell = Cell(row.zone, row.price_type_id)
        cells[row.price_list_id][cell] = Price(id=row.id, amount=row.amount)
    return {
        row.id: PriceList(
            id=row.id,
            version=row.version,
            performance_id=row.performance_id,
            currency=row.currency,
            tax=rates[row.tax_rate_id],
            fees=fees_from_text(row.fees),
            prices=cells[row.id],
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            made_by=row.made_by,
            created_at=row.created_at,
        )
        for row in found
    }


def save(context: StaffContext[object], *, event_id: str, after: int, new: NewPrices) -> int:
    """Save prices as the version after `after` of the event, and return its number.

    Raises:
        Forbidden: the actor may not edit prices.
        UnknownEvent, UnknownPerformance, UnknownTaxRate, UnknownPriceType: there is none.
        PriceTypeRetired: a price type is not offered any more.
        ValidityBackwards, PricesEmpty, ZoneUnknown, CompPriced, FeesAbovePrice, AmountNegative,
            AmountTooLarge: the prices cannot be.
        PricesChangedMeanwhile: the event has a newer version than `after`.
    """
    ensure_may(context.actor, Permission.EDIT_PRICES)
    session, event = context.session, queries.event(context.session, event_id)
    if new.performance_id not in {None, *(one.id for one in event.performances)}:
        raise UnknownPerformance
    currency = organisation.settle(context)
    _ensure_sound(session, event_id, new, currency)
    newest = session.connection().scalar(
        sa.select(sa.func.max(_list.c.version)).where(_list.c.event_id == event_id)
    )
    if (newest or 0) != after:
        raise PricesChangedMeanwhile
    list_id, version = new_id(context.now), after + 1
    row = {
        "id": list_id,
        "event_id": event_id,
        "performance_id": new.performance_id,
        "version": version,
        "currency": currency,
        "tax_rate_id": new.tax_rate_id,
        "fees": fees_to_text(new.fees),
        "cells": len(new.amounts),
        "starts_at": new.starts_at,
        "ends_at": new.ends_at,
        "made_by": context.actor.label[:120],
        "created_at": context.now,
    }
    prices = [
        {
            "id": new_id(context.now),
            "price_list_id": list_id,
            "zone": cell.zone,
            "price_type_id": cell.type_id,
            "amount": amount,
        }
        for cell, amount in new.amounts.items()
    ]
    try:
        with session.begin_nested():
            session.connection().execute(sa.insert(_list).values(**row))
            if prices:
                session.connection().execute(sa.insert(_price), prices)
    except IntegrityError as error:
        raise PricesChangedMeanwhile from error
    facts = _facts(row, prices)
    _record(context, event.texts[TITLE], facts)
    return version


def bring_back(context: StaffContext[object], *, event_id: str, version: int, after: int) -> int:
    """Let the prices of an older version hold from now on, as the version after `after`.

    Raises:
        UnknownPriceList: the event has none of this number; and what `save` raises.
        RowNotProven: it is not what a staff member saved.
    """
    ensure_may(context.actor, Permission.EDIT_PRICES)
    known = {each.version: each for each in versions(context.session, event_id)}
    if version not in known:
        raise UnknownPriceList
    old = known[version]
    recorded.prove(context.session, "price_list", old.id)
    new = NewPrices(
        amounts={cell: price.amount for cell, price in old.prices.items()},
        fees=old.fees,
        tax_rate_id=old.tax.id,
        starts_at=context.now,
        performance_id=old.performance_id,
    )
    return save(context, event_id=event_id, after=after, new=new)


def _ensure_sound(session: Session, event_id: str, new: NewPrices, currency: str) -> None:
    types, rates = price_types(session), tax_rates(session)
    if new.tax_rate_id not in rates:
        raise UnknownTaxRate
    if new.ends_at is not None and new.ends_at <= new.starts_at:
        raise ValidityBackwards
    if not new.amounts and new.performance_id is None:
        raise PricesEmpty
    halls = zones_of_event(session, event_id, new.performance_id or "")
    zones = {zone for hall in halls for zone in hall.sizes}
    for cell, amount in new.amounts.items():
        if cell.type_id not in types:
            raise UnknownPriceType
        if types[cell.type_id].is_retired:
            raise PriceTypeRetired
        if cell.zone not in zones:
            raise ZoneUnknown(zone=cell.zone)
        _ensure_amount(amount, currency)
    for fee in new.fees:
        _ensure_amount(fee.amount, currency)
    ensure_sound(new.amounts, new.fees, types)


def _ensure_amount(amount: int, currency: str) -> None:
    if amount < 0:
        raise AmountNegative
    if amount > MOST_MINOR:
        raise AmountTooLarge(most=in_words(MOST_MINOR, currency))


def _facts(row: Mapping[str, Any], prices: Sequence[Mapping[str, Any]]) -> dict[str, str | int]:
    """What the trail keeps: a digest of the whole version, and what people look for."""
    cells = sorted((one["zone"], one["price_type_id"], one["amount"]) for one in prices)
    said = [row["currency"], row["tax_rate_id"], row["fees"], cells]
    until = row["ends_at"]
    return {
        "version": row["version"],
        "prices": len(prices),
        "from": row["starts_at"].isoformat(timespec="minutes"),
        **({"until": until.isoformat(timespec="minutes")} if until else {}),
        **({"performance": row["performance_id"]} if row["performance_id"] else {}),
        "digest": hashlib.sha256(json.dumps(said).encode()).hexdigest(),
    }


def _record(context: StaffContext[object], title: str, facts: Mapping[str, str | int]) -> None:
    event = AuditEvent(
        action=Action.PRICES_SAVED,
        actor=context.actor.as_actor(),
        channel=context.channel,
        facts={"place": title, **facts},
    )
    trail.record(context.session, [event], now=context.now)
