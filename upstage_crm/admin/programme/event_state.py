"""One event with its performances."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin import incoming_files
from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.programme.taking_back_state import UndoMixin
from upstage_crm.admin.programme.url import PICTURE, house_href, picture_href
from upstage_crm.core import when
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.languages import LANGUAGES
from upstage_crm.jobs.news import Topic
from upstage_crm.organisation.settings import details
from upstage_crm.programme import pictures, queries
from upstage_crm.programme.event_texts import ALT, INTERVAL, LIMITS, RUNNING, TITLE
from upstage_crm.programme.performance_states import ENDED
from upstage_crm.programme.views import EventView, HallChoice, PerformanceView
from upstage_crm.staff.roles import Permission
from upstage_crm.wording.programme import ACCESS_WORDS, running_words
from upstage_crm.wording.sentences import LANGUAGE_WORDS


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceLine:
    """One performance, as it is drawn."""

    id: str = ""
    time: str = ""
    time_iso: str = ""
    hall: str = ""
    access: list[str] = field(default_factory=list[str])
    state: str = ""
    is_ended: bool = False
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageLine:
    """A language that patrons read, and whether the event has texts in it."""

    code: str = ""
    name: str = ""
    title: str = ""
    is_translated: bool = False


def _nothing() -> dict[str, str]:
    return dict.fromkeys(LIMITS, "")


class EventState(UndoMixin, AdminState):
    """What the page of one event shows; `shown` is loading, event or missing."""

    permission: ClassVar[Permission | None] = Permission.VIEW_PROGRAMME
    is_live: ClassVar[bool] = True
    topics: ClassVar[frozenset[Topic]] = frozenset({Topic.PROGRAMME})

    shown: str = "loading"
    title: str = ""
    name: str = ""
    texts: rx.Field[dict[str, str]] = rx.field(default_factory=_nothing)
    performances: rx.Field[list[PerformanceLine]] = rx.field(default_factory=list)
    language: str = ""
    languages: rx.Field[list[LanguageLine]] = rx.field(default_factory=list)
    picture: str = ""
    picture_large: str = ""
    picture_alt: str = ""
    picture_path: str = ""
    version: str = ""
    halls: rx.Field[list[tuple[str, str]]] = rx.field(default_factory=list)
    may_edit: bool = False

    def _performance_ids(self) -> list[str]:
        """The performances that can be chosen here."""
        return [one.id for one in self.performances]

    def _start(self) -> None:
        self.subject = self.router.url.path.rstrip("/").rpartition("/")[2]
        if self.router.url.query_parameters.get("picture"):
            self._succeed("The picture is kept.")

    async def _show(self) -> Any:
        event_id = self.subject
        self.may_edit = self._may(Permission.EDIT_PROGRAMME)

        def stored(session: Session) -> tuple[EventView, list[HallChoice], str, list[int]]:
            found, kept = queries.event(session, event_id), pictures.widths(session, event_id)
            return found, queries.hall_choices(session), details(session).country, kept

        try:
            event, halls, country, widths = await self._read(stored)
        except UpstageError:
            self.shown, self.title = "missing", f"No such event · {self.organisation}"
            return
        self.shown, self.name = "event", event.texts[TITLE]
        self.title = f"{self.name} · {self.organisation}"
        said = running_words(event.texts[RUNNING], event.texts[INTERVAL])
        self.texts = {**event.texts, RUNNING: said}
        self._show_languages(event)
        self._show_picture(event, widths)
        self.halls = [(hall.id, hall.name) for hall in halls]
        self.performances = [_line(event_id, one, country) for one in event.performances]

    def _show_languages(self, event: EventView) -> None:
        self.language = LANGUAGE_WORDS[event.language]
        self.languages = [
            LanguageLine(
                code=code,
                name=LANGUAGE_WORDS[code],
                title=event.translated.get(code, {}).get(TITLE, ""),
                is_translated=any(event.translated.get(code, {}).values()),
            )
            for code in LANGUAGES
            if code != event.language
        ]

    def _show_picture(self, event: EventView, widths: list[int]) -> None:
        self.picture_path = incoming_files.href(PICTURE, event.id)
        self.picture_alt, self.version = event.texts[ALT], str(event.version)
        hrefs = [picture_href(event.id, event.picture, width) for width in widths]
        self.picture, self.picture_large = (hrefs[0], hrefs[-1]) if hrefs else ("", "")


def _line(event_id: str, one: PerformanceView, country: str) -> PerformanceLine:
    return PerformanceLine(
        id=one.id,
        time=when.in_words(one.starts_at, when.zone(one.zone, country=country)),
        time_iso=when.iso(one.starts_at),
        hall=one.hall,
        access=[ACCESS_WORDS[kind] for kind in one.access],
        state=one.state,
        is_ended=one.state in ENDED,
        href=house_href(event_id, one.id),
    )
