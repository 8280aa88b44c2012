"""The edge: headers, limits, gates and log lines, without a server."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.settings import GIVEN_DATABASE, PUBLIC
from upstage_crm.settings import Settings
from upstage_crm.web.edge import BODY_LIMIT, edge
from upstage_crm.web.headers import content_policy, inline_script_hashes
from upstage_crm.web.request_log import JsonFormatter, mask, safe_path

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwYXRyb24ifQ.c2lnbmF0dXJl"

Headers = list[tuple[bytes, bytes]]


@dataclass
class App:
    """The app behind the edge: notes what reached it and answers as told."""

    status: int = 200
    headers: Headers = field(default_factory=lambda: [(b"content-type", b"text/html")])
    scopes: list[Scope] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        if scope["method"] == "POST":
            self.bodies.append((await receive())["body"])
        start = {"type": "http.response.start", "status": self.status, "headers": self.headers}
        await send(start)
        await send({"type": "http.response.body", "body": b"from the app"})


@dataclass(frozen=True)
class Answer:
    """What came back through the edge."""

    status: int
    headers: dict[str, str]
    body: bytes
    names: list[str]


def ask(
    app: App,
    path: str = "/",
    *,
    environ: dict[str, str] | None = None,
    method: str = "GET",
    headers: Iterable[tuple[bytes, bytes]] = (),
    chunks: Iterable[bytes] = (),
    body_limit: Callable[[Scope, int], Awaitable[int]] | None = None,
    house: Callable[[], Awaitable[str]] | None = None,
) -> Answer:
    """Send one request through the whole edge."""
    wrapped: ASGIApp = app
    made = edge(Settings.load(environ or {}), Path("/nowhere"), body_limit=body_limit, house=house)
    for wrap in made:
        wrapped = wrap(wrapped)
    given = list(headers)
    if b"host" not in dict(given):
        given.insert(0, (b"host", b"inner:3000"))
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "scheme": "http",
        "query_string": b"",
        "headers": given,
    }
    waiting = list(chunks)
    sent: list[Message] = []

    async def receive() -> Message:
        body = waiting.pop(0) if waiting else b""
        return {"type": "http.request", "body": body, "more_body": bool(waiting)}

    async def send(message: Message) -> None:
        sent.append(message)

    async def run() -> None:
        await wrapped(scope, receive, send)

    asyncio.run(run())
    pairs = [(name.decode().lower(), value.decode()) for name, value in sent[0]["headers"]]
    body = b"".join(message["body"] for message in sent[1:])
    return Answer(sent[0]["status"], dict(pairs), body, [name for name, _ in pairs])


# --- headers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/patrons/7/", "/assets/x-1.js", "/c/x", "/confirm/", "/no"])
@pytest.mark.parametrize("status", [200, 303, 404, 500])
def test_every_answer_carries_the_security_headers_once(path: str, status: int) -> None:
    answer = ask(App(status=status), path)

    for name in (
        "content-security-policy",
        "cross-origin-opener-policy",
        "cross-origin-resource-policy",
        "permissions-policy",
        "referrer-policy",
        "x-content-type-options",
        "x-frame-options",
        "x-request-id",
    ):
        assert answer.names.count(name) == 1, name
    assert "strict-transport-security" not in answer.headers


def test_the_policy_lets_no_foreign_or_inline_script_run() -> None:
    policy = rules(ask(App()).headers["content-security-policy"])

    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == ["'self'"]
    assert policy["frame-ancestors"] == ["'none'"]
    assert policy["base-uri"] == ["'none'"]
    assert policy["form-action"] == ["'self'"]
    assert policy["connect-src"] == ["'self'", "ws://localhost:3000", "ws://127.0.0.1:3000"]


def test_only_staff_pages_may_frame() -> None:
    assert rules(ask(App(), "/").headers["content-security-policy"])["frame-src"] == ["'self'"]
    for path in ("/c/x", "/confirm/", "/confirm/plain"):
        policy = rules(ask(App(), path).headers["content-security-policy"])
        assert policy["frame-src"] == ["'none'"]


def rules(policy: str) -> dict[str, list[str]]:
    """Return a content policy as its directives."""
    return {rule.split()[0]: rule.split()[1:] for rule in policy.split("; ")}


def test_inline_scripts_of_the_build_are_allowed_by_hash(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    page = "<script>go()</script><script src='/x.js'></script><script></script>"
    (tmp_path / "deep" / "index.html").write_text(page)
    (tmp_path / "404.html").write_text("<script>go()</script>")

    hashes = inline_script_hashes(tmp_path)

    # From `printf 'go()' | openssl dgst -sha256 -binary | base64`.
    assert hashes == ("'sha256-5KYv+PUboo5h+0+YAtGRPbwv5d/QxzHslP4YGnUaxRw='",)
    policy = content_policy(script_hashes=hashes, origins=(), may_frame_own_pages=False)
    assert rules(policy)["script-src"] == ["'self'", *hashes]


def test_an_answer_keeps_its_own_policy() -> None:
    own: Headers = [(b"Content-Security-Policy", b"sandbox"), (b"Content-Type", b"text/html")]

    answer = ask(App(headers=own), "/mailbox/raw/1")

    assert answer.names.count("content-security-policy") == 1
    assert answer.headers["content-security-policy"] == "sandbox"
    assert "x-frame-options" not in answer.headers


@pytest.mark.parametrize(
    ("path", "referrer", "robots", "cache"),
    [
        ("/c/token", "no-referrer", "noindex", "no-store"),
        ("/confirm", "same-origin", "noindex", "no-store"),
        ("/confirm/", "same-origin", "noindex", "no-store"),
        ("/confirm/plain", "same-origin", "noindex", "no-store"),
        ("/confirmed", "same-origin", None, "no-cache"),
        ("/", "same-origin", None, "no-cache"),
        ("/assets/x-1.js", "same-origin", None, "public, max-age=31536000, immutable"),
        ("/fonts/inter.woff2", "same-origin", None, "public, max-age=86400"),
    ],
)
def test_each_place_says_how_it_may_be_kept_and_told_on(
    path: str, referrer: str, robots: str | None, cache: str
) -> None:
    answer = ask(App(), path)

    assert referrer == answer.headers["referrer-policy"]
    assert robots == answer.headers.get("x-robots-tag")
    assert cache == answer.headers["cache-control"]


def test_a_missing_asset_is_not_kept_for_a_year() -> None:
    assert ask(App(status=404), "/assets/gone.js").headers["cache-control"] == "no-store"


def test_an_own_cache_rule_is_kept_except_where_links_lead() -> None:
    own: Headers = [(b"cache-control", b"private")]

    assert ask(App(headers=own), "/api").headers["cache-control"] == "private"
    assert ask(App(headers=own), "/c/x").headers["cache-control"] == "no-store"


def test_https_is_insisted_on_only_under_https() -> None:
    answer = ask(App(), environ=PUBLIC)

    assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


# --- the public name ----------------------------------------------------------------------------


def test_the_app_sees_its_public_name_behind_a_proxy() -> None:
    app = App()

    ask(app, environ=PUBLIC, headers=[(b"x-forwarded-host", b"evil.example")])

    assert app.scopes[0]["scheme"] == "https"
    hosts = [value for name, value in app.scopes[0]["headers"] if name == b"host"]
    assert hosts == [b"crm.example.org"]


@pytest.mark.parametrize(
    ("typed", "seen"),
    [
        (b"localhost:3000", b"localhost:3000"),
        (b"127.0.0.1:3000", b"127.0.0.1:3000"),
        (b"[::1]:3000", b"[::1]:3000"),
        (b"inner:3000", b"localhost:3000"),
        (b"evil.example", b"localhost:3000"),  # a name of theirs that leads to this machine
        (b"localhost:1", b"localhost:3000"),
        (b"localhost:3000@evil.example", b"localhost:3000"),
        (b"localhost:3000\xff", b"localhost:3000"),
        (b"[::1", b"localhost:3000"),
        (b"", b"localhost:3000"),
    ],
)
def test_on_a_laptop_the_host_is_the_one_that_was_typed_if_it_is_here(
    typed: bytes, seen: bytes
) -> None:
    app = App()

    ask(app, headers=[(b"host", typed)])

    assert app.scopes[0]["scheme"] == "http"
    assert [seen] == [value for name, value in app.scopes[0]["headers"] if name == b"host"]


# --- limits and gates ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "sizes"),
    [
        ([(b"content-length", str(BODY_LIMIT + 1).encode())], []),
        ([(b"transfer-encoding", b"chunked")], [BODY_LIMIT, 1]),
        ([(b"content-length", b"5")], [BODY_LIMIT, 1]),
    ],
    ids=["announced", "not announced", "a lie"],
)
def test_a_body_above_the_limit_never_reaches_the_app(headers: Headers, sizes: list[int]) -> None:
    app = App()

    answer = ask(app, method="POST", headers=headers, chunks=[b"x" * size for size in sizes])

    assert answer.status == 413
    assert app.scopes == []


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/plan", 2 * BODY_LIMIT, 200),
        ("/plan", 2 * BODY_LIMIT + 1, 413),
        ("/other", BODY_LIMIT + 1, 413),
    ],
)
@pytest.mark.parametrize("is_announced", [True, False])
def test_one_route_may_take_a_larger_body_up_to_a_limit_of_its_own(
    path: str, size: int, status: int, is_announced: bool
) -> None:
    async def body_limit(scope: Scope, usual: int) -> int:
        return 2 * usual if scope["path"] == "/plan" else usual

    length = (b"content-length", str(size).encode())
    headers = [length if is_announced else (b"transfer-encoding", b"chunked")]
    answer = ask(
        App(), path, method="POST", headers=headers, chunks=[b"x" * size], body_limit=body_limit
    )

    assert answer.status == status


def test_a_body_at_the_limit_arrives_whole() -> None:
    app = App()
    chunks = [b"a" * (BODY_LIMIT - 1), b"b"]

    answer = ask(app, method="POST", headers=[(b"transfer-encoding", b"chunked")], chunks=chunks)

    assert answer.status == 200
    assert app.bodies == [b"".join(chunks)]


@pytest.mark.parametrize(
    "path",
    [
        *("/_upload", "/_upload/", "/_upload/x.pdf", "//_upload", "/_upload/../health"),
        *("/ping", "/ping/", "/_health", "/_all_routes", "/auth-codespace", "/x/../ping"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "HEAD"])
def test_what_the_framework_serves_beside_our_pages_is_never_reached(
    path: str, method: str
) -> None:
    for environ in ({}, GIVEN_DATABASE, PUBLIC):
        app = App()

        answer = ask(app, path, environ=environ, method=method, headers=[(b"content-length", b"9")])

        assert answer.status == 404
        assert app.scopes == []


@pytest.mark.parametrize(
    "path", ["/c/token\n", "/c/\ntoken", "/health\n", "/patrons/\r\n", "/\x00"]
)
def test_a_path_with_a_line_break_leads_nowhere(path: str) -> None:
    app = App()

    assert ask(app, path).status == 404
    assert app.scopes == []


def test_what_only_begins_alike_is_open() -> None:
    for path in ("/pingpong/", "/pings", "/patrons/ping", "/health", "/_event/"):
        assert ask(App(), path, environ=PUBLIC).body == b"from the app"


def test_an_unknown_address_gets_our_page() -> None:
    answer = ask(App(status=404))

    assert b"There is no page here" in answer.body
    assert str(len(answer.body)) == answer.headers["content-length"]


def test_an_unknown_address_names_the_house() -> None:
    async def house() -> str:
        return "Lantern & Street Theatre"

    answer = ask(App(status=404), house=house)

    assert b"Lantern &amp; Street Theatre" in answer.body
    assert str(len(answer.body)) == answer.headers["content-length"]


def test_only_unknown_pages_are_replaced() -> None:
    as_json: Headers = [(b"content-type", b"application/json")]
    own: Headers = [(b"content-type", b"text/html"), (b"content-security-policy", b"sandbox")]

    assert ask(App(status=404, headers=as_json)).body == b"from the app"
    assert ask(App(status=404, headers=own)).body == b"from the app"
    assert ask(App(status=200)).body == b"from the app"


# --- the log ------------------------------------------------------------------------------------


def test_a_request_is_one_line_with_the_id_that_the_answer_tells(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.handler.setFormatter(JsonFormatter())
    caplog.set_level(logging.INFO, logger="upstage_crm.request")

    answer = ask(App(), f"/c/{TOKEN}")

    (line,) = [json.loads(text) for text in caplog.text.splitlines()]
    assert answer.headers["x-request-id"] == line["request"]
    assert (line["method"], line["path"], line["status"]) == ("GET", "/c/*", 200)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["at"])


@pytest.mark.parametrize(
    ("path", "is_logged"),
    [("/", True), ("/health", False), ("/assets/x.js", False), ("/fonts/x.woff2", False)],
)
def test_noise_is_left_out(path: str, is_logged: bool, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="upstage_crm.request")

    ask(App(), path)

    assert is_logged is bool(caplog.records)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/c/abc", "/c/*"),
        ("/c/abc/more", "/c/*"),
        ("/patrons/1024/", "/patrons/1024/"),
        ("/find/ada@example.org", "/find/[address]"),
        (f"/confirm/{TOKEN}", "/confirm/*"),
        ("/x/" + "a" * 41, "/x/*"),
    ],
)
def test_a_path_is_logged_without_tokens_and_addresses(path: str, told: str) -> None:
    assert told == safe_path(path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"bad token {TOKEN}!", "bad token [token]!"),
        ("key re_123456abc refused", "key [secret] refused"),
        ("secret whsec_MfKQ9r8GKYqrTwjU", "secret [secret]"),
        ("to ada.lovelace+box@example.co.uk failed", "to [address] failed"),
        ("to ada%40example.org failed", "to [address] failed"),
        ("GET /c/whatever-it-is?x=1", "GET /c/*?x=1"),
        ("three seats, row C, 20:00", "three seats, row C, 20:00"),
    ],
)
def test_messages_are_masked(text: str, told: str) -> None:
    assert told == mask(text)


def test_a_traceback_and_extra_fields_are_masked_too() -> None:
    try:
        raise ValueError("cannot mail ada@example.org")
    except ValueError as error:
        details: Any = (type(error), error, error.__traceback__)
    record = logging.LogRecord("x", logging.ERROR, __file__, 1, "failed %s", (TOKEN,), details)
    record.recipient = "ada@example.org"

    line = JsonFormatter().format(record)

    assert "\n" not in line
    assert "ada@example.org" not in line
    assert TOKEN not in line
    assert json.loads(line)["recipient"] == "[address]"


@pytest.mark.parametrize("piece", ["x", "eyJ", "eyJ.", "a@", "a.", "/c/", "re_", "%40", "=a"])
def test_a_flood_is_cut_in_no_time(piece: str) -> None:
    record = logging.LogRecord("x", logging.INFO, __file__, 1, piece * 100_000, (), None)
    started = time.process_time()

    line = JsonFormatter().format(record)

    assert len(line) < 10_000
    assert time.process_time() - started < 0.25  # about 1 ms; quadratic would take a second
