"""What pages see of events and performances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class PerformanceState(StrEnum):
    """How far a performance is. Cancelled is for good."""

    DRAFT = "draft"
    CANCELLED = "cancelled"


class Access(StrEnum):
    """What makes a performance easier for some visitors."""

    CAPTIONED = "captioned"
    SIGNED = "signed"
    DESCRIBED = "described"
    RELAXED = "relaxed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceView:
    """One performance; `zone` is the name of the time zone of its hall."""

    id: str
    hall: str
    zone: str
    starts_at: datetime
    access: tuple[Access, ...]
    state: PerformanceState


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceFacts:
    """One performance by itself: `title` is its event's, `day` and `time` are local ones."""

    id: str
    event_id: str
    title: str
    hall_id: str
    day: str
    time: str
    zone: str
    starts_at: datetime
    state: PerformanceState


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """One event with its performances, the first one first. `texts` are what staff wrote."""

    id: str
    texts: Mapping[str, str]
    version: int
    performances: tuple[PerformanceView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLine:
    """One event in a list, with its performances that are not cancelled."""

    id: str
    title: str
    genre: str
    count: int
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HallChoice:
    """A hall in which something can be performed."""

    id: str
    name: str
