"""The seat plan of one hall: its picture, its versions, and the builder.

What is typed is kept in the tab until it is saved as a new version; a version never changes.
"""

import asyncio
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin import incoming_files
from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.venues.plan_rows import (
    Drawn,
    LegendRow,
    SectionRow,
    VersionRow,
    built,
    drawn,
    section_rows,
    version_row,
)
from upstage_crm.admin.venues.url import PLAN, venue_href
from upstage_crm.core.errors import UpstageError
from upstage_crm.jobs.news import Topic
from upstage_crm.organisation.settings import details
from upstage_crm.pages.forms import texts
from upstage_crm.pages.versions_state import VersionMixin
from upstage_crm.programme.prices.coverage import zones_without_price
from upstage_crm.staff.roles import Permission
from upstage_crm.venues import plans, queries
from upstage_crm.venues.design import FIELDS, MOST_SECTIONS, TEXT_LIMIT, from_text, to_text
from upstage_crm.venues.plan_errors import PlanChangedMeanwhile
from upstage_crm.venues.plans import StoredPlan
from upstage_crm.venues.views import HallView
from upstage_crm.wiring import runtime


@dataclass(frozen=True, slots=True)
class Stored:
    """What one reading of the hall gives."""

    hall: HallView
    versions: list[VersionRow]
    newest: StoredPlan | None
    gaps: list[tuple[str, str]]


GAPS_NAMED = 20  # zones without a price
KEY, AFTER, SECTIONS = "section", "after", "sections"
"""The input that says which section a form is about; what a draft holds."""


def _nothing() -> dict[str, str]:
    return dict.fromkeys(FIELDS, "")


