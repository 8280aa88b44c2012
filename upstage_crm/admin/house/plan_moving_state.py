"""The dialog by which a performance takes the newest plan of its hall, and asks holders first."""

from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.house.house_state import HouseState
from upstage_crm.core.errors import UpstageError
from upstage_crm.inventory import seatings
from upstage_crm.orders.transfers import moving_seats, plan_moves
from upstage_crm.orders.transfers.plan_moves import PlanMoves, Question
from upstage_crm.orders.transfers.views import SeatMoveReason
from upstage_crm.pages.dialog_state import DialogMixin
from upstage_crm.pages.errors import SubjectMoved
from upstage_crm.staff.roles import Permission
from upstage_crm.wiring import runtime
from upstage_crm.wording.consequences import counted
from upstage_crm.wording.sales.plan_moves import plan_move_words
from upstage_crm.wording.sentences import sentence

TAKE = "take_plan"


class PlanMoveState(DialogMixin, AdminState):
    """The dialog. `lines` say how the plan fits; the press takes it, or asks `asks` holders."""

    permission: ClassVar[Permission | None] = Permission.EDIT_PROGRAMME
    dialogs: ClassVar[tuple[str, ...]] = (TAKE,)
    page: ClassVar[type[HouseState]] = HouseState

    lines: rx.Field[list[str]] = rx.field(default_factory=list)
    is_ready: bool = False
    asks: int = 0

    @rx.event
    async def open(self) -> None:
        """Say what taking the newest plan would do, before it is done."""
        page = await self.get_state(HouseState)
        if await self._open(TAKE, subject=page.subject, about=f"{page.name} · {page.time}"):
            await self._preview()

    @rx.event
    async def go(self, form: dict[str, Any]) -> Any:
        """Take the plan, or ask the holders whose seats it lacks."""
        if self._accept(TAKE, form) is None:
            return None
        found = await self._preview()
        if found is None:
            return None
        if found.fit.is_ready:
            actor, performance_id = self._actor(), self.subject
            return await self._run(
                lambda session: seatings.move_to_newest_plan(
                    runtime().staff_context(session, actor), performance_id=performance_id
                ),
                "Laid out by the newest seat plan.",
            )
        return await self._ask_all(found.questions)

    async def _ask_all(self, questions: tuple[Question, ...]) -> Any:
        """Ask each holder by a command of its own: what one refuses, the others are asked."""
        asked, refusals = 0, list[str]()
        for each in questions:
            try:
                await self._propose(each)
                asked += 1
            except UpstageError as error:
                refusals.append(f"{each.old_place}: {sentence(error)}")
        if not asked:
            self.refusal = " ".join(refusals) or sentence(SubjectMoved())
            return None
        self._finish()
        page = await self.get_state(HouseState)
        said = f"The holders of {counted(asked, 'ticket')} are asked by email."
        page._succeed(" ".join((said, *refusals)))
        return await page._show()

    async def _propose(self, each: Question) -> None:
        actor = self._actor()
        await self._command(
            lambda session: moving_seats.propose(
                runtime().staff_context(session, actor),
                runtime().order_mailer,
                order_id=each.order_id,
                ticket_id=each.ticket_id,
                seat_id=each.seat_id,
                reason=SeatMoveReason.SEAT_PLAN,
            )
        )

    async def _preview(self) -> PlanMoves | None:
        performance_id, now = self.subject, runtime().clock.now()

        def read(session: Session) -> PlanMoves | None:
            return plan_moves.preview(session, performance_id, now=now)

        try:
            found = await self._read(read)
        except UpstageError as error:
            self.lines, self.is_ready, self.asks = [sentence(error)], False, 0
            return None
        self.lines = plan_move_words(found)
        self.is_ready = found is not None and found.fit.is_ready
        self.asks = 0 if found is None else len(found.questions)
        return found
