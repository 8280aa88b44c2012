"""Members and invitations as the team page shows them."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from upstage_crm.change_requests.limits.alerts import AlertView
from upstage_crm.change_requests.notifications.alert_mails import WIRE_WORDS
from upstage_crm.core import when
from upstage_crm.staff.member_admin import TeamMember
from upstage_crm.team.invitations import Invitation
from upstage_crm.wording.consequences import counted
from upstage_crm.wording.staff import ROLE_WORDS


@dataclass(frozen=True)
class MemberRow:
    """A member. `factor` is one of `on`, `missing`, `off`; `is_self` is the one who looks."""

    id: str = ""
    name: str = ""
    desk: str = ""
    email: str = ""
    role: str = ""
    role_words: str = ""
    active: str = ""
    factor: str = "off"
    is_disabled: bool = False
    is_self: bool = False


@dataclass(frozen=True)
class InvitationRow:
    """An open invitation."""

    id: str = ""
    name: str = ""
    email: str = ""
    role_words: str = ""
    invited_by: str = ""
    sent: str = ""
    left: str = ""
    is_expired: bool = False


@dataclass(frozen=True)
class AlertRow:
    """An open alert about a member; `is_own` is about the one who looks."""

    staff_id: str = ""
    name: str = ""
    words: str = ""
    held: int = 0
    opened: str = ""
    is_own: bool = False


def alert_row(found: AlertView, *, own_id: str, now: datetime, zone: tzinfo) -> AlertRow:
    """One alert, in words."""
    return AlertRow(
        staff_id=found.staff_id,
        name=found.staff_label,
        words=WIRE_WORDS[found.wire],
        held=found.held,
        opened=when.ago(found.opened_at, now=now, time_zone=zone),
        is_own=found.staff_id == own_id,
    )


def member_row(found: TeamMember, *, own_id: str, now: datetime, zone: tzinfo) -> MemberRow:
    """One member, in words."""
    factor = "missing" if found.needs_factor else "off"
    active = "Never"
    if found.last_active_at is not None:
        active = when.ago(found.last_active_at, now=now, time_zone=zone)
    return MemberRow(
        id=found.id,
        name=found.display_name,
        desk=found.desk,
        email=found.email,
        role=found.role.value,
        role_words=ROLE_WORDS[found.role],
        active=active,
        factor="on" if found.has_factor else factor,
        is_disabled=found.is_disabled,
        is_self=found.id == own_id,
    )


def invitation_row(found: Invitation, *, now: datetime, zone: tzinfo) -> InvitationRow:
    """One invitation, in words."""
    return InvitationRow(
        id=found.id,
        name=found.display_name,
        email=found.email,
        role_words=ROLE_WORDS[found.role],
        invited_by=found.invited_label,
        sent=when.ago(found.sent_at, now=now, time_zone=zone),
        left=when.left(found.expires_at, now=now),
        is_expired=found.is_expired(now),
    )


def about_member(row: MemberRow) -> str:
    """How dialogs name a member."""
    name = f"{row.name}, {row.desk}" if row.desk else row.name
    return f"{name} · {row.email}"


def withdrawn_words(count: int) -> str:
    """What became of a member's open requests."""
    if not count:
        return "It had no open request."
    verb = "was" if count == 1 else "were"
    return f"{counted(count, 'open request')} {verb} withdrawn."
