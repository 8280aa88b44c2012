"""The link in the mail: `GET` changes nothing, so programs that open links sign no one in."""

from __future__ import annotations

import asyncio
from typing import Final

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from upstage_crm.core.email_address import mask_email
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.languages import speaker
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.http.browser_names import family
from upstage_crm.links.claims import LinkClaims, LinkRefused, Purpose
from upstage_crm.patron_accounts import sign_in
from upstage_crm.patron_accounts.errors import SignInOver
from upstage_crm.portal import portal_words
from upstage_crm.portal.account import sign_in_pages
from upstage_crm.portal.account.account_cookies import LINK, cookie_of, keep
from upstage_crm.portal.account.account_visitor import reader_here
from upstage_crm.portal.addresses import ACCOUNT
from upstage_crm.portal.answers import see
from upstage_crm.portal.basket import visitors
from upstage_crm.portal.basket.basket_page import own_page
from upstage_crm.portal.listings import public_programme
from upstage_crm.portal.portal_page import Head, page
from upstage_crm.wiring import runtime

ENTER: Final = f"{ACCOUNT}enter"


async def open_link(request: Request) -> Response:
    """Move the token into a cookie, so that no address and no history keeps it."""
    token = str(request.path_params["token"])
    if _claims(token) is None:
        return await sign_in_pages.answer_with(request, refusal=SignInOver())
    response = see((await reader_here(request)).href(ENTER))
    keep(response, LINK, token)
    return response


async def show(request: Request) -> Response:
    """The button that signs in, with the masked address that it is for."""
    claims = _claims(cookie_of(request, LINK))
    email = await asyncio.to_thread(_address, claims) if claims else ""
    if not email:
        return await sign_in_pages.answer_with(request, refusal=SignInOver())
    reader = await reader_here(request)

    def drawn() -> str:
        return page(
            "sign_in_link.html",
            reader,
            public_programme.programme().organisation,
            Head(title=speaker(reader.language)(portal_words.SIGN_IN), path=ENTER, is_public=False),
            action=reader.href(ENTER),
            email=mask_email(email),
        )

    return own_page(await asyncio.to_thread(drawn))


async def enter(request: Request) -> Response:
    """Sign in: the button was pressed."""
    claims = _claims(cookie_of(request, LINK))
    agent = family(request.headers.get("user-agent", ""))
    try:
        visitors.ensure_own_form(request)
        if claims is None:
            raise SignInOver
        token = await to_writer_thread(_enter, claims, agent)
    except UpstageError as refusal:
        return await sign_in_pages.answer_with(request, refusal=refusal)
    return await sign_in_pages.entered(request, token)


def _claims(token: str) -> LinkClaims | None:
    try:
        claims = runtime().codec.read(token)
    except LinkRefused:
        return None
    return claims if claims.purpose is Purpose.SIGN_IN else None


def _address(claims: LinkClaims) -> str:
    parts = runtime()
    with parts.database.reading() as session:
        return sign_in.address_of(session, claims, now=parts.clock.now())


def _enter(claims: LinkClaims, agent: str) -> str:
    parts = runtime()

    def work(session: Session) -> str:
        return sign_in.by_link(parts.order_context(session), claims=claims, agent=agent)

    return parts.database.attempt(work)


ROUTES = [
    Route(f"{ACCOUNT}link/{{token}}", open_link, methods=["GET"]),
    Route(ENTER, show, methods=["GET"]),
    Route(ENTER, enter, methods=["POST"]),
]
