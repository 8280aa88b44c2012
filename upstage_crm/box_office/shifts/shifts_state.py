"""The page of the tills and shifts, and its dialogs: add, rename and retire tills, look back."""

from dataclasses import dataclass
from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.box_office.shifts.shift_rows import ReportRow, report_rows, report_title
from upstage_crm.core import when
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.money import in_words, read_amount
from upstage_crm.jobs.news import Topic
from upstage_crm.organisation.currency import currency
from upstage_crm.organisation.settings import details
from upstage_crm.pages.dialog_state import DialogMixin
from upstage_crm.pages.page_state import PageMixin
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission
from upstage_crm.tills import queries, shifts, till_commands
from upstage_crm.tills.errors import UnknownTill
from upstage_crm.tills.views import ShiftReport, ShiftView, TillView
from upstage_crm.wiring import runtime

ADD, RENAME, RETIRE, CLOSE, REPORT = (
    "add_till",
    "rename_till",
    "retire_till",
    "close_left_open",
    "past_report",
)
NAME, AMOUNT = "name", "amount"


@dataclass(frozen=True, slots=True, kw_only=True)
class TillRow:
    """One till, as it is drawn."""

    id: str = ""
    name: str = ""
    shift: str = ""  # the id of the open one
    by: str = ""
    since: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftRow:
    """One shift, as it is drawn."""

    id: str = ""
    name: str = ""
    by: str = ""
    opened: str = ""
    closed: str = ""
    result: str = ""
    is_short: bool = False


class ShiftsState(PageMixin, AdminState):
    """The tills that are used, and the shifts that were opened last."""

    permission: ClassVar[Permission | None] = Permission.RUN_TILLS
    is_live: ClassVar[bool] = True
    topics: ClassVar[frozenset[Topic]] = frozenset({Topic.TILLS})

    tills: rx.Field[list[TillRow]] = rx.field(default_factory=list)
    shifts: rx.Field[list[ShiftRow]] = rx.field(default_factory=list)
    may_manage: bool = False
    has_loaded: bool = False

    async def _show(self) -> Any:
        self.may_manage = self._may(Permission.MANAGE_TILLS)
        self.tills, self.shifts = await self._read(_rows)
        self.has_loaded = True


class TillDialogState(DialogMixin, AdminState):
    """The dialogs over the tills. The subject is the till's id, or the shift's."""

    permission: ClassVar[Permission | None] = Permission.RUN_TILLS
    dialogs: ClassVar[tuple[str, ...]] = (ADD, RENAME, RETIRE, CLOSE, REPORT)
    drafted: ClassVar[frozenset[str]] = frozenset()
    page: ClassVar[type[ShiftsState]] = ShiftsState

    name: str = ""
    rows: rx.Field[list[ReportRow]] = rx.field(default_factory=list)
    heading: str = ""

    _version: int = 0

    @rx.event
    async def ask_add(self) -> None:
        """Open the dialog that adds a till."""
        await self._open(ADD, subject=ADD, about="")

    @rx.event
    async def add(self, form: dict[str, Any]) -> Any:
        """Add a till."""
        return await self._send(
            ADD,
            form,
            lambda context, typed: till_commands.add(context, name=typed.get(NAME, "")),
            "Added.",
        )

    @rx.event
    async def ask_rename(self, till_id: str) -> None:
        """Open the dialog that gives a till another name."""
        till = await self._till(till_id)
        if till is not None and await self._open(RENAME, subject=till.id, about=till.name):
            self.name, self._version = till.name, till.version

    @rx.event
    async def rename(self, form: dict[str, Any]) -> Any:
        """Give a till another name."""
        till_id, version = self.subject, self._version
        return await self._send(
            RENAME,
            form,
            lambda context, typed: till_commands.rename(
                context, till_id=till_id, version=version, name=typed.get(NAME, "")
            ),
            "Saved.",
        )

    @rx.event
    async def ask_retire(self, till_id: str) -> None:
        """Say what retiring a till does before it is done."""
        till = await self._till(till_id)
        if till is not None:
            await self._open(RETIRE, subject=till.id, about=till.name)

    @rx.event
    async def retire(self, form: dict[str, Any]) -> Any:
        """Use a till no more."""
        till_id = self.subject
        return await self._send(
            RETIRE,
            form,
            lambda context, _typed: till_commands.retire(context, till_id=till_id),
            "Retired.",
        )

    @rx.event
    async def ask_close(self, shift_id: str) -> None:
        """Open the dialog that closes a shift that was left open."""
        found = await self._found(shift_id)
        if found is not None:
            about = f"{found.shift.till} · {found.shift.staff}"
            await self._open(CLOSE, subject=found.shift.id, about=about)

    @rx.event
    async def close_left(self, form: dict[str, Any]) -> Any:
        """Close a shift that was left open."""
        shift_id = self.subject
        return await self._send(
            CLOSE,
            form,
            lambda context, typed: shifts.close(
                context,
                shift_id=shift_id,
                counted_cash=read_amount(typed.get(AMOUNT, ""), currency(context.session)),
            ),
            "The shift is closed.",
        )

    @rx.event
    async def ask_report(self, shift_id: str) -> None:
        """Show what a shift took."""
        found = await self._found(shift_id)
        if found is None or not await self._open(
            REPORT, subject=found.shift.id, about=found.shift.till
        ):
            return
        zone = await self._read(lambda session: details(session).zone)
        is_blind = found.shift.is_open and not self._may(Permission.MANAGE_TILLS)
        self.heading = report_title(found, zone)
        self.rows = report_rows(found, is_blind=is_blind)

    async def _till(self, till_id: str) -> TillView | None:
        found = await self._read(queries.tills)
        till = next((one for one in found if one.id == till_id), None)
        if till is None:
            self._refuse(UnknownTill())
        return till

    async def _found(self, shift_id: str) -> ShiftReport | None:
        try:
            return await self._read(lambda session: queries.report(session, str(shift_id)))
        except UpstageError as error:
            self._refuse(error)
            return None

    async def _send(self, dialog: str, form: object, command: Any, done: str) -> Any:
        typed = self._accept(dialog, form)
        if typed is None:
            return None
        actor = self._actor()

        def run(session: Session) -> Any:
            context: StaffContext[object] = runtime().staff_context(session, actor)
            return command(context, typed)

        return await self._run(run, done)


def _rows(session: Session) -> tuple[list[TillRow], list[ShiftRow]]:
    zone = details(session).zone
    tills = [
        TillRow(
            id=one.id,
            name=one.name,
            shift=one.shift.id if one.shift else "",
            by=one.shift.staff if one.shift else "",
            since=when.short(one.shift.opened_at, zone) if one.shift else "",
        )
        for one in queries.tills(session)
    ]
    return tills, [_shift_row(session, one, zone) for one in queries.latest(session)]


def _shift_row(session: Session, one: ShiftView, zone: Any) -> ShiftRow:
    over = None if one.is_open else queries.report(session, one.id).over_short
    return ShiftRow(
        id=one.id,
        name=f"{one.till}, training" if one.number is None else f"{one.till}, no. {one.number}",
        by=one.staff,
        opened=when.short(one.opened_at, zone),
        closed=when.short(one.closed_at, zone) if one.closed_at else "",
        result=_result(over, one.currency),
        is_short=over is not None and over < 0,
    )


def _result(over: int | None, code: str) -> str:
    if over is None:
        return "Open"
    if not over:
        return "Exact"
    return f"{in_words(abs(over), code)} {'over' if over > 0 else 'short'}"
