"""What a visitor does to a basket: one transaction each. They block, so they run on threads."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from sqlmodel import Session

from upstage_crm.core.errors import UpstageError
from upstage_crm.inventory import queries as inventory
from upstage_crm.orders import basket_lines, baskets, sale
from upstage_crm.orders.basket_reading import contact_of, of_visitor
from upstage_crm.orders.errors import BasketPaying, UnknownBasket
from upstage_crm.orders.views import BasketState, BasketView, Contact, Seller, Sold
from upstage_crm.portal import addresses
from upstage_crm.portal.errors import AnotherPlan, NothingChosen, TooManyAtOnce
from upstage_crm.programme.prices.views import SaleChannel
from upstage_crm.staff.command_context import CommandContext
from upstage_crm.wiring import runtime

SELLER: Final = Seller(channel=SaleChannel.PORTAL)
MOST_IN_BASKET: Final = 40  # tickets

T = TypeVar("T")
Work = Callable[[CommandContext[object], str], BasketView]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A visitor's basket with what was typed for it."""

    view: BasketView
    contact: Contact


def find(secret: str) -> Kept | None:
    """The basket of a visitor; None without one, or once it was let go."""
    parts = runtime()
    if not secret:
        return None
    with parts.database.reading() as session:
        view = of_visitor(session, secret, now=parts.clock.now())
        if view is None or view.state is BasketState.LET_GO:
            return None
        return Kept(view=view, contact=contact_of(session, view.id))


def add_best(
    secret: str, *, performance_id: str, choices: Mapping[str, int], zone: str, language: str
) -> None:
    """Put the best seats that are free into the basket of `secret`, opened if there is none.

    Raises:
        NothingChosen, TooManyAtOnce; UpstageError: as `basket_lines.add_best`.
    """
    seed = random.randrange(1_000_000)  # noqa: S311  # it spreads buyers, and is no secret
    _add(
        secret,
        language,
        sum(choices.values()),
        lambda context, basket_id: basket_lines.add_best(
            context,
            SELLER,
            basket_id,
            performance_id=performance_id,
            choices=choices,
            zone=zone,
            seed=seed,
        ),
    )


def add_seats(
    secret: str,
    *,
    performance_id: str,
    plan: str,
    places: Sequence[int],
    types: Mapping[str, str],
    language: str,
) -> None:
    """Put seats into the basket, by their places in the plan whose id ends with `plan`.

    `types` has the price type of each zone.

    Raises:
        NothingChosen, TooManyAtOnce, AnotherPlan; UpstageError: as `basket_lines.add_seats`.
    """

    def work(context: CommandContext[object], basket_id: str) -> BasketView:
        layout = inventory.layout(context.session, performance_id, now=context.now)
        if addresses.ending(layout.plan_id) != plan:
            raise AnotherPlan
        seats = list(layout.plan.seats)
        chosen = [seats[at] for at in places if at < len(seats)]
        if len(chosen) != len(places) or any(seat.zone not in types for seat in chosen):
            raise AnotherPlan
        return basket_lines.add_seats(
            context,
            SELLER,
            basket_id,
            performance_id=performance_id,
            seats={seat.id: types[seat.zone] for seat in chosen},
        )

    _add(secret, language, len(places), work)


def add_places(secret: str, *, pool_id: str, choices: Mapping[str, int], language: str) -> None:
    """Put places without numbers into the basket.

    Raises:
        NothingChosen, TooManyAtOnce; UpstageError: as `basket_lines.add_places`.
    """
    _add(
        secret,
        language,
        sum(choices.values()),
        lambda context, basket_id: basket_lines.add_places(
            context, SELLER, basket_id, pool_id=pool_id, choices=choices
        ),
    )


