"""The form of a page on which the reader of a link chooses, and its answers.

The page is drawn on the server and needs no script, so it is its own plain twin. A choice needs a
chosen answer, a ticked box and the page's nonce.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from upstage_crm.confirm import fixed_copy, link_visit, nonce, plain
from upstage_crm.confirm.link_visit import Visitor
from upstage_crm.confirm.plain_html import STYLE, TEMPLATES
from upstage_crm.confirm.tickets import choice_copy as copy
from upstage_crm.confirm.tickets.choice_words import ChoiceWords
from upstage_crm.links.claims import LinkRefused
from upstage_crm.wiring import runtime

SEE_OTHER: Final = 303


def flaw(given: Mapping[str, str], page: ChoiceWords, visitor: Visitor) -> str:
    """What a submitted form lacks, in words; empty when it is complete."""
    is_chosen = given.get("answer") in {value for value, _ in page.options}
    if not is_chosen:
        return fixed_copy.CHOOSE_FIRST
    if given.get("read") != "yes":
        return fixed_copy.TICK_FIRST
    token = link_visit.token_of(visitor)
    if not nonce.is_fresh(given.get("nonce", ""), token, now=runtime().clock.now()):
        return fixed_copy.TOO_OLD
    return ""


def visitor_of(request: Request) -> Visitor:
    """What the browser of a request brought along."""
    return Visitor(
        link=request.query_params.get("link", ""),
        cookies=request.headers.get("cookie", ""),
        languages=request.headers.get("accept-language", ""),
    )


def see(path: str, visitor: Visitor) -> Response:
    """Lead back to the page, which says what holds now."""
    query = urlencode({"link": str(visitor.link)})
    return RedirectResponse(f"{path}?{query}", SEE_OTHER, {"cache-control": "no-store"})


def drawn(page: ChoiceWords, visitor: Visitor, *, problem: str = "", status: int = 200) -> Response:
    """The page, with what was wrong of a form that was sent."""
    try:
        once = nonce.nonce(link_visit.token_of(visitor), now=runtime().clock.now())
    except LinkRefused:
        once = ""
    body = TEMPLATES.render(
        "tickets_choice.html",
        lang=page.lang,
        style=STYLE.css,
        page=page,
        copy=copy,
        fixed=fixed_copy,
        link=str(visitor.link),
        nonce=once,
        problem=problem,
    )
    return plain.answer_with(body, 404 if status == 200 and not page.is_found else status)
