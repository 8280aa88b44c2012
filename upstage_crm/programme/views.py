"""What pages see of events and performances."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum


class PerformanceState(StrEnum):
    """How far a performance is. Performed and cancelled are for good."""

    DRAFT = "draft"
    ON_SALE = "on_sale"
    PAUSED = "paused"
    PERFORMED = "performed"
    CANCELLED = "cancelled"


class Access(StrEnum):
    """What makes a performance easier for some visitors."""

    CAPTIONED = "captioned"
    SIGNED = "signed"
    DESCRIBED = "described"
    RELAXED = "relaxed"


def access_text(kinds: Collection[Access]) -> str:
    """Kinds of access as they are stored: by name, in one order."""
    return ",".join(kind.value for kind in Access if kind in kinds)


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceView:
    """One performance; `day` and `at` are what the clocks of `zone`, a time zone's name, show.

    `running_minutes` is how long its event takes, None when that is not said. `version` counts the
    changes of the performance.
    """

    id: str
    event_id: str
    title: str
    hall_id: str
    hall: str
    day: date
    at: time
    zone: str
    starts_at: datetime
    running_minutes: int | None
    access: tuple[Access, ...]
    state: PerformanceState
    version: int


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
    """One event with its performances, the first one first.

    `texts` are what staff wrote, by the names of `event_texts.FIELDS`, in `language`; `translated`
    holds those of other languages. `picture` names the stored picture, "" for none.
    """

    id: str
    texts: Mapping[str, str]
    language: str
    translated: Mapping[str, Mapping[str, str]]
    picture: str
    version: int
    performances: tuple[PerformanceView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLine:
    """One event in a list, with its performances that are not cancelled.

    `season` is the year in which the season begins that it was planned for; None: no matter which.
    """

    id: str
    title: str
    genre: str
    count: int
    on_sale: int
    season: int | None
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HallChoice:
    """A hall in which something can be performed."""

    id: str
    name: str
