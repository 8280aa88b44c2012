"""Attacks on the real server with requests that no browser would send, and on what is built."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.support.keyring import SECRET_KEYS
from tests.support.raw_http import ask, is_at_home
from tests.support.server import answers
from tests.support.siege import A_TOKEN, PRIVATE, House, besieged, leaks
from upstage_crm.demo import word_lists
from upstage_crm.demo.staff import ORGANISATION, STAFF
from upstage_crm.http.patron_paths import BUILT_PAGES
from upstage_crm.staff import demo_account
from upstage_crm.web.environment import ROOT

CHUNKED = b"Transfer-Encoding: chunked\r\n"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with besieged(tmp_path_factory.mktemp("attacked")) as built:
        yield built


PATHS = [
    "//patrons/",
    "///evil.example/",
    "//evil.example/sign-in",
    "/\\evil.example",
    "/c/../patrons/",
    "/c/..%2f..%2fpatrons/",
    "/c/%2e%2e/patrons/",
    "/c/",
    "/c",
    "/c/x/y/z",
    "/c/%00",
    "/c/%ff%fe",
    "/c/%ED%A0%80",
    "/c/" + "A" * 7_000,
    f"/c/{A_TOKEN}",
    f"/c/{A_TOKEN}?choice=approve&choice=reject",
    "/confirm/../patrons/",
    "/confirm/plain/../../patrons/",
    "/confirm/plain?link=%00",
    "/confirm/plain?link=" + "x" * 5_000,
    "/confirm/?link=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&choice=%22%3E",
    "/confirm//evil.example",
    "/confirm",
    "/sign-in",
    "/sign-in/?next=//evil.example&refused=%3Cscript%3E",
    "/sign-in//evil.example/..",
    "/sign-in/forgot//evil.example/%2e%2e",
    "//evil.example/%2e%2e",
    "//evil.example/sign-in/..",
    "/patrons%2f",
    "/PATRONS/",
    "/patrons;/",
    "/patrons/..;/audit/",
    "/patrons/%2e%2e/%2e%2e/etc/passwd",
    "/patrons.html",
    "/index.html",
    "/404.html",
    "/.env",
    "/var/keys.json",
    "/upstage_crm/settings.py",
    "/assets/../../../../pyproject.toml",
    "/assets/..%2f..%2f..%2f..%2fpyproject.toml",
    "/assets/%2e%2e/%2e%2e/%2e%2e/pyproject.toml",
    "/assets/..%5c..%5cpyproject.toml",
    "/assets",
    "/assets/",
    "/%00",
    "/%",
    "/%zz",
    "/" + "a/" * 3_000,
    "/mailbox/raw/",
    "/mailbox/raw/x",
    "/mailbox/raw/../../health",
    "/mailbox/raw/%2e%2e%2f%2e%2e%2fhealth",
    "/mailbox/raw/" + "9" * 3_000,
    "/auth/sign-in",
    "/auth/sign-in/",
    "/auth/../auth/sign-out",
    "/_upload",
    "//_upload",
    "/%5fupload",
    "/_upload/../health",
    "/_event",
    "/_event/",
    "/_event/?EIO=4&transport=polling",
    "/_event/?EIO=3&transport=websocket&token=",
    "/_health",
    "/_all_routes",
    "/_dummy",
    "/ping",
    "/health",
    "/health/",
    "/health?x=" + "y" * 5_000,
    "/webhooks/resend",
    "*",
    "patrons/",
    "http://evil.example/sign-in",
    "https://evil.example//sign-in",
]


def test_no_path_leads_out_or_breaks_anything(house: House) -> None:
    for path in PATHS:
        answer = ask(house.server, path)
        told_of = f"{path[:80]} -> {answer.status} {answer.headers.get('location', '')[:80]}"

        assert answer.status < 500, told_of
        assert leaks(answer.body) == [], told_of
        assert "[project]" not in answer.body, told_of
        if "location" in answer.headers:
            assert is_at_home(house.server, answer.headers["location"]), told_of
        if answer.status == 200 and "text/html" in answer.headers.get("content-type", ""):
            assert "<script>alert" not in answer.body, told_of


HOSTS = [
    "evil.example",
    "evil.example:80",
    "localhost@evil.example",
    "",
    "localhost:1",
    "[::1]:80",
    "x" * 300,
]


@pytest.mark.parametrize("host", HOSTS)
def test_no_host_name_leads_out(house: House, host: str) -> None:
    """Our redirects name us, whatever a request called us."""
    for path in ("/confirm", "/sign-in", "/patrons", "/audit", f"/c/{A_TOKEN}", "/nowhere"):
        for cookie in ("", house.cookie):
            answer = ask(
                house.server,
                path,
                host=host,
                Cookie=cookie,
                X_Forwarded_Host="evil.example",
                X_Forwarded_Proto="https",
                X_Forwarded_For="203.0.113.9",
                Forwarded="host=evil.example;proto=https",
            )
            assert answer.status < 500, path
            location = answer.headers.get("location", "/")
            assert is_at_home(house.server, location), f"{host[:40]} {path} -> {location}"
            assert "evil.example" not in answer.body


METHODS = ["HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "FOO", "get"]
ROUTES = [
    "/",
    "/patrons/",
    "/sign-in/",
    "/confirm/",
    "/confirm/plain",
    f"/c/{A_TOKEN}",
    "/auth/sign-in",
    "/auth/sign-out",
    "/mailbox/raw/x",
    "/health",
    "/kit/",
    "/_upload",
    "/_event/",
    "/ping",
    "/nowhere",
]


def test_no_method_breaks_anything_or_changes_anything(house: House) -> None:
    before = house.dump()
    for method in METHODS:
        for path in ROUTES:
            answer = ask(
                house.server,
                path,
                method=method,
                Origin="https://evil.example",
                Content_Length="0",
                X_HTTP_Method_Override="POST",
                Access_Control_Request_Method="POST",
            )
            told_of = f"{method} {path} -> {answer.status}"
            assert 200 <= answer.status < 500, told_of
            assert leaks(answer.body) == [], told_of
            assert "access-control-allow-origin" not in answer.headers, told_of
            if method == "HEAD":
                assert answer.body == "", told_of
    assert before == house.dump()


@pytest.mark.parametrize("path", ["/_upload", "//_upload", "/_upload/", "/%5fupload"])
@pytest.mark.parametrize("is_member", [False, True])
def test_nobody_uploads_anything(house: House, path: str, is_member: bool) -> None:
    answer = ask(
        house.server,
        path,
        method="POST",
        Cookie=house.cookie if is_member else "",
        Content_Type="multipart/form-data; boundary=B",
        Content_Length="0",
    )
    assert answer.status in (404, 405)


def test_a_request_that_is_none_gets_no_trace(house: House) -> None:
    place = urlsplit(house.server.url)
    for raw in (
        b"\x00\x01\x02\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"POST /auth/sign-in HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n%s\r\n0\r\n\r\n" % CHUNKED,
        b"POST /auth/sign-in HTTP/1.1\r\nHost: a\r\n%s\r\nzz\r\n" % CHUNKED,
        b"GET / HTTP/1.1\r\nHost: a\r\nCookie: " + b"a" * 100_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 5_000 + b"\r\n",
    ):
        with socket.create_connection(("127.0.0.1", place.port or 0), 10) as line:
            received = b""
            try:
                line.sendall(raw)
                line.shutdown(socket.SHUT_WR)
                while more := line.recv(65_536):
                    received += more
            except OSError:  # answered and hung up before all of it was said
                pass
        assert leaks(received.decode("latin-1")) == [], raw[:60]
        assert not re.match(rb"HTTP/1.1 5\d\d", received), raw[:60]
    assert answers(f"{house.server.url}/health")


# --- what is left behind ------------------------------------------------------------------------


def test_the_build_holds_nothing_of_a_database_or_a_key() -> None:
    """Whatever a var holds while the pages are made is in a file that everybody may read."""
    secret = SECRET_KEYS.partition(":")[2]
    words = {
        *(member.email for member in STAFF),
        demo_account.PASSWORD,
        ORGANISATION.desk_phone,
        ORGANISATION.reply_to,
        secret,
        str(ROOT),
        "UPSTAGE_SECRET_KEYS",
        "whsec_",
        "sqlite:",
        "postgresql:",
    }
    keys = ROOT / "var" / "keys.json"
    if keys.exists():
        kid, _, own = json.loads(keys.read_text("utf-8"))["keys"].split(",")[0].partition(":")
        words |= {kid, own}
    for culture in word_lists.CULTURES:
        spelled = {word.partition("|")[0] for word in culture.family}
        words |= {word for word in spelled if len(word) > 6}
    text = "\n".join(
        path.read_text("utf-8")
        for path in sorted((ROOT / BUILT_PAGES).rglob("*"))
        if path.suffix in (".js", ".html", ".css", ".json", ".webmanifest", ".txt")
    )

    assert len(text) > 100_000
    assert (
        sorted(word for word in words if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text)) == []
    )


def test_the_log_of_requests_holds_no_token_and_no_address(house: House) -> None:
    """After all of the above: the last test of the file."""
    ask(house.server, f"/{A_TOKEN}", Cookie=house.cookie, Referer=f"{house.server.url}/c/{A_TOKEN}")
    ask(house.server, f"/nowhere/{PRIVATE[1]}")
    house.server.process.wait_until(lambda: "/nowhere/" in house.server.log)
    log = house.server.log

    assert house.session not in log
    assert A_TOKEN.rpartition(".")[2] not in log
    assert [word for word in PRIVATE if "@" in word and word in log] == []
    assert "\nTraceback" not in log, "a trace that did not pass our masks"