def set_types(secret: str, types: Mapping[str, str]) -> None:
    """Give tickets other price types, by their keys.

    Raises:
        UnknownBasket; UpstageError: as `basket_lines.set_types`.
    """

    def work(context: CommandContext[object], view: BasketView) -> None:
        changed = {
            line.key: types[line.key]
            for line in view.lines
            if types.get(line.key, line.type_id) != line.type_id
        }
        if changed:
            basket_lines.set_types(context, SELLER, view.id, types=changed)

    _on_basket(secret, work)


def remove(secret: str, key: str) -> None:
    """Take one ticket out.

    Raises:
        UnknownBasket; UpstageError: as `basket_lines.remove`.
    """
    _on_basket(
        secret, lambda context, view: basket_lines.remove(context, SELLER, view.id, keys=[key])
    )


def keep_longer(secret: str) -> None:
    """Keep the seats for some minutes more.

    Raises:
        UnknownBasket; UpstageError: as `baskets.keep_longer`.
    """
    _on_basket(secret, lambda context, view: baskets.keep_longer(context, view.id))


def hold_again(secret: str) -> None:
    """Hold what a basket had before its time was over.

    Raises:
        UnknownBasket; UpstageError: as `basket_lines.hold_again`.
    """
    _on_basket(secret, lambda context, view: basket_lines.hold_again(context, SELLER, view.id))


def let_go(secret: str) -> None:
    """Cancel the basket, at no cost; without one nothing happens.

    Raises:
        BasketPaying, BasketOver: it is being paid, or was sold.
    """
    try:
        _on_basket(secret, lambda context, view: baskets.let_go(context, view.id))
    except UnknownBasket:
        return


def keep_contact(secret: str, contact: Contact) -> None:
    """Remember what was typed, though it be wrong.

    Raises:
        UnknownBasket, BasketOver: there is no open basket.
    """
    _on_basket(secret, lambda context, view: baskets.keep_contact(context, view.id, contact))


def take_for_free(secret: str, contact: Contact) -> Sold:
    """Buy a basket in which everything is free.

    Raises:
        UnknownBasket; UpstageError: as `sale.sell`.
    """
    return _on_basket(
        secret,
        lambda context, view: sale.sell(
            context, SELLER, basket_id=view.id, contact=contact, tenders=()
        ),
    )


def _add(secret: str, language: str, count: int, work: Work) -> None:
    """Open a basket where there is none, make room in it, and put something in."""
    if count < 1:
        raise NothingChosen
    if count > MOST_IN_BASKET:
        raise TooManyAtOnce(most=MOST_IN_BASKET)
    parts = runtime()

    def whole(session: Session) -> None:
        context = parts.command_context(session)
        view = of_visitor(session, secret, now=context.now)
        if view is None:
            basket_id = baskets.open_basket(context, SELLER, secret=secret, language=language)
        else:
            basket_id = view.id
            _ensure_room(context, view, count)
        work(context, basket_id)

    parts.database.attempt(whole, is_recorded=False)


def _ensure_room(context: CommandContext[object], view: BasketView, count: int) -> None:
    """See that more fits in; what the basket cannot have again makes room for the new."""
    if view.state is BasketState.PAYING:
        raise BasketPaying
    lines = view.lines
    if lines and not view.is_held:
        try:
            with context.session.begin_nested():
                lines = basket_lines.hold_again(context, SELLER, view.id).lines
        except UpstageError:
            keys = [line.key for line in lines]
            lines = basket_lines.remove(context, SELLER, view.id, keys=keys).lines
    if len(lines) + count > MOST_IN_BASKET:
        raise TooManyAtOnce(most=MOST_IN_BASKET)


def _on_basket(secret: str, work: Callable[[CommandContext[object], BasketView], T]) -> T:
    parts = runtime()

    def whole(session: Session) -> T:
        context = parts.command_context(session)
        view = of_visitor(session, secret, now=context.now)
        if view is None:
            raise UnknownBasket
        return work(context, view)

    return parts.database.attempt(whole, is_recorded=False)
