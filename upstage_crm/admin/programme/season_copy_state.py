"""The dialog that copies the events of one season into another."""

from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.programme.list_state import EventListState
from upstage_crm.core.errors import UpstageError
from upstage_crm.organisation.seasons import Season
from upstage_crm.organisation.settings import details, season_start
from upstage_crm.pages.dialog_state import DialogMixin
from upstage_crm.pages.periods import season_value, season_year
from upstage_crm.programme import copying
from upstage_crm.programme.copying import SeasonCopy
from upstage_crm.programme.errors import SeasonCopiedOntoItself
from upstage_crm.staff.roles import Permission
from upstage_crm.wiring import runtime
from upstage_crm.wording.programme import copied_words, season_copy_words
from upstage_crm.wording.sentences import sentence

COPY = "copy_season"
SOURCE, TARGET, DAYS = "source", "target", "with_days"
EARLIER, AHEAD = 5, 2  # seasons that are offered besides the one of today


class SeasonCopyState(DialogMixin, AdminState):
    """The dialog. `lines` say what the press will make; `sources` and `targets` are the choices."""

    permission: ClassVar[Permission | None] = Permission.EDIT_PROGRAMME
    dialogs: ClassVar[tuple[str, ...]] = (COPY,)
    drafted: ClassVar[frozenset[str]] = frozenset({COPY})
    page: ClassVar[type[EventListState]] = EventListState

    lines: rx.Field[list[str]] = rx.field(default_factory=list)
    makes: int = 0
    sources: rx.Field[list[tuple[str, str]]] = rx.field(default_factory=list)
    targets: rx.Field[list[tuple[str, str]]] = rx.field(default_factory=list)
    source: str = ""
    target: str = ""

    @rx.event
    async def open(self) -> None:
        """Open the dialog with the last season, to be copied into this one."""
        if not await self._open(COPY, subject=COPY, about=""):
            return
        today = await self._read(season_of_today)
        self.sources = [_choice(today.moved(-back)) for back in range(EARLIER + 1)]
        self.targets = seasons_ahead(today)
        self.source = self.draft.get(SOURCE, season_value(today.year - 1))
        self.target = self.draft.get(TARGET, season_value(today.year))
        await self._look(self.draft or {SOURCE: self.source, TARGET: self.target, DAYS: "on"})

    @rx.event
    async def copy_season(self, form: dict[str, Any]) -> Any:
        """Copy the season."""
        typed = self._accept(COPY, form)
        if typed is None:
            return None
        actor, parts = self._actor(), runtime()

        def command(session: Session) -> SeasonCopy:
            source, target = _seasons(session, typed)
            return copying.copy_season(
                parts.staff_context(session, actor),
                source=source,
                target=target,
                with_days=DAYS in typed,
            )

        return await self._run(command, lambda made: f"Copied: {copied_words(made)}.")

    async def _look(self, typed: dict[str, str]) -> None:
        def preview(session: Session) -> tuple[SeasonCopy, Season]:
            source, target = _seasons(session, typed)
            found = copying.preview_season(
                session, source=source, target=target, with_days=DAYS in typed
            )
            return found, target

        try:
            found, target = await self._read(preview)
        except UpstageError as error:
            self.lines, self.makes = [sentence(error)], 0
            return
        self.lines = season_copy_words(found, target=target.name)
        self.makes = len(found.events)


def season_of_today(session: Session) -> Season:
    """The season in which the day is that the clocks of the house show now."""
    today = runtime().clock.now().astimezone(details(session).zone).date()
    return season_start(session).season_of(today)


def seasons_ahead(today: Season) -> list[tuple[str, str]]:
    """The seasons that something can be planned for: the one of today first."""
    return [_choice(today.moved(ahead)) for ahead in range(AHEAD + 1)]


def _choice(season: Season) -> tuple[str, str]:
    return season_value(season.year), season.name


def _seasons(session: Session, typed: dict[str, str]) -> tuple[Season, Season]:
    """The two seasons of a form; a value that is none is no season to copy."""
    years = [season_year(typed.get(name, "")) for name in (SOURCE, TARGET)]
    start = season_start(session)
    known = [Season(year, start) for year in years if year is not None]
    if len(known) != len(years):
        raise SeasonCopiedOntoItself
    return known[0], known[1]
