"""Sign-in and sign-out: native form POSTs, because only they can set an HttpOnly cookie."""

from __future__ import annotations

import asyncio
import math
import re
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from urllib.parse import quote, unquote, urlencode

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from upstage_crm.core.threads import to_writer_thread
from upstage_crm.http import session_cookie as cookies
from upstage_crm.http.browser_names import describe
from upstage_crm.http.origins import (
    host_of,
    is_own_form,
    typed,
)
from upstage_crm.pages.busy import try_again
from upstage_crm.pages.calm_page import CalmPage
from upstage_crm.staff import accounts
from upstage_crm.staff.auth import devices, passwords, sessions
from upstage_crm.staff.auth.devices import (
    Attempt,
    Device,
    Source,
    Subject,
)
from upstage_crm.staff.auth.hashing import Lane
from upstage_crm.staff.auth.sessions import Credentials
from upstage_crm.staff.errors import PasswordsBusy, TooManyTries
from upstage_crm.wiring import runtime
from upstage_crm.wording import sentences

SEE_OTHER = 303
SECOND = "/sign-in/second/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Knock:
    """A visitor at the door: what they typed, and what their browser brought along."""

    email: str
    password: str
    source: Source
    user_agent: str
    session: str


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
        source=cookies.source_of(host_of(request), cookie),
        user_agent=request.headers.get("user-agent", ""),
        session=cookies.session_token(cookie, is_https=settings.is_https),
    )
    try:
        opened = await _check(knock)
    except TooManyTries as refusal:
        return back("/sign-in/", target, wait=refusal.facts["minutes"])
    except PasswordsBusy as refusal:
        return busy(refusal, address("/sign-in/", target))
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
    await to_writer_thread(_end, held)
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
    return RedirectResponse(address(page, target, **said), SEE_OTHER)


def address(page: str, target: str, **said: object) -> str:
    """A page that knows where to go afterwards."""
    return f"{page}?{urlencode(said | {'next': target}, safe='/')}"


def busy(refusal: PasswordsBusy, page: str) -> Response:
    """Say that there was no room to check a password, and lead back to `page`."""
    sentence = sentences.sentence(refusal)
    shown = CalmPage(title="Please try again", lines=(sentence,), action=("Go back", page))
    return try_again(shown, after_s=int(str(refusal.facts["seconds"])))


def foreign() -> Response:
    """The answer to a form that another site made."""
    return PlainTextResponse("This form was not sent from our own page.\n", 403)


def reserve(session: Session, attempt: Attempt, *, now: datetime) -> None:
    """Count an attempt as wrong before it is checked; commit before checking.

    Raises:
        TooManyTries: it may not be checked now. Facts: `minutes` to wait, rounded up.
    """
    pause = devices.reserve(session, attempt, now=now)
    if pause:
        raise TooManyTries(minutes=math.ceil(pause.total_seconds() / 60))


async def _check(knock: Knock) -> Opened | None:
    """Sign in, or None when name or password is wrong.

    Raises:
        TooManyTries, PasswordsBusy: nothing was checked.
    """
    hashing = runtime().hashing
    # A browser without a cookie of ours is a stranger, whom a flood may bring: no look-up for it.
    is_known = bool(knock.source.device) and await asyncio.to_thread(_is_known, knock)
    lane = Lane.KNOWN if is_known else Lane.STRANGER
    with hashing.queue(lane, knock.source.device if is_known else knock.source.network):
        attempt, found = await to_writer_thread(_reserve, knock)
        is_right = await hashing.run(
            lane, partial(passwords.matches, found.password_hash, knock.password)
        )
        if not is_right or found.staff_id is None:
            await to_writer_thread(_refuse, knock)
            return None
        return await to_writer_thread(_open, knock, attempt, found, found.staff_id)


def _is_known(knock: Knock) -> bool:
    with runtime().database.reading() as session:
        staff_id = sessions.credentials(session, knock.email).staff_id
        return devices.is_known(session, staff_id=staff_id, token=knock.source.device)


def _reserve(knock: Knock) -> tuple[Attempt, Credentials]:
    parts = runtime()
    with parts.database.transaction() as session:
        found = sessions.credentials(session, knock.email)
        attempt = devices.attempt(
            session,
            Subject.PASSWORD,
            name=knock.email,
            staff_id=found.staff_id,
            source=knock.source,
        )
        reserve(session, attempt, now=parts.clock.now())
    return attempt, found


def _refuse(knock: Knock) -> None:
    parts = runtime()
    with parts.database.transaction() as session:
        sessions.record_refusal(session, email=knock.email, now=parts.clock.now())


def _open(knock: Knock, attempt: Attempt, checked: Credentials, staff_id: str) -> Opened | None:
    """Begin the session; None when the account changed while the password was being checked."""
    parts = runtime()
    now = parts.clock.now()
    with parts.database.transaction() as session:
        if sessions.credentials(session, knock.email) != checked:
            return None
        devices.forgive(session, attempt)
        # What the browser held before is void: no one signs in on top of a session.
        sessions.end(session, knock.session, now=now)
        token = sessions.begin(
            session,
            staff_id=staff_id,
            user_agent=knock.user_agent,
            ip_prefix=knock.source.network,
            now=now,
        )
        device = devices.recognise(session, staff_id=staff_id, token=knock.source.device, now=now)
        row = accounts.find_reachable(session, staff_id)
        network = knock.source.network or "–"
        if device.is_news and row is not None:
            parts.post.notice(
                session,
                to=row.email,
                staff_id=staff_id,
                greeting=row.member.display_name,
                subject="new sign-in to your account",
                lines=[f"{describe(knock.user_agent)}, from the network {network}."],
                key=f"device/{sessions.hash_of(device.token)[:32]}",
                button="Review your sessions",
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
