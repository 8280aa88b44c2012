"""One mail as it is: `GET /mailbox/raw/{id}`, for a sandboxed frame or as a file.

The page's own policy allows no script, no form and no address but our own mailbox around it.
"""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from upstage_crm.admin.mailbox.reading import codec_for, drawer_for
from upstage_crm.change_requests.lifecycle.mail_access import may_open
from upstage_crm.http.session_cookie import member_of_cookie
from upstage_crm.mail import eml
from upstage_crm.mail.attachments import Draw
from upstage_crm.mail.queries import MailNotFound, StoredMail, mail
from upstage_crm.staff.roles import Permission, may
from upstage_crm.wiring import Runtime, runtime

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
    """The mail as HTML, with `?format=text` its text part, with `?format=eml` all of it as a file,
    or with `?format=file&name=` one of its files.

    A staff member who may not read it, and one who asks for what does not exist, get the same 404.
    """
    return await asyncio.to_thread(
        _answer,
        request.headers.get("cookie", ""),
        str(request.path_params["mail_id"]),
        request.query_params.get("format", "html"),
        request.query_params.get("name", ""),
    )


def _answer(cookie: str, mail_id: str, form: str, name: str) -> Response:
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
    return _shown(stored, form, name, parts)


def _shown(stored: StoredMail, form: str, name: str, parts: Runtime) -> Response:
    codec, draw = codec_for(stored, parts), drawer_for(stored, parts)
    if form == "eml":
        named = {"content-disposition": f'attachment; filename="{stored.summary.id}.eml"'}
        content = eml.eml(stored, codec, draw=draw)
        return Response(content, media_type="message/rfc822", headers=HEADERS | named)
    if form == "file":
        return _file(stored, name, draw)
    if form == "text":
        return PlainTextResponse(eml.readable(stored, codec).text, headers=HEADERS)
    # Templates write every link as `<a `; what people typed is escaped and holds none.
    page = eml.document(stored, codec).replace("<a ", '<a rel="noopener" ')
    return HTMLResponse(page, headers=HEADERS)


def _file(stored: StoredMail, name: str, draw: Draw | None) -> Response:
    """One file of the mail, to keep; nothing is drawn but what the mail says."""
    drawings = eml.readable(stored, None).drawings
    found = next((drawing for drawing in drawings if drawing.name == name), None)
    if draw is None or found is None:
        return _missing()
    file = draw(found)
    named = {"content-disposition": f'attachment; filename="{file.name}"'}
    return Response(file.content, media_type=file.media_type, headers=HEADERS | named)


def _missing() -> Response:
    return HTMLResponse("There is no such email.\n", 404)


ROUTES = [Route("/mailbox/raw/{mail_id}", raw_mail, methods=["GET"])]
