"""The test acquirer's own page: a card, the bank's question, and the way back to us.

What is typed is looked up among the published test numbers and then forgotten. It is not in an
address, in a row, in a log or in the page that comes back.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from upstage_crm.core.threads import to_writer_thread
from upstage_crm.http.origins import is_own_form, typed
from upstage_crm.jobs import card_payments
from upstage_crm.payments.providers.published_cards import find_card
from upstage_crm.payments.providers.rehearsal import Fault, PageState, PageView
from upstage_crm.payments.providers.test_acquirer import PATH
from upstage_crm.portal.acquirer import acquirer_html
from upstage_crm.wiring import runtime

SEE_OTHER = 303
_NOT_PUBLISHED = (
    "This is none of the test numbers below, so it was refused. Never enter a real card here."
)
_NO_PAGE = ("There is no such payment.", "The address may be mistyped.")
_TIMED_OUT = (
    "The payment provider did not answer in time.",
    "This is part of the rehearsal: the card was charged, and the box office hears of it late.",
    "The tickets come by email within two minutes.",
)


async def show(request: Request) -> Response:
    """Show a page as it stands."""
    return await to_writer_thread(_show, request.path_params["page"])


async def charge(request: Request) -> Response:
    """Try the card that was typed or picked."""
    if not is_own_form(request, runtime().settings.origins):
        return Response(status_code=403)
    async with request.form() as form:
        given = typed(form)
    return await to_writer_thread(_charge, request.path_params["page"], given)


async def answer_bank(request: Request) -> Response:
    """Tell the bank who pays."""
    if not is_own_form(request, runtime().settings.origins):
        return Response(status_code=403)
    async with request.form() as form:
        is_me = typed(form).get("answer") == "yes"
    return await to_writer_thread(_answer_bank, request.path_params["page"], is_me)


def routes(*, is_offered: bool) -> list[BaseRoute]:
    """The routes, where the test acquirer takes payments."""
    if not is_offered:
        return []
    return [
        Route(f"{PATH}/{{page}}", show, methods=["GET"]),
        Route(f"{PATH}/{{page}}", charge, methods=["POST"]),
        Route(f"{PATH}/{{page}}/bank", answer_bank, methods=["POST"]),
    ]


def _show(reference: str) -> Response:
    acquirer = runtime().cards.acquirer
    page = acquirer.page(reference, now=runtime().clock.now()) if acquirer else None
    return _as_it_stands(page)


def _charge(reference: str, given: dict[str, str]) -> Response:
    parts = runtime()
    acquirer = parts.cards.acquirer
    now = parts.clock.now()
    page = acquirer.page(reference, now=now) if acquirer else None
    if acquirer is None or page is None or page.state is not PageState.OPEN:
        return _as_it_stands(page)
    card = find_card(given.get("pick") or given.get("number", ""))
    if card is None:
        return _document(acquirer_html.pay(page, _NOT_PUBLISHED), 422)
    name = given.get("fault", "")
    fault = Fault(name) if name in list(Fault) else Fault.NONE
    return _after(acquirer.charge(reference, card, fault=fault, now=now))


def _answer_bank(reference: str, is_me: bool) -> Response:
    parts = runtime()
    acquirer = parts.cards.acquirer
    if acquirer is None:
        return _as_it_stands(None)
    return _after(acquirer.answer_bank(reference, is_me=is_me, now=parts.clock.now()))


def _after(page: PageView | None) -> Response:
    """What a buyer sees after a press; the message to us leaves before the browser does."""
    if page is not None and page.state is PageState.PAID:
        card_payments.tell_news(runtime())
        if page.fault is Fault.NO_ANSWER:
            document = acquirer_html.over("No answer", _TIMED_OUT, back=page.back_url)
            return _document(document, 504)
    return _as_it_stands(page)


def _as_it_stands(page: PageView | None) -> Response:
    if page is None:
        return _document(acquirer_html.over("Not found", _NO_PAGE), 404)
    match page.state:
        case PageState.PAID:
            headers = {"cache-control": "no-store"}
            return RedirectResponse(page.return_url, SEE_OTHER, headers)
        case PageState.OVER:
            lines = ("The time to pay is over, or the payment was cancelled. Nothing was charged.",)
            return _document(acquirer_html.over("This payment is over", lines, back=page.back_url))
        case PageState.BANK:
            bank_path = f"{PATH}/{page.reference}/bank"
            return _document(acquirer_html.bank(page, bank_path))
        case PageState.OPEN:
            if page.is_refused:
                problem = acquirer_html.REFUSED[page.outcome]
                return _document(acquirer_html.pay(page, problem), 402)
            return _document(acquirer_html.pay(page))


def _document(body: str, status: int = 200) -> Response:
    headers = {
        "content-security-policy": acquirer_html.POLICY,
        "x-frame-options": "DENY",
        "cache-control": "no-store",
        "referrer-policy": "same-origin",
        "x-robots-tag": "noindex",
    }
    return HTMLResponse(body, status, headers)
