"""The demo's events and performances of this season, made through the commands that staff use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta

from upstage_crm.programme import commands, queries
from upstage_crm.programme.times import series
from upstage_crm.programme.views import Access
from upstage_crm.staff.command_context import StaffContext

FRIDAY, SATURDAY, SUNDAY, WEDNESDAY = 4, 5, 6, 2
EVENING, MATINEE = time(19, 30), time(14, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """An event in one hall: from the week `begins` weeks from now, for so many weeks.

    `access` are the kinds of the first performances, one each.
    """

    texts: Mapping[str, str]
    hall: str
    begins: int
    weeks: int
    weekdays: frozenset[int]
    at: time = EVENING
    access: tuple[Access, ...] = field(default=())


_WEEKEND = frozenset({FRIDAY, SATURDAY})
RUNS = (
    Run(
        texts={
            "title": "The Lighthouse Keeper",
            "genre": "Play",
            "running_time": "2 h 20 min, one interval",
            "age_advice": "Ages 12 and over",
            "content_notes": "Strobe light and a gunshot in the second half.",
        },
        hall="Playhouse",
        begins=0,
        weeks=5,
        weekdays=frozenset({WEDNESDAY, FRIDAY, SATURDAY}),
        access=(Access.CAPTIONED, Access.SIGNED, Access.DESCRIBED),
    ),
    Run(
        texts={
            "title": "The Snow Goose",
            "genre": "Family",
            "running_time": "1 h 10 min, no interval",
            "age_advice": "From 5 on",
        },
        hall="Playhouse",
        begins=1,
        weeks=4,
        weekdays=frozenset({SATURDAY, SUNDAY}),
        at=MATINEE,
        access=(Access.RELAXED,),
    ),
    Run(
        texts={"title": "Winter Serenades", "genre": "Concert", "running_time": "1 h 50 min"},
        hall="Concert Hall",
        begins=1,
        weeks=3,
        weekdays=_WEEKEND,
    ),
    Run(
        texts={"title": "Bach by Candlelight", "genre": "Concert", "running_time": "1 h 30 min"},
        hall="Concert Hall",
        begins=5,
        weeks=2,
        weekdays=frozenset({SUNDAY}),
        at=MATINEE,
    ),
    Run(
        texts={"title": "New Voices", "genre": "Reading", "running_time": "1 h"},
        hall="Studio",
        begins=0,
        weeks=12,
        weekdays=frozenset({WEDNESDAY}),
    ),
    Run(
        texts={
            "title": "Threshold",
            "genre": "Dance",
            "running_time": "1 h 15 min, no interval",
            "content_notes": "Haze. Late arrivals are seated after the first piece.",
        },
        hall="Studio",
        begins=3,
        weeks=3,
        weekdays=_WEEKEND,
        access=(Access.DESCRIBED,),
    ),
    Run(
        texts={"title": "The Glass Orchard", "genre": "Play", "running_time": "2 h 40 min"},
        hall="Playhouse",
        begins=7,
        weeks=6,
        weekdays=_WEEKEND,
        access=(Access.CAPTIONED,),
    ),
    Run(
        texts={"title": "City Choir: Requiem", "genre": "Concert", "running_time": "1 h 40 min"},
        hall="Concert Hall",
        begins=10,
        weeks=1,
        weekdays=_WEEKEND,
    ),
)


def add(context: StaffContext[object], *, today: date) -> None:
    """Add every event with its performances, from the Monday after `today` on."""
    halls = {
        choice.name.partition(",")[0]: choice.id for choice in queries.hall_choices(context.session)
    }
    monday = today + timedelta(days=7 - today.weekday())
    for run in RUNS:
        event_id = commands.add_event(context, typed=run.texts)
        first = monday + timedelta(weeks=run.begins)
        days = series(first, first + timedelta(weeks=run.weeks, days=-1), run.weekdays)
        for place, day in enumerate(days):
            commands.add_performances(
                context,
                event_id=event_id,
                hall_id=halls[run.hall],
                days=[day],
                at=run.at,
                access=run.access[place : place + 1],
            )
