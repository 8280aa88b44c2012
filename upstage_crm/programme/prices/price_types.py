"""Adds and changes price types and tax rates, and reads them; chooses the currency of prices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.events import Action, AuditEvent
from upstage_crm.core.db import table_of
from upstage_crm.core.ids import new_id
from upstage_crm.core.text import clean_line, comparable
from upstage_crm.organisation import currency as organisation
from upstage_crm.programme.prices.errors import (
    CurrencyInUse,
    PriceTextMissing,
    PriceTypeChangedMeanwhile,
    PriceTypeNameTaken,
    UnknownPriceType,
    UnknownTaxRate,
)
from upstage_crm.programme.prices.grid import rate_in_words, read_bounds, read_rate
from upstage_crm.programme.prices.tables import (
    KEY_LIMIT,
    PriceListRow,
    PriceTypeRow,
    TaxRateRow,
)
from upstage_crm.programme.prices.views import NAME_LIMIT, PriceType, TaxRate
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may

PROOF_LIMIT = 160  # characters
NAME, PROOF, LEAST, MOST, RATE = "name", "proof", "least", "most", "rate"
_type, _rate, _list = table_of(PriceTypeRow), table_of(TaxRateRow), table_of(PriceListRow)
_TYPES = sa.select(_type).order_by(_type.c.is_retired, _type.c.position, _type.c.id)


def price_types(session: Session) -> dict[str, PriceType]:
    """Every price type by its id, in the order in which they were added; retired ones last."""
    return {row.id: _type_view(row) for row in session.connection().execute(_TYPES)}


def tax_rates(session: Session) -> dict[str, TaxRate]:
    """Every tax rate by its id, the oldest first; retired ones last."""
    query = sa.select(_rate).order_by(_rate.c.is_retired, _rate.c.created_at, _rate.c.id)
    return {
        row.id: TaxRate(
            id=row.id, name=row.name, basis_points=row.basis_points, is_retired=row.is_retired
        )
        for row in session.connection().execute(query)
    }


def add_price_type(
    context: StaffContext[object], *, typed: Mapping[str, str], is_comp: bool = False
) -> str:
    """Add a price type and return its id. `typed` holds `name`, `proof`, `least` and `most`.

    Raises:
        Forbidden: the actor may not edit prices.
        InvalidText, PriceTextMissing, QuantityUnreadable, QuantitiesBackwards: a text is refused.
        PriceTypeNameTaken: another price type has this name.
    """
    ensure_may(context.actor, Permission.EDIT_PRICES)
    columns, type_id = _read(typed), new_id(context.now)
    last = context.session.connection().scalar(sa.select(sa.func.max(_type.c.position)))
    row = {
        "id": type_id,
        "position": (last or 0) + 1,
        "is_comp": is_comp,
        "is_retired": False,
        "version": 1,
        "created_at": context.now,
        **columns,
    }
    _write(context.session, sa.insert(_type).values(**row))
    facts = {"name": columns[NAME], "complimentary": is_comp}
    _record(context, Action.PRICE_TYPE_ADDED, str(columns[NAME]), facts)
    return type_id


def change_price_type(
    context: StaffContext[object],
    *,
    type_id: str,
    version: int,
    typed: Mapping[str, str],
    is_retired: bool = False,
) -> None:
    """Change what is said of a price type, or whether it is offered; the same records nothing.

    `version` is the one that the staff member saw. Whether a type is complimentary stays.

    Raises:
        Forbidden, InvalidText, PriceTextMissing, QuantityUnreadable, QuantitiesBackwards,
            PriceTypeNameTaken: as `add_price_type`.
        UnknownPriceType: there is none with this id.
        PriceTypeChangedMeanwhile: a colleague changed it since.
    """
    ensure_may(context.actor, Permission.EDIT_PRICES)
    session, columns = context.session, _read(typed) | {"is_retired": is_retired}
    before = price_types(session).get(type_id)
    if before is None:
        raise UnknownPriceType
    changes: dict[str, Any] = {}
    for name in (NAME, PROOF, LEAST, MOST, "is_retired"):
        if columns[name] != getattr(before, name):
            changes |= {f"{name}.old": getattr(before, name), f"{name}.new": columns[name]}
    if not changes:
        return
    done = _write(
        session,
        sa.update(_type)
        .where(_type.c.id == type_id, _type.c.version == version)
        .values(version=version + 1, **columns),
    )
    if done.rowcount != 1:
        raise PriceTypeChangedMeanwhile
    _record(context, Action.PRICE_TYPE_CHANGED, str(columns[NAME]), changes)


def add_tax_rate(context: StaffContext[object], *, typed: Mapping[str, str]) -> str:
    """Add a tax rate and return its id. `typed` holds `name` and `rate`, a percentage.

    Raises:
        Forbidden: the actor may not edit prices.
        InvalidText, PriceTextMissing, RateUnreadable: a text is refused.
    """
    ensure_may(context.actor, Permission.EDIT_PRICES)
    name, points = _named(typed), read_rate(typed.get(RATE, ""))
    rate_id = new_id(context.now)
    row = {
        "id": rate_id,
        "name": name,
        "basis_points": points,
        "is_retired": False,
        "created_at": context.now,
    }
    context.session.connection().execute(sa.insert(_rate).values(**row))
    _record(context, Action.TAX_RATE_ADDED, name, {"rate": rate_in_words(points)})
    return rate_id


def retire_tax_rate(context: StaffContext[object], *, rate_id: str) -> None:
    """Offer a tax rate no more; prices that hold it keep it. A second time records nothing.

    Raises:
        Forbidden: the actor may not edit prices.
        UnknownTaxRate: there is none with this id.
    """
    ensure_may(context.actor, Permission.EDIT_PRICES)
    found = tax_rates(context.session).get(rate_id)
    if found is None:
        raise UnknownTaxRate
    if found.is_retired:
        return
    context.session.connection().execute(
        sa.update(_rate).where(_rate.c.id == rate_id).values(is_retired=True)
    )
    facts = {"rate": rate_in_words(found.basis_points)}
    _record(context, Action.TAX_RATE_RETIRED, found.name, facts)


def change_currency(context: StaffContext[object], *, code: str) -> None:
    """Choose the currency of all prices, before there are any.

    Raises:
        Forbidden: the actor may not edit settings.
        UnknownCurrency: no country pays with it now.
        CurrencyInUse: there are prices in another one.
    """
    ensure_may(context.actor, Permission.EDIT_SETTINGS)
    now = organisation.currency(context.session)
    has_prices = context.session.connection().scalar(sa.select(sa.exists().select_from(_list)))
    if has_prices and code != now:
        raise CurrencyInUse(currency=now)
    organisation.change(context, code=code)


def _read(typed: Mapping[str, str]) -> dict[str, str | int | bool]:
    """The columns of what was typed, with the key by which names are compared."""
    name = _named(typed)
    least, most = read_bounds(typed.get(LEAST, ""), typed.get(MOST, ""))
    return {
        NAME: name,
        "name_key": (comparable(name) or name.casefold())[:KEY_LIMIT],
        PROOF: clean_line(typed.get(PROOF, ""), PROOF_LIMIT),
        LEAST: least,
        MOST: most,
    }


def _named(typed: Mapping[str, str]) -> str:
    name = clean_line(typed.get(NAME, ""), NAME_LIMIT)
    if not name:
        raise PriceTextMissing(text=NAME)
    return name


def _write(session: Session, statement: Any) -> sa.CursorResult[Any]:
    """Write a price type, or refuse its name."""
    try:
        with session.begin_nested():
            return session.connection().execute(statement)
    except IntegrityError as error:
        raise PriceTypeNameTaken from error


def _type_view(row: Any) -> PriceType:
    return PriceType(
        id=row.id,
        name=row.name,
        proof=row.proof,
        least=row.least,
        most=row.most,
        is_comp=row.is_comp,
        is_retired=row.is_retired,
        version=row.version,
    )


def _record(
    context: StaffContext[object],
    action: Action,
    place: str,
    facts: Mapping[str, str | int | bool],
) -> None:
    event = AuditEvent(
        action=action,
        actor=context.actor.as_actor(),
        channel=context.channel,
        facts={"place": place, **facts},
    )
    trail.record(context.session, [event], now=context.now)
