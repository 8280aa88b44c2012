"""Proving again who one is: the second factor after the password, or a fresh proof later on.

Native form POSTs: what comes of them is a new session cookie.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from upstage_crm.admin.sign_in.routes import (
    SECOND,
    SEE_OTHER,
    address,
    back,
    busy,
    foreign,
    own_path,
    reserve,
)
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.http import session_cookie as cookies
from upstage_crm.http.origins import (
    host_of,
    is_own_form,
    typed,
)
from upstage_crm.staff import accounts
from upstage_crm.staff.auth import devices, passwords, second_factor, sessions
from upstage_crm.staff.auth.devices import (
    Attempt,
    Source,
    Subject,
)
from upstage_crm.staff.auth.hashing import Lane
from upstage_crm.staff.auth.sessions import (
    SignedIn,
    Stage,
)
from upstage_crm.staff.errors import PasswordsBusy, TooManyTries
from upstage_crm.wiring import runtime

AGAIN = "/sign-in/again/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a staff member offers; one of the first three is not empty."""

    code: str
    password: str
    answer: str
    source: Source


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
        source=cookies.source_of(host_of(request), held),
    )
    try:
        token = await _check(signed_in, proof)
    except TooManyTries as refusal:
        return back(page, target, wait=refusal.facts["minutes"])
    except PasswordsBusy as refusal:
        return busy(refusal, address(page, target))
    if token is None:
        return back(page, target, refused=1)
    response = RedirectResponse(target, SEE_OTHER)
    cookies.set_session(response, token, is_https=settings.is_https)
    return response


async def _check(signed_in: SignedIn, proof: Proof) -> str | None:
    """The new session's token, None for a proof that is none.

    Raises:
        TooManyTries, PasswordsBusy: nothing was checked.
    """
    hashing = runtime().hashing
    if signed_in.has_factor:
        attempt = await to_writer_thread(_reserve, signed_in, proof)
        return await to_writer_thread(_prove, signed_in, proof, attempt, is_password_right=False)
    with hashing.queue(Lane.KNOWN, signed_in.session_id):
        attempt = await to_writer_thread(_reserve, signed_in, proof)
        stored = await asyncio.to_thread(_stored_hash, signed_in)
        is_right = await hashing.run(Lane.KNOWN, partial(passwords.matches, stored, proof.password))
        return await to_writer_thread(_prove, signed_in, proof, attempt, is_password_right=is_right)


def _reserve(signed_in: SignedIn, proof: Proof) -> Attempt:
    parts = runtime()
    with parts.database.transaction() as session:
        # Under a name of its own: wrong proofs are no wrong passwords.
        attempt = devices.attempt(
            session,
            Subject.PROOF,
            name=signed_in.member.id,
            staff_id=signed_in.member.id,
            source=proof.source,
        )
        reserve(session, attempt, now=parts.clock.now())
    return attempt


def _stored_hash(signed_in: SignedIn) -> str:
    with runtime().database.reading() as session:
        return accounts.get_row(session, signed_in.member.id).password_hash


def _prove(
    signed_in: SignedIn, proof: Proof, attempt: Attempt, *, is_password_right: bool
) -> str | None:
    parts = runtime()
    now = parts.clock.now()
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
        if factor is None and not is_password_right:
            return None
        devices.forgive(session, attempt)
        return sessions.prove(session, signed_in, with_factor=factor, now=now)


ROUTES = [Route("/auth/prove", prove, methods=["POST"])]
