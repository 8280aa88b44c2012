"""What the screen of a till shows, as it is drawn: texts, and numbers that the browser draws by."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class TillChoice:
    """A till to open a shift at; `by` says whose shift is open there, "" for none."""

    id: str = ""
    name: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceChoice:
    """One performance to sell for. `day` is a heading where another day begins, else ""."""

    id: str = ""
    title: str = ""
    day: str = ""
    time: str = ""
    hall: str = ""
    free: str = ""
    is_full: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeChoice:
    """One price type with its letter and its price in the chosen zone."""

    letter: str = ""
    name: str = ""
    price: str = ""
    proof: str = ""
    is_comp: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneChoice:
    """One zone, or places without numbers; `key` is "" for the best of all zones."""

    key: str = ""
    name: str = ""
    free: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleLine:
    """One ticket of the sale. `about` names the performance where it is not the chosen one."""

    key: str = ""
    place: str = ""
    type: str = ""
    amount: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidLine:
    """A part of the sale that is paid already."""

    method: str = ""
    amount: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteChoice:
    """An amount that a customer may hand over: in words, and as it is typed."""

    words: str = ""
    typed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedSale:
    """A sale that was put aside."""

    id: str = ""
    label: str = ""
    tickets: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedTicket:
    """One ticket on paper, 80 mm wide."""

    id: str = ""
    title: str = ""
    time: str = ""
    hall: str = ""
    place: str = ""
    type: str = ""
    amount: str = ""
    reference: str = ""
    code: str = ""  # a drawing of the ticket code, "" where there is none
    mark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Everything that one reading of the screen gives."""

    performances: list[PerformanceChoice] = field(default_factory=list[PerformanceChoice])
    chosen: str = ""
    title: str = ""
    zones: list[ZoneChoice] = field(default_factory=list[ZoneChoice])
    zone: str = ""
    types: list[TypeChoice] = field(default_factory=list[TypeChoice])
    type_ids: dict[str, str] = field(default_factory=dict[str, str])  # by letter
    first_type: str = ""
    plan_id: str = ""
    rows: str = ""
    backdrop: str = ""
    codes: str = ""
    seat_ids: list[str] = field(default_factory=list[str])
    pool_ids: frozenset[str] = frozenset()
    is_on_sale: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggested:
    """One row of a box that suggests: `name` is its key, `words` what people read."""

    name: str = ""
    group: str = ""
    words: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTicket:
    """One ticket of an order that is looked at; one that `is_valid` can be chosen."""

    id: str = ""
    place: str = ""
    about: str = ""
    amount: str = ""
    state: str = ""
    is_valid: bool = False
    is_chosen: bool = False
