"""Draws the pages of the door from `templates/`: complete without a script, light and dark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Final

from upstage_crm.core import when
from upstage_crm.core.languages import SOURCE
from upstage_crm.core.templates import Templates
from upstage_crm.door.rules import Direction
from upstage_crm.door.views import ConflictLine, DoorFigures, ScanAnswer
from upstage_crm.orders.files.ticket_code import performance_number
from upstage_crm.pages.style import own_style
from upstage_crm.programme.views import PerformanceView
from upstage_crm.ui.design.tokens import COLOURS
from upstage_crm.wording.sales.door import (
    CONFLICT_WORDS,
    NET_WORDS,
    VERDICT_TONES,
    VERDICT_WORDS,
    VerdictWords,
    answer_detail,
)

FOLDER: Final = Path(__file__).with_name("templates")
TEMPLATES: Final = Templates(FOLDER)
STYLE: Final = own_style(tuple(COLOURS), (FOLDER / "door.css").read_text("utf-8"))
POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        f"style-src {STYLE.source}",
        "img-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""Nothing of another place, and no script or style that is not a file of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorPerformance:
    """A performance as the pages of the door name it."""

    id: str
    number: int
    href: str
    title: str
    when: str
    hall: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """The answer that a page without a script shows; without one the page says that it is ready."""

    verdict: str = ""
    tone: str = "quiet"
    words: VerdictWords | None = None
    place: str = ""
    detail: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Conflict:
    place: str
    why: str
    at: str
    device: str
    staff: str
    before: str


def named(performance: PerformanceView, zone: tzinfo) -> DoorPerformance:
    """A performance with its time on the clocks of its hall."""
    return DoorPerformance(
        id=performance.id,
        number=performance_number(performance.id),
        href=f"/door/{performance.id}/",
        title=performance.title,
        when=when.brief(performance.starts_at, zone),
        hall=performance.hall,
    )


def choice(lines: Sequence[DoorPerformance]) -> str:
    """The page where a performance is chosen."""
    return _drawn("choose.html", lines=lines)


def scanner(
    performance: DoorPerformance,
    figures: DoorFigures,
    *,
    nonce: str,
    direction: Direction = Direction.IN,
    answer: ScanAnswer | None = None,
    detail: str = "",
) -> str:
    """The page of the scanner; with `answer` it shows what the last scan came to."""
    shown = _Shown()
    if answer is not None:
        words = VERDICT_WORDS[answer.verdict]
        shown = _Shown(
            verdict=answer.verdict,
            tone=VERDICT_TONES[answer.verdict],
            words=words,
            place=answer.place,
            detail=detail,
            advice=words.advice,
        )
    return _drawn(
        "door.html",
        performance=performance,
        figures=figures,
        direction=direction,
        nonce=nonce,
        shown=shown,
        net=NET_WORDS,
        verdicts=[
            {
                "key": verdict.value,
                "tone": VERDICT_TONES[verdict],
                "words": words,
                "advice": words.advice,
            }
            for verdict, words in VERDICT_WORDS.items()
        ],
    )


def conflicts(
    performance: DoorPerformance,
    figures: DoorFigures,
    lines: Sequence[ConflictLine],
    *,
    staff: Mapping[str, str],
    zone: tzinfo,
) -> str:
    """The page of those who should not have passed; `staff` has the names of members by id."""
    told = [
        _Conflict(
            place=line.place,
            why=CONFLICT_WORDS[line.why],
            at=when.brief(line.at, zone),
            device=line.device,
            staff=staff.get(line.staff_id, ""),
            before=f"{when.brief(line.before_at, zone)}, {line.before_device}"
            if line.before_at
            else "",
        )
        for line in lines
    ]
    return _drawn("conflicts.html", performance=performance, figures=figures, lines=told)


def detail_of(answer: ScanAnswer, *, zone: tzinfo, other: str) -> str:
    """One line about an answer: the ticket's kind, the entry before, or the right performance."""
    before = when.brief(answer.before_at, zone) if answer.before_at else ""
    return answer_detail(answer, before=before, other=other)


def _drawn(name: str, **values: object) -> str:
    canvas = COLOURS["canvas"]
    return TEMPLATES.render(
        name, lang=SOURCE, style=STYLE.css, light=canvas.light, dark=canvas.dark, **values
    )
