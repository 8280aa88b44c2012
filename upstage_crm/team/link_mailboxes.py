"""Which mailbox a link to a staff account may be mailed to: asked before the dispatcher signs."""

from __future__ import annotations

from sqlmodel import Session

from upstage_crm.audit import recorded
from upstage_crm.core.email_address import wire_of
from upstage_crm.links.claims import LinkClaims, Purpose
from upstage_crm.staff.tables import StaffInvitationRow, StaffRow


def mailboxes_of(session: Session, claims: LinkClaims) -> frozenset[str]:
    """The address of the invitation or the account that the claims are for.

    Raises:
        RowNotProven: it is not what the trail says.
    """
    if claims.purpose is Purpose.INVITATION:
        found, subject = session.get(StaffInvitationRow, claims.request_id), "staff_invitation"
    else:
        found, subject = session.get(StaffRow, claims.request_id), "staff"
    if found is None:
        return frozenset()
    recorded.prove(session, subject, claims.request_id)
    return frozenset({wire_of(found.email)})
