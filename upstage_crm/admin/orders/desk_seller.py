"""Who sells, or gives back, from a page of the CRM: a staff member, at their open shift if any."""

from __future__ import annotations

from sqlmodel import Session

from upstage_crm.orders.views import Seller
from upstage_crm.programme.prices.views import SaleChannel
from upstage_crm.staff.roles import StaffMember
from upstage_crm.tills import queries, shifts


def desk_seller(session: Session, actor: StaffMember) -> Seller:
    """The staff member at the desk, with the drawer of their own open shift.

    The shift stays open until the transaction ends, as for a sale at the till. A training has no
    drawer that real cash comes from.

    Raises:
        ShiftClosed: the shift was closed at this moment.
    """
    shift = queries.open_of(session, actor.id)
    shift_id = ""
    if shift is not None and not shift.is_training:
        shift_id = shifts.ensure_open(session, shift.id).id
    return Seller(channel=SaleChannel.BOX_OFFICE, actor=actor, shift_id=shift_id)
