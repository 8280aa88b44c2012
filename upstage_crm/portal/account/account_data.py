"""My data: what is held about a patron in plain words, with its source, and all of it as a file.

Inside a revert window nothing is shown and nothing taken out: another mailbox may still say that
the record is its own. What the patron changed themselves goes on being shown.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Final

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from upstage_crm.change_requests.model.rules import FieldOutcome, RequestPath
from upstage_crm.change_requests.reads import requests, revert_windows
from upstage_crm.core import when
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.languages import speaker
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.organisation.settings import details, home
from upstage_crm.patron_accounts.views import SignedInPatron
from upstage_crm.patrons import queries as patrons
from upstage_crm.patrons.details import contacts
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.portal import portal_words
from upstage_crm.portal.account.account_visitor import keep_on, patron_of, reader_here
from upstage_crm.portal.account.sign_in_pages import SIGN_IN
from upstage_crm.portal.addresses import ACCOUNT
from upstage_crm.portal.answers import NO_STORE, see
from upstage_crm.portal.basket import visitors
from upstage_crm.portal.basket.basket_page import own_page
from upstage_crm.portal.basket.visitors import visitor_of
from upstage_crm.portal.limits import DOWNLOADS
from upstage_crm.portal.listings import public_programme
from upstage_crm.portal.portal_page import Head, page
from upstage_crm.portal.readers import Reader, reader_of
from upstage_crm.portal.refusals import sentence
from upstage_crm.privacy import held_data
from upstage_crm.privacy.errors import ExportWaits
from upstage_crm.privacy.held_data import HeldData
from upstage_crm.staff.names import label_for_patrons
from upstage_crm.wiring import runtime

DATA: Final = f"{ACCOUNT}data"
FILE: Final = f"{ACCOUNT}data.json"
CHANGE: Final = f"{DATA}/change/"
_ALL: Final = 1_000  # requests of one patron


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """One detail in words: its value, where that comes from, and what it is used for.

    `change` is where the patron changes it, "" for what is not changed here.
    """

    label: str
    value: str
    source: str
    about: str
    change: str = ""


async def show(request: Request) -> Response:
    """What is held, or why it cannot be shown at the moment."""
    return await _answer(request)


async def download(request: Request) -> Response:
    """All of it as JSON; the trail keeps that it was taken out."""
    patron = await patron_of(request)
    if patron is None:
        return see(reader_of(request, usual="").href(SIGN_IN))
    try:
        visitors.ensure_own_form(request)
        visitor_of(request).count(DOWNLOADS)
        held = await to_writer_thread(_taken, patron)
    except UpstageError as refusal:
        return await _answer(request, refusal=refusal)
    content = json.dumps(held.as_json(), ensure_ascii=False, indent=2)
    headers = {
        "cache-control": NO_STORE,
        "content-disposition": f'attachment; filename="my-data-{held.number}.json"',
    }
    return Response(content, media_type="application/json", headers=headers)


async def _answer(request: Request, *, refusal: UpstageError | None = None) -> Response:
    patron = await patron_of(request)
    reader = await reader_here(request)
    if patron is None:
        return see(reader.href(SIGN_IN))
    found = [] if refusal else await asyncio.to_thread(_details, patron, reader)
    say = speaker(reader.language)
    problem = sentence(refusal or ExportWaits(), say) if refusal or found is None else ""
    done = _done(request, reader) if found else ""
    body = await asyncio.to_thread(_drawn, found or [], problem, done, reader)
    return await keep_on(request, own_page(body, 409 if problem else 200), patron)


def _done(request: Request, reader: Reader) -> str:
    """What a change that was just made, or asked for, came to; "" without one."""
    say = speaker(reader.language)
    for name, words in portal_words.DONE.items():
        entry = FIELDS.get(request.query_params.get(name, ""))
        if entry is not None:
            return say(words).format(label=say(entry.label))
    return ""


def _taken(patron: SignedInPatron) -> HeldData:
    parts = runtime()

    def work(session: Session) -> HeldData:
        context = parts.command_context(session)
        return held_data.export_own(context, patron_id=patron.patron_id)

    return parts.database.attempt(work)


def _details(patron: SignedInPatron, reader: Reader) -> list[Detail] | None:
    """The details of the record and its other contacts; None inside a revert window."""
    parts, say = runtime(), speaker(reader.language)
    with parts.database.reading() as session:
        if revert_windows.besides_own(session, patron.patron_id, now=parts.clock.now()):
            return None
        record = patrons.get(session, patron.patron_id)
        country, zone = home(session), details(session).zone
        sources = _sources(session, patron.patron_id, reader)
        born = say(portal_words.FROM_THE_START).format(
            when=when.day_in_words(record.created_at, zone, reader.language)
        )
        found = [
            Detail(
                label=say(entry.label),
                value=entry.show(record.values, reader.language, country),
                source=sources.get(key, born),
                about=say(entry.about),
                change=reader.href(f"{CHANGE}{key}"),
            )
            for key, entry in FIELDS.items()
        ]
        for one in contacts.of_patron(session, patron.patron_id):
            entry = contacts.REACHES[one.field]
            since = when.day_in_words(one.since, zone, reader.language) if one.since else ""
            found.append(
                Detail(
                    label=say(portal_words.CONTACT_PLACES[one.place]).format(
                        label=say(entry.label)
                    ),
                    value=entry.show({entry.columns[0]: one.value}, reader.language, country),
                    source=say(portal_words.SINCE).format(when=since) if since else "",
                    about="",
                )
            )
    return found


def _sources(session: Session, patron_id: str, reader: Reader) -> dict[str, str]:
    """Where the value of each field comes from that a change request wrote; the newest counts."""
    zone, say = details(session).zone, speaker(reader.language)
    told: dict[str, str] = {}
    for request in reversed(requests.of_patron(session, patron_id, limit=_ALL)):
        for change in request.fields:
            if change.outcome is FieldOutcome.APPLIED and change.settled_at:
                words = portal_words.CHANGED
                if request.path is RequestPath.OWN:
                    words = portal_words.CHANGED_BY_YOU
                told[change.field] = say(words).format(
                    when=when.day_in_words(change.settled_at, zone, reader.language),
                    proposer=label_for_patrons(request.proposer_label, say),
                    reference=request.reference,
                )
    return told


def _drawn(found: list[Detail], problem: str, done: str, reader: Reader) -> str:
    return page(
        "account_data.html",
        reader,
        public_programme.programme().organisation,
        Head(title=speaker(reader.language)(portal_words.MY_DATA), path=DATA, is_public=False),
        details=found,
        problem=problem,
        done=done,
        download=reader.href(FILE),
        account=reader.href(ACCOUNT),
    )


ROUTES = [
    Route(DATA, show, methods=["GET"]),
    Route(FILE, download, methods=["POST"]),
]
