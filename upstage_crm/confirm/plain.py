"""The plain twin of the patron's page: one answer, no script, nothing else to load.

It says the same words and calls the same command as the page with a websocket. A decision needs a
chosen answer, a ticked box and the page's nonce; whatever comes short of that shows the page again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from upstage_crm.change_requests.model.rules import (
    Decision,
    ReviewChannel,
)
from upstage_crm.confirm import (
    fixed_copy,
    link_visit,
    nonce,
    plain_html,
)
from upstage_crm.confirm.link_visit import Visitor
from upstage_crm.confirm.page_view import PageWords
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.languages import speaker
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.http.origins import (
    is_own_form,
    typed,
)
from upstage_crm.links.claims import LinkRefused, Purpose
from upstage_crm.wiring import runtime
from upstage_crm.wording import sentences

PATH = "/confirm/plain"
SEE_OTHER = 303
_FOR_ALL = {"nonce", "answer", "read", "comment"}  # other inputs answer single fields
_YES_OR_NO = (Decision.APPROVE.value, Decision.REJECT.value)


async def show(request: Request) -> Response:
    """Show the request, or what became of it."""
    visitor = _visitor(request)
    page = await asyncio.to_thread(
        link_visit.look, visitor, choice=request.query_params.get("choice", "")
    )
    return _page(page, visitor)


async def decide(request: Request) -> Response:
    """Record a complete answer and go back to the page, which then says what holds."""
    visitor = _visitor(request)
    if not is_own_form(request, runtime().settings.origins):
        page = await asyncio.to_thread(link_visit.look, visitor)
        return _page(page, visitor, problem=speaker(page.lang)(fixed_copy.FOREIGN), status=403)
    async with request.form() as form:
        given = typed(form)
    refusal: UpstageError | None = None
    if (whole := _answer_to_all(given, visitor)) is not None:
        refusal = await _record(visitor, whole, given)
        if refusal is None:
            return _see(visitor)
    page = await asyncio.to_thread(link_visit.look, visitor)
    answers = {value for value, _label in plain_html.options(page)}
    if not answers:
        return _see(visitor)
    say = speaker(page.lang)
    single = _single(given, page)
    problem = "" if refusal else say(_flaw(given, answers, visitor))
    if not problem and refusal is None:
        problem = say(_flaw_of_single(given["answer"], single, page))
    if not problem and refusal is None:
        is_each = given["answer"] == plain_html.EACH
        decision = next(iter(single.values())) if is_each else Decision(given["answer"])
        refusal = await _record(visitor, decision, given, answers=single if is_each else None)
        if refusal is None:
            return _see(visitor)
    if refusal is not None:
        problem = sentences.sentence(refusal, say)
    return _page(page, visitor, problem=problem, comment=given.get("comment", ""))


async def _record(
    visitor: Visitor,
    decision: Decision,
    given: Mapping[str, str],
    *,
    answers: Mapping[str, Decision] | None = None,
) -> UpstageError | None:
    """Record a decision; return why it was refused, if it was."""
    try:
        await to_writer_thread(
            link_visit.decide,
            visitor,
            decision,
            channel=ReviewChannel.SIMPLE_PAGE,
            comment=given.get("comment", ""),
            answers=answers,
        )
    except UpstageError as error:
        return error
    return None


def _answer_to_all(given: Mapping[str, str], visitor: Visitor) -> Decision | None:
    """The yes or no of a complete form that answers all fields alike, as most forms do.

    Every link that asks for a decision takes both, so it needs no look at the page. None when the
    page has to be asked.
    """
    try:
        claims = link_visit.claims_of(visitor)
    except LinkRefused:
        return None
    is_asked = claims.purpose is Purpose.DECISION and given.keys() <= _FOR_ALL
    if not is_asked or _flaw(given, _YES_OR_NO, visitor):
        return None
    return Decision(given["answer"])


def _visitor(request: Request) -> Visitor:
    return Visitor(
        link=request.query_params.get("link", ""),
        cookies=request.headers.get("cookie", ""),
        ip=request.client.host if request.client else "",
        user_agent=request.headers.get("user-agent", ""),
        languages=request.headers.get("accept-language", ""),
    )


def _flaw(given: Mapping[str, str], answers: Collection[str], visitor: Visitor) -> str:
    """What a submitted form lacks, in words; empty when it is complete."""
    is_chosen, is_ticked = given.get("answer") in answers, given.get("read") == "yes"
    if not (is_chosen and is_ticked):
        if not is_chosen and not is_ticked:
            return fixed_copy.BOTH_FIRST
        return fixed_copy.TICK_FIRST if is_chosen else fixed_copy.CHOOSE_FIRST
    token = link_visit.token_of(visitor)
    if not nonce.is_fresh(given.get("nonce", ""), token, now=runtime().clock.now()):
        return fixed_copy.TOO_OLD
    return ""


def _single(given: Mapping[str, str], page: PageWords) -> dict[str, Decision]:
    """The answers to single fields that stand on the page."""
    keys = [change.key for change in page.changes if change.key]
    return {key: Decision(given[key]) for key in keys if given.get(key) in _YES_OR_NO}


def _flaw_of_single(answer: str, single: Mapping[str, Decision], page: PageWords) -> str:
    """What is wrong between the one answer for all and those for single fields."""
    wanted = sum(bool(change.key) for change in page.changes)
    if answer == plain_html.EACH:
        return "" if len(single) == wanted else fixed_copy.EACH_MISSING
    return fixed_copy.BOTH_WAYS if single and page.can_choose_each else ""


def _see(visitor: Visitor) -> Response:
    query = urlencode({"link": str(visitor.link)})
    return RedirectResponse(f"{PATH}?{query}", SEE_OTHER, {"cache-control": "no-store"})


def _page(
    page: PageWords, visitor: Visitor, *, problem: str = "", comment: str = "", status: int = 200
) -> Response:
    try:
        once = nonce.nonce(link_visit.token_of(visitor), now=runtime().clock.now())
    except LinkRefused:
        once = ""
    body = plain_html.document(
        page, link=str(visitor.link), nonce=once, problem=problem, comment=comment
    )
    if status == 200 and not page.is_found:
        status = 404
    return answer_with(body, status)


def answer_with(body: str, status: int = 200) -> Response:
    """A document of the plain pages, under their own policy."""
    headers = {
        "content-security-policy": plain_html.POLICY,
        "x-frame-options": "DENY",  # for browsers without frame-ancestors
        "cache-control": "no-store",
        "referrer-policy": "same-origin",  # with no-referrer browsers would send `Origin: null`
        "x-robots-tag": "noindex",
    }
    return HTMLResponse(body, status, headers)


ROUTES = [
    Route(PATH, show, methods=["GET"]),
    Route(PATH, decide, methods=["POST"]),
]
