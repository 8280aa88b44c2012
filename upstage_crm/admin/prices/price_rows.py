"""Prices and sale windows, as they are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from upstage_crm.core import when
from upstage_crm.core.money import as_typed, in_words
from upstage_crm.programme.prices.grid import rate_in_words
from upstage_crm.programme.prices.views import (
    Cell,
    PriceList,
    PriceType,
    SaleWindow,
)
from upstage_crm.programme.prices.zones import HallZones
from upstage_crm.ui.components.plots import Span, SpanRow, percent
from upstage_crm.wording.consequences import counted
from upstage_crm.wording.programme import CHANNEL_WORDS, audience_words


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceCell:
    """One cell of the grid: who pays it, its input, what is in it, and why it was refused."""

    name: str = ""
    id: str = ""
    row: str = ""
    column: str = ""
    kind: str = ""
    label: str = ""
    typed: str = ""
    words: str = ""
    is_refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneRow:
    """One zone with its prices."""

    zone: str = ""
    size: str = ""
    cells: list[PriceCell] = field(default_factory=list[PriceCell])


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeRow:
    """The inputs of one fee."""

    name_input: str = ""
    amount_input: str = ""
    label: str = ""
    name: str = ""
    amount: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PricesRow:
    """One version of the prices."""

    number: str = ""
    name: str = ""
    prices: str = ""
    validity: str = ""
    of: str = ""
    made: str = ""
    made_iso: str = ""
    maker: str = ""
    holds: bool = False
    is_later: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRow:
    """One sale window."""

    id: str = ""
    audience: str = ""
    channel: str = ""
    of: str = ""
    opens: str = ""
    opens_iso: str = ""
    closes: str = ""
    state: str = ""
    is_open: bool = False
    is_over: bool = False


def input_of(cell: Cell) -> str:
    """The name of the input of a cell; a zone may have any name."""
    return f"{cell.type_id}/{cell.zone}"


def zone_names(halls: Sequence[HallZones]) -> dict[str, int]:
    """The zones of all halls with their sizes, in the order of their names."""
    sizes: dict[str, int] = {}
    for hall in halls:
        for zone, size in hall.sizes.items():
            sizes[zone] = sizes.get(zone, 0) + size
    return dict(sorted(sizes.items()))


def zone_rows(
    zones: Mapping[str, int],
    types: Sequence[PriceType],
    typed: Mapping[str, str],
    refused: frozenset[str],
    currency: str,
    stored: PriceList | None,
) -> list[ZoneRow]:
    """The grid: a row for each zone, a cell for each type."""

    def cell(row: int, column: int, zone: str, kind: PriceType) -> PriceCell:
        name = input_of(Cell(zone, kind.id))
        price = None if stored is None else stored.prices.get(Cell(zone, kind.id))
        return PriceCell(
            name=name,
            id=f"price-{row}-{column}",
            row=str(row),
            column=str(column),
            kind=kind.name,
            label=f"{kind.name}, zone {zone}",
            typed=typed.get(name, ""),
            words="" if price is None else in_words(price.amount, currency),
            is_refused=name in refused,
        )

    return [
        ZoneRow(
            zone=zone,
            size=counted(size, "place"),
            cells=[cell(row, column, zone, kind) for column, kind in enumerate(types)],
        )
        for row, (zone, size) in enumerate(zones.items())
    ]


def typed_of(stored: PriceList) -> dict[str, str]:
    """What the inputs of the grid hold for a version."""
    return {
        input_of(cell): as_typed(price.amount, stored.currency)
        for cell, price in stored.prices.items()
    }


def prices_row(
    version: PriceList,
    *,
    holds: bool,
    now: datetime,
    zone: tzinfo,
    performances: Mapping[str, str],
) -> PricesRow:
    """One version as a row of the list."""
    amounts = sorted(price.amount for price in version.prices.values())
    if not amounts:
        span = "As the event"
    elif amounts[0] == amounts[-1]:
        span = in_words(amounts[0], version.currency)
    else:
        low, high = (in_words(amount, version.currency) for amount in (amounts[0], amounts[-1]))
        span = f"{low} to {high}"
    fees = ", ".join(f"{fee.name} {in_words(fee.amount, version.currency)}" for fee in version.fees)
    within = f"{version.tax.name} {rate_in_words(version.tax.basis_points)}"
    begins = when.short(version.starts_at, zone)
    ends = version.ends_at
    return PricesRow(
        number=str(version.version),
        name=f"Version {version.version}",
        prices=f"{span}; includes {within}{', ' if fees else ''}{fees}" if amounts else span,
        validity=f"From {begins}" + (f" until {when.short(ends, zone)}" if ends else ""),
        of=performances.get(version.performance_id or "", "All performances"),
        made="" if version.created_at is None else when.short(version.created_at, zone),
        made_iso="" if version.created_at is None else when.iso(version.created_at),
        maker=version.made_by,
        holds=holds,
        is_later=now < version.starts_at,
    )


def window_row(
    window: SaleWindow, *, now: datetime, zone: tzinfo, performances: Mapping[str, str]
) -> WindowRow:
    """One window as a row of the list."""
    closes = window.closes_at
    is_over = closes is not None and closes <= now
    is_open = window.opens_at <= now and not is_over
    return WindowRow(
        id=window.id,
        audience=audience_words(window.audience, window.named),
        channel=CHANNEL_WORDS[window.channel],
        of=performances.get(window.performance_id or "", "All performances"),
        opens=when.short(window.opens_at, zone),
        opens_iso=when.iso(window.opens_at),
        closes="When it begins" if closes is None else when.short(closes, zone),
        state="Open" if is_open else "Over" if is_over else "Later",
        is_open=is_open,
        is_over=is_over,
    )


def timeline(
    windows: Sequence[SaleWindow],
    *,
    until: datetime | None,
    now: datetime,
    zone: tzinfo,
    performances: Mapping[str, str],
) -> tuple[list[SpanRow], list[str]]:
    """The windows as bars, one line for each audience and channel; and where the scale ends.

    A window without end reaches to `until`, the last performance.
    """
    if not windows:
        return [], []
    first = min(window.opens_at for window in windows)
    ends = [window.closes_at or until or window.opens_at for window in windows]
    last = max([*ends, now]) if first <= now else max(ends)
    whole = (last - first).total_seconds()
    lines: dict[str, list[Span]] = {}
    for window in windows:
        end = max(window.closes_at or until or last, window.opens_at)
        of = performances.get(window.performance_id or "", "")
        words = audience_words(window.audience, window.named)
        label = " · ".join(filter(None, (words, CHANNEL_WORDS[window.channel], of)))
        row = window_row(window, now=now, zone=zone, performances=performances)
        lines.setdefault(label, []).append(
            Span(
                begins=percent((window.opens_at - first).total_seconds(), whole),
                width=percent((end - window.opens_at).total_seconds(), whole),
                is_now=row.is_open,
            )
        )
    at = percent((now - first).total_seconds(), whole) if first <= now <= last else ""
    rows = [SpanRow(label=label, spans=spans, now=at) for label, spans in lines.items()]
    return rows, [when.short(first, zone), when.short(last, zone)]
