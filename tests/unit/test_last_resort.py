"""Whatever fails, the visitor reads a calm page and the log one masked line."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from tests.support.settings import PUBLIC
from upstage_crm.core.languages import LANGUAGES, speaker
from upstage_crm.pages.calm_page import CalmPage
from upstage_crm.settings import Settings
from upstage_crm.web.edge import edge
from upstage_crm.web.last_resort import INTERNAL_ERROR, drawn
from upstage_crm.web.request_log import JsonFormatter
from upstage_crm.wording import failures

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
SECRET = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwYXRyb24ifQ.c2lnbmF0dXJl"
PATRON_PATHS = ("/c/token", "/confirm", "/confirm/", "/confirm/plain", "/confirm/code")


async def fails_itself(scope: Scope, receive: Receive, send: Send) -> None:
    """An app with no layer of its own between it and us."""
    raise RuntimeError(f"cannot write {SECRET} of ada@example.org")


async def _fails(_request: Request) -> Response:
    raise RuntimeError(f"cannot write {SECRET} of ada@example.org")


async def _says_500(_request: Request) -> Response:
    return Response("<pre>Traceback</pre>", 500, media_type="text/html")


def under_starlette() -> Starlette:
    """Our own routes: Starlette answers before it lets a failure pass."""
    return Starlette(routes=[Route("/{path:path}", _fails, methods=["GET", "POST", "HEAD"])])


def says_500() -> Starlette:
    """A framework that hides the failure and says no more than its status."""
    return Starlette(routes=[Route("/{path:path}", _says_500, methods=["GET", "POST", "HEAD"])])


LAYERS = {
    "the app": lambda: fails_itself,
    "Starlette": under_starlette,
    "an answer of 500": says_500,
}


def ask(
    app: ASGIApp,
    path: str = "/patrons/",
    *,
    method: str = "GET",
    headers: Mapping[str, str] = BROWSER,
    environ: Mapping[str, str] | None = None,
) -> httpx.Response:
    """Send one request through the whole edge."""
    for wrap in edge(Settings.load(environ or {}), Path("/nowhere")):
        app = wrap(app)

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:3000") as one:
            return await one.request(method, path, headers={"accept": "*/*", **headers})

    return asyncio.run(send())


@pytest.fixture(params=LAYERS)
def app(request: pytest.FixtureRequest) -> ASGIApp:
    """Something that fails, at one layer."""
    return LAYERS[request.param]()


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/patrons/"), ("POST", "/auth/sign-in"), ("GET", "/auth/link/x")]
)
def test_a_member_of_staff_reads_a_calm_page_wherever_it_failed(
    app: ASGIApp, method: str, path: str
) -> None:
    answer = ask(app, path, method=method)

    assert answer.status_code == 500
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert f"<h1>{failures.TITLE}</h1>" in answer.text
    assert "check whether it was saved" in answer.text
    assert f"request {answer.headers['x-request-id']}." in answer.text
    assert "Internal Server Error" not in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("path", PATRON_PATHS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_patron_reads_it_in_their_language(app: ASGIApp, path: str, language: str) -> None:
    answer = ask(app, path, headers=BROWSER | {"accept-language": f"{language}-XX,en;q=0.5"})

    say = speaker(language)
    direction = "rtl" if language == "ar" else "ltr"
    assert f'<html lang="{language}" dir="{direction}">' in answer.text
    for words in (failures.TITLE, failures.SOON, failures.LINK_WORKS):
        assert say(words) in answer.text
        assert language == "en" or say(words) != words


def test_a_page_that_cannot_be_drawn_is_answered_in_plain_words() -> None:
    page = CalmPage(title=failures.TITLE, lines=(failures.SOON,))
    broken = CalmPage(
        title=failures.TITLE, lines=(failures.SOON,), action=cast("Any", ("Go", None))
    )

    assert drawn(page) == (b"text/html", page.as_html())
    assert drawn(broken) == (b"text/plain", page.as_text())


@pytest.mark.parametrize("path", ["/webhooks/resend", "/confirm/plain"])
def test_who_asked_for_no_page_reads_plain_words(app: ASGIApp, path: str) -> None:
    answer = ask(app, path, headers={})

    assert answer.status_code == 500
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text.startswith(f"{failures.TITLE}.\n{failures.SOON}\n")
    assert "<" not in answer.text


def test_the_page_needs_nothing_but_itself(app: ASGIApp) -> None:
    page = ask(app).text

    assert len(page) < 3_000
    assert not re.search(r"<script|src=|@import|url\(|https?:", page)
    assert "prefers-color-scheme:dark" in page
    assert re.findall(r'href="([^"]*)"', page) == ["data:,", "/"]


def test_it_carries_every_header_of_a_page_once(app: ASGIApp) -> None:
    answer = ask(app, environ=PUBLIC)

    names = [name for name, _ in answer.headers.multi_items()]
    for name in (
        "cache-control",
        "content-security-policy",
        "cross-origin-opener-policy",
        "cross-origin-resource-policy",
        "permissions-policy",
        "referrer-policy",
        "strict-transport-security",
        "x-content-type-options",
        "x-frame-options",
        "x-request-id",
        "x-robots-tag",
    ):
        assert names.count(name) == 1, name
    assert answer.headers["cache-control"] == "no-store"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


def test_a_head_gets_the_head_alone(app: ASGIApp) -> None:
    answer = ask(app, method="HEAD")

    assert answer.status_code == 500
    assert answer.content == b""
    assert int(answer.headers["content-length"]) > 500


@pytest.mark.parametrize("layer", ["the app", "Starlette"])
def test_the_failure_is_one_masked_line_with_the_id_that_the_page_tells(
    layer: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.handler.setFormatter(JsonFormatter())

    answer = ask(LAYERS[layer]())

    lines = [json.loads(text) for text in caplog.text.splitlines()]
    (failed,) = [line for line in lines if line["message"] == "a request failed"]
    assert failed["request"] == answer.headers["x-request-id"]
    assert "RuntimeError" in failed["error"]
    assert SECRET not in caplog.text
    assert "ada@example.org" not in caplog.text


def test_the_log_says_500(caplog: pytest.LogCaptureFixture, app: ASGIApp) -> None:
    caplog.set_level(logging.INFO, logger="upstage_crm.request")

    ask(app, "/patrons/")

    (line,) = [record for record in caplog.records if record.name == "upstage_crm.request"]
    assert vars(line)["status"] == 500


async def test_an_answer_that_had_begun_is_not_begun_again() -> None:
    async def begins(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError

    sent: list[Message] = []
    app: ASGIApp = begins
    for wrap in edge(Settings.load({}), Path("/nowhere")):
        app = wrap(app)

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}
    await app(scope, receive, send)

    assert [message["type"] for message in sent] == ["http.response.start"]


async def test_a_socket_that_failed_is_closed() -> None:
    async def fails(_socket: WebSocket) -> None:
        raise RuntimeError

    app: ASGIApp = Starlette(routes=[WebSocketRoute("/_event/", fails)])
    for wrap in edge(Settings.load({}), Path("/nowhere")):
        app = wrap(app)
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/_event/", "headers": [], "query_string": b""}
    await app(scope, receive, send)

    assert sent == [{"type": "websocket.close", "code": INTERNAL_ERROR}]


def test_what_is_no_failure_is_left_alone() -> None:
    async def unavailable(_request: Request) -> Response:
        return Response("busy", 503)

    answer = ask(Starlette(routes=[Route("/health", unavailable)]), "/health")

    assert (answer.status_code, answer.text) == (503, "busy")
