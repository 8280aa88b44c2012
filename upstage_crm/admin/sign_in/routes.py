"""Sign-in and sign-out: native form POSTs, because only they can set an HttpOnly cookie."""

from __future__ import annotations

import asyncio
import math
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlencode

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from upstage_crm.admin.sign_in.devices import describe
from upstage_crm.staff import accounts, doorway, passwords, sessions, throttle
from upstage_crm.staff.doorway import Device
from upstage_crm.web import session_cookie as cookies
from upstage_crm.web.origins import ip_prefix, is_own_form, typed
from upstage_crm.wiring import Runtime, runtime

SEE_OTHER = 303
SECOND = "/sign-in/second/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Knock:
    """Somebody at the door: what they typed, and what their browser brought along."""

    email: str
    password: str
    network: str
    user_agent: str
    session: str
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A session that began. `needs_factor`: it is good for nothing but the second factor."""

    token: str
    device: Device
    needs_factor: bool


async def sign_in(request: Request) -> Response:
    """Check name and password; one answer for every way of being wrong."""
    settings = runtime().settings
    if not is_own_form(request, settings.origins):
        return foreign()
    async with request.form() as form:
        given = typed(form)
    target = own_path(given.get("next", ""))
    cookie = request.headers.get("cookie", "")
    knock = Knock(
        email=given.get("email", ""),
        password=given.get("password", ""),
        network=ip_prefix(request),
        user_agent=request.headers.get("user-agent", ""),
        session=cookies.session_token(cookie, is_https=settings.is_https),
        device=cookies.held(cookie, cookies.DEVICE, is_https=settings.is_https),
    )
    minutes = await asyncio.to_thread(_wait, knock)
    if minutes:
        return back("/sign-in/", target, wait=minutes)
    opened = await asyncio.to_thread(_begin, knock)
    if opened is None:
        return back("/sign-in/", target, refused=1)
    place = f"{SECOND}?next={quote(target)}" if opened.needs_factor else target
    response = RedirectResponse(place, SEE_OTHER)
    cookies.set_session(response, opened.token, is_https=settings.is_https)
    cookies.give(
        response,
        cookies.DEVICE,
        opened.device.token,
        life=cookies.DEVICE_LIFE,
        is_https=settings.is_https,
    )
    return response


async def sign_out(request: Request) -> Response:
    """End the session; pressing twice is no error."""
    settings = runtime().settings
    if not is_own_form(request, settings.origins):
        return foreign()
    held = cookies.session_token(request.headers.get("cookie", ""), is_https=settings.is_https)
    await asyncio.to_thread(_end, held)
    response = RedirectResponse("/sign-in/?signed_out=1", SEE_OTHER)
    cookies.clear_session(response, is_https=settings.is_https)
    return response


def own_path(target: str) -> str:
    """`target` if it is a path of ours, else the dashboard: no open redirect.

    Two slashes, a backslash or a dot segment are refused anywhere in the path: browsers and the
    router turn some of them into the name of another host.
    """
    path = re.split(r"[?#]", target, maxsplit=1)[0]
    is_plain = path.startswith("/") and "//" not in path and "\\" not in path
    has_dots = any(unquote(part) in (".", "..") for part in path.split("/"))
    if not is_plain or has_dots or path.startswith("/auth/") or not target.isprintable():
        return "/"
    return target


def back(page: str, target: str, **said: object) -> Response:
    """Send the browser back to a page that says why, and still knows where to go afterwards."""
    query = urlencode(said | {"next": target}, safe="/")
    return RedirectResponse(f"{page}?{query}", SEE_OTHER)


def foreign() -> Response:
    """The answer to a form that another site made."""
    return PlainTextResponse("This form was not sent from our own page.\n", 403)


def minutes_to_wait(
    session: Session, *, name: str, network: str, is_known_device: bool, parts: Runtime
) -> int:
    """How many minutes nobody may try this name from there, rounded up; 0 when it may be tried."""
    now = parts.clock.now()
    tries = doorway.tries(session, name=name, network=network, now=now)
    pause = throttle.wait(tries, is_known_device=is_known_device, now=now)
    return math.ceil(pause.total_seconds() / 60)


def _wait(knock: Knock) -> int:
    parts = runtime()
    with parts.database.reading() as session:
        staff_id = sessions.credentials(session, knock.email).staff_id
        return minutes_to_wait(
            session,
            name=knock.email,
            network=knock.network,
            is_known_device=doorway.is_known(session, staff_id=staff_id, token=knock.device),
            parts=parts,
        )


def _begin(knock: Knock) -> Opened | None:
    parts = runtime()
    with parts.database.reading() as session:
        found = sessions.credentials(session, knock.email)
    is_right = passwords.matches(found.password_hash, knock.password)
    now = parts.clock.now()
    with parts.database.transaction() as session:
        if not is_right or found.staff_id is None:
            doorway.note_failure(session, name=knock.email, network=knock.network, now=now)
            sessions.record_refusal(session, email=knock.email, now=now)
            return None
        doorway.forgive(session, name=knock.email, network=knock.network)
        # What the browser held before is no longer anybody's: nobody signs in on top of a session.
        sessions.end(session, knock.session, now=now)
        token = sessions.begin(
            session,
            staff_id=found.staff_id,
            user_agent=knock.user_agent,
            ip_prefix=knock.network,
            now=now,
        )
        device = doorway.recognise(session, staff_id=found.staff_id, token=knock.device, now=now)
        row = accounts.find_reachable(session, found.staff_id)
        if device.is_news and row is not None:
            parts.post.notice(
                session,
                to=row.email,
                staff_id=found.staff_id,
                greeting=row.member.display_name,
                subject="A new device signed in to your account",
                lines=[f"{describe(knock.user_agent)}, from the network {knock.network or '–'}."],
                key=f"device/{sessions.hash_of(device.token)[:32]}",
                button="Look at your sessions",
                now=now,
            )
        opened = sessions.find_any(session, token, now=now)
    needs_factor = opened is not None and opened.stage is sessions.Stage.NEEDS_FACTOR
    return Opened(token=token, device=device, needs_factor=needs_factor)


def _end(token: str) -> None:
    parts = runtime()
    with parts.database.transaction() as session:
        sessions.end(session, token, now=parts.clock.now())


ROUTES = [
    Route("/auth/sign-in", sign_in, methods=["POST"]),
    Route("/auth/sign-out", sign_out, methods=["POST"]),
]
