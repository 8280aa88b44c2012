"""The demo's organisation and its staff. They share one password, printed at start."""

from __future__ import annotations

from dataclasses import dataclass

from upstage_crm.organisation.details import OrganisationDetails
from upstage_crm.staff import demo_account
from upstage_crm.staff.roles import Role

ORGANISATION = OrganisationDetails(
    name="Lantern Street Theatre",
    desk_phone="+1 212 555 0199",
    reply_to="box-office@lantern-street.example",
    postal_address="12 Lantern Street\nNew York, NY 10011",
    website="https://lantern-street.example",
    time_zone="America/New_York",
    language="en",
    country="US",
)


@dataclass(frozen=True, slots=True)
class DemoStaff:
    """One demo account."""

    email: str
    display_name: str
    desk: str
    role: Role


STAFF = (
    DemoStaff(demo_account.EMAIL, "Morgan", "house management", Role.OWNER),
    DemoStaff("dana@lantern-street.example", "Dana", "box office", Role.BOX_OFFICE),
    DemoStaff("luis@lantern-street.example", "Luis", "box office", Role.BOX_OFFICE),
    DemoStaff("ines@lantern-street.example", "Ines", "front of house", Role.MANAGER),
    DemoStaff("theo@lantern-street.example", "Theo", "marketing", Role.MARKETING),
    DemoStaff("amara@lantern-street.example", "Amara", "privacy", Role.PRIVACY_LEAD),
    DemoStaff("ravi@lantern-street.example", "Ravi", "audit", Role.AUDITOR),
)
