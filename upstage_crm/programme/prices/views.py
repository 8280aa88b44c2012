"""Prices and sale windows as pages and rules see them. Amounts are minor units of the currency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

NAME_LIMIT: Final = 80  # characters of a price type, a tax rate, a level or a code


class Audience(StrEnum):
    """Whom a sale window is for."""

    PUBLIC = "public"
    MEMBERS = "members"
    PACKAGE_HOLDERS = "package_holders"
    STAFF = "staff"
    CODE = "code"


class SaleChannel(StrEnum):
    """The way in which a buyer buys."""

    PORTAL = "portal"
    BOX_OFFICE = "box_office"
    PHONE = "phone"


class CompReason(StrEnum):
    """Why a ticket is complimentary."""

    PRESS = "press"
    COMPANY = "company"
    SPONSOR = "sponsor"
    COMMUNITY = "community"
    GOODWILL = "goodwill"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceType:
    """Who pays a price. `least` and `most` bound the tickets of it in one order, 0 for no bound.

    `proof` is what the holder shows at the door, "" for nothing. A complimentary type is free and
    needs a reason. One that is retired is not offered, and what was sold of it stays.
    """

    id: str
    name: str
    proof: str = ""
    least: int = 0
    most: int = 0
    is_comp: bool = False
    is_retired: bool = False
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRate:
    """A tax in prices, in basis points (hundredths of a percent) of the net. It never changes."""

    id: str
    name: str
    basis_points: int
    is_retired: bool = False


@dataclass(frozen=True, slots=True)
class Fee:
    """A part of every price above 0 that people are told of by its name."""

    name: str
    amount: int


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a price stands: the zone of the seat, and the id of the price type."""

    zone: str
    type_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one ticket costs, all fees and tax in it."""

    id: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """One version of the prices of an event, or of one performance of it.

    It never changes. It holds from `starts_at` until `ends_at` (None: without end); of several
    that hold the newest counts. Versions are numbered through the whole event. Those of a
    performance stand before those of its event; one without prices gives it back to the event's.
    """

    id: str
    version: int
    performance_id: str | None
    currency: str
    tax: TaxRate
    fees: tuple[Fee, ...]
    prices: Mapping[Cell, Price]
    starts_at: datetime
    ends_at: datetime | None
    made_by: str = ""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleWindow:
    """When one audience may buy through one channel, from `opens_at` to just before `closes_at`.

    Without `closes_at` it is open until the performance begins. `named` is the level of the
    members, the package, or the code; "" means any. The windows of a performance stand in place
    of those of its event.
    """

    id: str
    performance_id: str | None
    audience: Audience
    named: str
    channel: SaleChannel
    opens_at: datetime
    closes_at: datetime | None
