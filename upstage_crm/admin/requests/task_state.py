"""What staff may do about one request: withdraw it, and take the second steps that wait on it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.requests.detail_state import RequestDetailState
from upstage_crm.change_requests.desk import codes, identify
from upstage_crm.change_requests.disputes import reverting, suppressions
from upstage_crm.change_requests.lifecycle import notices, staff_commands, teamwork
from upstage_crm.change_requests.model.errors import CodeRefused
from upstage_crm.change_requests.model.rules import (
    Decision,
    RequestState,
)
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.pages.dialog_state import DialogMixin
from upstage_crm.pages.errors import SubjectMoved
from upstage_crm.pages.page_state import Words
from upstage_crm.staff import accounts
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, StaffMember
from upstage_crm.wiring import runtime

NOTE, CODE, KEEPER = "note", "code", "keeper"
_LIMIT = 1_000  # characters of a field that are read at all


@dataclass(frozen=True)
class Keeper:
    """A member who may answer for requests, as the dialog offers them."""

    id: str = ""
    words: str = ""


class RequestTaskState(DialogMixin, AdminState):
    """The dialogs, and the presses that need none, each about the request of the page."""

    permission: ClassVar[Permission | None] = Permission.VIEW_REQUESTS
    fresh: ClassVar[frozenset[str]] = frozenset({"release", "confirm", "decline", "explain"})
    dialogs: ClassVar[tuple[str, ...]] = (
        "withdraw",
        "resend",
        "decline",
        "explain",
        "revert",
        "code",
        "assign",
        "comment",
    )
    drafted: ClassVar[frozenset[str]] = frozenset({"decline", "explain", "revert", "comment"})
    page: ClassVar[type[RequestDetailState]] = RequestDetailState

    keepers: rx.Field[list[Keeper]] = rx.field(default_factory=list)
    keeper: str = ""

    # The step that waited when the dialog was opened, and what it acts on.
    _kind: str = ""
    _acts_on: str = ""

    @rx.event
    async def ask(self, dialog: str, subject: str) -> Any:
        """Open one of the dialogs."""
        if dialog in self.fresh and (first := self._proof_first()):
            return first  # before anything is typed
        page = await self.get_state(RequestDetailState)
        if page._is_about(subject) and page.shown == "request" and dialog in self.dialogs:
            await self._open(dialog, subject=page.subject, about=page._about())
            self._kind, self._acts_on = page.detail.task.kind, page.detail.task.about
            if dialog == "assign":
                await self._offer_keepers()
        return None

    @rx.event
    async def withdraw(self, form: dict[str, Any]) -> None:
        """Withdraw the request."""
        if self._accept("withdraw", form) is not None:
            reference = self.subject
            words = f"{reference} is withdrawn. Its links no longer work."
            await self._step(staff_commands.withdraw, reference, words)

    @rx.event
    async def resend(self, form: dict[str, Any]) -> None:
        """Send the question again, with new links."""
        if self._accept("resend", form) is not None:
            words = "Sent again. The links in the earlier email no longer work."
            await self._step(staff_commands.resend, self.subject, words)

    @rx.event
    async def assign(self, form: dict[str, Any]) -> None:
        """Let a colleague answer for the request."""
        given = self._accept("assign", form)
        if given is not None:
            to_id = _text(given, KEEPER)
            words = "Saved. They are told the outcome."
            await self._step(teamwork.assign, self.subject, words, to_id=to_id)

    @rx.event
    async def comment(self, form: dict[str, Any]) -> None:
        """Write something for colleagues."""
        given = self._accept("comment", form)
        if given is not None:
            words = "Your comment is in the history below."
            await self._step(teamwork.comment, self.subject, words, text=_text(given, NOTE))

    async def _offer_keepers(self) -> None:
        """List who may answer for the request; who is signed in comes first, and is chosen."""
        me = self._actor().id
        found = await self._read(lambda s: accounts.who_may(s, Permission.PROPOSE_CHANGE))
        self.keepers = sorted(
            (Keeper(one.id, f"You ({one.name})" if one.id == me else one.name) for one in found),
            key=lambda one: (one.id != me, one.words.casefold()),
        )
        self.keeper = me

    @rx.event
    async def release(self, subject: str) -> None:
        """Let a held request go to the patron."""
        page = await self.get_state(RequestDetailState)
        if page._is_about(subject):
            await self._press(page, staff_commands.release, "Released. The patron is asked now.")

    @rx.event
    async def confirm(self, kind: str, subject: str) -> None:
        """Confirm, as second person, what waits on this request; `kind` is what was pressed."""
        page = await self.get_state(RequestDetailState)
        if not page._is_about(subject):
            return
        if kind != page.detail.task.kind:
            page._refuse(SubjectMoved())
        elif kind == "code":
            words = "Confirmed. It counts as the patron’s answer."
            await self._press(page, codes.confirm, words)
        else:
            words = "Confirmed. See below who is told."
            await self._press(page, identify.confirm, words)

    @rx.event
    async def decline(self, form: dict[str, Any]) -> None:
        """Decline, as second person, what waits on this request."""
        given = self._accept("decline", form)
        if given is None:
            return
        command = codes.decline if self._kind == "code" else identify.decline
        await self._step(command, self.subject, "Declined.", note=_text(given, NOTE))

    @rx.event
    async def explain(self, form: dict[str, Any]) -> None:
        """Take the step that waits here, with what has to be written down about it."""
        given = self._accept("explain", form)
        if given is None:
            return
        note = _text(given, NOTE)
        if self._kind == "stopped":
            words = "The waiting time is over."
            await self._step(notices.end_period, self.subject, words, note=note)
        elif self._kind == "letter":
            words = "Recorded. The waiting time runs."
            await self._step(notices.note_letter, self.subject, words, note=note)
        elif self._kind == "lift":
            how = {"suppression_id": self._acts_on, "note": note}
            await self._run(_on(_lift, self._actor(), self.subject, how), _said_of_lifting)

    @rx.event
    async def revert(self, form: dict[str, Any]) -> None:
        """Put back what was changed, for a reason."""
        given = self._accept("revert", form)
        if given is not None:
            words = "Done. See below what happened."
            await self._step(reverting.revert, self.subject, words, reason=_text(given, NOTE))

    @rx.event
    async def read_out(self, form: dict[str, Any]) -> None:
        """Record what the patron answers, with the code that was read out."""
        given = self._accept("code", form)
        if given is None:
            return
        legal = {d.value: d for d in (Decision.APPROVE, Decision.REJECT)}
        answers = {key: legal[said] for key, said in given.items() if said in legal}
        await self._step(
            codes.read_out,
            self.subject,
            "Recorded. A different colleague must confirm it now.",
            code=_text(given, CODE),
            answers=answers,
            note=_text(given, NOTE),
        )

    async def _step(
        self, command: Callable[..., Any], reference: str, words: str, **more: Any
    ) -> None:
        """Run one command for the open dialog; a refusal stays in it."""
        await self._run(_on(command, self._actor(), reference, more), _outcome_in(words))

    async def _press(
        self, page: RequestDetailState, command: Callable[..., Any], words: str
    ) -> None:
        """Run one command for a press on the page, which says how it went."""
        run = _on(command, self._actor(), page.subject, {})
        await page._act(run, _outcome_in(words))


def _outcome_in(words: str) -> Words:
    def said(outcome: object) -> str:
        if outcome is False:
            raise CodeRefused  # the try is counted, and that is committed
        if outcome is RequestState.WITHDRAWN:
            return "This could no longer be true, so it was withdrawn. See below why."
        return words

    return said


def _on(
    command: Callable[..., Any], actor: StaffMember, reference: str, more: dict[str, Any]
) -> Callable[[Session], Any]:
    parts = runtime()

    def run(session: Session) -> Any:
        return command(parts.staff_context(session, actor), reference=reference, **more)

    return run


def _lift(context: StaffContext[Notifier], *, reference: str, **how: Any) -> bool:
    del reference  # the task names what is lifted
    return suppressions.lift(context, **how)


def _said_of_lifting(is_lifted: object) -> str:
    return (
        "Lifted." if is_lifted else "Saved. The address can be used again when a colleague agrees."
    )


def _text(given: dict[str, str], name: str) -> str:
    return given.get(name, "")[:_LIMIT]
