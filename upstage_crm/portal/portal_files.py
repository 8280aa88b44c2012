"""The stylesheet and the scripts of the portal: named by their content, so kept for good."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from upstage_crm.portal.addresses import FILES
from upstage_crm.portal.answers import FOREVER, NO_STORE, Document, answer, document
from upstage_crm.ui.design.tokens import css_block

FOLDER: Final = Path(__file__).parent / "templates"
SHEET: Final = "portal.css"
KINDS: Final = {".css": "text/css; charset=utf-8", ".mjs": "text/javascript; charset=utf-8"}
NAMES: Final = (SHEET, "portal.mjs", "seat_map.mjs")


async def show(request: Request) -> Response:
    """A file by its name and the digest of its content."""
    name, digest = str(request.path_params["name"]), str(request.path_params["digest"])
    if name not in NAMES or digest != _digest(name):
        return PlainTextResponse("There is no such file.\n", 404, {"cache-control": NO_STORE})
    return answer(request, _file(name))


def href(name: str) -> str:
    """The address of a file as it is now."""
    return f"{FILES}{_digest(name)}/{name}"


def _digest(name: str) -> str:
    return hashlib.sha256(_file(name).packed).hexdigest()[:12]


@cache
def _file(name: str) -> Document:
    content = (FOLDER / name).read_text("utf-8")
    if name == SHEET:
        content = css_block() + content
    return document(content, kind=KINDS[Path(name).suffix], headers={"cache-control": FOREVER})


ROUTES = [Route(f"{FILES}{{digest}}/{{name}}", show, methods=["GET"])]
