"""The trail as a file: `GET /audit/export.csv` with the query of the page.

The lines are those of the page, masked as the page masks them. That a member took them is an entry
of its own. What verifies without this server is made on the command line (`audit export`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from upstage_crm.admin.audit.lines import page_of
from upstage_crm.admin.audit.rows import TrailRow
from upstage_crm.admin.audit.url import EXPORT, SHAPE
from upstage_crm.admin.sign_in.routes import back
from upstage_crm.admin.sign_in.second_routes import AGAIN
from upstage_crm.audit import trail
from upstage_crm.audit.events import Action, AuditEvent, Channel
from upstage_crm.http.origins import is_led_by_another_site
from upstage_crm.http.session_cookie import signed_in_by_cookie
from upstage_crm.pages.list_export import csv_file, csv_line
from upstage_crm.pages.list_url import ListUrl
from upstage_crm.staff.auth.sessions import Stage
from upstage_crm.staff.roles import Permission, StaffMember, may
from upstage_crm.wiring import runtime

COLUMNS = ("entry", "at", "who", "how", "what", "patron", "request", "changes", "note", "words")
AT_ONCE = 500  # entries read in one go


async def export(request: Request) -> Response:
    """The file. A member who may not export the trail gets a 404, an old proof a question first."""
    cookie = request.headers.get("cookie", "")
    found = await asyncio.to_thread(signed_in_by_cookie, cookie)
    if found is None or found.stage is not Stage.COMPLETE or not may_export(found.member):
        return PlainTextResponse("There is no such list.\n", 404, {"cache-control": "no-store"})
    url = replace(SHAPE.read(request.query_params), before="")
    if is_led_by_another_site(request):
        # The trail would name a member who pressed nothing here.
        return RedirectResponse(SHAPE.href(url), 303, {"cache-control": "no-store"})
    if not found.is_fresh(runtime().clock.now()):
        return back(AGAIN, SHAPE.href(url))
    await asyncio.to_thread(_note, found.member)
    return csv_file("audit.csv", _lines(url, found.member))


def may_export(member: StaffMember) -> bool:
    """Whether a member may take the trail out of the CRM."""
    return all(may(member, one) for one in (Permission.VIEW_AUDIT, Permission.EXPORT_DATA))


def _note(member: StaffMember) -> None:
    event = AuditEvent(
        action=Action.TRAIL_EXPORTED,
        actor=member.as_actor(),
        channel=Channel.CRM,
        facts={"with_values": may(member, Permission.VIEW_PATRONS)},
    )
    with runtime().database.transaction() as session:
        trail.record(session, [event], now=runtime().clock.now())


def _lines(url: ListUrl, member: StaffMember) -> Iterator[str]:
    yield csv_line(COLUMNS)
    while True:
        with runtime().database.reading() as session:
            rows, older = page_of(session, url, viewer=member, size=AT_ONCE)
        yield from (csv_line(_cells(row)) for row in rows)
        if not older:
            return
        url = replace(url, before=older)


def _cells(row: TrailRow) -> tuple[str, ...]:
    changes = [f"{line.label}: {line.old or '–'} → {line.new or '–'}" for line in row.changes]
    return (
        row.seq.replace(",", ""),
        row.time_iso,
        row.actor,
        row.channel,
        row.words,
        row.patron.removeprefix("Patron "),
        row.reference,
        "; ".join(changes),
        row.note,
        row.quote,
    )


ROUTES = [Route(EXPORT, export, methods=["GET"])]
