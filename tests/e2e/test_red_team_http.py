"""Requests that no client would write, as bytes on the line, against every route there is."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.support.raw_http import Answer, ask, exchange, is_at_home, place_of
from tests.support.server import answers
from tests.support.siege import PRIVATE, House, besieged, leaks
from upstage_crm.http.session_cookie import NAME

HOOK = "whsec_" + "a2tr" * 8
SMUGGLED = "/smuggled-in"
SILENCE_S = 0.6  # when the server waits for the rest of a request, it says nothing


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    settings = {"RESEND_WEBHOOK_SECRET": HOOK}
    with besieged(tmp_path_factory.mktemp("odd"), requests=1, settings=settings) as built:
        yield built


@dataclass(frozen=True)
class Place:
    """An address of ours, and the method that it answers to."""

    path: str
    method: str = "GET"


def places(house: House) -> list[Place]:
    key = house.claims(0).key
    return [
        Place("/auth/sign-in", "POST"),
        Place("/auth/sign-out", "POST"),
        Place(f"/c/{house.token(0)}"),
        Place("/confirm/"),
        Place("/confirm/plain"),
        Place(f"/confirm/plain?link={key}", "POST"),
        Place("/confirm/code", "POST"),
        Place(f"/confirm/receipt?link={key}"),
        Place("/confirm/receipt.json"),
        Place("/confirm/receipt.pdf"),
        Place("/mailbox/raw/0190aaaa"),
        Place("/mailbox/export.csv"),
        Place("/mailbox/sample"),
        Place("/requests/receipt/0190aaaa.json"),
        Place("/webhooks/resend", "POST"),
        Place("/health"),
        Place("/_upload", "POST"),
        Place("/patrons/"),
        Place("/sign-in/"),
    ]


def assert_harmless(house: House, answer: Answer, what: str) -> None:
    """Neither a failure nor a word of ours, and no way to somewhere else."""
    said = f"{what[:100]!r} -> {answer.status} {answer.location[:80]}"
    assert not re.search(rb"^HTTP/1\.[01] 5", answer.raw, re.MULTILINE), said
    assert leaks(answer.raw.decode("latin-1")) == [], said
    assert "evil.example" not in answer.location, said
    if answer.location:
        assert is_at_home(house.server, answer.location), said


# --- the address --------------------------------------------------------------------------------

BEFORE = [
    "/",
    "//",
    "/.",
    "/./.",
    "/x/..",
    "/%2e",
    "/%2e%2e",
    "/\\",
    "/;a=b",
    "/%2f",
    "/%5c",
    "/%00",
]
BEHIND = [
    *(
        "/",
        "//",
        "/.",
        "/..",
        "/../..",
        ";x=y",
        ";/..;/",
        "%00",
        "%20",
        "%2e",
        "%2f..%2f",
        "\\..\\",
    ),
    *("%c0%ae%c0%ae/", "%c0%af", "%e0%80%af", "%ed%a0%80", "%f8%80%80%80%af", "%u002f", "%", "%zz"),
    *(
        ".json",
        ".html",
        "~",
        "*",
        "?",
        "?%00",
        "#x",
        "?a[]=1&a[]=2",
        "?&&==;;",
        "%0d%0aX-Evil:%201",
    ),
]


def variants(path: str) -> Iterator[str]:
    """The same address as an attacker would write it who looks for another door to it."""
    bare, question, query = path.partition("?")
    yield from (f"{start}{path}" for start in BEFORE)
    yield from (f"{bare}{end}{question}{query}" for end in BEHIND)
    yield f"http://evil.example{path}"
    yield f"//evil.example{path}"
    yield f"/evil.example/..{path}"
    yield "/" + "".join(f"%{ord(letter):02x}" for letter in path[1:40])
    yield path.upper()
    yield bare.replace("/", "//") + question + query
    yield "/" + bare[1:].replace("/", "%2f") + question + query
    yield bare.replace("/", "\\") + question + query
    yield "".join(chr(ord(letter) + 0x60) for letter in path[1:40] if letter.isalpha())
    yield f"{path}{'&' if question else '?'}{'x=y&' * 2_000}"


def test_no_way_of_writing_an_address_opens_another_door(house: House) -> None:
    before, count = house.substance(), 0
    for place in places(house):
        for path in variants(place.path):
            answer = ask(house.server, path, method=place.method, Content_Length="0")
            count += 1
            assert_harmless(house, answer, f"{place.method} {path}")
            assert "x-evil" not in answer.headers, path
    assert count > 900
    assert before == house.substance()


def test_raw_bytes_in_the_first_line_are_refused_or_harmless(house: House) -> None:
    lines = [
        b"GET  / HTTP/1.1",
        b"GET\t/\tHTTP/1.1",
        b"GET / HTTP/1.1 HTTP/1.1",
        b"GET /patrons/ /c/ HTTP/1.1",
        b"GET /\x00 HTTP/1.1",
        b"GET /\xff\xfe HTTP/1.1",
        b"GET /\xc0\xaf.. HTTP/1.1",
        b"GET /confirm/\rX HTTP/1.1",
        b"GET / http/1.1",
        b"GET / HTTP/1.2",
        b"GET / HTTP/2.0",
        b"GET /",
        b" GET / HTTP/1.1",
        b"\r\n\r\nGET / HTTP/1.1",
        b"GET ?x HTTP/1.1",
        b"GET evil.example:443 HTTP/1.1",
        b"CONNECT evil.example:443 HTTP/1.1",
        b"OPTIONS * HTTP/1.1",
        b"GET * HTTP/1.1",
        b"GET http:///patrons/ HTTP/1.1",
        b"GET http://user:pw@evil.example:99999/ HTTP/1.1",
        b"GET javascript:alert(1) HTTP/1.1",
        b"G\xc3\x8bT / HTTP/1.1",
        b"GET/POST / HTTP/1.1",
        b"A" * 10_000 + b" / HTTP/1.1",
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1",
        b"PRI * HTTP/2.0\r\n\r\nSM",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64,
    ]
    before = house.substance()
    for line in lines:
        raw = line + f"\r\nHost: {place_of(house.server)}\r\nConnection: close\r\n\r\n".encode()
        assert_harmless(
            house, exchange(house.server, raw, silence_s=SILENCE_S), line.decode("latin-1")
        )
    assert before == house.substance()


# --- headers ------------------------------------------------------------------------------------


def test_floods_and_odd_headers_are_refused_or_harmless(house: House) -> None:
    ours = place_of(house.server)
    headers = [
        b"X: y\r\n" * 90,
        b"X: y\r\n" * 20_000,
        b"X: " + b"y" * 500_000 + b"\r\n",
        b"X" * 100_000 + b": y\r\n",
        b"Cookie: a=b\r\n" * 90,
        b"Cookie: " + b"a=b; " * 10_000 + b"\r\n",
        f"Cookie: {NAME}={'x' * 60_000}\r\n".encode(),
        b"Accept-Language: " + b"de;q=0.1," * 6_000 + b"\r\n",
        b"Accept-Language: \xff\xfe, *;q=nan, de;q=1e999\r\n",
        b"Accept-Encoding: gzip;q=0, *;q=-1, \x80\r\n",
        b"Range: bytes=" + b"0-," * 5_000 + b"\r\n",
        b"Range: bytes=-1,5-2,99999999999999999999999-\r\n",
        b"If-Modified-Since: never\r\nIf-None-Match: " + b'"x",' * 3_000 + b"\r\n",
        b"Expect: 100-continue\r\nExpect: 200-never\r\n",
        b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\n",
        b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAA\r\n",
        b"Content-Type: text/html; charset=\x00\r\n",
        b"X-Original-URL: /patrons/\r\nX-Rewrite-URL: /audit/\r\nX-HTTP-Method-Override: POST\r\n",
        b" folded: x\r\n  more\r\n",
        b"No colon here\r\n",
        b": no name\r\n",
        b"X y: z\r\n",
        b"X\x00: z\r\n",
        b"X: a\x00b\r\n",
        b"X: a\rb\r\n",
        b"X: a\nSet-Cookie: evil=1\n",
    ]
    before, paths = house.substance(), ("/patrons/", "/confirm/plain", "/health", "/favicon.ico")
    for given in headers:
        for path in paths:
            head = f"GET {path} HTTP/1.1\r\nHost: {ours}\r\nConnection: close\r\n".encode()
            answer = exchange(house.server, head + given + b"\r\n")
            assert_harmless(house, answer, f"{path} {given[:60].decode('latin-1')}")
            assert "evil" not in "".join(answer.cookies)
    assert before == house.substance()


# --- where a request ends -----------------------------------------------------------------------

INNER = f"GET {SMUGGLED} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
LENGTHS = [
    b"Content-Length: 0\r\nContent-Length: %d\r\n",
    b"Content-Length: %d\r\nContent-Length: 0\r\n",
    b"Content-Length: 0, %d\r\n",
    b"Content-Length: +%d\r\n",
    b"Content-Length: -%d\r\n",
    b"Content-Length: 0x%d\r\n",
    b"Content-Length: %d.0\r\n",
    b"Content-Length: %d;\r\n",
    b"Content-Length:\x0b%d\r\n",
    b"Content-Length: 99999999999999999999999999%d\r\n",
    b"Content-Length : %d\r\n",
    b"Content-Length: \xd9\xa1%d\r\n",
    b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: chunked\r\nContent-Length: %d\r\n",
    b"Content-Length: %d\r\nTransfer-Encoding: xchunked\r\n",
    b"Content-Length: %d\r\nTransfer-Encoding : chunked\r\n",
    b"Content-Length: %d\r\nTransfer-Encoding: chunked, identity\r\n",
    b"Content-Length: %d\r\nTransfer-Encoding:\x0bchunked\r\n",
    b"Content-Length: %d\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
]


@pytest.mark.parametrize("path", ["/auth/sign-in", "/confirm/code", "/webhooks/resend", "/health"])
def test_nobody_is_misled_about_where_a_request_ends(house: House, path: str) -> None:
    """With two lengths, one server in a row takes for a request what another took for a body."""
    before, log = house.substance(), len(house.server.log)
    for given in LENGTHS:
        head = f"POST {path} HTTP/1.1\r\nHost: {place_of(house.server)}\r\n".encode()
        for body in (INNER, b"0\r\n\r\n" + INNER):
            raw = head + given.replace(b"%d", str(len(body)).encode()) + b"\r\n" + body
            answer = exchange(house.server, raw, silence_s=SILENCE_S)
            assert_harmless(house, answer, given.decode("latin-1"))
            assert answer.count <= 1, given
    assert SMUGGLED not in house.server.log[log:]
    assert before == house.substance()


@pytest.mark.parametrize(
    "body",
    [
        b"zz\r\n\r\n",
        b"-1\r\nx\r\n0\r\n\r\n",
        b"ffffffffffffffffff\r\nx\r\n",
        b"5;" + b"e" * 50_000 + b"\r\nhello\r\n0\r\n\r\n",
        b"5\nhello\n0\n\n",
        b"0x5\r\nhello\r\n0\r\n\r\n",
        b"5\r\nhello\r\n0\r\n" + b"Trailer: x\r\n" * 5_000 + b"\r\n",
        b"1\r\na\r\n" * 2_000 + b"0\r\n\r\n",
        b"3\r\nema",
        b"",
    ],
)
def test_chunks_that_are_none_are_refused_or_harmless(house: House, body: bytes) -> None:
    before = house.substance()
    for path in ("/auth/sign-out", "/confirm/plain", "/webhooks/resend"):
        head = f"POST {path} HTTP/1.1\r\nHost: {place_of(house.server)}\r\nConnection: close\r\n"
        raw = f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + body
        assert_harmless(house, exchange(house.server, raw, silence_s=SILENCE_S), body[:30].decode())
    assert before == house.substance()


def test_requests_that_never_end_keep_nobody_waiting(house: House) -> None:
    """Half a head, half a body, half a handshake: two hundred of them at a time."""
    ours = place_of(house.server)
    host = f"Host: {ours}\r\n".encode()
    halves = (
        b"GET /patrons/ HTTP/1.1\r\nHost: ",
        b"POST /auth/sign-in HTTP/1.1\r\n" + host + b"Content-Length: 9000\r\n\r\nemail=",
        b"POST /confirm/code HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\nff\r\n",
        b"GET /_event/?EIO=4&transport=websocket HTTP/1.1\r\n" + host + b"Upgrade: websocket\r\n",
    )
    with ExitStack() as held:
        for number in range(200):
            address = ("127.0.0.1", int(ours.rpartition(":")[2]))
            line = held.enter_context(socket.create_connection(address, 10))
            line.sendall(halves[number % len(halves)])
        for path in ("/health", "/sign-in/", "/confirm/plain"):
            assert ask(house.server, path).status == 200, path
        with house.wire("meanwhile") as wire:
            wire.join()


def test_the_server_is_well_and_its_log_is_clean(house: House) -> None:
    """After all of the above: the last test of the file."""
    log = house.server.log
    assert answers(f"{house.server.url}/health")
    assert "Traceback" not in log
    assert re.findall(r'"status": 5\d\d', log) == []
    assert [word for word in PRIVATE if "@" in word and word in log] == []
