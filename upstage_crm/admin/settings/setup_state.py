"""The set-up of a new house: its steps, and the test email."""

from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.settings.setup_steps import SetupStep, setup_steps
from upstage_crm.core.errors import UpstageError
from upstage_crm.organisation.settings import details
from upstage_crm.staff import member_admin
from upstage_crm.staff.roles import Permission
from upstage_crm.team import test_email
from upstage_crm.wiring import runtime

SENT = "The test email is on its way to you."


class SetupState(AdminState):
    """What is done and what is not, for who may edit the settings."""

    permission: ClassVar[Permission | None] = Permission.EDIT_SETTINGS

    steps: rx.Field[list[SetupStep]] = rx.field(default_factory=list)

    @rx.event
    async def send_test(self) -> Any:
        """Send a test email to the address of the owner who presses."""
        actor, parts = self._actor(), runtime()
        self._quiet()
        try:
            await self._command(lambda s: test_email.send(parts.team_context(s, actor)))
        except UpstageError as error:
            self._refuse(error)
            return
        self._succeed(SENT)
        await self._show()

    async def _show(self) -> None:
        """Show how far the set-up is; the page does so when it opens."""
        own, now = self._actor().id, runtime().clock.now()
        has_factor = self._session().has_factor

        def steps(session: Session) -> list[SetupStep]:
            house = details(session)
            return setup_steps(
                house,
                member_admin.members(session),
                test_email.newest(session, own),
                has_factor=has_factor,
                now=now,
                time_zone=house.zone,
            )

        self.steps = await self._read(steps)
