"""Mailed links to a staff account: join the team, or set a new password.

Opening a link changes nothing and puts it into a cookie; only the form of its page acts.
"""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from upstage_crm.admin.sign_in.routes import SEE_OTHER, foreign, minutes_to_wait
from upstage_crm.core.errors import UpstageError
from upstage_crm.links.claims import LinkClaims, LinkRefused, Purpose
from upstage_crm.mail.placeholders import STAFF_PATH
from upstage_crm.staff import doorway, passwords
from upstage_crm.staff.errors import StaffLinkDead
from upstage_crm.team import invitations, recovering
from upstage_crm.web import session_cookie as cookies
from upstage_crm.web.origins import ip_prefix, is_own_form, typed
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
    """Mail a link to set a new password; one answer whether or not the address has an account."""
    if not is_own_form(request, runtime().settings.origins):
        return foreign()
    async with request.form() as form:
        email = typed(form).get("email", "")
    await asyncio.to_thread(_send, email, ip_prefix(request))
    return RedirectResponse("/sign-in/?sent=1", SEE_OTHER)


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
        await asyncio.to_thread(_set, purpose, cookie, given)
    except UpstageError as error:
        return RedirectResponse(f"{_PAGES[purpose]}?problem={error.code}", SEE_OTHER)
    response = RedirectResponse(done, SEE_OTHER)
    cookies.take(response, cookies.LINK, is_https=settings.is_https)
    return response


def _set(purpose: Purpose, cookie: str, given: dict[str, str]) -> None:
    parts = runtime()
    now = parts.clock.now()
    claims = claims_in(cookie, purpose, parts)
    password = given.get("password", "")
    with parts.database.reading() as session:
        if purpose is Purpose.INVITATION:
            invited = invitations.of_link(session, claims, now=now)
            about = (invited.email, invited.display_name, invited.desk)
        else:
            member = recovering.of_link(session, claims, now=now)
            about = (member.email_key, member.display_name, member.desk)
    passwords.ensure_strong(password, about=about)
    hashed = passwords.hash_password(password)
    with parts.database.transaction() as session:
        if purpose is Purpose.INVITATION:
            name = given.get("display_name", "")
            invitations.accept(
                session,
                claims,
                display_name=name,
                password_hash=hashed,
                post=parts.post,
                now=now,
            )
        else:
            recovering.set_by_link(session, claims, password_hash=hashed, post=parts.post, now=now)


def _send(email: str, network: str) -> None:
    """Send the link unless too many were asked for from here: each counts like a wrong password."""
    parts = runtime()
    now = parts.clock.now()
    name = f"link for {email}"
    with parts.database.transaction() as session:
        if not minutes_to_wait(
            session, name=name, network=network, is_known_device=False, parts=parts
        ):
            doorway.note_failure(session, name=name, network=network, now=now)
            recovering.send_link(session, email=email[:300], post=parts.post, now=now)


ROUTES = [
    Route(f"{STAFF_PATH}{{token:path}}", open_link, methods=["GET"]),
    Route("/auth/join", join, methods=["POST"]),
    Route("/auth/reset", reset, methods=["POST"]),
    Route("/auth/forgot", forgot, methods=["POST"]),
]
