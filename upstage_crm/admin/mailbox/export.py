"""The list of mails as a file: `GET /mailbox/export.csv` with the query of the page.

What became of each mail, never its words and never a link. Cells that a spreadsheet would take for
a formula are quoted.
"""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from upstage_crm.admin.mailbox.url import (
    EXPORT,
    PLACE,
    MailboxAddress,
    read,
)
from upstage_crm.admin.redacted_trail import seen_address
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
from upstage_crm.mail.queries import MAX_PAGE_SIZE, MailSummary, mails
from upstage_crm.patrons.visibility import FieldAccess
from upstage_crm.staff.auth.sessions import Stage
from upstage_crm.staff.roles import Permission, Role, StaffMember, may
from upstage_crm.wiring import runtime
from upstage_crm.wording.mails import delivery_key
from upstage_crm.wording.sentences import (
    AUDIENCE_WORDS,
    MAIL_KIND_WORDS,
)

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
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_HEADERS = {
    "content-disposition": 'attachment; filename="mails.csv"',
    "cache-control": "no-store",
    "x-robots-tag": "noindex",
}


async def export(request: Request) -> Response:
    """The file. Whoever may not export the mailbox gets a 404, an old proof a question first."""
    cookie = request.headers.get("cookie", "")
    found = await asyncio.to_thread(signed_in_by_cookie, cookie)
    if found is None or found.stage is not Stage.COMPLETE or not may_export(found.member):
        return PlainTextResponse("There is no such list.\n", 404, {"cache-control": "no-store"})
    if not found.is_fresh(runtime().clock.now()):
        return back(AGAIN, PLACE)
    address = replace(read(request.query_params), page=1)
    return StreamingResponse(
        _lines(address, found.member.role), media_type="text/csv", headers=_HEADERS
    )


def may_export(member: StaffMember) -> bool:
    """Whether a member may take the list out of the CRM: with addresses, so who sees them."""
    held = all(may(member, one) for one in (Permission.VIEW_MAILBOX, Permission.EXPORT_DATA))
    return held and FieldAccess(member.role).sees_mail


def _lines(address: MailboxAddress, reader: Role) -> Iterator[str]:
    yield _line(COLUMNS)
    before = ""
    while True:
        items, known, sights = _page(address, before, reader)
        for mail in items:
            reference = known.get(mail.request_id or "", "")
            yield _line(_cells(mail, reference, sights[mail.id]))
        if len(items) < MAX_PAGE_SIZE:
            return
        before = items[-1].id


def _page(
    address: MailboxAddress, before: str, reader: Role
) -> tuple[Sequence[MailSummary], dict[str, str], Mapping[str, FieldAccess]]:
    with runtime().database.reading() as session:
        asked = find_id(session, parse_reference(address.query)) if address.query else None
        found = mails(
            session,
            before=before,
            is_counted=False,
            size=MAX_PAGE_SIZE,
            request_id=asked,
            kind=address.kind,
            state=address.state,
            troubled=address.troubled,
            query=None if asked else address.query,
            reader=reader,
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


def _line(cells: tuple[str, ...]) -> str:
    line = io.StringIO()
    safe = [f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells]
    csv.writer(line).writerow(safe)
    return line.getvalue()


ROUTES = [Route(EXPORT, export, methods=["GET"])]
