"""The demo's price types, prices and sale windows, made through the commands that staff use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from upstage_crm.core.money import exponent
from upstage_crm.organisation.currency import currency
from upstage_crm.organisation.settings import details
from upstage_crm.programme import queries
from upstage_crm.programme.prices import price_lists, price_types, window_commands
from upstage_crm.programme.prices.price_lists import NewPrices
from upstage_crm.programme.prices.views import Audience, Cell, Fee, SaleChannel
from upstage_crm.programme.prices.window_commands import NewWindow
from upstage_crm.programme.prices.zones import zones_of_event
from upstage_crm.programme.times import instant
from upstage_crm.staff.command_context import StaffContext

TYPES: Mapping[str, tuple[Mapping[str, str], int]] = {
    "Adult": ({}, 100),
    "Concession": ({"proof": "Student card or proof of age from 65 on"}, 80),
    "Child": ({"proof": "Up to 15", "most": "8"}, 50),
    "Group": ({"least": "10"}, 85),
}
"""The price types that are sold: what is typed about each, and its share of the full price, %."""
COMP = "Complimentary"
TAX = {"name": "Amusement tax", "rate": "5"}
SHARES = {"A": 100, "B": 75, "C": 50}
"""What a zone costs of the dearest, %; another zone costs as much as the dearest."""
OPENING = time(10, 0)
SOON = 5  # weeks: what is performed before is on sale to everyone


@dataclass(frozen=True, slots=True)
class PriceSetting:
    """What every price of the demo is made with: price types by name, and the tax."""

    types: Mapping[str, str]
    tax_rate_id: str


def setting_of(context: StaffContext[object]) -> PriceSetting:
    """The price types and the tax rate; the first call adds them."""
    known = {kind.name: kind.id for kind in price_types.price_types(context.session).values()}
    rates = price_types.tax_rates(context.session)
    if rates:
        return PriceSetting({name: known[name] for name in TYPES}, next(iter(rates)))
    types = {
        name: price_types.add_price_type(context, typed={"name": name, **typed})
        for name, (typed, _) in TYPES.items()
    }
    price_types.add_price_type(context, typed={"name": COMP}, is_comp=True)
    return PriceSetting(types, price_types.add_tax_rate(context, typed=TAX))


def add_prices(
    context: StaffContext[object],
    setting: PriceSetting,
    *,
    event_id: str,
    top: int,
    has_gala: bool = False,
) -> None:
    """Price an event; its last performance costs more where it `has_gala`.

    `top` is the dearest ticket, in whole units of the currency.
    """
    unit = 10 ** exponent(currency(context.session))
    halls = zones_of_event(context.session, event_id)
    zones = {zone for hall in halls for zone in hall.sizes}

    def amounts(dearest: int) -> dict[Cell, int]:
        return {
            Cell(zone, setting.types[name]): dearest * of_zone * of_type // 10_000 * unit
            for zone in sorted(zones)
            for name, (_, of_type) in TYPES.items()
            for of_zone in (SHARES.get(zone, 100),)
        }

    new = NewPrices(
        amounts=amounts(top),
        fees=[Fee("Booking fee", 3 * unit // 2), Fee("Restoration levy", unit)],
        tax_rate_id=setting.tax_rate_id,
        starts_at=context.now - timedelta(days=60),
    )
    version = price_lists.save(context, event_id=event_id, after=0, new=new)
    if has_gala:
        gala = queries.event(context.session, event_id).performances[-1].id
        dearer = replace(new, amounts=amounts(top + 12), performance_id=gala)
        price_lists.save(context, event_id=event_id, after=version, new=dearer)


def add_windows(
    context: StaffContext[object], *, event_id: str, today: date, weeks: int, code: str = ""
) -> None:
    """Open the sale of an event that is first performed in so many weeks.

    Members buy two weeks before everyone else, who have the `code` a few days before, if there is
    one.
    """
    zone = details(context.session).zone
    public = today + timedelta(days=10 if weeks >= SOON else min(7 * weeks, 0) - 30)

    def at(day: date) -> datetime:
        return instant(day, OPENING, zone)

    early = public - timedelta(days=14)
    online = [SaleChannel.PORTAL, SaleChannel.PHONE]
    new = [
        NewWindow(audience=Audience.PUBLIC, channels=list(SaleChannel), opens_at=at(public)),
        NewWindow(
            audience=Audience.MEMBERS,
            named="Friend",
            channels=online,
            opens_at=at(early),
            closes_at=at(public),
        ),
    ]
    if code:
        new.append(
            NewWindow(
                audience=Audience.CODE,
                named=code,
                channels=[SaleChannel.PORTAL],
                opens_at=at(public - timedelta(days=4)),
                closes_at=at(public),
            )
        )
    for window in new:
        window_commands.add_windows(context, event_id=event_id, new=window)
