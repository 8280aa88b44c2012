"""A seat plan as its page draws it: picture, legend, sections, versions. Plain texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from upstage_crm.admin.venues.url import file_href
from upstage_crm.core import when
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.text import InvalidText
from upstage_crm.venues.builder import build
from upstage_crm.venues.design import SectionForm
from upstage_crm.venues.picture import MARKS, picture, zone_looks
from upstage_crm.venues.plan_errors import DesignRefused
from upstage_crm.venues.plans import PlanVersion
from upstage_crm.venues.seat_plan import SeatKind, SeatPlan, problems
from upstage_crm.wording.consequences import counted
from upstage_crm.wording.sentences import sentence

KIND_WORDS: Mapping[SeatKind, str] = {
    SeatKind.STANDARD: "Seat",
    SeatKind.WHEELCHAIR: "Wheelchair space",
    SeatKind.COMPANION: "Companion seat",
    SeatKind.RESTRICTED: "Restricted view",
    SeatKind.REMOVABLE: "Removable seat",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LegendRow:
    """A zone with its colour (`looks`), or a kind of seat with its letter (`mark`)."""

    name: str = ""
    count: str = ""
    looks: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionRow:
    """One section in the list of the builder. `key` tells it apart from the others."""

    key: str = ""
    name: str = ""
    size: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """One version of the plan. `is_newest` is the one in use."""

    number: str = ""
    is_newest: bool = False
    name: str = ""
    size: str = ""
    made: str = ""
    made_iso: str = ""
    maker: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A plan with what is wrong with it. `errors` are sentences by input of the section `at`.

    `sizes` are those of its sections, by name.
    """

    picture: str = ""
    size: str = ""
    legend: list[LegendRow] = field(default_factory=list[LegendRow])
    problems: list[str] = field(default_factory=list[str])
    errors: dict[str, str] = field(default_factory=dict[str, str])
    at: str = ""
    sizes: dict[str, str] = field(default_factory=dict[str, str])


def drawn(plan: SeatPlan, *, numbered: str = "") -> Drawn:
    """A plan as it is drawn; the seats of the section called `numbered` have numbers."""
    size = size_words(plan.seat_count, plan.place_count)
    return Drawn(
        picture=picture(plan, label=f"{plan.name}: {size}", numbered=numbered),
        size=size,
        legend=_legend(plan),
        problems=[sentence(problem) for problem in problems(plan)],
        sizes={
            section.name: counted(sum(1 for _ in section.seats), "seat")
            for section in plan.sections
        },
    )


def built(name: str, sections: Sequence[Mapping[str, str]], *, numbered: str) -> Drawn:
    """What was typed, built and drawn; without a picture where it cannot be built."""
    try:
        return drawn(build(name, sections), numbered=numbered)
    except DesignRefused as error:
        where, words = str(error.facts["section"]), sentence(error)
        told = f"{where or 'A section'}: {words}"
        return Drawn(problems=[told], errors={str(error.facts["field"]): words}, at=where)
    except (InvalidText, UpstageError) as error:
        return Drawn(problems=[sentence(error)])


def size_words(seats: int, places: int) -> str:
    """How many people a plan takes: "480 seats, 120 standing"."""
    said = [counted(seats, "seat")] if seats or not places else []
    return ", ".join([*said, f"{places:,} standing"] if places else said)


def section_rows(
    sections: Sequence[Mapping[str, str]], keys: Sequence[str], sizes: Mapping[str, str]
) -> list[SectionRow]:
    """The list of the builder; `sizes` are known of a plan that could be built."""
    return [
        SectionRow(
            key=key,
            name=section["name"] or "Without a name",
            size=f"{section['places']} standing"
            if section["form"] == SectionForm.STANDING
            else sizes.get(section["name"], ""),
        )
        for key, section in zip(keys, sections, strict=True)
    ]


def version_row(
    version: PlanVersion, *, hall_id: str, is_newest: bool, time_zone: tzinfo
) -> VersionRow:
    """One version as the page tells it."""
    source = "" if version.is_built else ", from a file"
    return VersionRow(
        number=str(version.version),
        is_newest=is_newest,
        name=f"Version {version.version}",
        size=size_words(version.seats, version.places),
        made=when.short(version.created_at, time_zone),
        made_iso=when.iso(version.created_at),
        maker=f"{version.made_by}{source}",
        href=file_href(hall_id, version.version),
    )


def _legend(plan: SeatPlan) -> list[LegendRow]:
    zones = Counter(seat.zone for seat in plan.seats)
    kinds = Counter(seat.kind for seat in plan.seats)
    looks = zone_looks(plan)
    return [
        *(
            LegendRow(
                name=f"Zone {zone.name}", count=f"{zones[zone.name]:,}", looks=looks[zone.name]
            )
            for zone in plan.zones
        ),
        *(
            LegendRow(name=KIND_WORDS[kind], count=f"{kinds[kind]:,}", mark=mark)
            for kind, mark in MARKS.items()
            if kinds[kind]
        ),
    ]
