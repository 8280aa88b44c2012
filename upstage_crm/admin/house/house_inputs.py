"""What is typed to hold seats back: which seats, which letter, why, until when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final

from upstage_crm.core.errors import UpstageError
from upstage_crm.core.text import InvalidText
from upstage_crm.inventory.errors import (
    LetterUnreadable,
    NothingWanted,
    PlacesTaken,
    ReasonMissing,
    ReleasePassed,
    SeatsTaken,
)
from upstage_crm.inventory.house_holds import REASON_LIMIT
from upstage_crm.inventory.views import House
from upstage_crm.pages.view import kept
from upstage_crm.programme.errors import TimeDoubled, TimeSkipped, TimeUnreadable
from upstage_crm.programme.times import instant, read_day, read_time
from upstage_crm.ui.components.base import Child
from upstage_crm.ui.components.forms.form import text_field
from upstage_crm.venues.labels import (
    MissingRangeError,
    SeatRange,
    UnreadableRangeError,
    read_ranges,
)
from upstage_crm.venues.plan_errors import DesignRefused, RangeNotThere, RangeUnreadable
from upstage_crm.venues.seat_plan import SeatPlan, Section

PLACE, SEATS, LETTER, REASON, DAY, TIME = "place", "seats", "letter", "reason", "day", "time"
INPUTS: Final = (PLACE, SEATS, LETTER, REASON, DAY, TIME)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Seats by their ids, or so many places of a pool."""

    seats: frozenset[str] = frozenset()
    pool: str | None = None
    places: int = 0


def read_chosen(house: House, plan: SeatPlan, typed: Mapping[str, str]) -> Chosen:
    """The seats of a section, `A, C1-6`, or a number of places.

    Raises:
        NothingWanted: nothing was typed, or no number of places.
        RangeUnreadable, RangeNotThere: it is no range, or there are no such seats.
    """
    place, text = typed.get(PLACE, ""), typed.get(SEATS, "").strip()
    for pool in house.pools:
        if pool.id == place:
            is_number = text.isascii() and text.isdecimal() and len(text) < 8
            return Chosen(pool=pool.id, places=int(text) if is_number else 0)
    sections = [section for section in plan.sections if section.name == place]
    if not sections or not text:
        raise NothingWanted
    return Chosen(seats=frozenset(_seats(sections[0], text)))


def read_until(typed: Mapping[str, str], zone: tzinfo) -> datetime | None:
    """When what is held back is released by itself; None for never.

    Raises:
        TimeUnreadable, TimeSkipped, TimeDoubled: the day and time are no moment.
    """
    if not typed.get(DAY, "") and not typed.get(TIME, ""):
        return None
    return instant(read_day(typed.get(DAY, "")), read_time(typed.get(TIME, "")), zone)


def blamed(error: UpstageError) -> str:
    """The input that a refusal is about; "" when it is about none."""
    if isinstance(error, DesignRefused | NothingWanted | SeatsTaken | PlacesTaken):
        return SEATS
    if isinstance(error, LetterUnreadable):
        return LETTER
    if isinstance(error, ReasonMissing | InvalidText):
        return REASON
    if isinstance(error, ReleasePassed | TimeUnreadable | TimeSkipped | TimeDoubled):
        return DAY
    return ""


def inputs(state: Any, dialog: str) -> list[Child]:
    """The inputs beside the choice of the place, with what was typed before in them."""

    def field(label: str, name: str, hint: str, **props: Any) -> Child:
        return text_field(
            label,
            name,
            hint=hint,
            default_value=kept(state, name),
            error=state.errors[name],
            id=f"{dialog}-{name}",
            **props,
        )

    seats_hint = "Rows and seats: A, C1-6. Of standing places, how many."
    letter_hint = "One letter, drawn on the map: H for the house, P for the press."
    return [
        field("Seats", SEATS, seats_hint, auto_complete="off", max_length=200),
        field("Letter", LETTER, letter_hint, auto_complete="off", max_length=1),
        field("Reason", REASON, "For whom, or why.", max_length=REASON_LIMIT),
        field(
            "Released on",
            DAY,
            "Or released by hand.",
            type="date",
            optional=True,
        ),
        field("At", TIME, "By the clocks of the house.", type="time", optional=True),
    ]


def _seats(section: Section, text: str) -> list[str]:
    blame: dict[str, Any] = {"section": section.name, "field": SEATS}
    try:
        ranges = read_ranges(text, [row.label for row in section.rows])
    except UnreadableRangeError as error:
        raise RangeUnreadable(**blame, text=str(error)) from error
    except MissingRangeError as error:
        raise RangeNotThere(**blame, text=str(error)) from error
    found: list[str] = []
    for one in ranges:
        mine = [
            seat.id
            for row in section.rows
            for seat in row.seats
            if _is_in(one, row.label, seat.number)
        ]
        if not mine:
            raise RangeNotThere(**blame, text=one.text)
        found += mine
    return found


def _is_in(one: SeatRange, row: str, number: str) -> bool:
    """Whether a seat is in a range; one whose number is none is only in whole rows."""
    if number.isdecimal():
        return one.holds(row, int(number))
    return row in one.rows and one.low is None
