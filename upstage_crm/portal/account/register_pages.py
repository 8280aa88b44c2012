"""Creating an account: an address and, who likes, a name; the mailbox proves the rest.

The answer is the same whatever is true about the address: who has an account is mailed a code for
it, a newcomer one that makes the account.
"""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from upstage_crm.core.errors import UpstageError
from upstage_crm.core.languages import speaker
from upstage_crm.patron_accounts.registering import NAMES
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.portal import portal_words
from upstage_crm.portal.account import sign_in_pages
from upstage_crm.portal.account.account_visitor import patron_of, reader_here
from upstage_crm.portal.addresses import ACCOUNT
from upstage_crm.portal.answers import see
from upstage_crm.portal.basket.basket_page import own_page
from upstage_crm.portal.listings import public_programme
from upstage_crm.portal.portal_page import Head, page
from upstage_crm.portal.refusals import sentence

REGISTER: Final = f"{ACCOUNT}register"
INPUTS: Final = ("email", *NAMES)
_LONGEST: Final = 254


async def show(request: Request) -> Response:
    """The form; who is signed in is led on."""
    if await patron_of(request) is not None:
        return see((await reader_here(request)).href(ACCOUNT))
    return await _answer(request, dict.fromkeys(INPUTS, ""))


async def ask(request: Request) -> Response:
    """Mail a code, and go on to the page of the code."""
    async with request.form() as form:
        typed = {name: str(form.get(name, "")).replace("\0", "")[:_LONGEST] for name in INPUTS}
    try:
        return await sign_in_pages.begin(request, typed["email"], newcomer=typed)
    except UpstageError as refusal:
        return await _answer(request, typed, refusal)


async def _answer(
    request: Request, typed: dict[str, str], refusal: UpstageError | None = None
) -> Response:
    reader = await reader_here(request)
    say = speaker(reader.language)
    problem = "" if refusal is None else sentence(refusal, say, label=say(_label(refusal)))

    def drawn() -> str:
        return page(
            "register.html",
            reader,
            public_programme.programme().organisation,
            Head(title=say(portal_words.REGISTER), path=REGISTER, is_public=False),
            action=reader.href(REGISTER),
            sign_in=reader.href(sign_in_pages.SIGN_IN),
            problem=problem,
            typed=typed,
        )

    return own_page(await asyncio.to_thread(drawn), sign_in_pages.status_of(refusal))


def _label(refusal: UpstageError) -> str:
    """The label of the input at fault; without one the first of the name's."""
    parts = {part.name: part.label for part in FIELDS["name"].parts}
    return parts.get(str(refusal.facts.get("part", "")), parts[NAMES[0]])


ROUTES = [
    Route(REGISTER, show, methods=["GET"]),
    Route(REGISTER, ask, methods=["POST"]),
]
