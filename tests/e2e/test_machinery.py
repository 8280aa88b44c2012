"""The server and the edge in front of it, in a real browser."""

from __future__ import annotations

import http.client
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.conftest import Goto
from tests.support.processes import PATIENCE_S
from tests.support.server import Server, running_server


def test_a_page_comes_alive_under_the_strict_policy(goto: Goto) -> None:
    page = goto("/sign-in/")

    expect(page.locator("h1").first).to_be_visible()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_one_build_serves_every_name_of_the_server(
    browser: Browser, tmp_path: Path, host: str
) -> None:
    with running_server(tmp_path, host=host) as server, browser.new_context() as context:
        page = context.new_page()

        page.goto(f"{server.url}/sign-in/", wait_until="commit")

        page.locator("[data-hydrated=true]").first.wait_for(state="attached")


def test_a_foreign_page_cannot_open_our_websocket(server: Server) -> None:
    assert upgrade_status(server, origin=server.url) == 101
    assert upgrade_status(server, origin="https://evil.example") in (400, 403)


def test_a_foreign_page_is_not_told_that_it_may_read(server: Server) -> None:
    request = urllib.request.Request(
        f"{server.url}/health", headers={"Origin": "https://evil.example", "Cookie": "a=b"}
    )

    with urllib.request.urlopen(request) as answer:
        assert answer.headers["access-control-allow-origin"] is None


def test_an_unknown_address_gets_a_calm_page_without_scripts(
    browser: Browser, server: Server
) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()

        answer = page.goto(f"{server.url}/no/such/page")

        assert answer is not None
        assert answer.status == 404
        expect(page.get_by_role("heading", name="There is no page here")).to_be_visible()
        expect(page.get_by_role("link", name="Go to the start page")).to_be_visible()


def upgrade_status(server: Server, *, origin: str) -> int:
    """Return how the server answers a websocket handshake that comes from a page of `origin`."""
    place = urlsplit(server.url)
    connection = http.client.HTTPConnection("127.0.0.1", place.port or 0, timeout=PATIENCE_S)
    headers = {
        "Connection": "Upgrade",
        "Host": place.netloc,
        "Origin": origin,
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
        "Upgrade": "websocket",
    }
    try:
        connection.request("GET", "/_event/?EIO=4&transport=websocket&token=x", headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_refused_sign_in_asks_for_the_password_alone(goto: Goto) -> None:
    page = goto("/sign-in/")
    email, password = page.get_by_label("Email"), page.get_by_label("Password")
    email.fill("dana@theatre.example")
    password.fill("not the right one")

    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_text("The email address or the password is wrong.")).to_be_visible()
    expect(email).to_have_value("dana@theatre.example")
    expect(password).to_be_focused()
    expect(password).to_have_value("")
