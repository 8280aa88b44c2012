"""How we may contact you: each way and purpose with what was answered, and since when."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlmodel import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from upstage_crm.change_requests.reads import revert_windows
from upstage_crm.core import when
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.languages import speaker
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.organisation.settings import details
from upstage_crm.patron_accounts import own_preferences
from upstage_crm.patron_accounts.errors import AccountWaits
from upstage_crm.patron_accounts.views import SignedInPatron
from upstage_crm.patrons.details import edit_preferences
from upstage_crm.patrons.details.edit_preferences import Cell
from upstage_crm.patrons.details.preferences import Answer, ContactChannel, Preference, Purpose
from upstage_crm.portal import portal_words
from upstage_crm.portal.account.account_visitor import keep_on, patron_of, reader_here
from upstage_crm.portal.account.sign_in_pages import SIGN_IN
from upstage_crm.portal.addresses import ACCOUNT
from upstage_crm.portal.answers import see
from upstage_crm.portal.basket import visitors
from upstage_crm.portal.basket.basket_page import own_page
from upstage_crm.portal.basket.visitors import visitor_of
from upstage_crm.portal.limits import CODES
from upstage_crm.portal.listings import public_programme
from upstage_crm.portal.portal_page import Head, page
from upstage_crm.portal.readers import Reader
from upstage_crm.portal.refusals import sentence
from upstage_crm.wiring import runtime

PREFERENCES: Final = f"{ACCOUNT}preferences"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One way for one purpose. `answer` is empty where none was given yet."""

    name: str
    way: str
    answer: str
    since: str


@dataclass(frozen=True, slots=True)
class Group:
    """The questions about one purpose."""

    label: str
    questions: tuple[Question, ...]


async def show(request: Request) -> Response:
    """The answers of today, or why they are not shown at the moment."""
    return await _answer(request)


async def save(request: Request) -> Response:
    """Note what was answered; a question without an answer stays as it is."""
    async with request.form() as form:
        answers = _typed(form)
    patron = await patron_of(request)
    reader = await reader_here(request)
    if patron is None:
        return see(reader.href(SIGN_IN))
    try:
        visitors.ensure_own_form(request)
        visitor_of(request).count(CODES)
        await to_writer_thread(_save, patron, answers)
    except UpstageError as refusal:
        return await _answer(request, refusal=refusal, typed=answers)
    return see(reader.href(PREFERENCES, {"saved": "1"}))


async def _answer(
    request: Request,
    *,
    refusal: UpstageError | None = None,
    typed: Mapping[Cell, Answer] | None = None,
) -> Response:
    patron, reader = await patron_of(request), await reader_here(request)
    if patron is None:
        return see(reader.href(SIGN_IN))
    held = await asyncio.to_thread(_held, patron, reader, typed or {})
    refusal = refusal or (AccountWaits() if held is None else None)
    problem = "" if refusal is None else sentence(refusal, speaker(reader.language))
    is_saved = "saved" in request.query_params and not problem
    body = await asyncio.to_thread(_drawn, held or (), problem, is_saved, reader)
    return await keep_on(request, own_page(body, 409 if problem else 200), patron)


def _typed(form: FormData) -> dict[Cell, Answer]:
    """The answers of a form; what is no question of ours, or no answer, is left out."""
    known = {answer.value: answer for answer in Answer}
    return {
        (channel, purpose): known[str(form[_name(channel, purpose)])]
        for purpose in Purpose
        for channel in ContactChannel
        if str(form.get(_name(channel, purpose), "")) in known
    }


def _name(channel: ContactChannel, purpose: Purpose) -> str:
    return f"{purpose.value}-{channel.value}"


def _save(patron: SignedInPatron, answers: Mapping[Cell, Answer]) -> None:
    parts = runtime()

    def work(session: Session) -> None:
        context = parts.command_context(session)
        own_preferences.answer(context, patron_id=patron.patron_id, answers=answers)

    parts.database.attempt(work)


def _held(
    patron: SignedInPatron, reader: Reader, typed: Mapping[Cell, Answer]
) -> tuple[Group, ...] | None:
    """Every question by purpose, with what was just typed first; None inside a revert window."""
    parts, say = runtime(), speaker(reader.language)
    with parts.database.reading() as session:
        if revert_windows.is_open(session, patron.patron_id, now=parts.clock.now()):
            return None
        held = edit_preferences.of_patron(session, patron.patron_id)
        zone = details(session).zone

    def since(one: Preference | None) -> str:
        if one is None:
            return say(portal_words.NOT_ASKED)
        day = when.day_in_words(one.answered_at, zone, reader.language)
        return say(portal_words.ANSWERED[one.source]).format(when=day)

    def question(channel: ContactChannel, purpose: Purpose) -> Question:
        one = held.get((channel, purpose))
        answer = typed.get((channel, purpose), one.answer if one else None)
        return Question(
            name=_name(channel, purpose),
            way=say(portal_words.WAYS[channel]),
            answer=answer.value if answer else "",
            since=since(one),
        )

    return tuple(
        Group(
            say(portal_words.PURPOSES[purpose]),
            tuple(question(channel, purpose) for channel in ContactChannel),
        )
        for purpose in Purpose
    )


def _drawn(groups: tuple[Group, ...], problem: str, is_saved: bool, reader: Reader) -> str:
    organisation = public_programme.programme().organisation
    return page(
        "contact_preferences.html",
        reader,
        organisation,
        Head(
            title=speaker(reader.language)(portal_words.PREFERENCES),
            path=PREFERENCES,
            is_public=False,
        ),
        groups=groups,
        problem=problem,
        is_saved=is_saved,
        action=reader.href(PREFERENCES),
        account=reader.href(ACCOUNT),
    )


ROUTES = [
    Route(PREFERENCES, show, methods=["GET"]),
    Route(PREFERENCES, save, methods=["POST"]),
]
