"""Signing in: an address, then the code that was mailed to it. Alike whatever is true."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from upstage_crm.core.email_address import parse_email
from upstage_crm.core.errors import Invalid, UpstageError
from upstage_crm.core.languages import speaker
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.http.browser_names import family
from upstage_crm.http.even_time import evenly
from upstage_crm.patron_accounts import registering, sign_in
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
    try:
        return await begin(request, email)
    except UpstageError as refusal:
        return await answer_with(request, refusal=refusal, email=email)


async def begin(
    request: Request, email: str, *, newcomer: Mapping[str, str] | None = None
) -> Response:
    """Begin a sign-in in this browser, and lead to the page of the code.

    `newcomer` is what was typed to register, which counts where no record has the address.

    Raises:
        UpstageError: what was typed is refused, or it came too often.
    """
    reader = await reader_here(request)
    secret = visitors.new_secret()
    visitors.ensure_own_form(request)
    visitor_of(request).count(SIGN_INS)
    key = parse_email(email).key
    pace.count(ADDRESSES, visitor="", network=f"address:{key}")
    typed = None if newcomer is None else await asyncio.to_thread(_parsed, newcomer)
    await evenly(to_writer_thread(_ask, email, secret, reader.language, typed))
    response = see(reader.href(CODE if newcomer is None else f"{CODE}?new=1"))
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


def _parsed(newcomer: Mapping[str, str]) -> Mapping[str, str]:
    return registering.parse(newcomer, runtime().context())


def _ask(email: str, secret: str, language: str, newcomer: Mapping[str, str] | None) -> None:
    parts = runtime()

    def work(session: Session) -> None:
        context = parts.order_context(session)
        sign_in.ask(context, email=email, browser=secret, language=language, newcomer=newcomer)

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
            register=reader.href(f"{ACCOUNT}register"),
            problem=problem,
            email=email,
        )

    return own_page(await asyncio.to_thread(drawn), status_of(refusal))


async def _code_page(request: Request, *, refusal: UpstageError | None = None) -> Response:
    if not cookie_of(request, ASKED):  # it is over, or the browser keeps none
        return await answer_with(request, refusal=refusal or SignInOver())
    reader = await reader_here(request)
    problem = "" if refusal is None else sentence(refusal, speaker(reader.language))
    is_new = "new" in request.query_params
    body = await asyncio.to_thread(_code_drawn, reader, problem, is_new)
    return own_page(body, status_of(refusal))


def _code_drawn(reader: Reader, problem: str, is_new: bool) -> str:
    return page(
        "sign_in_code.html",
        reader,
        public_programme.programme().organisation,
        Head(title=speaker(reader.language)(portal_words.TYPE_CODE), path=CODE, is_public=False),
        action=reader.href(f"{CODE}?new=1" if is_new else CODE),
        again=reader.href(f"{ACCOUNT}register" if is_new else SIGN_IN),
        problem=problem,
        is_new=is_new,
    )


def status_of(refusal: UpstageError | None) -> int:
    """The status of a form, as it is shown first or with what was refused."""
    if refusal is None:
        return 200
    return 422 if isinstance(refusal, Invalid) else 409


ROUTES = [
    Route(SIGN_IN, show, methods=["GET"]),
    Route(SIGN_IN, ask, methods=["POST"]),
    Route(CODE, show_code, methods=["GET"]),
    Route(CODE, enter, methods=["POST"]),
]
