"""One mail as it is: `GET /mailbox/raw/{id}`, for a sandboxed frame or as a file.

The page's own policy allows no script, no form and no address but our own mailbox around it.
"""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from upstage_crm.admin.mailbox.reading import codec_for
from upstage_crm.change_requests.lifecycle.mail_access import may_open
from upstage_crm.http.session_cookie import member_of_cookie
from upstage_crm.mail import eml
from upstage_crm.mail.queries import MailNotFound, mail
from upstage_crm.staff.roles import Permission, may
from upstage_crm.wiring import runtime

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "
    "base-uri 'none'; form-action 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-frame-options": "SAMEORIGIN",
    "cache-control": "no-store",
    "x-robots-tag": "noindex",
}


async def raw_mail(request: Request) -> Response:
    """The mail as HTML, or with `?format=text` its text part, or with `?format=eml` a file.

    A staff member who may not read it, and one who asks for what does not exist, get the same 404.
    """
    return await asyncio.to_thread(
        _answer,
        request.headers.get("cookie", ""),
        str(request.path_params["mail_id"]),
        request.query_params.get("format", "html"),
    )


def _answer(cookie: str, mail_id: str, form: str) -> Response:
    member = member_of_cookie(cookie)
    if member is None or not may(member, Permission.VIEW_MAILBOX):
        return _missing()
    parts = runtime()
    try:
        with parts.database.reading() as session:
            stored = mail(session, mail_id)
            if not may_open(session, stored, reader=member.role):
                return _missing()
    except MailNotFound:
        return _missing()
    codec = codec_for(stored, parts)
    if form == "eml":
        named = {"content-disposition": f'attachment; filename="{stored.summary.id}.eml"'}
        return Response(
            eml.eml(stored, codec), media_type="message/rfc822", headers=HEADERS | named
        )
    if form == "text":
        return PlainTextResponse(eml.readable(stored, codec).text, headers=HEADERS)
    # Templates write every link as `<a `; what people typed is escaped and holds none.
    page = eml.document(stored, codec).replace("<a ", '<a rel="noopener" ')
    return HTMLResponse(page, headers=HEADERS)


def _missing() -> Response:
    return HTMLResponse("There is no such email.\n", 404)


ROUTES = [Route("/mailbox/raw/{mail_id}", raw_mail, methods=["GET"])]