class SeatPlanState(VersionMixin, AdminState):
    """What the page shows; `shown` is loading, hall or missing. Its subject is the hall's id.

    `typed` are the texts of the section that is open, with the sentence of each refused
    (`errors`); a new `form_number` draws the form again. `version` is the number of the version
    that the draft would become.
    """

    permission: ClassVar[Permission | None] = Permission.VIEW_PROGRAMME
    is_live: ClassVar[bool] = True
    topics: ClassVar[frozenset[Topic]] = frozenset({Topic.PROGRAMME})

    shown: str = "loading"
    title: str = ""
    hall_name: str = ""
    venue_name: str = ""
    venue_path: str = ""
    import_path: str = ""
    may_edit: bool = False
    picture: str = ""
    size: str = ""
    legend: rx.Field[list[LegendRow]] = rx.field(default_factory=list)
    problems: rx.Field[list[str]] = rx.field(default_factory=list)
    gaps: rx.Field[list[str]] = rx.field(default_factory=list)  # zones without a price
    versions: rx.Field[list[VersionRow]] = rx.field(default_factory=list)
    sections: rx.Field[list[SectionRow]] = rx.field(default_factory=list)
    open_key: str = ""
    typed: rx.Field[dict[str, str]] = rx.field(default_factory=_nothing)
    errors: rx.Field[dict[str, str]] = rx.field(default_factory=_nothing)
    form: str = ""  # how the seats of the open section stand
    form_number: int = 0
    newest: str = ""
    version: str = ""
    is_changed: bool = False
    is_from_file: bool = False
    is_behind: bool = False  # a colleague saved a version since the draft was begun

    _design: list[dict[str, str]] = []  # Reflex copies the defaults of a state
    _keys: list[str] = []
    _after: int = 0

    @rx.event
    async def type_in(self, form: dict[str, Any]) -> None:
        """Take over what was typed about a section, and draw the plan again."""
        if self._take(form):
            await self._draw()

    @rx.event
    async def choose(self, key: str) -> None:
        """Open a section in the form."""
        if key in self._keys:
            await self._turn_over(key)

    @rx.event
    async def add(self) -> Any:
        """Add a section behind the others, and open it."""
        name = self._free_name("Section ", first=1)
        return await self._insert(len(self._design), FIELDS | {"name": name})

    @rx.event
    async def copy_one(self) -> Any:
        """Add a section like the open one, behind it."""
        place = self._place()
        if place is None:
            return None
        name = self._free_name(f"{self._design[place]['name']} ")
        return await self._insert(place + 1, self._design[place] | {"name": name})

    @rx.event
    async def move_up(self) -> None:
        """Move the open section before the one before it."""
        place = self._place()
        if place:
            self._design.insert(place - 1, self._design.pop(place))
            self._keys.insert(place - 1, self._keys.pop(place))
            self._keep()
            await self._draw()

    @rx.event
    async def remove(self) -> None:
        """Take the open section away."""
        place = self._place()
        if place is None:
            return
        del self._design[place], self._keys[place]
        self._keep()
        left = self._keys[min(place, len(self._keys) - 1)] if self._keys else ""
        await self._turn_over(left)

    @rx.event
    async def start_over(self) -> None:
        """Give up what was typed: the builder begins with the newest version again."""
        self._drop_draft(self._draft_name())
        await self._read_in(is_kept=False)

    @rx.event
    async def save(self, form: dict[str, Any]) -> Any:
        """Save what was typed as a new version."""
        self._quiet()
        if self._take(form):
            await self._draw()
        actor, hall_id, after = self._actor(), self.subject, self._after
        sections = self._sections()
        try:
            saved = await self._command(
                lambda session: plans.save(
                    runtime().staff_context(session, actor),
                    hall_id=hall_id,
                    after=after,
                    sections=sections,
                )
            )
        except PlanChangedMeanwhile as error:
            self._refuse(error)
            await self._read_in(is_kept=False)
            return
        except UpstageError as error:
            self._refuse(error)
            await self._draw()
            return
        self._drop_draft(self._draft_name())
        is_new = saved != after
        self._succeed(f"Saved as version {saved}." if is_new else "This is the newest version.")
        await self._read_in(is_kept=False)

    @rx.event
    async def bring_back(self, number: str) -> None:
        """Make an older version the newest one; what was typed since is given up."""
        actor, hall_id, after = self._actor(), self.subject, self._after

        def command(session: Session, version: int) -> int:
            context = runtime().staff_context(session, actor)
            return plans.bring_back(context, hall_id=hall_id, version=version, after=after)

        if await self._bring(number, command, draft=self._draft_name()):
            await self._read_in(is_kept=False)

    def _start(self) -> None:
        self.subject = self.router.url.path.rstrip("/").rpartition("/")[2]

    async def _show(self) -> None:
        came_in = str(self.router.url.query_parameters.get("imported", ""))
        if came_in.isdecimal() and self.shown == "loading":
            self._succeed(f"Imported as version {came_in[:9]}.")
        await self._read_in(is_kept=self.shown == "hall" and self.is_changed)

    async def _read_in(self, *, is_kept: bool) -> None:
        """Read the hall; what is being typed is left alone where it `is_kept`."""
        hall_id, now = self.subject, runtime().clock.now()

        def stored(session: Session) -> Stored:
            hall = queries.hall(session, hall_id)
            known = plans.versions(session, hall_id)
            newest = plans.get(session, hall_id, known[0].version) if known else None
            zone = details(session).zone
            rows = [
                version_row(each, hall_id=hall_id, is_newest=each is known[0], time_zone=zone)
                for each in known
            ]
            return Stored(hall, rows, newest, zones_without_price(session, hall_id, now))

        self.may_edit = self._may(Permission.EDIT_VENUES)
        try:
            found = await self._read(stored)
        except UpstageError:
            self.shown, self.title = "missing", f"No such hall · {self.organisation}"
            return
        self.shown, self.hall_name = "hall", found.hall.texts["name"]
        self.venue_name = found.hall.venue_name
        self.venue_path = venue_href(found.hall.venue_id)
        self.gaps = [f"Zone {zone}: {title}" for zone, title in found.gaps[:GAPS_NAMED]]
        self.import_path = incoming_files.href(PLAN, hall_id)
        self.title, self.versions = f"{self.hall_name} · {self.venue_name}", found.versions
        if not is_kept:
            await self._begin(found.newest)

    async def _begin(self, newest: StoredPlan | None) -> None:
        """Fill the builder: from what this member typed before, else from the newest version."""
        draft = self._draft(self._draft_name()) if self.may_edit else {}
        self._after = newest.version if newest else 0
        self.version, self.newest = str(self._after + 1), str(self._after)
        self.is_changed = bool(draft)
        self.is_behind = bool(draft) and draft[AFTER] != str(self._after)
        self.is_from_file = newest is not None and not newest.sections
        began = newest.sections if newest else ()
        design = from_text(draft[SECTIONS]) if draft else [dict(one) for one in began]
        is_same = design == self._design and bool(self.picture)
        self._design = design
        if len(self._keys) != len(design):
            self._keys = [f"s{number}" for number in range(len(design))]
        if not design:
            self.sections, self.open_key = [], ""
        if newest is not None and not design:
            self._show_drawn(await asyncio.to_thread(drawn, newest.plan))
        elif not is_same:
            await self._turn_over(self.open_key if self._place() is not None else "")

    def _place(self) -> int | None:
        """Where the open section is among the others."""
        return self._keys.index(self.open_key) if self.open_key in self._keys else None

    def _free_name(self, begins: str, *, first: int = 2) -> str:
        """A name that no section has."""
        names = {section["name"] for section in self._design}
        return next(name for n in count(first) if (name := f"{begins}{n}") not in names)

    def _take(self, form: object) -> bool:
        """Take over what a form says of its section; whether that changed anything."""
        given = texts(form, TEXT_LIMIT)
        key = given.get(KEY, "")
        if not self.may_edit or key not in self._keys:
            return False
        place = self._keys.index(key)
        said = {name: text for name, text in given.items() if name in FIELDS}
        section = self._design[place] | said
        if section == self._design[place]:
            return False
        self._design = [*self._design[:place], section, *self._design[place + 1 :]]
        self._keep()
        return True

    async def _insert(self, place: int, section: dict[str, str]) -> Any:
        if not self.may_edit or len(self._design) >= MOST_SECTIONS:
            return None
        taken = {int(key.removeprefix("s")) for key in self._keys}
        key = f"s{max(taken, default=-1) + 1}"
        self._design.insert(place, dict(section))
        self._keys.insert(place, key)
        self._keep()
        await self._turn_over(key)
        return self._focus("field-name")

    async def _turn_over(self, key: str) -> None:
        """Open a section, the first one where `key` is empty."""
        self.open_key = key or next(iter(self._keys), "")
        place = self._place()
        self.typed = _nothing() if place is None else {**FIELDS, **self._design[place]}
        self.form_number += 1
        await self._draw()

    async def _draw(self) -> None:
        """Build what was typed, and show it with what is wrong with it."""
        place = self._place()
        name = "" if place is None else self._design[place]["name"]
        self.form = "" if place is None else self._design[place]["form"]
        design, hall = self._sections(), self.hall_name
        if not design:
            self._show_drawn(Drawn())
            self.sections = []
            return
        made = await asyncio.to_thread(built, hall, design, numbered=name)
        is_here = made.at == name
        self.errors = _nothing() | (made.errors if is_here else {})
        if not made.picture:  # what cannot be drawn leaves the last picture
            before = {"picture": self.picture, "size": self.size, "legend": list(self.legend)}
            made = replace(made, **before)
        self._show_drawn(made)
        self.sections = section_rows(design, self._keys, made.sizes)

    def _sections(self) -> list[dict[str, str]]:
        """What was typed, as plain texts that another thread may read."""
        return [dict(section) for section in self._design]

    def _show_drawn(self, made: Drawn) -> None:
        self.picture, self.size = made.picture, made.size
        self.legend, self.problems = made.legend, made.problems

    def _draft_name(self) -> str:
        return f"{self.get_full_name()}/{self.subject}"

    def _keep(self) -> None:
        """Remember what was typed: it outlives the page, a reload and a session that ended."""
        self.is_changed = True
        kept = {SECTIONS: to_text(self._design), AFTER: str(self._after)}
        self._keep_draft(self._draft_name(), kept)
