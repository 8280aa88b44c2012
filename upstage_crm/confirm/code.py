"""The way in without a link: a reference and the short code that stand in the mail.

The right pair gives the browser the link's cookie, as the link itself would have; nothing is
decided by it. Every other pair gets one and the same answer, in words and in time.
"""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from upstage_crm.change_requests.desk import codes
from upstage_crm.confirm import (
    cookies,
    fixed_copy,
    plain,
    plain_html,
)
from upstage_crm.confirm.page_view import PageWords
from upstage_crm.confirm.page_words import code_words
from upstage_crm.core.languages import negotiate, speaker
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.http.even_time import evenly
from upstage_crm.http.origins import (
    is_own_form,
    typed,
)
from upstage_crm.http.session_cookie import member_of_cookie
from upstage_crm.links.claims import LinkClaims
from upstage_crm.organisation.settings import details
from upstage_crm.wiring import runtime

SEE_OTHER = 303


async def enter(request: Request) -> Response:
    """Open the request that a reference and a code stand for, or say that they do not fit."""
    async with request.form() as form:
        given = typed(form)
    reference = given.get("reference", "")[:40]
    if not is_own_form(request, runtime().settings.origins):
        return await _refuse(request, fixed_copy.FOREIGN, status=403)
    if await asyncio.to_thread(member_of_cookie, request.headers.get("cookie", "")) is not None:
        return await _refuse(request, fixed_copy.CODE_STAFF, reference=reference, status=403)
    claims = await evenly(to_writer_thread(_redeem, reference, given.get("code", "")[:40]))
    if claims is None:
        return await _refuse(request, fixed_copy.CODE_REFUSED, reference=reference, status=400)
    return _open(request, claims)


def _redeem(reference: str, code: str) -> LinkClaims | None:
    parts = runtime()
    with parts.database.transaction() as session:
        return codes.redeem(parts.command_context(session), reference=reference, code=code)


def _open(request: Request, claims: LinkClaims) -> Response:
    parts = runtime()
    response = RedirectResponse(
        f"/confirm/?{urlencode({'link': claims.key})}", SEE_OTHER, {"cache-control": "no-store"}
    )
    is_https = parts.settings.is_https
    held = cookies.links(request.headers.get("cookie", ""), is_https=is_https)
    cookies.clear_links(response, cookies.surplus(held, claims.key), is_https=is_https)
    token, now = parts.codec.mint(claims), parts.clock.now()
    cookies.set_link(response, claims, token, is_https=is_https, now=now)
    return response


async def _refuse(request: Request, problem: str, *, reference: str = "", status: int) -> Response:
    accepted = request.headers.get("accept-language", "")

    def shown() -> PageWords:
        with runtime().database.reading() as session:
            organisation = details(session)
        language = negotiate(accepted, organisation.language)
        return code_words(organisation, language=language)

    page = await asyncio.to_thread(shown)
    said = speaker(page.lang)(problem)
    body = plain_html.document(page, link="", nonce="", problem=said, reference=reference)
    return plain.answer_with(body, status)


ROUTES = [Route(plain_html.CODE_PATH, enter, methods=["POST"])]
