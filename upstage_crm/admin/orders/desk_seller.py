"""Who sells, or gives back, from a page of the CRM: a staff member, at their open shift if any."""

from __future__ import annotations

from sqlmodel import Session

from upstage_crm.orders.views import Seller
from upstage_crm.programme.prices.views import SaleChannel
from upstage_crm.staff.roles import StaffMember
from upstage_crm.tills import queries


def desk_seller(session: Session, actor: StaffMember) -> Seller:
    """The staff member at the desk, with the drawer of their own open shift.

    A training has no drawer that real cash comes from.
    """
    shift = queries.open_of(session, actor.id)
    shift_id = shift.id if shift is not None and not shift.is_training else ""
    return Seller(channel=SaleChannel.BOX_OFFICE, actor=actor, shift_id=shift_id)
