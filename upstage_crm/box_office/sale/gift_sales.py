"""Complimentary tickets that one person may not give alone: the sale is parked, another decides."""

from __future__ import annotations

from dataclasses import replace

from upstage_crm.box_office.errors import GiftAlone
from upstage_crm.box_office.sale.till_sales import RealSales, Tickets
from upstage_crm.change_requests.reads.second_person import ensure_second
from upstage_crm.orders import basket_lines, baskets, sale
from upstage_crm.orders.basket_reading import read
from upstage_crm.orders.views import BasketView, Contact, Seller
from upstage_crm.programme.prices.views import CompReason, SaleChannel
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.tills import gifts

LABEL = "Complimentary"
"""What a parked sale that waits for a second person is found by."""


def ask(
    context: StaffContext[object],
    sales: RealSales,
    view: BasketView | None,
    wanted: Tickets,
    *,
    held_as: str,
) -> str:
    """Hold seats for complimentary tickets and ask a second person; return what they are.

    They are held as tickets of the price type `held_as` until then. After a refusal the transaction
    has to be taken back.

    Raises:
        GiftAlone: something else is in the sale, or was typed with them.
        UpstageError: as `RealSales.add`.
    """
    if (view is not None and view.lines) or len(wanted.choices) != 1 or not wanted.comp_reason:
        raise GiftAlone
    type_id = next(iter(wanted.choices))
    held = replace(wanted, choices={held_as: wanted.choices[type_id]}, comp_reason=None)
    basket = sales.add(context, view, held)
    about = ", ".join(line.place for line in basket.lines)
    gifts.ask(
        context,
        basket_id=basket.id,
        shift_id=sales.seller.shift_id,
        type_id=type_id,
        reason=wanted.comp_reason.value,
        tickets=len(basket.lines),
        about=about,
    )
    baskets.park(context, basket.id, label=f"{LABEL}: {about}"[: baskets.LABEL_LIMIT])
    return about


def give(context: StaffContext[object], *, gift_id: str) -> str:
    """Give complimentary tickets as the second person, and return the reference of the order.

    Raises:
        UnknownGift, GiftDecided: there is nothing to decide.
        SamePerson, NotYetSecond, FirstNotSettled: the actor may not be second.
        UpstageError: as `basket_lines.set_types` and `sale.sell`: the seats may have lapsed.
    """
    gift = gifts.gift(context.session, gift_id)
    ensure_second(context, first_id=gift.asked_by_id)
    gifts.decide(context, gift_id=gift_id, is_given=True)
    seller = Seller(channel=SaleChannel.BOX_OFFICE, actor=context.actor)
    view = read(context.session, gift.basket_id, now=context.now)
    basket_lines.set_types(
        context,
        seller,
        gift.basket_id,
        types={line.key: gift.type_id for line in view.lines},
        comp_reason=CompReason(gift.reason),
    )
    done = sale.sell(context, seller, basket_id=gift.basket_id, contact=Contact(), tenders=())
    return done.reference


def decline(context: StaffContext[object], *, gift_id: str) -> None:
    """Decline to give them, as the second person; the seats are free again.

    Raises:
        UnknownGift, GiftDecided: there is nothing to decide.
        SamePerson, NotYetSecond, FirstNotSettled: the actor may not be second.
    """
    gift = gifts.gift(context.session, gift_id)
    ensure_second(context, first_id=gift.asked_by_id)
    gifts.decide(context, gift_id=gift_id, is_given=False)
    baskets.let_go(context, gift.basket_id)
