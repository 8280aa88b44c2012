"""Answers of the portal: a document that was made once, with its policy, packed and named.

Pages that all visitors see alike come from memory. A browser that has the newest one is told so.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from upstage_crm.portal.memory import Memory

HTML: Final = "text/html; charset=utf-8"
FOREVER: Final = "public, max-age=31536000, immutable"
NO_STORE: Final = "no-store"
SEE_OTHER: Final = 303
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SHARED_LIFE_S: Final = 1.0
SHARED_PAGES: Final = 800  # packed, of about 10 kB each


def _no_headers() -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document as it is sent. `tag` is another one as soon as a byte differs."""

    packed: bytes
    tag: str
    kind: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=_no_headers)


Made = Document | str
"""What a page comes to: a document, or the address that has it now."""
_shared: Memory[Made] = Memory(life_s=SHARED_LIFE_S, most=SHARED_PAGES)


def document(
    content: str | bytes,
    *,
    kind: str = HTML,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Document:
    """A document of this content. HTML has the policy of the portal, and goes by language."""
    whole = content.encode() if isinstance(content, str) else content
    given = {"cache-control": "no-cache" if status == 200 else NO_STORE}
    if kind == HTML:
        given |= {"content-security-policy": POLICY, "x-frame-options": "DENY"}
    return Document(
        packed=gzip.compress(whole, 6, mtime=0),
        tag=f'"{hashlib.sha256(whole).hexdigest()[:20]}"',
        kind=kind,
        status=status,
        headers={**given, **(headers or {})},
    )


async def shared(
    request: Request, key: Hashable, make: Callable[[], Made], *, life_s: float | None = None
) -> Response:
    """Answer with what all visitors see alike; `make` runs on a thread when it is too old."""
    made = _shared.fresh(key, life_s=life_s)
    if made is None:
        made = await asyncio.to_thread(_shared.get, key, make, life_s=life_s)
    if isinstance(made, str):
        return moved(made)
    return answer(request, made)


def answer(request: Request, made: Document) -> Response:
    """Send a document, or say that the browser has it."""
    headers = {**made.headers, "etag": made.tag, "vary": "accept-encoding, accept-language"}
    if made.status == 200 and request.headers.get("if-none-match") == made.tag:
        return Response(status_code=304, headers=headers)
    content = made.packed
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
    else:
        content = gzip.decompress(content)
    return Response(content, made.status, headers, media_type=made.kind)


def moved(path: str) -> Response:
    """Lead on to where something is now."""
    return RedirectResponse(path, 308, {"cache-control": NO_STORE})


def see(path: str) -> Response:
    """Lead on to the page that shows what became of a form."""
    return RedirectResponse(path, SEE_OTHER, {"cache-control": NO_STORE})
