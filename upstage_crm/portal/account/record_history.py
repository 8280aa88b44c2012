"""Who looked at a patron's details and who changed them, in plain words, the newest first.

It is what the trail holds about the record, and has no value in it. Inside a revert window nothing
is shown, as in *My data*.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from upstage_crm.audit import trail
from upstage_crm.audit.events import PATRON_AT_PROPOSED, ActorKind
from upstage_crm.audit.trail import AuditLine
from upstage_crm.change_requests.model.rules import ChangeKind
from upstage_crm.change_requests.reads import requests, revert_windows
from upstage_crm.core import when
from upstage_crm.core.languages import Say, speaker
from upstage_crm.organisation.settings import details
from upstage_crm.patron_accounts.views import SignedInPatron
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.portal import portal_words
from upstage_crm.portal.account.account_data import DATA
from upstage_crm.portal.account.account_visitor import keep_on, patron_of, reader_here
from upstage_crm.portal.account.sign_in_pages import SIGN_IN
from upstage_crm.portal.addresses import ACCOUNT
from upstage_crm.portal.answers import see
from upstage_crm.portal.basket.basket_page import own_page
from upstage_crm.portal.listings import public_programme
from upstage_crm.portal.portal_page import Head, page
from upstage_crm.portal.readers import Reader
from upstage_crm.portal.refusals import sentence
from upstage_crm.privacy.errors import ExportWaits
from upstage_crm.staff.names import label_for_patrons
from upstage_crm.wiring import runtime

HISTORY: Final = f"{ACCOUNT}history"
_MOST: Final = 50  # lines of a page
_ALL: Final = 1_000  # requests of one patron
PREFERENCES: Final = "preferences"  # what `edit_preferences` says was edited
_DIGITS: Final = 15  # of a number in an address


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """One entry in words."""

    iso: str
    at: str
    who: str
    what: str


@dataclass(frozen=True, slots=True)
class History:
    """One page of lines; those of the next one have numbers below `earlier`, where there is one."""

    lines: Sequence[HistoryLine] = ()
    earlier: int | None = None


async def show(request: Request) -> Response:
    """The newest lines, or those before the number in the address."""
    patron, reader = await patron_of(request), await reader_here(request)
    if patron is None:
        return see(reader.href(SIGN_IN))
    typed = request.query_params.get("before", "")
    before = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) <= _DIGITS else None
    found = await asyncio.to_thread(_found, patron, before, reader)
    problem = sentence(ExportWaits(), speaker(reader.language)) if found is None else ""
    body = await asyncio.to_thread(_drawn, found or History(), problem, reader)
    return await keep_on(request, own_page(body, 409 if problem else 200), patron)


def _found(patron: SignedInPatron, before: int | None, reader: Reader) -> History | None:
    """One page of the history; None inside a revert window."""
    parts = runtime()
    with parts.database.reading() as session:
        if revert_windows.is_open(session, patron.patron_id, now=parts.clock.now()):
            return None
        lines = trail.timeline(
            session,
            patron_id=patron.patron_id,
            actions=list(portal_words.HISTORY),
            before=before,
            limit=_MOST + 1,
        )
        asked = requests.of_patron(session, patron.patron_id, limit=_ALL)
        references = {one.id: one.reference for one in asked}
        zone = details(session).zone
    shown = lines[:_MOST]
    words = (
        _in_words(line, references.get(line.request_id or "", ""), zone, reader) for line in shown
    )
    return History(tuple(words), shown[-1].seq if len(lines) > _MOST else None)


def _in_words(line: AuditLine, reference: str, zone: tzinfo, reader: Reader) -> HistoryLine:
    say = speaker(reader.language)
    entry = FIELDS.get(str(line.facts.get("field", "")))
    is_put_back = line.facts.get("kind") == ChangeKind.REVERT
    words = portal_words.PUT_BACK if is_put_back else portal_words.HISTORY[line.action]
    if line.facts.get("fields") == PREFERENCES:
        words = portal_words.PREFERENCES_CHANGED
    what = say(words).format(field=say(entry.label) if entry else "")
    number = reference or str(line.facts.get("order", ""))
    return HistoryLine(
        iso=when.iso(line.at),
        at=when.in_words(line.at, zone, reader.language),
        who=_who(line, say),
        what=f"{what} ({number})" if number else what,
    )


def _who(line: AuditLine, say: Say) -> str:
    match line.actor.kind:
        case ActorKind.STAFF:
            return label_for_patrons(line.actor.label, say)
        case ActorKind.PATRON if line.actor.label == PATRON_AT_PROPOSED.label:
            return say(portal_words.PROPOSED_MAILBOX)
        case ActorKind.PATRON:
            return say(portal_words.YOU)
        case ActorKind.SYSTEM | ActorKind.OPERATOR | ActorKind.OUTSIDER:
            return say(portal_words.BY_ITSELF)


def _drawn(history: History, problem: str, reader: Reader) -> str:
    earlier, title = history.earlier, speaker(reader.language)(portal_words.WHO_LOOKED)
    return page(
        "record_history.html",
        reader,
        public_programme.programme().organisation,
        Head(title=title, path=HISTORY, is_public=False),
        lines=history.lines,
        problem=problem,
        earlier="" if earlier is None else reader.href(HISTORY, {"before": str(earlier)}),
        data=reader.href(DATA),
        account=reader.href(ACCOUNT),
    )


ROUTES = [Route(HISTORY, show, methods=["GET"])]
