"""Who is signed in to an account: asked at every page of it."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from upstage_crm.core.threads import to_writer_thread
from upstage_crm.patron_accounts import sessions
from upstage_crm.patron_accounts.views import SignedInPatron
from upstage_crm.portal.account.account_cookies import SESSION, cookie_of, keep
from upstage_crm.portal.listings import public_programme
from upstage_crm.portal.readers import Reader, reader_of
from upstage_crm.wiring import runtime


async def patron_of(request: Request) -> SignedInPatron | None:
    """The patron whose live session the request carries."""
    token = cookie_of(request, SESSION)
    return await asyncio.to_thread(_find, token) if token else None


async def keep_on(request: Request, response: Response, patron: SignedInPatron) -> Response:
    """Note that the session is in use, now and then, and let the browser keep its cookie on."""
    if patron.is_stale:
        await to_writer_thread(_touch, patron.session_id)
        keep(response, SESSION, cookie_of(request, SESSION))
    return response


async def reader_here(request: Request) -> Reader:
    """The reader of a page of the account."""
    programme = await public_programme.soon()
    return reader_of(request, usual=programme.organisation.language)


def _find(token: str) -> SignedInPatron | None:
    parts = runtime()
    with parts.database.reading() as session:
        return sessions.find(session, token, now=parts.clock.now())


def _touch(session_id: str) -> None:
    parts = runtime()
    parts.database.attempt(lambda s: sessions.touch(s, session_id, now=parts.clock.now()))
