"""What a patron does in their account: sign out here, of one browser, or everywhere."""

from __future__ import annotations

from typing import Final

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from upstage_crm.core.errors import UpstageError
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.patron_accounts import sessions
from upstage_crm.patron_accounts.views import SignedInPatron
from upstage_crm.portal.account import sign_in_pages
from upstage_crm.portal.account.account_cookies import SESSION, forget
from upstage_crm.portal.account.account_visitor import patron_of, reader_here
from upstage_crm.portal.account.sign_in_pages import SIGN_IN
from upstage_crm.portal.addresses import ACCOUNT
from upstage_crm.portal.answers import see
from upstage_crm.portal.basket import visitors
from upstage_crm.wiring import runtime

SIGN_OUT: Final = f"{ACCOUNT}sign-out"
HERE: Final = "here"
EVERYWHERE: Final = "everywhere"


async def sign_out(request: Request) -> Response:
    """End this session, all of them, or the one of another browser."""
    async with request.form() as form:
        which = str(form.get("which", HERE))[:32]
    try:
        visitors.ensure_own_form(request)
    except UpstageError as refusal:
        return await sign_in_pages.answer_with(request, refusal=refusal)
    patron, reader = await patron_of(request), await reader_here(request)
    if patron is None:
        return see(reader.href(SIGN_IN))
    this = sessions.public_id(patron.session_id)
    only = {HERE: this, EVERYWHERE: ""}.get(which, which)
    await to_writer_thread(_end, patron, only)
    if only not in {this, ""}:
        return see(reader.href(ACCOUNT))
    response = see(reader.href(SIGN_IN))
    forget(response, SESSION)
    return response


def _end(patron: SignedInPatron, only: str) -> int:
    parts = runtime()

    def work(session: Session) -> int:
        return sessions.end(session, patron, only=only, now=parts.clock.now())

    return parts.database.attempt(work)


ROUTES = [Route(SIGN_OUT, sign_out, methods=["POST"])]
