"""Change my details: one detail, its new value, then the code that was mailed to the address held.

Nothing of the new value is kept on the way: each page holds it in its own form. So every address
can be opened again, and going back loses nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from upstage_crm.change_requests.lifecycle.answer import Evidence
from upstage_crm.change_requests.model.rules import RequestState
from upstage_crm.core import when
from upstage_crm.core.email_address import mask_email
from upstage_crm.core.errors import Invalid, UpstageError
from upstage_crm.core.languages import speaker
from upstage_crm.core.postal.countries import countries
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.http.browser_names import family
from upstage_crm.http.even_time import evenly
from upstage_crm.organisation.settings import details, home
from upstage_crm.patron_accounts import own_details
from upstage_crm.patron_accounts.views import SignedInPatron
from upstage_crm.patrons import fields
from upstage_crm.patrons import queries as patrons
from upstage_crm.patrons.errors import UnknownField
from upstage_crm.patrons.fields import ProtectedField
from upstage_crm.portal import portal_words
from upstage_crm.portal.account.account_data import CHANGE, DATA
from upstage_crm.portal.account.account_visitor import keep_on, patron_of, reader_here
from upstage_crm.portal.account.sign_in_pages import SIGN_IN
from upstage_crm.portal.answers import see
from upstage_crm.portal.basket import visitors
from upstage_crm.portal.basket.basket_page import own_page
from upstage_crm.portal.basket.visitors import visitor_of
from upstage_crm.portal.errors import WrongCode
from upstage_crm.portal.limits import CODES, SIGN_INS
from upstage_crm.portal.listings import public_programme
from upstage_crm.portal.portal_page import Head, page
from upstage_crm.portal.readers import Reader
from upstage_crm.portal.refusals import sentence
from upstage_crm.wiring import runtime

CODE: Final = "/code"
EDIT: Final = "edit"
_LONGEST: Final = 300  # characters of one input; what a field takes is checked by the field


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a patron is about to change: the detail, and the new value as it was typed."""

    field: ProtectedField
    typed: Mapping[str, str]

    @property
    def changes(self) -> Mapping[str, Mapping[str, str]]:
        """The same as commands take it."""
        return {self.field.key: self.typed}

    @property
    def path(self) -> str:
        """Where its form is."""
        return f"{CHANGE}{self.field.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the record says: the values by column, and all of them on one line."""

    values: Mapping[str, str]
    shown: str
    home: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A signed-in patron on one of the pages; `said` is all that the form said."""

    patron: SignedInPatron
    reader: Reader
    change: Change
    held: Held
    said: Mapping[str, str]


async def show(request: Request) -> Response:
    """The form for the new value, with the one that is held."""
    visit = await _visit(request)
    if isinstance(visit, Response):
        return visit
    change = Change(field=visit.change.field, typed=visit.held.values)
    body = await asyncio.to_thread(_form, visit, change, "")
    return await keep_on(request, own_page(body), visit.patron)


async def ask(request: Request) -> Response:
    """Mail a code, and show what is held beside what was typed; nothing changes yet."""
    visit = await _visit(request)
    if isinstance(visit, Response):
        return visit
    if EDIT in visit.said:
        return own_page(await asyncio.to_thread(_form, visit, visit.change, ""))
    try:
        visitors.ensure_own_form(request)
        visitor_of(request).count(SIGN_INS)
        await evenly(to_writer_thread(_ask, visit))
    except UpstageError as refusal:
        return await _form_again(visit, refusal)
    body = await asyncio.to_thread(_code_page, visit, "")
    return await keep_on(request, own_page(body), visit.patron)


async def enter(request: Request) -> Response:
    """Change the detail with the code that was typed."""
    visit = await _visit(request)
    if isinstance(visit, Response):
        return visit
    try:
        visitors.ensure_own_form(request)
        visitor = visitor_of(request)
        visitor.count(CODES)
        traces = Evidence(
            ip_prefix=visitor.network, user_agent=family(request.headers.get("user-agent", ""))
        )
        state = await evenly(to_writer_thread(_enter, visit, traces))
        if state is None:
            raise WrongCode
    except Invalid as refusal:  # not what the page of the code was made for
        return await _form_again(visit, refusal)
    except UpstageError as refusal:
        problem = await asyncio.to_thread(_sentence, refusal, visit.change.field, visit.reader)
        return own_page(await asyncio.to_thread(_code_page, visit, problem), 409)
    what = "asked" if state is RequestState.PENDING else "changed"
    return see(visit.reader.href(DATA, {what: visit.change.field.key}))


async def _visit(request: Request) -> Visit | Response:
    """Who asks about which detail; or where else to go, or why nothing is shown."""
    patron, reader = await patron_of(request), await reader_here(request)
    if patron is None:
        return see(reader.href(SIGN_IN))
    async with request.form() as form:
        said = {key: str(value).replace("\0", "")[:_LONGEST] for key, value in form.items()}
    try:
        field = fields.field(str(request.path_params["field"]))
    except UnknownField:
        return see(reader.href(DATA))
    change = Change(field=field, typed={name: said.get(name, "") for name in field.columns})
    try:
        held = await asyncio.to_thread(_held, patron, field, reader)
    except UpstageError as refusal:
        problem = await asyncio.to_thread(_sentence, refusal, field, reader)
        closed = partial(_drawn, "change_closed.html", change, reader, problem=problem)
        return own_page(await asyncio.to_thread(closed), 409)
    return Visit(patron=patron, reader=reader, change=change, held=held, said=said)


async def _form_again(visit: Visit, refusal: UpstageError) -> Response:
    """The form with what was typed, and why that is refused."""
    problem = await asyncio.to_thread(_sentence, refusal, visit.change.field, visit.reader)
    body = await asyncio.to_thread(_form, visit, visit.change, problem)
    return own_page(body, 422 if isinstance(refusal, Invalid) else 409)


def _held(patron: SignedInPatron, field: ProtectedField, reader: Reader) -> Held:
    """What the record says.

    Raises:
        All that `own_details.ensure_may` raises: then nothing of it is shown either.
    """
    parts = runtime()
    with parts.database.reading() as session:
        own_details.ensure_may(session, patron, now=parts.clock.now())
        values, country = patrons.get(session, patron.patron_id).values, home(session)
    return Held(
        values={name: values.get(name) or "" for name in field.columns},
        shown=field.show(values, reader.language, country),
        home=country,
    )


def _ask(visit: Visit) -> None:
    parts = runtime()
    parsing = parts.context()

    def work(session: Session) -> None:
        own_details.ask(
            parts.order_context(session),
            visit.patron,
            changes=visit.change.changes,
            parsing=parsing,
            language=visit.reader.language,
        )

    parts.database.attempt(work)


def _enter(visit: Visit, traces: Evidence) -> RequestState | None:
    parts = runtime()
    parsing = parts.context()

    def work(session: Session) -> RequestState | None:
        return own_details.enter(
            parts.command_context(session),
            visit.patron,
            changes=visit.change.changes,
            parsing=parsing,
            typed=visit.said.get("code", "")[:20],
            traces=traces,
        )

    return parts.database.attempt(work)


def _sentence(refusal: UpstageError, field: ProtectedField, reader: Reader) -> str:
    """What a refusal says, with the input at fault by its name."""
    say = speaker(reader.language)
    part = next((p for p in field.parts if p.name == refusal.facts.get("part")), None)
    facts = {"label": say(part.label if part else field.label)}
    until = refusal.facts.get("until")
    if isinstance(until, datetime):
        with runtime().database.reading() as session:
            zone = details(session).zone
        facts["until"] = when.in_words(until, zone, reader.language)
    return sentence(refusal, say, **facts)


def _form(visit: Visit, change: Change, problem: str) -> str:
    reader, held, field = visit.reader, visit.held, change.field
    say = speaker(reader.language)
    return _drawn(
        "change_detail.html",
        change,
        reader,
        problem=problem,
        about=say(field.about),
        now=held.shown,
        inputs=[
            {
                "name": part.name,
                "label": say(part.label),
                "type": part.type,
                "autocomplete": part.autocomplete,
                "most": part.max_length,
                "is_optional": part.optional,
                "value": change.typed.get(part.name, "")
                or (held.home if part.type == "country" else ""),
            }
            for part in field.parts
        ],
        countries=countries(reader.language),
        is_mailbox=field.is_mailbox,
        action=reader.href(change.path),
    )


def _code_page(visit: Visit, problem: str) -> str:
    change, reader, held, field = visit.change, visit.reader, visit.held, visit.change.field
    proposed = field.show(
        field.parse(change.typed, runtime().context()), reader.language, held.home
    )
    return _drawn(
        "change_code.html",
        change,
        reader,
        problem=problem,
        now=held.shown,
        proposed=proposed,
        mailbox=mask_email(visit.patron.email),
        typed=change.typed,
        is_mailbox=field.is_mailbox,
        action=reader.href(f"{change.path}{CODE}"),
        again=reader.href(change.path),
        edit=EDIT,
    )


def _drawn(template: str, change: Change, reader: Reader, **values: object) -> str:
    say = speaker(reader.language)
    title = say(portal_words.CHANGE_OF).format(label=say(change.field.label))
    return page(
        template,
        reader,
        public_programme.programme().organisation,
        Head(title=title, path=change.path, is_public=False),
        label=say(change.field.label),
        back=reader.href(DATA),
        **values,
    )


ROUTES = [
    Route(f"{CHANGE}{{field}}", show, methods=["GET"]),
    Route(f"{CHANGE}{{field}}", ask, methods=["POST"]),
    Route(f"{CHANGE}{{field}}{CODE}", enter, methods=["POST"]),
]
