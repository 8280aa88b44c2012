"""Erases a patron as two staff members do."""

from __future__ import annotations

from tests.support.factories import Desk
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.privacy import erasure
from upstage_crm.staff.roles import Role


def erase(desk: Desk, patron: PatronRecord) -> None:
    """Ask for the erasure as the privacy lead, confirm it as an owner, and send the last mail."""
    lead, owner = desk.staff("Amara", Role.PRIVACY_LEAD), desk.staff("Morgan", Role.OWNER)
    desk.write(
        lambda session: erasure.request_erasure(
            desk.staff_context(session, lead), patron_id=patron.id, reason="Asked by letter"
        )
    )
    desk.write(
        lambda session: erasure.confirm_erasure(
            desk.staff_context(session, owner), patron_id=patron.id
        )
    )
    desk.deliver()
