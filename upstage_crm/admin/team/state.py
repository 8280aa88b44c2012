"""The team: who works here, who is invited, and what each role has to bring to sign in."""

from datetime import tzinfo
from typing import Any, ClassVar, NamedTuple

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.team.rows import (
    AlertRow,
    InvitationRow,
    MemberRow,
    alert_row,
    invitation_row,
    member_row,
)
from upstage_crm.change_requests.limits import alerts
from upstage_crm.change_requests.limits.alerts import AlertView
from upstage_crm.organisation.settings import details
from upstage_crm.pages.page_state import PageMixin
from upstage_crm.staff import member_admin
from upstage_crm.staff.auth import security
from upstage_crm.staff.auth.security import SecurityPolicy
from upstage_crm.staff.member_admin import TeamMember
from upstage_crm.staff.roles import Permission, Role
from upstage_crm.team import invitations
from upstage_crm.team.invitations import Invitation
from upstage_crm.wiring import runtime


class TeamState(PageMixin, AdminState):
    """The page; its dialogs are in `TeamDialogState`."""

    permission: ClassVar[Permission | None] = Permission.VIEW_TEAM
    fresh: ClassVar[frozenset[str]] = frozenset({"save_security"})

    is_loaded: bool = False
    may_manage: bool = False
    may_secure: bool = False
    may_freeze: bool = False
    may_close: bool = False
    alerts: rx.Field[list[AlertRow]] = rx.field(default_factory=list)
    members: rx.Field[list[MemberRow]] = rx.field(default_factory=list)
    invitations: rx.Field[list[InvitationRow]] = rx.field(default_factory=list)
    second_factor: rx.Field[list[str]] = rx.field(default_factory=list)

    @rx.event
    async def resend_invitation(self, invitation_id: str) -> Any:
        """Send an invitation again; the older link is dead."""
        actor, parts, wanted = self._actor(), runtime(), str(invitation_id)
        return await self._act(
            lambda s: invitations.resend(parts.team_context(s, actor), invitation_id=wanted),
            "Sent again. Only the newest link works.",
        )

    @rx.event
    async def save_security(self, form: dict[str, Any]) -> Any:
        """Say which roles need a second factor."""
        actor, parts = self._actor(), runtime()
        if not isinstance(form, dict):
            return None  # no form of ours: an empty one would say that no role needs any
        roles = frozenset(role for role in Role if form.get(role.value) in ("on", True))
        proposed = SecurityPolicy(second_factor=roles)
        return await self._act(
            lambda s: security.change(parts.staff_context(s, actor), proposed=proposed),
            "Saved. People in these roles without a second factor set one up before they continue.",
        )

    async def _show(self) -> None:
        own, now = self._actor().id, runtime().clock.now()
        seen = await self._read(_seen)
        self.may_manage = self._may(Permission.MANAGE_TEAM)
        self.may_secure = self._may(Permission.EDIT_SECURITY)
        self.may_freeze = self._may(Permission.FREEZE_ACCOUNT)
        self.may_close = self._may(Permission.RELEASE_QUARANTINE)
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


class _Seen(NamedTuple):
    alerts: tuple[AlertView, ...]
    members: tuple[TeamMember, ...]
    invitations: tuple[Invitation, ...]
    policy: SecurityPolicy
    zone: tzinfo


def _seen(session: Session) -> _Seen:
    return _Seen(
        alerts.alerts_open(session),
        member_admin.members(session),
        invitations.still_open(session),
        security.current(session),
        details(session).zone,
    )
