"""The dialogs of the house of a performance: hold seats back, release them."""

from collections.abc import Mapping
from typing import Any, ClassVar

import reflex as rx

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.house.house_inputs import INPUTS, blamed, read_chosen, read_until
from upstage_crm.admin.house.house_state import HouseState
from upstage_crm.core.errors import UpstageError
from upstage_crm.inventory import house_holds, queries
from upstage_crm.organisation.settings import details
from upstage_crm.pages.dialog_state import DialogMixin
from upstage_crm.pages.errors import SubjectMoved
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission
from upstage_crm.wiring import runtime
from upstage_crm.wording.consequences import counted
from upstage_crm.wording.sentences import sentence

HOLD, RELEASE = "hold_seats_back", "release_seats"


def _nothing() -> dict[str, str]:
    return dict.fromkeys(INPUTS, "")


class HouseDialogState(DialogMixin, AdminState):
    """The subject is the performance's id, or the house hold's; `errors` are by input."""

    permission: ClassVar[Permission | None] = Permission.HOLD_SEATS
    dialogs: ClassVar[tuple[str, ...]] = (HOLD, RELEASE)
    drafted: ClassVar[frozenset[str]] = frozenset({HOLD})
    page: ClassVar[type[HouseState]] = HouseState

    errors: rx.Field[dict[str, str]] = rx.field(default_factory=_nothing)

    @rx.event
    async def open_hold(self) -> None:
        """Open the dialog that holds seats back."""
        page = await self.get_state(HouseState)
        await self._open(HOLD, subject=page.subject, about=f"{page.name} · {page.time}")

    @rx.event
    async def hold(self, form: dict[str, Any]) -> Any:
        """Hold seats back."""
        typed = self._accept(HOLD, form)
        if typed is None:
            return None
        actor, performance_id = self._actor(), self.subject
        self.errors, self.refusal = _nothing(), ""
        try:
            count = await self._command(
                lambda session: _hold(
                    runtime().staff_context(session, actor), performance_id, typed
                )
            )
        except UpstageError as error:
            name = blamed(error)
            if not name:
                self.refusal = sentence(error)
                return None
            self.errors = _nothing() | {name: sentence(error)}
            self._focus(f"{HOLD}-{name}")
            return None
        self._finish()
        page = await self.get_state(HouseState)
        page._succeed(f"{counted(count, 'place')} held back.")
        return await page._show()

    @rx.event
    async def ask_release(self, house_hold_id: str) -> None:
        """Say what releasing does before it is done."""
        page = await self.get_state(HouseState)
        found = [one for one in page.holds if one.id == house_hold_id]
        if not found:
            self._refuse(SubjectMoved())
            return
        about = f"{found[0].letter} · {found[0].which}"
        await self._open(RELEASE, subject=house_hold_id, about=about)

    @rx.event
    async def release(self, form: dict[str, Any]) -> Any:
        """Let go of what is held back."""
        if self._accept(RELEASE, form) is None:
            return None
        actor, hold_id = self._actor(), self.subject
        return await self._run(
            lambda session: house_holds.release(
                runtime().staff_context(session, actor), house_hold_id=hold_id
            ),
            lambda count: f"{counted(count, 'place')} released.",
        )


def _hold(context: StaffContext[object], performance_id: str, typed: Mapping[str, str]) -> int:
    """Hold back what was typed; return how many seats and places."""
    session = context.session
    house = queries.house(session, performance_id, now=context.now)
    plan = queries.plan_of(session, performance_id)
    chosen = read_chosen(house, plan, typed)
    house_holds.hold_back(
        context,
        performance_id=performance_id,
        letter=typed.get("letter", ""),
        reason=typed.get("reason", ""),
        seat_ids=chosen.seats,
        pool_id=chosen.pool,
        places=chosen.places,
        release_at=read_until(typed, details(session).zone),
    )
    return len(chosen.seats) + chosen.places
