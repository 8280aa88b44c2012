"""The team: who works here, who is invited, and what each role has to bring to sign in."""

from datetime import tzinfo
from typing import Any, ClassVar, NamedTuple

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.forms import texts
from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.team.rows import (
    AlertRow,
    InvitationRow,
    MemberRow,
    alert_row,
    invitation_row,
    member_row,
)
from upstage_crm.change_requests import alerts, leaving
from upstage_crm.change_requests.alerts import AlertView
from upstage_crm.core import when
from upstage_crm.core.email_address import InvalidEmail
from upstage_crm.core.errors import UpstageError
from upstage_crm.organisation.settings import details
from upstage_crm.staff import accounts, names, security, team
from upstage_crm.staff.errors import InvitationOpen, StaffEmailTaken
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role
from upstage_crm.staff.security import SecurityPolicy
from upstage_crm.staff.team import TeamMember
from upstage_crm.team import invitations, members, recovering
from upstage_crm.team.invitations import Invitation
from upstage_crm.ui.copy import sentence
from upstage_crm.wiring import runtime

INPUTS = ("email", "display_name", "desk", "role")
_LONGEST = 1_000  # characters of an input that are read at all


def _nothing() -> dict[str, str]:
    return dict.fromkeys(INPUTS, "")


class TeamState(AdminState):
    """The page. `open` is the id of the member whose dialog is open, empty for none."""

    permission: ClassVar[Permission | None] = Permission.VIEW_TEAM
    fresh: ClassVar[frozenset[str]] = frozenset(
        {
            "invite",
            "change_role",
            "close_alert",
            "disable",
            "enable",
            "rename",
            "take_factors",
            "save_security",
        }
    )

    is_loaded: bool = False
    may_manage: bool = False
    may_secure: bool = False
    may_freeze: bool = False
    may_close: bool = False
    alerts: rx.Field[list[AlertRow]] = rx.field(default_factory=list)
    keepers: rx.Field[list[MemberRow]] = rx.field(default_factory=list)
    members: rx.Field[list[MemberRow]] = rx.field(default_factory=list)
    invitations: rx.Field[list[InvitationRow]] = rx.field(default_factory=list)
    second_factor: rx.Field[list[str]] = rx.field(default_factory=list)
    is_inviting: bool = False
    form: int = 0
    errors: rx.Field[dict[str, str]] = rx.field(default_factory=_nothing)
    opened: rx.Field[MemberRow] = rx.field(default_factory=MemberRow)
    opened_problem: str = ""

    @rx.event
    async def load(self) -> None:
        """Show the team."""
        self._quiet()
        self.is_inviting, self.opened, self.opened_problem = False, MemberRow(), ""
        self.may_manage = self._may(Permission.MANAGE_TEAM)
        self.may_secure = self._may(Permission.EDIT_SECURITY)
        self.may_freeze = self._may(Permission.FREEZE_ACCOUNT)
        self.may_close = self._may(Permission.RELEASE_QUARANTINE)
        await self._show()
        await self._frame()

    @rx.event
    async def freeze(self, staff_id: str) -> Any:
        """Stop an account.

        Every minute counts while an alert about the member is open; otherwise a fresh proof of who
        presses is asked first.
        """
        actor, parts, wanted = self._actor(), runtime(), str(staff_id)
        now = parts.clock.now()
        is_alarmed = await self._read(lambda s: alerts.find_open(s, wanted) is not None)
        if not is_alarmed and (first := self._proof_first()):
            return first
        return await self._try(
            lambda s: leaving.freeze(
                s, actor=actor, staff_id=wanted, mailroom=parts.mailroom, now=now
            ),
            "Frozen. Nobody signs in with that account, and its open requests are withdrawn.",
        )

    @rx.event
    async def close_alert(self, staff_id: str) -> Any:
        """Say that somebody looked into a member's alert."""
        actor, now, wanted = self._actor(), runtime().clock.now(), str(staff_id)
        return await self._try(
            lambda s: alerts.close(s, actor=actor, staff_id=wanted, now=now),
            "Closed. What is on hold stays until you release or withdraw it, one by one.",
        )

    @rx.event
    def turn_invite(self, is_open: bool) -> None:
        """Open or close the dialog that invites somebody."""
        self.is_inviting = is_open is True
        self.errors = _nothing()
        self.form += 1

    @rx.event
    async def invite(self, form: dict[str, Any]) -> Any:
        """Invite somebody by mail; a refusal leaves what was typed."""
        if not self.is_inviting:
            return None  # the second press of a double one
        typed = dict.fromkeys(INPUTS, "") | texts(form, _LONGEST)
        actor, parts = self._actor(), runtime()
        now = parts.clock.now()
        self.errors = _nothing()
        try:
            await self._command(
                lambda s: invitations.invite(
                    s,
                    actor=actor,
                    email=typed["email"],
                    display_name=typed["display_name"],
                    desk=typed["desk"],
                    role=_role(typed["role"]),
                    post=parts.post,
                    now=now,
                )
            )
        except UpstageError as error:
            name = _blamed(error, typed)
            self.errors = _nothing() | {name: sentence(error)}
            return rx.set_focus(f"field-{name}")
        self.is_inviting = False
        self._succeed("Invited. The mail with the link is on its way.")
        return await self._show()

    @rx.event
    async def resend_invitation(self, invitation_id: str) -> Any:
        """Send an invitation again; the older link is dead."""
        actor, parts = self._actor(), runtime()
        now, wanted = parts.clock.now(), str(invitation_id)
        return await self._try(
            lambda s: invitations.resend(
                s, actor=actor, invitation_id=wanted, post=parts.post, now=now
            ),
            "Sent again. Only the newest link works.",
        )

    @rx.event
    async def withdraw_invitation(self, invitation_id: str) -> Any:
        """Take an invitation back."""
        actor, now, wanted = self._actor(), runtime().clock.now(), str(invitation_id)
        return await self._try(
            lambda s: invitations.withdraw(s, actor=actor, invitation_id=wanted, now=now),
            "Withdrawn. Its link is dead.",
        )

    @rx.event
    def open_member(self, staff_id: str) -> None:
        """Open the dialog of one member."""
        found = [row for row in self.members if row.id == staff_id]
        self.opened, self.opened_problem = (found[0] if found else MemberRow()), ""
        self.keepers = [
            row
            for row in self.members
            if not row.is_disabled and row.id != staff_id and Role(row.role) in _KEEPERS
        ]
        self.form += 1

    @rx.event
    def turn_member(self, is_open: bool) -> None:
        """Close the dialog."""
        if is_open is not True:
            self.opened = MemberRow()

    @rx.event
    async def change_role(self, form: dict[str, Any]) -> Any:
        """Give the opened member another role."""
        actor, parts, staff_id = self._actor(), runtime(), self.opened.id
        now, role = parts.clock.now(), _role(texts(form).get("role", ""))
        return await self._on_opened(
            lambda s: members.change_role(
                s, actor=actor, staff_id=staff_id, role=role, post=parts.post, now=now
            ),
            "The role is changed. They have to sign in again.",
        )

    @rx.event
    async def rename(self, form: dict[str, Any]) -> Any:
        """Give the opened member another name and desk."""
        actor, now, staff_id = self._actor(), runtime().clock.now(), self.opened.id
        typed = dict.fromkeys(INPUTS, "") | texts(form, _LONGEST)
        return await self._on_opened(
            lambda s: team.rename(
                s,
                actor=actor,
                staff_id=staff_id,
                display_name=typed["display_name"],
                desk=typed["desk"],
                now=now,
            ),
            "The name is changed. New emails show it.",
        )

    @rx.event
    async def disable(self, form: dict[str, Any]) -> Any:
        """Let the opened member go; open requests go to a colleague, or end."""
        actor, parts, staff_id = self._actor(), runtime(), self.opened.id
        now, keeper = parts.clock.now(), texts(form).get("keeper", "") or None
        return await self._on_opened(
            lambda s: leaving.let_go(
                s, actor=actor, staff_id=staff_id, to_id=keeper, mailroom=parts.mailroom, now=now
            ),
            "Disabled. Every session has ended.",
        )

    @rx.event
    async def enable(self) -> Any:
        """Let the opened member sign in again."""
        actor, parts, staff_id = self._actor(), runtime(), self.opened.id
        now = parts.clock.now()
        return await self._on_opened(
            lambda s: members.enable(s, actor=actor, staff_id=staff_id, post=parts.post, now=now),
            "They can sign in again.",
        )

    @rx.event
    async def take_factors(self) -> Any:
        """Remove the second factors of the opened member, who lost them."""
        actor, parts, staff_id = self._actor(), runtime(), self.opened.id
        now = parts.clock.now()
        return await self._on_opened(
            lambda s: members.remove_factors(
                s, actor=actor, staff_id=staff_id, post=parts.post, now=now
            ),
            "Their second factors are removed, and they are signed out.",
        )

    @rx.event
    async def send_link(self) -> Any:
        """Mail the opened member a link to set a new password."""
        actor, parts, staff_id = self._actor(), runtime(), self.opened.id
        now = parts.clock.now()

        def send(session: Session) -> object:
            team.ensure_may_manage(actor)
            email = accounts.get_row(session, staff_id).email
            return recovering.send_link(session, email=email, post=parts.post, now=now)

        return await self._on_opened(send, "A link to set a new password is on its way to them.")

    @rx.event
    async def save_security(self, form: dict[str, Any]) -> Any:
        """Say which roles need a second factor."""
        actor, now = self._actor(), runtime().clock.now()
        if not isinstance(form, dict):
            return None  # no form of ours: an empty one would say that nobody needs any
        roles = frozenset(role for role in Role if form.get(role.value) in ("on", True))
        proposed = SecurityPolicy(second_factor=roles)
        return await self._try(
            lambda s: security.change(s, actor=actor, proposed=proposed, now=now),
            "Saved. Whoever needs a second factor and has none sets one up before anything else.",
        )

    async def _on_opened(self, command: Any, words: str) -> Any:
        self.opened_problem = ""
        try:
            await self._command(command)
        except UpstageError as error:
            self.opened_problem = sentence(error)
            return None
        self.opened = MemberRow()
        self._succeed(words)
        return await self._show()

    async def _try(self, command: Any, words: str) -> Any:
        self._quiet()
        try:
            await self._command(command)
        except UpstageError as error:
            return self._refuse(error)
        self._succeed(words)
        return await self._show()

    async def _show(self) -> None:
        own, now = self._actor().id, runtime().clock.now()
        seen = await self._read(_seen)
        self.members = [
            member_row(found, own_id=own, now=now, zone=seen.zone) for found in seen.members
        ]
        self.invitations = [
            invitation_row(found, now=now, zone=seen.zone) for found in seen.invitations
        ]
        self.alerts = [
            alert_row(found, own_id=own, now=now, zone=seen.zone) for found in seen.alerts
        ]
        self.second_factor = sorted(role.value for role in seen.policy.second_factor)
        self.is_loaded = True


_KEEPERS = frozenset(
    role for role, held in PERMISSIONS.items() if Permission.PROPOSE_CHANGE in held
)


class _Seen(NamedTuple):
    alerts: tuple[AlertView, ...]
    members: tuple[TeamMember, ...]
    invitations: tuple[Invitation, ...]
    policy: SecurityPolicy
    zone: tzinfo


def _seen(session: Session) -> _Seen:
    return _Seen(
        alerts.alerts_open(session),
        team.members(session),
        invitations.still_open(session),
        security.current(session),
        when.zone(details(session).time_zone),
    )


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
