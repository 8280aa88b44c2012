"""The second steps on one request: release, confirm, decline, put back, a code that is read out."""

from collections.abc import Callable
from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.forms import texts
from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.requests.detail_state import RequestDetailState
from upstage_crm.change_requests import codes, commands, desk, reverting
from upstage_crm.change_requests.errors import CodeRefused
from upstage_crm.change_requests.rules import Decision, RequestState
from upstage_crm.core.errors import UpstageError
from upstage_crm.staff.roles import Permission
from upstage_crm.ui.copy import sentence
from upstage_crm.wiring import runtime

DIALOGS = ("decline", "revert", "code")
NOTE, CODE = "note", "code"
_LIMIT = 1_000  # characters of a field that are read at all


class RequestTaskState(AdminState):
    """`dialog` names the question that stands open; it is closed while that is empty."""

    permission: ClassVar[Permission | None] = Permission.VIEW_REQUESTS
    fresh: ClassVar[frozenset[str]] = frozenset({"release", "confirm", "decline"})

    dialog: str = ""
    refusal: str = ""
    form: int = 0

    @rx.event
    def ask(self, dialog: str) -> None:
        """Open one of the dialogs."""
        if dialog in DIALOGS:
            self.dialog, self.refusal, self.form = dialog, "", self.form + 1

    @rx.event
    def turn(self, is_open: bool) -> None:
        """Close the dialog; the browser says so when Escape or its cross was pressed."""
        if is_open is not True:
            self.dialog, self.refusal = "", ""

    @rx.event
    async def release(self) -> None:
        """Let a held request go to the patron."""
        await self._step(commands.release, "Released. The patron is asked now.")

    @rx.event
    async def confirm(self) -> None:
        """Confirm, as second person, what waits on this request."""
        detail = await self.get_state(RequestDetailState)
        if detail.detail.task.kind == "code":
            await self._step(codes.confirm, "Confirmed. It counts as the patron's answer.")
        else:
            await self._step(desk.confirm, "Confirmed. The current address is told now.")

    @rx.event
    async def decline(self, form: dict[str, Any]) -> None:
        """Decline, as second person, what waits on this request."""
        if self.dialog != "decline":
            return
        detail = await self.get_state(RequestDetailState)
        is_code = detail.detail.task.kind == "code"
        command = codes.decline if is_code else desk.decline
        await self._step(command, "Declined.", note=_text(form, NOTE))

    @rx.event
    async def revert(self, form: dict[str, Any]) -> None:
        """Put back what was changed, for a reason."""
        if self.dialog != "revert":
            return
        words = "Done. What happened stands below."
        await self._step(reverting.revert, words, reason=_text(form, NOTE))

    @rx.event
    async def read_out(self, form: dict[str, Any]) -> None:
        """Record what the patron answers, with the code that was read out."""
        if self.dialog != "code" or not isinstance(form, dict):
            return
        legal = {d.value: d for d in (Decision.APPROVE, Decision.REJECT)}
        answers = {
            key: legal[said]
            for key, said in form.items()
            if isinstance(key, str) and isinstance(said, str) and said in legal
        }
        words = "Recorded. It waits for a second person now."
        await self._step(
            _read_out, words, code=_text(form, CODE), answers=answers, note=_text(form, NOTE)
        )

    async def _step(self, command: Callable[..., Any], words: str, **more: Any) -> None:
        """Run one command and show what the request is now; a refusal stays in its dialog."""
        detail = await self.get_state(RequestDetailState)
        parts, actor, reference = runtime(), self._actor(), detail._reference  # noqa: SLF001  # one area

        def run(session: Session) -> Any:
            return command(
                session,
                actor=actor,
                reference=reference,
                mailroom=parts.mailroom,
                now=parts.clock.now(),
                **more,
            )

        try:
            outcome = await self._command(run)
            if outcome is False:
                raise CodeRefused  # counted, and that is committed
        except UpstageError as error:
            if self.dialog:
                self.refusal = sentence(error)
                await detail._show()  # noqa: SLF001  # one area
            else:
                await detail._told(problem=error)  # noqa: SLF001  # one area
            return
        self.dialog, self.refusal = "", ""
        if outcome is RequestState.WITHDRAWN:
            words = "This could no longer be true, so it was withdrawn. Why stands below."
        await detail._told(done=words)  # noqa: SLF001  # one area


def _read_out(session: Session, **how: Any) -> bool:
    return codes.read_out(session, **how)


def _text(form: object, name: str) -> str:
    return texts(form, _LIMIT).get(name, "")
