"""A receipt for staff: `GET /requests/receipt/{id}.json` and `.pdf`, as far as a role sees it."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from upstage_crm.http.session_cookie import member_of_cookie
from upstage_crm.receipts import queries
from upstage_crm.receipts.downloads import Form, file_of
from upstage_crm.staff.roles import Permission, may
from upstage_crm.wiring import runtime

PATH = "/requests/receipt"


async def receipt(request: Request) -> Response:
    """The file. Whoever may not read it, and whoever asks for none, gets the same 404."""
    return await asyncio.to_thread(
        _answer,
        request.headers.get("cookie", ""),
        str(request.path_params["receipt_id"]),
        str(request.path_params["form"]),
    )


def _answer(cookie: str, receipt_id: str, form: str) -> Response:
    member = member_of_cookie(cookie)
    if member is None or not may(member, Permission.VIEW_RECEIPTS) or form not in list(Form):
        return _missing()
    with runtime().database.reading() as session:
        found = queries.get(session, receipt_id, role=member.role)
    if found is None:
        return _missing()
    file = file_of(found, Form(form))
    return Response(file.content, media_type=file.media_type, headers=file.headers)


def _missing() -> Response:
    return PlainTextResponse("There is no such receipt.\n", 404, {"cache-control": "no-store"})


ROUTES = [Route(f"{PATH}/{{receipt_id}}.{{form}}", receipt, methods=["GET"])]
