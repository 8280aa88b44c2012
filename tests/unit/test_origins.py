"""Where a request comes from: whose form it is, which network, and what of a form is text."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.requests import Request

from upstage_crm.admin.sign_in.routes import own_path
from upstage_crm.http.origins import (
    is_own_form,
    network_of,
    typed,
)
from upstage_crm.http.session_cookie import (
    NAME,
    SECURE_NAME,
    session_token,
)

OURS = ("https://crm.example.org",)
LAPTOP = ("http://localhost:3000", "http://127.0.0.1:3000")


def request(*, client: str | None = "192.0.2.77", body: bytes = b"", **headers: str) -> Request:
    pairs = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    scope = {"type": "http", "headers": pairs, "client": None if client is None else (client, 1)}
    return Request(scope, receive)


# --- whose form it is ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://crm.example.org",  # the same host without https is another origin
        "https://crm.example.org:8443",
        "https://crm.example.org.evil.example",
        "https://evil.example/https://crm.example.org",
        "https://CRM.example.org@evil.example",
        "https://sub.crm.example.org",
        "https://crm.example.org/",
        "null",
        "",
    ],
)
def test_a_form_of_another_origin_is_foreign(origin: str) -> None:
    assert not is_own_form(request(origin=origin), OURS)
    assert not is_own_form(request(origin=origin, sec_fetch_site="same-origin"), OURS)


def test_our_own_form_is_ours_by_each_name_of_a_laptop() -> None:
    assert is_own_form(request(origin=OURS[0]), OURS)
    assert all(is_own_form(request(origin=origin), LAPTOP) for origin in LAPTOP)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", "nonsense"])
def test_without_an_origin_the_browser_must_say_that_the_form_is_ours(site: str) -> None:
    assert not is_own_form(request(sec_fetch_site=site), OURS)
    assert is_own_form(request(sec_fetch_site="same-origin"), OURS)


def test_what_is_no_browser_has_no_cookies_to_steal() -> None:
    assert is_own_form(request(), OURS)


# --- which network ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0"),
        ("127.0.0.1", "127.0.0.0"),
        ("::ffff:192.0.2.77", "192.0.2.0"),  # what a socket for both protocols says
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8::1", "2001:db8::"),
        ("fe80::1%eth0", "fe80::"),
        ("::1", "::"),
        ("testclient", ""),
        ("192.0.2.77.evil.example", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_only_the_network_of_a_visitor_is_kept(address: str | None, network: str) -> None:
    assert network == network_of(address or "")


# --- what of a form is text ---------------------------------------------------------------------


def fields(body: str, *, charset: str = "utf-8") -> dict[str, str]:
    async def read() -> dict[str, str]:
        kind = f"multipart/form-data; boundary=B; charset={charset}"
        async with request(body=body.encode(), content_type=kind).form() as form:
            return typed(form)

    return asyncio.run(read())


def part(text: str, *, more: str = "") -> str:
    return f'--B\r\nContent-Disposition: form-data; name="a"{more}\r\n\r\n{text}\r\n--B--\r\n'


@pytest.mark.parametrize(
    ("text", "charset", "kept"),
    [
        ("Zoë 🎭", "utf-8", "Zoë 🎭"),
        ("half \\ud83c a mask", "unicode_escape", "half  a mask"),
        ("a\0b", "utf-8", "ab"),
        ("plain", "no-such-charset", "plain"),
        ("plain", "rot13", "plain"),
    ],
)
def test_a_form_holds_nothing_that_a_database_cannot_store(
    text: str, charset: str, kept: str
) -> None:
    assert {"a": kept} == fields(part(text), charset=charset)


def test_a_file_is_no_text() -> None:
    assert fields(part("x", more='; filename="b.txt"')) == {}


# --- where to after signing in ------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "/\\/evil.example",
        "\\\\evil.example",
        "/..//evil.example",
        "/.//evil.example",
        "/patrons/..//evil.example/",
        "/%2e%2e//evil.example",
        "/%2E/x",
        "/a/%2e./b",
        "/\t/evil.example",
        "/\n/evil.example",
        "/patrons/\r\nSet-Cookie: a=b",
        "https://evil.example/",
        "https:evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "evil.example",
        "?next=/patrons/",
        " /patrons/",
        "/auth/sign-out",
        "",
    ],
)
def test_nobody_is_sent_to_another_host(target: str) -> None:
    assert own_path(target) == "/"


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/patrons/?q=jane%20o'hara&page=2",
        "/requests/K7-2FQ/",
        "/mailbox/?q=https://example.org//x",  # a query may hold what it likes
        "/patrons/1042/#history",
    ],
)
def test_everybody_is_sent_back_to_their_page(target: str) -> None:
    assert target == own_path(target)


# --- whose session ------------------------------------------------------------------------------


def test_under_https_only_a_cookie_of_this_very_host_counts() -> None:
    """A neighbouring host can set the plain name for us, and so sign our staff in as itself."""
    header = f"{NAME}=planted; {SECURE_NAME}=ours"

    assert session_token(header, is_https=True) == "ours"
    assert session_token(f"{NAME}=planted", is_https=True) == ""
    assert session_token(f"{SECURE_NAME}=ours", is_https=False) == ""


@pytest.mark.parametrize(
    "header",
    [
        "bad name=x; {0}=token",
        'quoted="half; {0}=token',
        "{0}=token; [x]=y",
        " {0}=token ",
        '{0}="token"',
        "=;;=x; {0}=token; {0}=later",
    ],
)
def test_somebody_elses_odd_cookie_does_not_sign_us_out(header: str) -> None:
    assert session_token(header.format(NAME), is_https=False) == "token"


@pytest.mark.parametrize("header", ["", ";", f"x{NAME}=a", f"{NAME}x=a", f"{NAME.upper()}=a"])
def test_no_session_is_no_session(header: str) -> None:
    assert session_token(header, is_https=False) == ""
