"""The sign-in form, the gate before the staff pages, and what the sign-in page says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from tests.support.factories import CHEAP_HASH, CHEAP_PASSWORD
from tests.support.pipeline import Client, Pipeline, installed, sign_in
from tests.support.visitor import OURS, Visitor
from upstage_crm.admin.login_redirect import (
    StaffGate,
    is_staff_page,
)
from upstage_crm.admin.sign_in.routes import ROUTES, own_path
from upstage_crm.admin.sign_in.state import SignInState
from upstage_crm.audit import trail
from upstage_crm.audit.events import OPERATOR, Action, Channel
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.http import session_cookie as cookies
from upstage_crm.staff import accounts, demo_account
from upstage_crm.staff.auth.sessions import (
    ABSOLUTE_LIFE,
    IDLE_LIFE,
)
from upstage_crm.staff.roles import Role
from upstage_crm.upstage_crm import STAFF_PLACES
from upstage_crm.wiring import Runtime

EMAIL = "dana@desk.example"
HANDLER = "reflex___state____state.upstage_crm___admin___sign_in___state____sign_in_state.load"
STAFF_PAGES = [
    "/",
    "/index.html",
    "/patrons",
    "/patrons/",
    "/patrons/10001/",
    "/requests/",
    "/requests/K7-2FQ/",
    "/mailbox/",
    "/team/",
    "/audit/",
    "/settings",
    "/account/",
    "//audit/",
]
OPEN_PAGES = [
    "/sign-in/",
    "/confirm/",
    "/confirm/plain",
    "/c/some-token",
    "/health",
    "/kit/",
    "/assets/index.js",
    "/favicon.ico",
    "/icons.svg",
    "/patronsaint/",
]


@pytest.fixture
def made(database: Database, clock: FrozenClock) -> Iterator[Runtime]:
    with installed(database, clock) as runtime:
        yield runtime


@pytest.fixture
def browser(made: Runtime) -> Visitor:
    """A browser without a session, in front of the gate, the forms and a page at every address."""
    with made.database.transaction() as session:
        accounts.add(
            session,
            email=EMAIL,
            display_name="Dana Reyes",
            desk="box office",
            role=Role.BOX_OFFICE,
            password_hash=CHEAP_HASH,
            actor=OPERATOR,
            channel=Channel.COMMAND_LINE,
            now=made.clock.now(),
        )
    anything = Route("/{path:path}", _page, methods=["GET", "POST"])
    app = StaffGate(Starlette(routes=[*ROUTES, anything]), places=STAFF_PLACES)
    return Visitor(app)


async def _page(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("the page")


def press(browser: Visitor, *, origin: str = OURS, **fields: str) -> tuple[int, str]:
    form = {"email": EMAIL, "password": CHEAP_PASSWORD} | fields
    answer = browser.post("/auth/sign-in", form, origin=origin)
    return answer.status_code, answer.headers.get("location", "")


def actions(made: Runtime) -> list[Action]:
    with made.database.reading() as session:
        return [line.action for line in trail.timeline(session)]


class TestForm:
    def test_name_and_password_open_a_session_that_no_script_can_read(
        self, made: Runtime, browser: Visitor
    ) -> None:
        answer = browser.post(
            "/auth/sign-in",
            {"email": " Dana@DESK.example ", "password": CHEAP_PASSWORD, "next": "/audit/"},
        )

        assert (answer.status_code, answer.headers["location"]) == (303, "/audit/")
        cookie = answer.headers["set-cookie"].lower()
        assert cookie.startswith(f"{cookies.NAME}=")
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert browser.get("/audit/").status_code == 200
        assert actions(made)[0] == Action.STAFF_SIGNED_IN

    def test_every_way_of_being_wrong_gets_one_answer(
        self, made: Runtime, browser: Visitor
    ) -> None:
        with made.database.transaction() as session:
            accounts.add(
                session,
                email="gone@desk.example",
                display_name="Gone",
                desk="",
                role=Role.BOX_OFFICE,
                password_hash=CHEAP_HASH,
                actor=OPERATOR,
                channel=Channel.COMMAND_LINE,
                now=made.clock.now(),
            )
            accounts.disable(
                session,
                email="gone@desk.example",
                actor=OPERATOR,
                channel=Channel.COMMAND_LINE,
                now=made.clock.now(),
            )

        answers = {
            press(browser, password="wrong"),
            press(browser, email="nobody@desk.example"),
            press(browser, email="gone@desk.example"),
            press(browser, email="not an address"),
            press(browser, password=""),
        }

        assert {(303, "/sign-in/?refused=1&next=/")} == answers
        assert not browser.cookies
        assert actions(made)[:5] == [Action.SIGN_IN_REFUSED] * 5

    def test_a_form_of_another_site_is_not_read(self, made: Runtime, browser: Visitor) -> None:
        status, _ = press(browser, origin="https://evil.example")

        assert status == 403
        assert actions(made)[0] == Action.STAFF_ADDED

    def test_signing_out_ends_the_session_everywhere(self, made: Runtime, browser: Visitor) -> None:
        press(browser)
        kept = browser.cookies[cookies.NAME]

        answer = browser.post("/auth/sign-out")

        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in/?signed_out=1")
        browser.cookies[cookies.NAME] = kept
        assert browser.get("/patrons/").status_code == 303
        assert actions(made)[0] == Action.STAFF_SIGNED_OUT

    @pytest.mark.parametrize(
        "target",
        [
            "https://evil.example/",
            "//evil.example/",
            "/\\evil.example/",
            "javascript:alert(1)",
            "/auth/sign-out",
            "evil",
            "",
            "/a\nb",
        ],
    )
    def test_only_our_own_pages_come_next(self, target: str) -> None:
        assert own_path(target) == "/"


class TestGate:
    @pytest.mark.parametrize("path", STAFF_PAGES)
    def test_a_staff_page_leads_to_the_sign_in(self, browser: Visitor, path: str) -> None:
        answer = browser.get(path)

        assert answer.status_code == 303
        where = urlsplit(answer.headers["location"])
        assert ("/sign-in/", {"next": [path]}) == (where.path, parse_qs(where.query))

    @pytest.mark.parametrize("path", OPEN_PAGES)
    def test_other_addresses_are_not_its_business(self, browser: Visitor, path: str) -> None:
        assert browser.get(path).text == "the page"

    def test_the_page_that_was_wanted_comes_after_the_sign_in(self, browser: Visitor) -> None:
        refused = browser.get("/patrons/?q=jane doe&page=2")

        wanted = parse_qs(urlsplit(refused.headers["location"]).query)["next"][0]
        assert wanted == "/patrons/?q=jane%20doe&page=2"
        assert (303, wanted) == press(browser, next=wanted)

    def test_a_mail_is_not_there_at_all(self, browser: Visitor) -> None:
        assert browser.get("/mailbox/raw/0190").status_code == 404

    @pytest.mark.parametrize("cookie", ["x", "upstage-session=", "upstage-session=made-up", "=;,"])
    def test_a_cookie_of_no_session_opens_nothing(self, browser: Visitor, cookie: str) -> None:
        assert browser.get("/patrons/", headers={"cookie": cookie}).status_code == 303

    @pytest.mark.parametrize("life", [IDLE_LIFE, ABSOLUTE_LIFE])
    def test_a_session_ends_by_itself(
        self, browser: Visitor, clock: FrozenClock, life: timedelta
    ) -> None:
        press(browser)
        clock.advance(life - timedelta(seconds=1) if life == IDLE_LIFE else IDLE_LIFE / 2)
        assert browser.get("/patrons/").status_code == 200

        clock.advance(life)

        assert browser.get("/patrons/").status_code == 303

    def test_looking_at_a_page_writes_nothing(self, made: Runtime, browser: Visitor) -> None:
        press(browser)
        before = actions(made)

        browser.get("/patrons/")

        assert before == actions(made)

    def test_only_whole_names_are_staff_pages(self) -> None:
        assert is_staff_page("/mailbox/raw/1", STAFF_PLACES)
        assert not is_staff_page("/mailboxes/", STAFF_PLACES)


class TestPage:
    async def test_it_says_why_we_are_here(self, made: Runtime) -> None:
        del made
        async with Pipeline(frozenset({HANDLER})) as pipeline:
            visitor = pipeline.client()
            state = await opened(pipeline, visitor, "/sign-in/?refused=1&next=/audit/")
            assert state.problem == "The email address or the password is wrong."
            assert state.next_path == "/audit/"

            state = await opened(pipeline, visitor, "/sign-in/?signed_out=1")
            assert (state.problem, state.done) == ("", "You are signed out.")
            assert state.next_path == "/"

    async def test_it_does_not_lead_elsewhere(self, made: Runtime) -> None:
        del made
        async with Pipeline(frozenset({HANDLER})) as pipeline:
            visitor = pipeline.client()
            state = await opened(pipeline, visitor, "/sign-in/?next=https://evil.example/")
            assert state.next_path == "/"

    async def test_who_is_signed_in_goes_on(self, made: Runtime) -> None:
        cookie = sign_in(made.database, Role.OWNER, at=made.clock.now())

        async with Pipeline(frozenset({HANDLER})) as pipeline:
            dana = pipeline.client(cookie)
            await opened(pipeline, dana, "/sign-in/?next=/requests/")
            assert dana.redirects() == ["/requests/"]

    async def test_the_demo_account_is_named_only_where_demo_data_may_be(
        self, made: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sign_in(made.database, Role.OWNER, at=made.clock.now(), email=demo_account.EMAIL)

        async def shown() -> str:
            async with Pipeline(frozenset({HANDLER})) as pipeline:
                state = await opened(pipeline, pipeline.client(), "/sign-in/")
                return state.demo_password

        assert await shown() == demo_account.PASSWORD
        monkeypatch.setattr(type(made.settings), "is_demo_allowed", False)
        assert await shown() == ""

    async def test_no_demo_account_is_named_where_there_is_none(self, made: Runtime) -> None:
        del made
        async with Pipeline(frozenset({HANDLER})) as pipeline:
            state = await opened(pipeline, pipeline.client(), "/sign-in/")
            assert (state.demo_email, state.demo_password) == ("", "")


async def opened(pipeline: Pipeline, client: Client, path: str) -> SignInState:
    await pipeline.send(client, SignInState.load, path)
    return await pipeline.state(client, SignInState)
