"""Roles, permissions and the staff actor: who may do what, as one pure table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from upstage_crm.audit.events import Actor, ActorKind
from upstage_crm.core.errors import Forbidden


class Role(StrEnum):
    """What a staff member is here to do."""

    OWNER = "owner"
    MANAGER = "manager"
    BOX_OFFICE = "box_office"
    MARKETING = "marketing"
    DEVELOPMENT = "development"
    PRIVACY_LEAD = "privacy_lead"
    AUDITOR = "auditor"
    READ_ONLY = "read_only"


class Permission(StrEnum):
    """One thing that a member may do, named by what it allows."""

    VIEW_PATRONS = "view_patrons"
    ADD_PATRON = "add_patron"
    EDIT_PATRON = "edit_patron"
    EDIT_ANY_NOTE = "edit_any_note"
    VIEW_REQUESTS = "view_requests"
    PROPOSE_CHANGE = "propose_change"
    WITHDRAW_REQUEST = "withdraw_request"
    RESEND_REQUEST = "resend_request"
    OVERRIDE_COOLING_OFF = "override_cooling_off"
    RELEASE_REQUEST = "release_request"
    REVERT_CHANGE = "revert_change"
    DESK_IDENTIFY = "desk_identify"
    DESK_CONFIRM = "desk_confirm"
    PROTECT_PATRON = "protect_patron"
    CHANGE_STATUS = "change_status"
    CONFIRM_RECORD_CHANGE = "confirm_record_change"
    CLEAR_FREEZE = "clear_freeze"
    ERASE_PATRON = "erase_patron"
    VIEW_RECEIPTS = "view_receipts"
    VIEW_MAILBOX = "view_mailbox"
    VIEW_AUDIT = "view_audit"
    VIEW_SETTINGS = "view_settings"
    EDIT_SETTINGS = "edit_settings"
    EDIT_POLICY = "edit_policy"
    EDIT_SECURITY = "edit_security"
    REVEAL_VALUE = "reveal_value"
    EXPORT_DATA = "export_data"
    VIEW_TEAM = "view_team"
    MANAGE_TEAM = "manage_team"
    FREEZE_ACCOUNT = "freeze_account"
    RELEASE_QUARANTINE = "release_quarantine"
    RESTORE_ROWS = "restore_rows"
    VIEW_PROGRAMME = "view_programme"
    EDIT_VENUES = "edit_venues"
    EDIT_PROGRAMME = "edit_programme"
    EDIT_PRICES = "edit_prices"
    HOLD_SEATS = "hold_seats"
    CHECK_TICKETS = "check_tickets"
    VIEW_ORDERS = "view_orders"
    SELL_TICKETS = "sell_tickets"
    GIVE_TICKETS = "give_tickets"
    REFUND_ORDERS = "refund_orders"
    RUN_TILLS = "run_tills"
    MANAGE_TILLS = "manage_tills"


_LOOKING = frozenset(
    {
        Permission.VIEW_PATRONS,
        Permission.VIEW_REQUESTS,
        Permission.VIEW_PROGRAMME,
        Permission.VIEW_ORDERS,
    }
)
_DESK = _LOOKING | {
    Permission.ADD_PATRON,
    Permission.EDIT_PATRON,
    Permission.PROPOSE_CHANGE,
    Permission.WITHDRAW_REQUEST,
    Permission.RESEND_REQUEST,
    Permission.VIEW_MAILBOX,
    Permission.DESK_IDENTIFY,
    Permission.VIEW_RECEIPTS,
    Permission.REVEAL_VALUE,
    Permission.CHANGE_STATUS,
}
_LEAD = _DESK | {
    Permission.EDIT_ANY_NOTE,
    Permission.RELEASE_REQUEST,
    Permission.REVERT_CHANGE,
    Permission.DESK_CONFIRM,
    Permission.PROTECT_PATRON,
    Permission.CONFIRM_RECORD_CHANGE,
    Permission.CLEAR_FREEZE,
    Permission.VIEW_AUDIT,
    Permission.VIEW_SETTINGS,
    Permission.OVERRIDE_COOLING_OFF,
    Permission.EXPORT_DATA,
    Permission.VIEW_TEAM,
    Permission.FREEZE_ACCOUNT,
    Permission.RELEASE_QUARANTINE,
    Permission.RESTORE_ROWS,
}

_SELLING = frozenset({Permission.SELL_TICKETS, Permission.REFUND_ORDERS, Permission.RUN_TILLS})

PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.MANAGER: _LEAD
    | {
        Permission.EDIT_VENUES,
        Permission.EDIT_PROGRAMME,
        Permission.EDIT_PRICES,
        Permission.HOLD_SEATS,
        Permission.CHECK_TICKETS,
        *_SELLING,
        Permission.GIVE_TICKETS,
        Permission.MANAGE_TILLS,
    },
    Role.BOX_OFFICE: _DESK | {Permission.HOLD_SEATS, Permission.CHECK_TICKETS} | _SELLING,
    Role.MARKETING: _LOOKING
    | {
        Permission.EDIT_PATRON,
        Permission.REVEAL_VALUE,
        Permission.EDIT_PROGRAMME,
        Permission.EDIT_PRICES,
    },
    Role.DEVELOPMENT: _LOOKING | {Permission.EDIT_PATRON, Permission.REVEAL_VALUE},
    Role.PRIVACY_LEAD: _LEAD | {Permission.ERASE_PATRON},
    Role.AUDITOR: _LOOKING
    | {
        Permission.VIEW_MAILBOX,
        Permission.VIEW_AUDIT,
        Permission.VIEW_SETTINGS,
        Permission.VIEW_RECEIPTS,
        Permission.EXPORT_DATA,
        Permission.VIEW_TEAM,
    },
    Role.READ_ONLY: _LOOKING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffMember:
    """A signed-in staff member: the actor of every command behind the CRM."""

    id: str
    display_name: str
    desk: str
    role: Role
    email_key: str

    @property
    def label(self) -> str:
        """How the trail and the patron read the name: "Dana, box office"."""
        return f"{self.display_name}, {self.desk}" if self.desk else self.display_name

    def as_actor(self) -> Actor:
        """The member as the trail names actors."""
        return Actor(ActorKind.STAFF, self.label, self.id)


def may(member: StaffMember, permission: Permission) -> bool:
    """Whether `member` holds `permission`."""
    return permission in PERMISSIONS[member.role]


def ensure_may(member: StaffMember, permission: Permission) -> None:
    """Raise Forbidden unless `member` holds `permission`."""
    if not may(member, permission):
        raise Forbidden(permission=permission.value)
