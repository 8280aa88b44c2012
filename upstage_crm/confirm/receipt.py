"""The receipts that a link opens: a page, and each one as JSON and as PDF.

Any link of a reviewer opens the receipts of that reviewer, for ninety days. Reading changes
nothing; whatever there is not has a calm page.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from upstage_crm.confirm import link_visit, plain_html, receipt_html
from upstage_crm.confirm.link_visit import LinkMissing, Visitor
from upstage_crm.confirm.page_words import missing_words, page_words
from upstage_crm.core.languages import negotiate
from upstage_crm.links.claims import LinkRefused
from upstage_crm.organisation.settings import details
from upstage_crm.receipts import words as w
from upstage_crm.receipts.downloads import Form, file_of
from upstage_crm.receipts.visibility import SeenReceipt
from upstage_crm.wiring import runtime

PATH: Final = link_visit.RECEIPT_PAGE

_HEADERS: Final = {
    "x-frame-options": "DENY",  # for browsers without frame-ancestors
    "cache-control": "no-store",
    "referrer-policy": "same-origin",
    "x-robots-tag": "noindex",
}


@dataclass(frozen=True, slots=True)
class _Calm:
    """A page in place of a receipt, and the policy of its style."""

    html: str
    policy: str


async def page(request: Request) -> Response:
    """Show every receipt that the link opens, or with `id` that one."""
    found = await asyncio.to_thread(_found, _visitor(request), request.query_params.get("id", ""))
    if isinstance(found, _Calm):
        return _calm(found)
    html = receipt_html.document(found, link=request.query_params.get("link", ""))
    headers = {**_HEADERS, "content-security-policy": receipt_html.POLICY}
    return HTMLResponse(html, headers=headers)


async def as_json(request: Request) -> Response:
    """One receipt as JSON: the newest, or the one that `id` names."""
    return await asyncio.to_thread(_file, request, Form.JSON)


async def as_pdf(request: Request) -> Response:
    """One receipt as a PDF of one page: the newest, or the one that `id` names."""
    return await asyncio.to_thread(_file, request, Form.PDF)


def _file(request: Request, form: Form) -> Response:
    found = _found(_visitor(request), request.query_params.get("id", ""))
    if isinstance(found, _Calm):
        return _calm(found)
    file = file_of(found[0], form)
    return Response(file.content, media_type=file.media_type, headers=file.headers)


def _found(visitor: Visitor, wanted: str) -> tuple[SeenReceipt, ...] | _Calm:
    """The receipts that a visitor's link opens, narrowed to `wanted` if it is not empty."""
    parts = runtime()
    now = parts.clock.now()
    with parts.database.reading() as session:
        organisation = details(session)
        language = negotiate(visitor.languages, organisation.language)
        try:
            claims = link_visit.claims_of(visitor)
            found = link_visit.receipts(session, claims, now=now)
        except LinkMissing:
            said = missing_words(organisation, language=language)
            return _Calm(plain_html.document(said, link="", nonce=""), plain_html.POLICY)
        except LinkRefused:
            zone = organisation.zone
            said = page_words(
                None, now=now, zone=zone, organisation=organisation, language=language
            )
            return _Calm(plain_html.document(said, link="", nonce=""), plain_html.POLICY)
        if found is None:
            return _Calm(
                receipt_html.without(w.TOO_OLD, organisation, language=language),
                receipt_html.POLICY,
            )
        chosen = tuple(receipt for receipt in found if wanted in ("", receipt.id))
        if not chosen:
            return _Calm(
                receipt_html.without(w.NONE_HERE, organisation, language=language),
                receipt_html.POLICY,
            )
        return chosen


def _calm(said: _Calm) -> Response:
    return HTMLResponse(said.html, 404, {**_HEADERS, "content-security-policy": said.policy})


def _visitor(request: Request) -> Visitor:
    return Visitor(
        link=request.query_params.get("link", ""),
        cookies=request.headers.get("cookie", ""),
        languages=request.headers.get("accept-language", ""),
    )


ROUTES = [
    Route(PATH, page, methods=["GET"]),
    Route(f"{PATH}.json", as_json, methods=["GET"]),
    Route(f"{PATH}.pdf", as_pdf, methods=["GET"]),
]
