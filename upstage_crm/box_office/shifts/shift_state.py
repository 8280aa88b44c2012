"""The dialogs of a shift: open it, move cash, look at what it took, close it by a count."""

from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.box_office.shifts.shift_rows import ReportRow, report_rows, report_title
from upstage_crm.box_office.till.till_state import TillState
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.money import read_amount
from upstage_crm.organisation.currency import currency
from upstage_crm.organisation.settings import details
from upstage_crm.pages.dialog_state import DialogMixin
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission
from upstage_crm.tills import queries, shifts
from upstage_crm.tills.errors import MoveReasonMissing, UnknownTill
from upstage_crm.tills.views import MoveKind, ShiftReport
from upstage_crm.wiring import runtime
from upstage_crm.wording.sentences import sentence

OPEN, MOVE, CLOSE, REPORT = "open_shift", "move_cash", "close_shift", "shift_report"
AMOUNT, REASON, KIND, TERMINAL, TRAINING = "amount", "reason", "kind", "terminal", "training"
INPUTS = (AMOUNT, REASON, TERMINAL)


def _nothing() -> dict[str, str]:
    return dict.fromkeys(INPUTS, "")


class ShiftDialogState(DialogMixin, AdminState):
    """The subject is the till's id while a shift is opened, and the shift's afterwards.

    `errors` are by input. The report is what a shift took, or took at its close.
    """

    permission: ClassVar[Permission | None] = Permission.RUN_TILLS
    dialogs: ClassVar[tuple[str, ...]] = (OPEN, MOVE, CLOSE, REPORT)
    drafted: ClassVar[frozenset[str]] = frozenset()
    page: ClassVar[type[TillState]] = TillState

    errors: rx.Field[dict[str, str]] = rx.field(default_factory=_nothing)
    rows: rx.Field[list[ReportRow]] = rx.field(default_factory=list)
    heading: str = ""

    @rx.event
    async def ask_open(self, till_id: str) -> None:
        """Open the dialog that begins a shift at a till."""
        page = await self.get_state(TillState)
        found = [one for one in page.tills if one.id == till_id]
        if not found:
            self._refuse(UnknownTill())
            return
        await self._open(OPEN, subject=till_id, about=found[0].name)

    @rx.event
    async def begin(self, form: dict[str, Any]) -> Any:
        """Begin the shift."""
        till_id = self.subject
        return await self._send(
            OPEN,
            form,
            lambda context, typed: shifts.open_shift(
                context,
                till_id=till_id,
                float_amount=_amount(context.session, typed, AMOUNT),
                is_training=typed.get(TRAINING) == "on",
            ),
            "The shift is open.",
        )

    @rx.event
    async def ask_move(self) -> None:
        """Open the dialog that moves cash."""
        await self._of_shift(MOVE)

    @rx.event
    async def move_cash(self, form: dict[str, Any]) -> Any:
        """Put cash into the drawer or take it out."""
        shift_id = self.subject
        return await self._send(
            MOVE,
            form,
            lambda context, typed: shifts.move(
                context,
                shift_id=shift_id,
                kind=_kind(typed.get(KIND, "")),
                amount=_amount(context.session, typed, AMOUNT),
                reason=typed.get(REASON, ""),
            ),
            "Noted.",
        )

    @rx.event
    async def ask_close(self) -> None:
        """Open the dialog that ends the shift."""
        await self._of_shift(CLOSE)

    @rx.event
    async def end(self, form: dict[str, Any]) -> Any:
        """End the shift with what was counted, and show its report."""
        shift_id = self.subject
        found: list[ShiftReport] = []

        def close(context: StaffContext[object], typed: dict[str, str]) -> None:
            given = typed.get(TERMINAL, "").strip()
            found.append(
                shifts.close(
                    context,
                    shift_id=shift_id,
                    counted_cash=_amount(context.session, typed, AMOUNT),
                    counted_terminal=(_amount(context.session, typed, TERMINAL) if given else None),
                )
            )

        following = await self._send(CLOSE, form, close, "The shift is closed.")
        if found:
            await self._report(found[-1], is_blind=False)
        return following

    @rx.event
    async def ask_report(self) -> None:
        """Show what the shift has taken so far."""
        page = await self.get_state(TillState)
        shift_id = page.shift_id
        try:
            found = await self._read(lambda session: queries.report(session, shift_id))
        except UpstageError as error:
            self._refuse(error)
            return
        await self._report(found, is_blind=not self._may(Permission.MANAGE_TILLS))

    async def _report(self, found: ShiftReport, *, is_blind: bool) -> None:
        zone = await self._read(_zone)
        if await self._open(REPORT, subject=found.shift.id, about=found.shift.till):
            self.heading = report_title(found, zone)
            self.rows = report_rows(found, is_blind=is_blind)

    async def _of_shift(self, dialog: str) -> None:
        page = await self.get_state(TillState)
        if page.shift_id:
            await self._open(dialog, subject=page.shift_id, about=page.till)

    async def _send(self, dialog: str, form: object, command: Any, done: str) -> Any:
        typed = self._accept(dialog, form)
        if typed is None:
            return None
        actor = self._actor()
        self.errors, self.refusal = _nothing(), ""
        try:
            await self._command(
                lambda session: command(runtime().staff_context(session, actor), typed)
            )
        except _Blamed as blamed:
            self.errors = _nothing() | {blamed.name: sentence(blamed.error)}
            self._focus(f"{dialog}-{blamed.name}")
            return None
        except MoveReasonMissing as error:
            self.errors = _nothing() | {REASON: sentence(error)}
            self._focus(f"{dialog}-{REASON}")
            return None
        except UpstageError as error:
            self.refusal = sentence(error)
            return None
        self._finish()
        page = await self.get_state(TillState)
        page._succeed(done)
        return await page._show()


class _Blamed(Exception):  # no error of its own: it says which input has one
    """A refusal that is about one input."""

    def __init__(self, name: str, error: UpstageError) -> None:
        super().__init__(name)
        self.name, self.error = name, error


def _amount(session: Session, typed: dict[str, str], name: str) -> int:
    try:
        return read_amount(typed.get(name, ""), currency(session))
    except UpstageError as error:
        raise _Blamed(name, error) from error


def _kind(text: str) -> MoveKind:
    return MoveKind(text) if text in list(MoveKind) else MoveKind.DROP


def _zone(session: Session) -> Any:
    return details(session).zone
