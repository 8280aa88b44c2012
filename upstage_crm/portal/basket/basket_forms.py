"""The forms of a basket: each is read, does one command, and leads to the page that shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from upstage_crm.core.errors import UpstageError
from upstage_crm.core.languages import speaker
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.orders.views import BasketState
from upstage_crm.portal.addresses import BASKET
from upstage_crm.portal.answers import see
from upstage_crm.portal.basket import basket_commands, card_pages, visitors
from upstage_crm.portal.basket.basket_page import Said, answer_with, own_page
from upstage_crm.portal.basket.basket_words import seats_in_words
from upstage_crm.portal.basket.visitors import Visitor, visitor_of
from upstage_crm.portal.errors import NothingChosen
from upstage_crm.portal.limits import HOLDS, LETTING_GO, pace
from upstage_crm.portal.listings import choose_seats, public_programme
from upstage_crm.portal.listings.public_programme import Programme
from upstage_crm.portal.portal_menu import ADD
from upstage_crm.portal.readers import Reader, reader_of
from upstage_crm.portal.refusals import sentence
from upstage_crm.pricing.errors import NotOnSale
from upstage_crm.programme.views import EventView, PerformanceState, PerformanceView

TYPE: Final = "type-"  # in front of the id of a price type, or of the key of a ticket
CONFLICT: Final = 409
_MOST_DIGITS: Final = 5

Act = Callable[[Visitor, FormData], None]


async def add(request: Request) -> Response:
    """Put seats or places into the basket, and show it; a refusal shows the performance again."""
    programme = await public_programme.soon()
    reader = reader_of(request, usual=programme.organisation.language)
    async with request.form() as form:
        found = programme.find(str(form.get("performance", "")))
        if found is None:
            return await answer_with(request, _refused(NothingChosen(), reader))
        visitor = visitor_of(request)
        secret = await _open_secret(visitor)
        try:
            visitors.ensure_own_form(request)
            visitor.count(HOLDS)
            visitor.ensure(LETTING_GO)
            if visitor.secret and secret != visitor.secret:
                pace.carry(visitor.secret, secret)
            adding = _adding(form, programme, found[1])
            await to_writer_thread(adding, secret, language=reader.language)
        except UpstageError as refusal:
            return _performance_again(programme, found, reader, form, refusal)
    response = see(reader.href(BASKET))
    visitors.give_basket(response, secret)
    return response


def _acting(act: Act) -> Callable[[Request], Any]:
    """A route that does something to the basket and shows it again."""

    async def route(request: Request) -> Response:
        programme = await public_programme.soon()
        reader = reader_of(request, usual=programme.organisation.language)
        async with request.form() as form:
            try:
                visitors.ensure_own_form(request)
                await to_writer_thread(act, visitor_of(request), form)
            except UpstageError as refusal:
                return await answer_with(request, _refused(refusal, reader, programme))
        return see(reader.href(BASKET))

    return route


def _types(visitor: Visitor, form: FormData) -> None:
    types = {
        name.removeprefix(TYPE): str(value) for name, value in form.items() if name.startswith(TYPE)
    }
    basket_commands.set_types(visitor.secret, types)


def _remove(visitor: Visitor, form: FormData) -> None:
    visitor.note(LETTING_GO)
    basket_commands.remove(visitor.secret, str(form.get("key", "")))


def _again(visitor: Visitor, form: FormData) -> None:
    del form
    visitor.count(HOLDS)
    basket_commands.hold_again(visitor.secret)


def _keep(visitor: Visitor, form: FormData) -> None:
    del form
    basket_commands.keep_longer(visitor.secret)


def _cancel(visitor: Visitor, form: FormData) -> None:
    del form
    visitor.note(LETTING_GO)
    basket_commands.let_go(visitor.secret)


def _stop(visitor: Visitor, form: FormData) -> None:
    del form
    card_pages.stop(visitor.secret)


async def _open_secret(visitor: Visitor) -> str:
    """The secret of the visitor's basket if it is still open, a fresh one otherwise."""
    kept = await to_writer_thread(basket_commands.find, visitor.secret)
    is_open = kept is not None and kept.view.state in {BasketState.OPEN, BasketState.PAYING}
    return visitor.secret if is_open else visitors.new_secret()


def _adding(
    form: FormData, programme: Programme, performance: PerformanceView
) -> Callable[..., None]:
    """What a form of the performance's page asks for.

    Raises:
        NothingChosen: nothing.
        NotOnSale: the performance is paused or cancelled.
    """
    if performance.state is not PerformanceState.ON_SALE:
        raise NotOnSale
    how, choices = str(form.get("how", "")), _choices(form, programme)
    if how == "best" and choices:
        zone = str(form.get("zone", ""))[:200]
        return partial(
            basket_commands.add_best,
            performance_id=performance.id,
            choices=choices,
            zone=zone,
        )
    if how == "places" and choices:
        pool_id = str(form.get("pool", ""))[:32]
        return partial(basket_commands.add_places, pool_id=pool_id, choices=choices)
    places = [int(text) for text in map(str, form.getlist("seat")) if _is_number(text)]
    if how == "seats" and places:
        return partial(
            basket_commands.add_seats,
            performance_id=performance.id,
            plan=str(form.get("plan", "")),
            places=list(dict.fromkeys(places)),
            types=choose_seats.usual_types(programme, performance),
        )
    raise NothingChosen


def _choices(form: FormData, programme: Programme) -> dict[str, int]:
    """How many tickets of each price type; what is no number is none."""
    found: dict[str, int] = {}
    for type_id in programme.types:
        text = str(form.get(f"{TYPE}{type_id}", ""))
        if _is_number(text) and int(text):
            found[type_id] = int(text)
    return found


def _performance_again(
    programme: Programme,
    found: tuple[EventView, PerformanceView],
    reader: Reader,
    form: FormData,
    refusal: UpstageError,
) -> Response:
    """The page of the performance with what was wrong, and what was typed still in it."""
    event, performance = found
    typed = {name: str(value) for name, value in form.items() if name.startswith(TYPE)}
    typed |= {"zone": str(form.get("zone", ""))}
    body = choose_seats.drawn(
        programme,
        event,
        performance,
        reader,
        problem=_refused(refusal, reader, programme, performance.id).problem,
        typed=typed,
    )
    return own_page(body, CONFLICT)


def _refused(
    refusal: UpstageError,
    reader: Reader,
    programme: Programme | None = None,
    performance_id: str = "",
) -> Said:
    facts: dict[str, str] = {}
    seats: Mapping[str, object] = refusal.facts
    if programme is not None and "seats" in seats:
        ids = [str(one) for one in seats["seats"]]  # pyright: ignore[reportGeneralTypeIssues, reportUnknownArgumentType, reportUnknownVariableType]  # ids of seats, as `inventory.errors` says
        facts["seats"] = seats_in_words(programme, performance_id, ids, reader) or str(
            seats.get("words", "")
        )
    return Said(problem=sentence(refusal, speaker(reader.language), **facts), status=CONFLICT)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS


ROUTES = [
    Route(ADD, add, methods=["POST"]),
    Route(f"{BASKET}types", _acting(_types), methods=["POST"]),
    Route(f"{BASKET}remove", _acting(_remove), methods=["POST"]),
    Route(f"{BASKET}keep", _acting(_keep), methods=["POST"]),
    Route(f"{BASKET}again", _acting(_again), methods=["POST"]),
    Route(f"{BASKET}stop", _acting(_stop), methods=["POST"]),
    Route(f"{BASKET}cancel", _acting(_cancel), methods=["POST"]),
]
