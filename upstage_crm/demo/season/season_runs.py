"""What the demo's house performs: this season's events, and those of the last one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time

from upstage_crm.programme.views import Access, PerformanceState

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = range(7)
EVENING, EARLY, MATINEE, MORNING = time(19, 30), time(18, 0), time(14, 0), time(11, 0)
PLAYHOUSE, STUDIO, CONCERT_HALL = "Playhouse", "Studio", "Concert Hall"
_WEEKEND, _WEEK = frozenset({FRIDAY, SATURDAY}), frozenset({WEDNESDAY, FRIDAY, SATURDAY})
_MATINEES, _SUNDAY = frozenset({SATURDAY, SUNDAY}), frozenset({SUNDAY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """An event in one hall, from the week `begins` weeks from now on, for so many weeks.

    `texts` are those of `event_texts.LIMITS`; `translated` has some in other languages. `access`
    are the kinds of the first performances, one each. `state` is how far the run is; the one of its
    last performance is `last`, if that is another. `top` is the dearest ticket, in whole units of
    the currency; some buy with a `code` before everyone does.
    """

    title: str
    genre: str
    minutes: int
    hall: str
    begins: int
    weeks: int
    weekdays: frozenset[int]
    at: time = EVENING
    interval: int = 0
    texts: Mapping[str, str] = field(default_factory=dict[str, str])
    translated: Mapping[str, Mapping[str, str]] = field(
        default_factory=dict[str, Mapping[str, str]]
    )
    access: tuple[Access, ...] = ()
    state: PerformanceState = PerformanceState.ON_SALE
    last: PerformanceState | None = None
    top: int = 28
    code: str = ""


THIS_SEASON = (
    Run(
        title="The Lighthouse Keeper",
        top=48,
        genre="Play",
        minutes=140,
        interval=20,
        hall=PLAYHOUSE,
        begins=0,
        weeks=5,
        weekdays=_WEEK,
        texts={
            "age_advice": "Ages 12 and over",
            "content_notes": "Strobe light and a gunshot in the second half.",
            "description": "A keeper, a storm and a letter that arrives forty years late.",
            "credits": "Author: Ines Calder\nDirector: Ana Ruiz\nDesign: Tomas Field",
        },
        translated={
            "es": {
                "title": "El guardián del faro",
                "age_advice": "A partir de 12 años",
                "content_notes": "Luz estroboscópica y un disparo en la segunda parte.",
                "description": "Un farero, una tormenta y una carta que llega cuarenta años tarde.",
            },
            "de": {"title": "Der Leuchtturmwärter", "age_advice": "Ab 12 Jahren"},
        },
        access=(Access.CAPTIONED, Access.SIGNED, Access.DESCRIBED),
        last=PerformanceState.CANCELLED,
    ),
    Run(
        title="The Snow Goose",
        top=24,
        genre="Family",
        minutes=70,
        hall=PLAYHOUSE,
        begins=1,
        weeks=4,
        weekdays=_MATINEES,
        at=MATINEE,
        texts={
            "age_advice": "From 5 on",
            "description": "A winter story with puppets and live music.",
            "credits": "Puppets: Mira Sol\nMusic: Edda Lind",
        },
        translated={"es": {"title": "La oca de nieve", "age_advice": "A partir de 5 años"}},
        access=(Access.RELAXED,),
    ),
    Run(
        title="Winter Serenades",
        top=55,
        genre="Concert",
        minutes=110,
        interval=20,
        hall=CONCERT_HALL,
        begins=1,
        weeks=3,
        weekdays=_WEEKEND,
        texts={"credits": "Lantern Street Sinfonia\nConductor: Paul Hartwell"},
    ),
    Run(
        title="Bach by Candlelight",
        top=42,
        genre="Concert",
        minutes=90,
        hall=CONCERT_HALL,
        begins=5,
        weeks=2,
        weekdays=_SUNDAY,
        at=EARLY,
    ),
    Run(
        title="New Voices",
        top=12,
        genre="Reading",
        minutes=60,
        hall=STUDIO,
        begins=0,
        weeks=14,
        weekdays=frozenset({TUESDAY}),
        texts={"description": "New plays, read for the first time. A talk follows."},
    ),
    Run(
        title="Threshold",
        genre="Dance",
        minutes=75,
        hall=STUDIO,
        begins=3,
        weeks=4,
        weekdays=_WEEKEND,
        texts={"content_notes": "Haze. Late arrivals are seated after the first piece."},
        access=(Access.DESCRIBED,),
    ),
    Run(
        title="The Glass Orchard",
        top=45,
        code="ORCHARD",
        genre="Play",
        minutes=160,
        interval=20,
        hall=PLAYHOUSE,
        begins=6,
        weeks=6,
        weekdays=_WEEK,
        texts={"age_advice": "From 14 on", "credits": "Director: Noor Haddad"},
        access=(Access.CAPTIONED,),
    ),
    Run(
        title="Nutmeg and the Moon",
        genre="Family",
        minutes=55,
        hall=STUDIO,
        begins=2,
        weeks=5,
        weekdays=_SUNDAY,
        at=MORNING,
        texts={"age_advice": "From 3 on"},
        access=(Access.RELAXED,),
    ),
    Run(
        title="Lunchtime Chamber Music",
        top=14,
        genre="Concert",
        minutes=50,
        hall=CONCERT_HALL,
        begins=2,
        weeks=10,
        weekdays=frozenset({THURSDAY}),
        at=time(12, 30),
    ),
    Run(
        title="Open Mic Night",
        top=8,
        genre="Comedy",
        minutes=120,
        interval=15,
        hall=STUDIO,
        begins=1,
        weeks=8,
        weekdays=frozenset({THURSDAY}),
        at=time(20, 30),
        texts={"age_advice": "From 16 on", "content_notes": "Strong language."},
        state=PerformanceState.PAUSED,
    ),
    Run(
        title="City Choir: Requiem",
        top=36,
        genre="Concert",
        minutes=100,
        hall=CONCERT_HALL,
        begins=10,
        weeks=1,
        weekdays=_WEEKEND,
    ),
    Run(
        title="A Map of Small Hours",
        genre="Play",
        minutes=95,
        hall=STUDIO,
        begins=9,
        weeks=4,
        weekdays=_WEEKEND,
    ),
    Run(
        title="The Tempest",
        genre="Play",
        minutes=150,
        interval=20,
        hall=PLAYHOUSE,
        begins=13,
        weeks=4,
        weekdays=_WEEK,
        state=PerformanceState.DRAFT,
    ),
    Run(
        title="Spring Gala",
        top=60,
        genre="Concert",
        minutes=130,
        interval=20,
        hall=CONCERT_HALL,
        begins=15,
        weeks=1,
        weekdays=frozenset({SATURDAY}),
        state=PerformanceState.DRAFT,
    ),
)
SO_FAR = (
    Run(
        title="The Understudy",
        genre="Play",
        minutes=125,
        interval=20,
        hall=PLAYHOUSE,
        begins=-6,
        weeks=6,
        weekdays=frozenset(range(7)) - {MONDAY},
        texts={
            "age_advice": "Ages 12 and over",
            "description": "A comedy about one night too many.",
        },
    ),
    Run(
        title="Late Lantern",
        genre="Cabaret",
        minutes=75,
        hall=STUDIO,
        begins=-2,
        weeks=2,
        weekdays=frozenset(range(7)),
        at=time(21, 30),
        texts={"age_advice": "From 18 on"},
    ),
)
"""What this season has shown so far, and shows this week."""
LAST_SEASON = tuple(
    Run(
        title=title,
        genre=genre,
        minutes=minutes,
        hall=hall,
        begins=begins,
        weeks=weeks,
        weekdays=weekdays,
    )
    for title, genre, minutes, hall, begins, weeks, weekdays in (
        ("Twelfth Night", "Play", 150, PLAYHOUSE, -54, 4, _WEEK),
        ("The Paper Boat", "Family", 65, PLAYHOUSE, -49, 3, _MATINEES),
        ("A Winter Oratorio", "Concert", 120, CONCERT_HALL, -50, 2, _WEEKEND),
        ("New Voices", "Reading", 60, STUDIO, -52, 10, frozenset({TUESDAY})),
        ("Low Tide", "Dance", 80, STUDIO, -46, 3, _WEEKEND),
        ("The Cartographers", "Play", 135, PLAYHOUSE, -42, 4, _WEEK),
        ("Spring Gala", "Concert", 130, CONCERT_HALL, -36, 1, frozenset({SATURDAY})),
    )
)
