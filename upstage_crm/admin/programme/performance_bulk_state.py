"""What staff do to several performances at once: put on sale, pause, change, cancel, take back.

They are chosen on the page of their event, or in the list of the calendar, where they are of
several events.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.programme.calendar_state import CalendarState
from upstage_crm.admin.programme.event_state import EventState
from upstage_crm.admin.programme.taking_back_state import Undo
from upstage_crm.core.errors import UpstageError
from upstage_crm.inventory import sale_steps
from upstage_crm.orders.cancellations import cancelling, moving
from upstage_crm.orders.cancellations.dry_run import dry_run
from upstage_crm.organisation.answer_days import answer_days
from upstage_crm.organisation.settings import details
from upstage_crm.pages.dialog_state import DialogMixin
from upstage_crm.pages.errors import SubjectMoved
from upstage_crm.programme import bulk_edit, performances, queries
from upstage_crm.programme.bulk_edit import BulkEdit, Change, Preview
from upstage_crm.programme.times import read_day, read_shift, read_time
from upstage_crm.programme.views import Access, PerformanceState, PerformanceView
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, StaffMember
from upstage_crm.wiring import SALE_CHECKS, runtime
from upstage_crm.wording.consequences import counted
from upstage_crm.wording.programme import edited_words, preview_words
from upstage_crm.wording.sales.cancellations import (
    MAY_NOT_REFUND,
    cancelling_words,
    moving_words,
)
from upstage_crm.wording.sentences import sentence

CHOSEN = "chosen"  # what the dialogs call their subject
MOST = 200  # performances that are edited at once
DAY, LATER, TIME, HALL, ACCESS = "day", "later", "time", "hall", "access"
Typed = Mapping[str, str]


class PerformanceEditsMixin(DialogMixin, rx.State, mixin=True):
    """The dialogs over the performances that a page shows.

    `lines` say what the press will do, `applies` to how many. While one performance alone is
    changed, `is_one`, its day can be another and `now` is what it has.
    """

    dialogs: ClassVar[tuple[str, ...]] = tuple(BulkEdit)
    drafted: ClassVar[frozenset[str]] = frozenset({BulkEdit.CHANGE})
    page: ClassVar[type[EventState] | type[CalendarState]]

    lines: rx.Field[list[str]] = rx.field(default_factory=list)
    applies: int = 0
    is_one: bool = False
    now: rx.Field[dict[str, str]] = rx.field(default_factory=dict)

    _versions: dict[str, int] = {}  # of the chosen performances, as they were seen
    _applies: tuple[str, ...] = ()

    if TYPE_CHECKING:
        _actor: Callable[[], StaffMember]  # `AdminState` has these two
        _may: Callable[[Permission], bool]

    @rx.event
    async def ask(self, edit: str, performance_ids: list[str]) -> None:
        """Say what would be done to the chosen performances, before it is done."""
        page = await self.get_state(self.page)
        given = _texts(performance_ids)
        chosen = [one for one in page._performance_ids() if one in given][:MOST]
        if edit not in self.dialogs or not chosen:
            return
        found = await self._read(lambda s: queries.performances(s, chosen))
        about = _about(found)
        if not await self._open(edit, subject=CHOSEN, about=about, part=",".join(chosen)[:400]):
            return
        self._versions = {one.id: one.version for one in found}
        self.is_one = len(found) == 1
        self.now = _as_typed(found[0]) if self.is_one else {}
        await self._look(self.draft or self.now)

    async def _look(self, typed: dict[str, str]) -> None:
        edit, chosen = BulkEdit(self.dialog), tuple(self._versions)
        now = runtime().clock.now()

        def preview(session: Session) -> tuple[Preview, list[str]]:
            if edit is BulkEdit.CHANGE:
                change = _change(typed)
                found = bulk_edit.preview_change(session, change, chosen, now=now)
            else:
                found = bulk_edit.preview_states(session, edit, chosen, checks=SALE_CHECKS, now=now)
            words = preview_words(edit, found, time_zone=details(session).zone)
            return found, [*words, *_sold_words(session, edit, found)]

        try:
            found, lines = await self._read(preview)
        except UpstageError as error:
            self.lines, self.applies, self._applies = [sentence(error)], 0, ()
            return
        self.lines, self.applies = lines, len(found.applies)
        self._applies = tuple(one.id for one in found.applies)
        if edit is BulkEdit.CANCEL and self.applies and not self._may(Permission.REFUND_ORDERS):
            await self._ensure_unsold()

    async def _ensure_unsold(self) -> None:
        """What is sold is cancelled only by who may give the money back."""
        found = await self._read(lambda s: dry_run(s, self._applies))
        if found.tickets:
            self.lines = [*self.lines, MAY_NOT_REFUND]
            self.applies, self._applies = 0, ()

    @rx.event
    async def put_on_sale(self, form: dict[str, Any]) -> Any:
        """Put the performances on sale to which that applies."""

        def command(context: StaffContext[object], ids: tuple[str, ...]) -> Undo:
            paused = queries.performances(context.session, ids)
            sale_steps.put_on_sale(context, performance_ids=ids, checks=SALE_CHECKS)
            is_again = all(one.state is PerformanceState.PAUSED for one in paused)
            return Undo(pause=ids) if is_again else Undo()

        return await self._do(BulkEdit.ON_SALE, form, command)

    @rx.event
    async def pause(self, form: dict[str, Any]) -> Any:
        """Pause the performances that are on sale."""

        def command(context: StaffContext[object], ids: tuple[str, ...]) -> Undo:
            performances.pause(context, performance_ids=ids)
            return Undo(put_on_sale=ids)

        return await self._do(BulkEdit.PAUSE, form, command)

    @rx.event
    async def cancel(self, form: dict[str, Any]) -> Any:
        """Cancel performances, for good."""

        def command(context: StaffContext[object], ids: tuple[str, ...]) -> Undo:
            cancelling.cancel(context, performance_ids=ids)
            return Undo()

        return await self._do(BulkEdit.CANCEL, form, command)

    @rx.event
    async def change(self, form: dict[str, Any]) -> Any:
        """Change day, time, hall or access of the performances to which that applies."""
        await self._look_again(form)
        versions = {one: self._versions[one] for one in self._applies}

        def command(context: StaffContext[object], _: tuple[str, ...]) -> Undo:
            before = moving.change_all(context, _change(form), versions=versions)
            return Undo(
                places=before, versions={one: version + 1 for one, version in versions.items()}
            )

        return await self._do(BulkEdit.CHANGE, form, command)

    async def _look_again(self, form: dict[str, Any]) -> None:
        """What was typed last may not have been looked at yet."""
        if self.dialog == BulkEdit.CHANGE:
            await self._look({name: text for name, text in form.items() if isinstance(text, str)})

    async def _do(
        self,
        edit: BulkEdit,
        form: dict[str, Any],
        command: Callable[[StaffContext[object], tuple[str, ...]], Undo],
    ) -> Any:
        if self._accept(edit, form) is None:
            return None
        page, actor, ids = await self.get_state(self.page), self._actor(), self._applies
        if not ids:
            self._refuse(SubjectMoved())
            return None
        try:
            undo = await self._command(
                lambda session: command(runtime().staff_context(session, actor), ids)
            )
        except UpstageError as error:
            self.refusal = sentence(error)
            return None
        self._finish()
        page._succeed(edited_words(edit, len(ids)))
        page._offer(undo)
        return await page._show()


class PerformanceBulkState(PerformanceEditsMixin, AdminState):
    """The dialogs over the performances of one event."""

    permission: ClassVar[Permission | None] = Permission.EDIT_PROGRAMME
    page: ClassVar[type[EventState] | type[CalendarState]] = EventState


class CalendarBulkState(PerformanceEditsMixin, AdminState):
    """The dialogs over the performances in the list of the calendar, of whichever event."""

    permission: ClassVar[Permission | None] = Permission.EDIT_PROGRAMME
    page: ClassVar[type[EventState] | type[CalendarState]] = CalendarState


def _about(found: Sequence[PerformanceView]) -> str:
    """What is chosen: of one event by its title, of several by their number."""
    titles = {one.event_id: one.title for one in found}
    of = counted(len(titles), "event") if len(titles) > 1 else next(iter(titles.values()), "")
    return f"{of} · {counted(len(found), 'performance')}"


def _change(typed: Typed) -> Change:
    """What a form asks for."""
    day, at = typed.get(DAY, ""), typed.get(TIME, "")
    kinds = tuple(kind for kind in Access if kind.value in typed)
    return Change(
        day=read_day(day) if day else None,
        later=read_shift(typed.get(LATER, "")),
        at=read_time(at) if at else None,
        hall_id=typed.get(HALL, ""),
        access=kinds if ACCESS in typed else None,
    )


def _sold_words(session: Session, edit: BulkEdit, found: Preview) -> list[str]:
    """What an edit does to what is sold already."""
    if edit is BulkEdit.CANCEL:
        sold = dry_run(session, [one.id for one in found.applies])
        return cancelling_words(sold, days=answer_days(session))
    if edit is BulkEdit.CHANGE:  # what changes is typed only now
        return moving_words(dry_run(session, [one.id for one in found.chosen]))
    return []


def _as_typed(one: PerformanceView) -> dict[str, str]:
    """What the inputs of one performance hold."""
    said = {DAY: one.day.isoformat(), TIME: f"{one.at:%H:%M}", HALL: one.hall_id}
    return said | {kind.value: "on" for kind in one.access} | {ACCESS: "on"}


def _texts(given: object) -> set[str]:
    """The ids among what a browser sent."""
    return {one for one in given if isinstance(one, str)} if isinstance(given, list) else set()
