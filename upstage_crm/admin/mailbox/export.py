"""The list of mails as a file: `GET /mailbox/export.csv` with the query of the page.

What became of each mail, never its words and never a link.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from upstage_crm.admin.mailbox.url import (
    EXPORT,
    SHAPE,
    TROUBLED,
    kind_of,
    state_of,
)
from upstage_crm.admin.sign_in.routes import back
from upstage_crm.admin.sign_in.second_routes import AGAIN
from upstage_crm.change_requests.lifecycle.mail_access import sights_of_mails
from upstage_crm.change_requests.reads.references import (
    find_id,
    references,
)
from upstage_crm.core import when
from upstage_crm.core.ids import parse_reference
from upstage_crm.http.session_cookie import signed_in_by_cookie
from upstage_crm.mail.queries import MAX_PAGE_SIZE, SEARCHED, MailPage, MailSummary, mails
from upstage_crm.organisation.settings import details, season_start
from upstage_crm.pages.list_export import csv_file, csv_line
from upstage_crm.pages.list_url import ListUrl
from upstage_crm.pages.periods import span_of
from upstage_crm.patrons.visibility import FieldAccess
from upstage_crm.privacy.redacted_trail import seen_address
from upstage_crm.staff.auth.sessions import Stage
from upstage_crm.staff.roles import Permission, Role, StaffMember, may
from upstage_crm.wiring import runtime
from upstage_crm.wording.mails import AUDIENCE_WORDS, MAIL_KIND_WORDS, delivery_key

COLUMNS = (
    "mail",
    "request",
    "kind",
    "reader",
    "to",
    "subject",
    "state",
    "attempts",
    "provider id",
    "last answer",
    "written",
    "settled",
    "delivered",
    "bounced",
    "complained",
    "suppressed",
)


async def export(request: Request) -> Response:
    """The file. A role that may not export gets a 404, an old proof a question first."""
    cookie = request.headers.get("cookie", "")
    found = await asyncio.to_thread(signed_in_by_cookie, cookie)
    if found is None or found.stage is not Stage.COMPLETE or not may_export(found.member):
        return PlainTextResponse("There is no such list.\n", 404, {"cache-control": "no-store"})
    if not found.is_fresh(runtime().clock.now()):
        return back(AGAIN, SHAPE.path)
    url = SHAPE.read(request.query_params)
    return csv_file("mails.csv", _lines(url, found.member.role))


def may_export(member: StaffMember) -> bool:
    """Whether a member may take the list out of the CRM: with addresses, so who sees them."""
    held = all(may(member, one) for one in (Permission.VIEW_MAILBOX, Permission.EXPORT_DATA))
    return held and FieldAccess(member.role).sees_mail


def found_mails(
    session: Session,
    url: ListUrl,
    *,
    page: int = 1,
    before: str = "",
    is_counted: bool = True,
    size: int,
    reader: Role,
) -> MailPage:
    """One page of the mails that an address of the mailbox asks for; see `queries.mails`.

    What is not counted is read to its end, so all mails are searched for it.
    """
    asked = find_id(session, parse_reference(url.search)) if url.search else None
    span = span_of(
        url.chosen,
        now=runtime().clock.now(),
        time_zone=details(session).zone,
        season_start=season_start(session),
    )
    return mails(
        session,
        page=page,
        before=before,
        is_counted=is_counted,
        searched=SEARCHED if is_counted else None,
        size=size,
        request_id=asked,
        kind=kind_of(url.chosen),
        state=state_of(url.chosen),
        troubled=url.chosen["state"] == TROUBLED,
        query=None if asked else url.search,
        start=span.start,
        end=span.end,
        reader=reader,
    )


def _lines(url: ListUrl, reader: Role) -> Iterator[str]:
    yield csv_line(COLUMNS)
    before = ""
    while True:
        items, known, sights = _page(url, before, reader)
        for mail in items:
            reference = known.get(mail.request_id or "", "")
            yield csv_line(_cells(mail, reference, sights[mail.id]))
        if len(items) < MAX_PAGE_SIZE:
            return
        before = items[-1].id


def _page(
    url: ListUrl, before: str, reader: Role
) -> tuple[Sequence[MailSummary], dict[str, str], Mapping[str, FieldAccess]]:
    size = MAX_PAGE_SIZE
    with runtime().database.reading() as session:
        found = found_mails(
            session, url, before=before, is_counted=False, size=size, reader=reader
        ).items
        ids = {mail.request_id for mail in found if mail.request_id}
        sights = sights_of_mails(session, found, reader=reader)
        return found, dict(references(session, ids)), sights


def _cells(mail: MailSummary, reference: str, access: FieldAccess) -> tuple[str, ...]:
    return (
        mail.id,
        reference,
        MAIL_KIND_WORDS[mail.kind],
        AUDIENCE_WORDS[mail.audience],
        seen_address(mail, access),
        mail.subject,
        delivery_key(mail),
        str(mail.attempts),
        mail.provider_id or "",
        mail.last_type or "",
        *(
            _instant(at)
            for at in (
                mail.created_at,
                mail.settled_at,
                mail.delivered_at,
                mail.bounced_at,
                mail.complained_at,
                mail.suppressed_at,
            )
        ),
    )


def _instant(at: datetime | None) -> str:
    return when.iso(at) if at else ""


ROUTES = [Route(EXPORT, export, methods=["GET"])]
