"""Signing in: an address, then the code that was mailed to it. Alike whatever is true."""

from __future__ import annotations

import asyncio
from typing import Final

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from upstage_crm.core.email_address import InvalidEmail, parse_email
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.languages import speaker
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.http.browser_names import family
from upstage_crm.http.even_time import evenly
from upstage_crm.patron_accounts import sign_in
from upstage_crm.patron_accounts.errors import SignInOver
from upstage_crm.portal import portal_words
from upstage_crm.portal.account.account_cookies import (
    ASKED,
    LINK,
    SESSION,
    cookie_of,
    forget,
    keep,
)
from upstage_crm.portal.account.account_visitor import patron_of, reader_here
from upstage_crm.portal.addresses import ACCOUNT, ORDERS
from upstage_crm.portal.answers import see
from upstage_crm.portal.basket import visitors
from upstage_crm.portal.basket.basket_page import own_page
from upstage_crm.portal.basket.visitors import visitor_of
from upstage_crm.portal.errors import WrongCode
from upstage_crm.portal.limits import ADDRESSES, CODES, SIGN_INS, pace
from upstage_crm.portal.listings import public_programme
from upstage_crm.portal.portal_page import Head, page
from upstage_crm.portal.readers import Reader
from upstage_crm.portal.refusals import sentence
from upstage_crm.wiring import runtime

SIGN_IN: Final = f"{ACCOUNT}sign-in"
CODE: Final = f"{ACCOUNT}code"
_LONGEST: Final = 254


async def show(request: Request) -> Response:
    """The form for the address; who is signed in is led on."""
    if await patron_of(request) is not None:
        return see((await reader_here(request)).href(ACCOUNT))
    return await answer_with(request)


async def ask(request: Request) -> Response:
    """Mail a code where a record has the address, and go on to the page of the code either way."""
    async with request.form() as form:
        email = str(form.get("email", "")).replace("\0", "")[:_LONGEST]
    reader = await reader_here(request)
    secret = visitors.new_secret()
    try:
        visitors.ensure_own_form(request)
        visitor_of(request).count(SIGN_INS)
        key = parse_email(email).key
        pace.count(ADDRESSES, visitor="", network=f"address:{key}")
        await evenly(to_writer_thread(_ask, email, secret, reader.language))
    except UpstageError as refusal:
        return await answer_with(request, refusal=refusal, email=email)
    response = see(reader.href(CODE))
    keep(response, ASKED, secret)
    return response


async def show_code(request: Request) -> Response:
    """The form for the code."""
    return await _code_page(request)


async def enter(request: Request) -> Response:
    """Sign in with the code that was typed."""
    async with request.form() as form:
        typed = str(form.get("code", ""))[:20]
    browser = cookie_of(request, ASKED)[:64]
    try:
        visitors.ensure_own_form(request)
        visitor_of(request).count(CODES)
        token = await evenly(to_writer_thread(_enter, browser, typed, _agent(request)))
        if token is None:
            raise WrongCode
    except UpstageError as refusal:
        return await _code_page(request, refusal=refusal)
    return await entered(request, token)


async def entered(request: Request, token: str) -> Response:
    """Lead to the account, with its session."""
    response = see((await reader_here(request)).href(ACCOUNT))
    keep(response, SESSION, token)
    forget(response, ASKED, LINK)
    return response


def _agent(request: Request) -> str:
    return family(request.headers.get("user-agent", ""))


def _ask(email: str, secret: str, language: str) -> None:
    parts = runtime()

    def work(session: Session) -> None:
        context = parts.order_context(session)
        sign_in.ask(context, email=email, browser=secret, language=language)

    parts.database.attempt(work)


def _enter(browser: str, typed: str, agent: str) -> str | None:
    parts = runtime()

    def work(session: Session) -> str | None:
        context = parts.order_context(session)
        return sign_in.by_code(context, browser=browser, typed=typed, agent=agent)

    return parts.database.attempt(work)


async def answer_with(
    request: Request, *, refusal: UpstageError | None = None, email: str = ""
) -> Response:
    """The form for the address, with what is said about the one that came before."""
    reader = await reader_here(request)
    problem = "" if refusal is None else sentence(refusal, speaker(reader.language))

    def drawn() -> str:
        return page(
            "sign_in.html",
            reader,
            public_programme.programme().organisation,
            Head(
                title=speaker(reader.language)(portal_words.SIGN_IN), path=SIGN_IN, is_public=False
            ),
            action=reader.href(SIGN_IN),
            find=reader.href(f"{ORDERS}find"),
            problem=problem,
            email=email,
        )

    return own_page(await asyncio.to_thread(drawn), _status(refusal))


async def _code_page(request: Request, *, refusal: UpstageError | None = None) -> Response:
    if not cookie_of(request, ASKED):  # it is over, or the browser keeps none
        return await answer_with(request, refusal=refusal or SignInOver())
    reader = await reader_here(request)
    problem = "" if refusal is None else sentence(refusal, speaker(reader.language))
    body = await asyncio.to_thread(_code_drawn, reader, problem)
    return own_page(body, _status(refusal))


def _code_drawn(reader: Reader, problem: str) -> str:
    return page(
        "sign_in_code.html",
        reader,
        public_programme.programme().organisation,
        Head(title=speaker(reader.language)(portal_words.TYPE_CODE), path=CODE, is_public=False),
        action=reader.href(CODE),
        again=reader.href(SIGN_IN),
        problem=problem,
    )


def _status(refusal: UpstageError | None) -> int:
    if refusal is None:
        return 200
    return 422 if isinstance(refusal, InvalidEmail) else 409


ROUTES = [
    Route(SIGN_IN, show, methods=["GET"]),
    Route(SIGN_IN, ask, methods=["POST"]),
    Route(CODE, show_code, methods=["GET"]),
    Route(CODE, enter, methods=["POST"]),
]
