"""Mailed links to a staff account: join the team, or set a new password.

Opening a link changes nothing and puts it into a cookie; only the form of its page acts.
"""

from __future__ import annotations

import asyncio
from functools import partial

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from upstage_crm.admin.sign_in.routes import SEE_OTHER, busy, foreign
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.http import session_cookie as cookies
from upstage_crm.http.origins import (
    host_of,
    is_own_form,
    typed,
)
from upstage_crm.links.claims import LinkClaims, LinkRefused, Purpose
from upstage_crm.mail.placeholders import STAFF_PATH
from upstage_crm.staff.auth import devices, passwords, sessions
from upstage_crm.staff.auth.devices import (
    Source,
    Subject,
)
from upstage_crm.staff.auth.hashing import Lane
from upstage_crm.staff.errors import PasswordsBusy, StaffLinkDead
from upstage_crm.team import invitations, password_reset
from upstage_crm.wiring import Runtime, runtime

JOIN, RESET, FORGOT = "/sign-in/join/", "/sign-in/reset/", "/sign-in/forgot/"
_PAGES = {Purpose.INVITATION: JOIN, Purpose.PASSWORD: RESET}
_HEADERS = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
DEAD = "staff_link_dead"


async def open_link(request: Request) -> Response:
    """Check the token's signature, keep it in a cookie, and go on to its page."""
    parts = runtime()
    token = str(request.path_params["token"])
    try:
        claims = parts.codec.read(token)
        page = _PAGES[claims.purpose]
    except (LinkRefused, KeyError):
        return RedirectResponse(f"{JOIN}?problem={DEAD}", SEE_OTHER, _HEADERS)
    response = RedirectResponse(page, SEE_OTHER, _HEADERS)
    if request.method == "GET":
        is_https = parts.settings.is_https
        cookies.give(response, cookies.LINK, token, life=cookies.LINK_LIFE, is_https=is_https)
    return response


async def join(request: Request) -> Response:
    """Make the account of an invitation with the password that was chosen."""
    return await _act(request, Purpose.INVITATION, "/sign-in/?joined=1")


async def reset(request: Request) -> Response:
    """Set the password that was chosen."""
    return await _act(request, Purpose.PASSWORD, "/sign-in/?changed=1")


async def forgot(request: Request) -> Response:
    """Mail a link to set a new password; one answer whether or not the address has an account.

    Everything is looked up after the answer, so its time tells nothing about the address.
    """
    if not is_own_form(request, runtime().settings.origins):
        return foreign()
    async with request.form() as form:
        email = typed(form).get("email", "")
    source = cookies.source_of(host_of(request), request.headers.get("cookie", ""))
    answer = RedirectResponse("/sign-in/?sent=1", SEE_OTHER)
    answer.background = BackgroundTask(to_writer_thread, _send, email, source)
    return answer


def claims_in(cookie: str, purpose: Purpose, parts: Runtime) -> LinkClaims:
    """The claims of the link that a browser holds.

    Raises:
        StaffLinkDead: it holds none of that purpose.
    """
    token = cookies.held(cookie, cookies.LINK, is_https=parts.settings.is_https)
    try:
        claims = parts.codec.read(token)
    except LinkRefused as error:
        raise StaffLinkDead from error
    if claims.purpose is not purpose:
        raise StaffLinkDead
    return claims


async def _act(request: Request, purpose: Purpose, done: str) -> Response:
    settings = runtime().settings
    if not is_own_form(request, settings.origins):
        return foreign()
    async with request.form() as form:
        given = typed(form)
    cookie = request.headers.get("cookie", "")
    try:
        await _set(purpose, cookie, given)
    except PasswordsBusy as refusal:
        return busy(refusal, _PAGES[purpose])
    except UpstageError as error:
        return RedirectResponse(f"{_PAGES[purpose]}?problem={error.code}", SEE_OTHER)
    response = RedirectResponse(done, SEE_OTHER)
    cookies.take(response, cookies.LINK, is_https=settings.is_https)
    return response


async def _set(purpose: Purpose, cookie: str, given: dict[str, str]) -> None:
    hashing, password = runtime().hashing, given.get("password", "")
    claims, about = await asyncio.to_thread(_account_of, purpose, cookie)
    with hashing.queue(Lane.KNOWN, claims.key):
        hashed = await hashing.run(
            Lane.KNOWN, partial(passwords.hash_strong_password, password, about=about)
        )
        name = given.get("display_name", "")
        await to_writer_thread(_store, purpose, claims, hashed, display_name=name)


def _account_of(purpose: Purpose, cookie: str) -> tuple[LinkClaims, tuple[str, ...]]:
    """The link that a browser holds, and the words that no password of its account may be."""
    parts = runtime()
    now = parts.clock.now()
    claims = claims_in(cookie, purpose, parts)
    with parts.database.reading() as session:
        if purpose is Purpose.INVITATION:
            invited = invitations.of_link(session, claims, now=now)
            return claims, (invited.email, invited.display_name, invited.desk)
        member = password_reset.of_link(session, claims, now=now)
        return claims, (member.email_key, member.display_name, member.desk)


def _store(purpose: Purpose, claims: LinkClaims, hashed: str, *, display_name: str) -> None:
    parts = runtime()
    with parts.database.transaction() as session:
        context = parts.account_context(session)
        if purpose is Purpose.INVITATION:
            invitations.accept(context, claims, display_name=display_name, password_hash=hashed)
        else:
            password_reset.set_by_link(context, claims, password_hash=hashed)


def _send(email: str, source: Source) -> None:
    """Send the link unless too many were asked for; asking never counts as a wrong password."""
    parts = runtime()
    now = parts.clock.now()
    with parts.database.transaction() as session:
        attempt = devices.attempt(
            session,
            Subject.LINK,
            name=email,
            staff_id=sessions.credentials(session, email).staff_id,
            source=source,
        )
        if not devices.reserve(session, attempt, now=now):
            password_reset.send_link(parts.account_context(session), email=email[:300])


ROUTES = [
    Route(f"{STAFF_PATH}{{token:path}}", open_link, methods=["GET"]),
    Route("/auth/join", join, methods=["POST"]),
    Route("/auth/reset", reset, methods=["POST"]),
    Route("/auth/forgot", forgot, methods=["POST"]),
]
