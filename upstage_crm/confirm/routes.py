"""The patron's routes: the gate, the page's document, and the plain twin.

The page is built once and knows no link. This route serves the built file with the link's key in
the one ordinary link that leads to the plain twin, so that a browser whose scripts or websocket
fail still gets there. Scripts stay untouched: the content policy allows them by their hashes.
"""

from __future__ import annotations

import asyncio
import gzip
import re
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from upstage_crm.confirm import (
    code,
    cookies,
    link_entry,
    plain,
    receipt,
)
from upstage_crm.confirm.plain_html import TEMPLATES
from upstage_crm.confirm.tickets import choice_page, offer_page, seat_page
from upstage_crm.core.migrations import ROOT
from upstage_crm.http.patron_paths import BUILT_PAGES

BUILT_PAGE: Final = ROOT / BUILT_PAGES / "confirm" / "index.html"
PLAIN_LINK: Final = f'href="{plain.PATH}"'
SEE_OTHER = 303
_SHEET = re.compile(r'<link href="/(assets/[\w.-]+\.css)" rel="stylesheet" type="text/css"/>')
_SHEET_AHEAD = re.compile(r'<link as="style" href="/assets/[\w.-]+\.css" rel="preload"/>')


async def page(request: Request) -> Response:
    """Serve the page; without a build, send the visitor on to the plain twin."""
    query = _query(request)
    built = await asyncio.to_thread(_read, BUILT_PAGE)
    if built is None:
        return RedirectResponse(f"{plain.PATH}{query}", SEE_OTHER, {"cache-control": "no-store"})
    document = built.replace(PLAIN_LINK, f'href="{escape(plain.PATH + query)}"', 1)
    headers = {"cache-control": "no-store", "vary": "accept-encoding"}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return HTMLResponse(document, headers=headers)
    packed = await asyncio.to_thread(gzip.compress, document.encode(), 6)
    return HTMLResponse(packed, headers=headers | {"content-encoding": "gzip"})


def _query(request: Request) -> str:
    """What the plain twin needs of the address: nothing but a well-formed key and choice."""
    link = request.query_params.get("link", "")
    if not cookies.is_key(link):
        return ""
    kept = {"link": link}
    choice = request.query_params.get("choice", "")
    if choice in link_entry.CHOICES:
        kept["choice"] = choice
    return f"?{urlencode(kept)}"


def _read(path: Path) -> str | None:
    try:
        return _drawn_at_once(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return None


@lru_cache(maxsize=1)
def _drawn_at_once(path: Path, _changed_at: int) -> str:
    """The built page with its style sheet inside.

    Its link stays, because React looks for it, but as one that no screen has to wait for.
    """
    document = path.read_text("utf-8")
    sheet = _SHEET.search(document)
    if sheet is None:
        return document
    built = Markup((path.parent.parent / sheet[1]).read_text("utf-8"))  # noqa: S704  # ours
    style = TEMPLATES.render("_style.html", lang="en", sheet=built).strip()
    later = sheet[0].replace("/>", ' media="not all"/>')
    document = document.replace(sheet[0], f"{style}{later}", 1)
    return _SHEET_AHEAD.sub("", document)


ROUTES = [
    *link_entry.ROUTES,
    *plain.ROUTES,
    *receipt.ROUTES,
    *code.ROUTES,
    *choice_page.ROUTES,
    *offer_page.ROUTES,
    *seat_page.ROUTES,
    Route("/confirm", page, methods=["GET"]),
    Route("/confirm/", page, methods=["GET"]),
]
