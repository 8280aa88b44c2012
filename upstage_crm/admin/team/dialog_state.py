"""The dialogs of the team page: invite a colleague; manage or freeze an account; close an alert."""

from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.team.rows import (
    MemberRow,
    about_member,
    withdrawn_words,
)
from upstage_crm.admin.team.state import TeamState
from upstage_crm.change_requests.limits import alerts
from upstage_crm.core.email_address import InvalidEmail
from upstage_crm.core.errors import UpstageError
from upstage_crm.pages.dialog_state import DialogMixin
from upstage_crm.pages.errors import SubjectMoved
from upstage_crm.staff import (
    accounts,
    member_admin,
    names,
)
from upstage_crm.staff.errors import InvitationOpen, StaffEmailTaken
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role
from upstage_crm.team import (
    access_changes,
    invitations,
    offboarding,
    password_reset,
)
from upstage_crm.team.offboarding import Frozen
from upstage_crm.wiring import runtime
from upstage_crm.wording.consequences import ending_words
from upstage_crm.wording.sentences import sentence

INPUTS = ("email", "display_name", "desk", "role")
INVITE, MEMBER, FREEZE, CLOSE_ALERT, WITHDRAW = (
    "invite",
    "member",
    "freeze",
    "close_alert",
    "withdraw_invitation",
)
_LONGEST = 1_000  # characters of an input that are read at all
_KEEPERS = frozenset(
    role for role, held in PERMISSIONS.items() if Permission.PROPOSE_CHANGE in held
)


def _nothing() -> dict[str, str]:
    return dict.fromkeys(INPUTS, "")


