"""Proving again who one is: the second factor after the password, or a fresh proof later on.

Native form POSTs: what comes of them is a new session cookie.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from upstage_crm.admin.sign_in.routes import (
    SECOND,
    SEE_OTHER,
    back,
    foreign,
    minutes_to_wait,
    own_path,
)
from upstage_crm.staff import accounts, doorway, passwords, second_factor, sessions
from upstage_crm.staff.sessions import SignedIn, Stage
from upstage_crm.web import session_cookie as cookies
from upstage_crm.web.origins import ip_prefix, is_own_form, typed
from upstage_crm.wiring import runtime

AGAIN = "/sign-in/again/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What somebody offers; one of the three is not empty."""

    code: str = ""
    password: str = ""
    answer: str = ""
    network: str = ""


async def prove(request: Request) -> Response:
    """Check a code, a passkey or, for an account without a second factor, the password."""
    settings = runtime().settings
    if not is_own_form(request, settings.origins):
        return foreign()
    async with request.form() as form:
        given = typed(form)
    target = own_path(given.get("next", ""))
    held = request.headers.get("cookie", "")
    signed_in = await asyncio.to_thread(cookies.signed_in_by_cookie, held)
    if signed_in is None:
        return back("/sign-in/", target)
    page = SECOND if signed_in.stage is Stage.NEEDS_FACTOR else AGAIN
    proof = Proof(
        code=given.get("code", ""),
        password=given.get("password", ""),
        answer=given.get("answer", ""),
        network=ip_prefix(request),
    )
    minutes = await asyncio.to_thread(_wait, signed_in, proof)
    if minutes:
        return back(page, target, wait=minutes)
    token = await asyncio.to_thread(_check, signed_in, proof)
    if token is None:
        return back(page, target, refused=1)
    response = RedirectResponse(target, SEE_OTHER)
    cookies.set_session(response, token, is_https=settings.is_https)
    return response


def _wait(signed_in: SignedIn, proof: Proof) -> int:
    parts = runtime()
    with parts.database.reading() as session:
        return minutes_to_wait(
            session,
            name=_counted(signed_in),
            network=proof.network,
            is_known_device=False,
            parts=parts,
        )


def _check(signed_in: SignedIn, proof: Proof) -> str | None:
    """The new session's token, None for a proof that is none."""
    parts = runtime()
    now = parts.clock.now()
    is_right = not signed_in.has_factor and _is_password(signed_in, proof.password)
    with parts.database.transaction() as session:
        factor: str | None = None
        if proof.answer:
            if second_factor.give_passkey(
                session, signed_in, answer=proof.answer, site=parts.site, now=now
            ):
                factor = second_factor.PASSKEY
        elif signed_in.has_factor:
            factor = second_factor.give_code(
                session, signed_in, code=proof.code[:40], sealer=parts.sealer, now=now
            )
        if factor is None and not is_right:
            name = _counted(signed_in)
            doorway.note_failure(session, name=name, network=proof.network, now=now)
            return None
        return sessions.prove(session, signed_in, with_factor=factor, now=now)


def _is_password(signed_in: SignedIn, password: str) -> bool:
    parts = runtime()
    with parts.database.reading() as session:
        stored = accounts.get_row(session, signed_in.member.id).password_hash
    return passwords.matches(stored, password)


def _counted(signed_in: SignedIn) -> str:
    """Under which name wrong proofs of a member are counted: not the one of wrong passwords."""
    return f"proof of {signed_in.member.id}"


ROUTES = [Route("/auth/prove", prove, methods=["POST"])]
