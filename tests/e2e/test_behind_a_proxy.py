"""The main journey through a real nginx with TLS, and who is who behind it.

Visitors come from different addresses of this machine (127.0.1.2, 127.0.2.2, ...), the proxy from
127.0.0.1, which alone is trusted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from tests.support.journey import PATIENCE_MS, opened, sign_in
from tests.support.links import links_of
from tests.support.processes import free_port
from tests.support.proxy import Proxy, Reply, missing, new_place, running_nginx
from tests.support.raw_http import FORM, Answer, ask
from tests.support.server import Server, running_server
from tests.support.stage import CLERK, LEAD, PASSWORD, Stage, set_stage
from tests.support.wire import Refused, Wire
from upstage_crm.staff.auth.throttle import NETWORK_LIMIT, PAIR_LIMIT
from upstage_crm.tables import metadata
from upstage_crm.web.visitor_limits import STRANGERS_OF_NETWORK

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

HERS, HIS, ANOTHER, LIE = "127.0.1.2", "127.0.2.2", "127.0.3.2", "203.0.113.9"


@dataclass(frozen=True, slots=True)
class Street:
    """A server, the proxy in front of it, and the database behind both."""

    server: Server
    inner: Server
    proxy: Proxy
    stage: Stage

    def sign_in(self, source: str, email: str = CLERK, *, cookie: str = "", **fields: str) -> Reply:
        form = {"email": email, "password": PASSWORD} | fields
        return self.proxy.ask(source, "/auth/sign-in", form=form, Cookie=cookie)

    def networks(self, email: str) -> list[str]:
        """From where a member has signed in, as the account's page shows it."""
        sessions, staff = (metadata.tables[name] for name in ("staff_session", "staff"))
        query = (
            sa.select(sessions.c.ip_prefix)
            .join(staff, staff.c.id == sessions.c.staff_id)
            .where(staff.c.email == email)
            .order_by(sessions.c.created_at)
        )
        with self.stage.parts.database.reading() as session:
            return list(session.connection().execute(query).scalars())


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    folder = tmp_path_factory.mktemp("street")
    proxy = new_place(folder / "nginx")
    settings = {"UPSTAGE_PUBLIC_URL": proxy.url, "UPSTAGE_TRUSTED_PROXIES": "127.0.0.1"}
    database_url = f"sqlite:///{folder / 'upstage.db'}"
    stage, port = set_stage(database_url, settings), free_port()
    with (
        running_server(
            folder, database_url=database_url, settings=settings, host="127.0.0.1", port=port
        ) as inner,
        running_nginx(proxy, server_port=port),
    ):
        yield Street(Server(proxy.url, database_url, inner.process), inner, proxy, stage)
    stage.parts.database.dispose()


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Page]:
    """A page that takes our certificate for good. Fails when the browser complained."""
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def test_a_change_is_proposed_and_approved_through_the_proxy(
    street: Street, visitor: Page, browser: Browser
) -> None:
    number = street.stage.numbers[0]
    sign_in(visitor, street.server)
    opened(visitor, f"{street.server.url}/patrons/{number}/")
    visitor.get_by_role("button", name=re.compile("Propose change")).first.click()
    dialog = visitor.get_by_role("dialog")
    dialog.get_by_label("Email address").fill("mara.new@example.org")
    dialog.get_by_label("Reason").select_option("asked_by_phone")
    dialog.get_by_role("button", name="Send proposal").click()
    expect(visitor.get_by_text("Pending").first).to_be_visible()
    held = {cookie.get("name"): cookie.get("secure") for cookie in visitor.context.cookies()}
    assert held["__Host-upstage-session"]

    token = newest_link(street)
    phone = browser.new_context(ignore_https_errors=True)
    patron = phone.new_page()
    patron.set_default_timeout(PATIENCE_MS)
    opened(patron, f"{street.server.url}/c/{token}")
    assert patron.url.startswith(f"{street.server.url}/confirm/?link=")
    patron.get_by_role("button", name=re.compile("Approve")).click()
    expect(patron.get_by_role("heading", level=1)).to_contain_text(re.compile("approved", re.I))
    phone.close()

    expect(visitor.get_by_text("mara.new@example.org").first).to_be_visible()
    assert street.stage.email_of(number) == "mara.new@example.org"
    assert token not in street.proxy.logs
    assert "/c/*" in street.proxy.logs


def newest_link(street: Street) -> str:
    requests = metadata.tables["change_request"]
    query = sa.select(requests.c.id).order_by(requests.c.created_at.desc())
    with street.stage.parts.database.reading() as session:
        request_id = session.connection().execute(query).scalars().first()
    return street.stage.parts.codec.mint(links_of(street.stage.parts, str(request_id))["decision"])


def test_two_visitors_behind_the_proxy_are_told_apart(street: Street) -> None:
    for _ in range(PAIR_LIMIT):
        assert "refused" in street.sign_in(HERS, LEAD, password="wrong").location
    assert "wait" in street.sign_in(HERS, LEAD).location

    assert street.sign_in(HIS, LEAD).location == "/"

    assert street.networks(LEAD) == ["127.0.2.0"]


def test_what_a_visitor_says_of_the_address_is_not_believed(street: Street) -> None:
    form = {"email": CLERK, "password": PASSWORD}
    before = len(street.networks(CLERK))
    assert street.proxy.ask(ANOTHER, "/auth/sign-in", form=form, X_Forwarded_For=LIE).status == 303
    assert street.networks(CLERK)[before:] == ["127.0.3.0"]

    assert past_the_proxy(street).location == "/"

    assert street.networks(CLERK)[before:] == ["127.0.3.0", "127.0.3.0"]


def past_the_proxy(street: Street) -> Answer:
    """Sign in at the server's own port, from an address that is no trusted proxy."""
    return ask(
        street.inner,
        "/auth/sign-in",
        method="POST",
        body=urlencode({"email": CLERK, "password": PASSWORD}),
        source=ANOTHER,
        Origin=street.proxy.url,
        Content_Type=FORM,
        X_Forwarded_For=LIE,
    )


def test_links_that_one_visitor_asks_for_lock_nobody_out(street: Street) -> None:
    known = street.sign_in(HERS)
    assert known.location == "/"
    for number in range(NETWORK_LIMIT + 5):
        email = f"nobody{number}@theatre.example" if number % 10 else CLERK
        asked = street.proxy.ask(HERS, "/auth/forgot", form={"email": email})
        assert asked.location == "/sign-in/?sent=1"

    assert street.sign_in(HERS, cookie=known.cookie).location == "/"
    assert street.sign_in(HIS).location == "/"


def test_strangers_of_one_network_do_not_take_the_websockets_of_another(street: Street) -> None:
    with ExitStack() as held:
        for _ in range(STRANGERS_OF_NETWORK):
            held.enter_context(wire(street, HERS))
        with pytest.raises(Refused):
            wire(street, HERS)

        with wire(street, HIS) as other:
            other.join()


def wire(street: Street, source: str) -> Wire:
    return Wire(street.server, line=street.proxy.line(source))