class TeamDialogState(DialogMixin, AdminState):
    """The dialogs. The subject is a member's id, or an invitation's where one is withdrawn.

    `ending` says what becomes of the member's open requests, with its numbers.
    """

    permission: ClassVar[Permission | None] = Permission.VIEW_TEAM
    # Inviting asks for the proof before anything is typed, and once more when it is sent.
    fresh: ClassVar[frozenset[str]] = frozenset(
        {
            "open_invite",
            "invite",
            "change_role",
            "close_alert",
            "disable",
            "enable",
            "rename",
            "take_factors",
        }
    )
    dialogs: ClassVar[tuple[str, ...]] = (INVITE, MEMBER, FREEZE, CLOSE_ALERT, WITHDRAW)
    drafted: ClassVar[frozenset[str]] = frozenset({INVITE})
    page: ClassVar[type[TeamState]] = TeamState

    errors: rx.Field[dict[str, str]] = rx.field(default_factory=_nothing)
    member: rx.Field[MemberRow] = rx.field(default_factory=MemberRow)
    keepers: rx.Field[list[MemberRow]] = rx.field(default_factory=list)
    ending: str = ""

    @rx.event
    async def open_invite(self) -> None:
        """Open the dialog that invites a colleague."""
        await self._open(INVITE, subject=INVITE, about="")

    @rx.event
    async def invite(self, form: dict[str, Any]) -> Any:
        """Invite a colleague by email; a refusal leaves what was typed."""
        given = self._accept(INVITE, form)
        if given is None:
            return None
        typed = {name: given.get(name, "")[:_LONGEST] for name in INPUTS}
        actor, parts = self._actor(), runtime()
        self.errors = _nothing()
        try:
            await self._command(
                lambda s: invitations.invite(
                    parts.team_context(s, actor),
                    email=typed["email"],
                    display_name=typed["display_name"],
                    desk=typed["desk"],
                    role=_role(typed["role"]),
                )
            )
        except UpstageError as error:
            name = _blamed(error, typed)
            self.errors = _nothing() | {name: sentence(error)}
            return self._focus(f"field-{name}")
        self._finish()
        self._succeed("Invited. The email with the link is on its way.")
        page = await self.get_state(TeamState)
        return await page._show()

    @rx.event
    async def open_member(self, staff_id: str) -> None:
        """Open the dialog of one member."""
        page = await self.get_state(TeamState)
        if await self._open_for(MEMBER, staff_id) and not self.member.is_self:
            await self._count_ending()
            self.keepers = [
                row
                for row in page.members
                if not row.is_disabled and row.id != staff_id and Role(row.role) in _KEEPERS
            ]

    @rx.event
    async def ask_freeze(self, staff_id: str) -> Any:
        """Say what freezing an account does before it is done."""
        if first := await self._proof_unless_alarmed(str(staff_id)):
            return first
        if await self._open_for(FREEZE, staff_id):
            await self._count_ending()
        return None

    @rx.event
    async def freeze(self, form: dict[str, Any]) -> Any:
        """Stop an account.

        Every minute counts while an alert about the member is open; otherwise a fresh proof of who
        presses is asked first.
        """
        if self._accept(FREEZE, form) is None:
            return None
        actor, parts, staff_id = self._actor(), runtime(), self.subject
        if first := await self._proof_unless_alarmed(staff_id):
            return first

        def words(outcome: Frozen) -> str:
            ended = withdrawn_words(outcome.withdrawn)
            return f"Frozen. The account can no longer sign in. {ended}"

        return await self._run(
            lambda s: offboarding.freeze(parts.staff_context(s, actor), staff_id=staff_id),
            words,
        )

    @rx.event
    async def ask_close_alert(self, staff_id: str) -> Any:
        """Say what closing an alert does before it is closed."""
        if first := self._proof_first():
            return first
        await self._open_for(CLOSE_ALERT, staff_id)
        return None

    @rx.event
    async def close_alert(self, form: dict[str, Any]) -> Any:
        """Close the alert about a member, after looking into it."""
        if self._accept(CLOSE_ALERT, form) is None:
            return None
        actor, staff_id = self._actor(), self.subject
        return await self._run(
            lambda s: alerts.close(runtime().staff_context(s, actor), staff_id=staff_id),
            "Closed. What is on hold stays until you release or withdraw it, one by one.",
        )

    @rx.event
    async def ask_withdraw(self, invitation_id: str) -> None:
        """Ask whether to take an invitation back."""
        page = await self.get_state(TeamState)
        found = [row for row in page.invitations if row.id == invitation_id]
        if not found:
            self._refuse(SubjectMoved())
            return
        about = f"{found[0].name} · {found[0].email}"
        await self._open(WITHDRAW, subject=found[0].id, about=about)

    @rx.event
    async def withdraw_invitation(self, form: dict[str, Any]) -> Any:
        """Take an invitation back."""
        if self._accept(WITHDRAW, form) is None:
            return None
        actor, parts, invitation_id = self._actor(), runtime(), self.subject
        return await self._run(
            lambda s: invitations.withdraw(
                parts.team_context(s, actor), invitation_id=invitation_id
            ),
            "Withdrawn. Its link is dead.",
        )

    @rx.event
    async def change_role(self, form: dict[str, Any]) -> Any:
        """Give the member another role."""
        given = self._accept(MEMBER, form)
        if given is None:
            return None
        actor, parts, staff_id = self._actor(), runtime(), self.subject
        role = _role(given.get("role", ""))
        return await self._run(
            lambda s: access_changes.change_role(
                parts.team_context(s, actor), staff_id=staff_id, role=role
            ),
            "The role is changed. They have to sign in again.",
        )

    @rx.event
    async def rename(self, form: dict[str, Any]) -> Any:
        """Give the member another name and desk."""
        given = self._accept(MEMBER, form)
        if given is None:
            return None
        actor, parts, staff_id = self._actor(), runtime(), self.subject
        typed = {name: given.get(name, "")[:_LONGEST] for name in INPUTS}
        return await self._run(
            lambda s: member_admin.rename(
                parts.team_context(s, actor),
                staff_id=staff_id,
                display_name=typed["display_name"],
                desk=typed["desk"],
            ),
            "The name is changed. New emails show it.",
        )

    @rx.event
    async def disable(self, form: dict[str, Any]) -> Any:
        """Let the member go; open requests go to a colleague, or end."""
        given = self._accept(MEMBER, form)
        if given is None:
            return None
        actor, parts, staff_id = self._actor(), runtime(), self.subject
        keeper = given.get("keeper", "") or None
        return await self._run(
            lambda s: offboarding.let_go(
                parts.staff_context(s, actor), staff_id=staff_id, to_id=keeper
            ),
            "Disabled. Every session has ended.",
        )

    @rx.event
    async def enable(self, form: dict[str, Any]) -> Any:
        """Let the member sign in again."""
        if self._accept(MEMBER, form) is None:
            return None
        actor, parts, staff_id = self._actor(), runtime(), self.subject
        return await self._run(
            lambda s: access_changes.enable(parts.team_context(s, actor), staff_id=staff_id),
            "They can sign in again.",
        )

    @rx.event
    async def take_factors(self, form: dict[str, Any]) -> Any:
        """Remove the second factors of the member, who lost them."""
        if self._accept(MEMBER, form) is None:
            return None
        actor, parts, staff_id = self._actor(), runtime(), self.subject
        return await self._run(
            lambda s: access_changes.remove_factors(
                parts.team_context(s, actor), staff_id=staff_id
            ),
            "Their second factors are removed, and they are signed out.",
        )

    @rx.event
    async def send_link(self, form: dict[str, Any]) -> Any:
        """Mail the member a link to set a new password."""
        if self._accept(MEMBER, form) is None:
            return None
        actor, parts, staff_id = self._actor(), runtime(), self.subject

        def send(session: Session) -> object:
            member_admin.ensure_may_manage(actor)
            email = accounts.get_row(session, staff_id).email
            return password_reset.send_link(parts.account_context(session), email=email)

        return await self._run(send, "A link to set a new password is on its way to them.")

    async def _proof_unless_alarmed(self, staff_id: str) -> Any:
        is_alarmed = await self._read(lambda s: alerts.find_open(s, staff_id) is not None)
        return None if is_alarmed else self._proof_first()

    async def _open_for(self, dialog: str, staff_id: str) -> bool:
        """Open a dialog about one member of the page; returns whether it is open."""
        page = await self.get_state(TeamState)
        found = [row for row in page.members if row.id == staff_id]
        if not found:
            self._refuse(SubjectMoved())
            return False
        is_open = await self._open(dialog, subject=staff_id, about=about_member(found[0]))
        if is_open:
            self.member = found[0]
        return is_open

    async def _count_ending(self) -> None:
        """Say what stopping the member's account would do, before it is done."""
        actor, staff_id, is_freeze = self._actor(), self.subject, self.dialog == FREEZE
        try:
            ending = await self._read(
                lambda s: offboarding.consequences(
                    s, actor=actor, staff_id=staff_id, is_freeze=is_freeze
                )
            )
        except UpstageError as error:
            self._close()
            self._refuse(error)
        else:
            self.ending = ending_words(ending)


def _role(text: str) -> Role:
    """The role that was chosen; what is none is the least of them."""
    return Role(text) if text in set(Role) else Role.READ_ONLY


def _blamed(error: UpstageError, typed: dict[str, str]) -> str:
    if isinstance(error, (InvalidEmail, StaffEmailTaken, InvitationOpen)):
        return "email"
    try:
        names.parse_name(typed["display_name"])
    except UpstageError:
        return "display_name"
    return "desk"
