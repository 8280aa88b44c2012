"""A member's account, and browsers in front of every form that concerns it."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from sqlalchemy import event
from sqlmodel import Session
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Message, Scope

from tests.support.factories import CHEAP_HASH, CHEAP_PASSWORD
from tests.support.office import totp
from tests.support.visitor import OURS, Visitor
from upstage_crm.admin.account import routes as account_routes
from upstage_crm.admin.login_redirect import StaffGate
from upstage_crm.admin.mailbox import export
from upstage_crm.admin.sign_in import link_routes, routes, second_routes
from upstage_crm.audit import trail
from upstage_crm.audit.events import OPERATOR, Action, Channel
from upstage_crm.core.clock import FrozenClock
from upstage_crm.http import session_cookie as cookies
from upstage_crm.mail import eml, queries
from upstage_crm.mail.message import MailKind
from upstage_crm.staff import accounts
from upstage_crm.staff.auth import devices, second_factor, sessions
from upstage_crm.staff.auth.devices import (
    Source,
    Subject,
)
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Role, StaffMember
from upstage_crm.team import invitations
from upstage_crm.upstage_crm import STAFF_PLACES
from upstage_crm.wiring import Runtime

EMAIL = "dana@desk.example"
STRONG = "seven velvet lanterns burning"


class Door:
    """An owner's account, and browsers in front of every form that concerns it."""

    def __init__(self, made: Runtime) -> None:
        self.made = made
        assert isinstance(made.clock, FrozenClock)
        self.clock = made.clock
        with made.database.transaction() as session:
            self.staff_id = accounts.add(
                session,
                email=EMAIL,
                display_name="Dana Reyes",
                desk="box office",
                role=Role.OWNER,
                password_hash=CHEAP_HASH,
                actor=OPERATOR,
                channel=Channel.COMMAND_LINE,
                now=made.clock.now(),
            )

    def disabled(self, email: str) -> None:
        """Add an account that was let go."""
        now = self.clock.now()
        with self.made.database.transaction() as session:
            accounts.add(
                session,
                email=email,
                display_name="Gone",
                desk="",
                role=Role.READ_ONLY,
                password_hash=CHEAP_HASH,
                actor=OPERATOR,
                channel=Channel.COMMAND_LINE,
                now=now,
            )
            accounts.disable(
                session, email=email, actor=OPERATOR, channel=Channel.COMMAND_LINE, now=now
            )

    def statements_around_the_answer(self, email: str) -> tuple[list[str], list[str]]:
        """What the database is told after a press of *Send a link*: until the end of the answer,
        and afterwards.
        """
        told: list[str] = []
        heard: list[list[str]] = []
        body = urlencode({"email": email}).encode()

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            told.append(statement)

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.body" and not message.get("more_body"):
                heard.append(list(told))

        headers = {"origin": OURS, "content-type": "application/x-www-form-urlencoded"}
        scope: Scope = {
            "type": "http",
            "method": "POST",
            "path": "/auth/forgot",
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        engine = self.made.database.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            asyncio.run(Starlette(routes=link_routes.ROUTES)(scope, receive, send))
        finally:
            event.remove(engine, "before_cursor_execute", note)
        (before,) = heard
        return before, told[len(before) :]

    def browser(self) -> Visitor:
        anything = Route("/{path:path}", _page, methods=["GET"])
        ours = [
            *routes.ROUTES,
            *second_routes.ROUTES,
            *link_routes.ROUTES,
            *account_routes.ROUTES,
            *export.ROUTES,
        ]
        return Visitor(StaffGate(Starlette(routes=[*ours, anything]), places=STAFF_PLACES))

    def sign_in(self, browser: Visitor, **fields: str) -> str:
        """Press the form's button; return where it leads."""
        form = {"email": EMAIL, "password": CHEAP_PASSWORD} | fields
        return browser.post("/auth/sign-in", form).headers["location"]

    def inside(self) -> Visitor:
        """A browser that is signed in."""
        browser = self.browser()
        self.sign_in(browser)
        return browser

    def enrol(self, browser: Visitor) -> str:
        """Set up an authenticator app in a signed-in browser; return its secret."""
        token = browser.cookies[cookies.NAME]
        now, sealer = self.clock.now(), self.made.sealer
        with self.made.database.transaction() as session:
            found = sessions.find_any(session, token, now=now)
            assert found is not None
            secret = second_factor.start_app(session, found, sealer=sealer, now=now)
            code = totp(secret, int(now.timestamp()))
            second_factor.confirm_app(session, found, code=code, sealer=sealer, now=now)
        self.clock.advance(timedelta(minutes=1))
        return secret

    def code(self, secret: str) -> str:
        return totp(secret, int(self.clock.now().timestamp()))

    def prove(self, browser: Visitor, **fields: str) -> str:
        return browser.post("/auth/prove", fields).headers["location"]

    def actions(self) -> list[Action]:
        with self.made.database.reading() as session:
            return [line.action for line in trail.timeline(session)]

    def mails(self, kind: MailKind) -> list[str]:
        """The texts of mails of one kind, with the links that their reader gets."""
        with self.made.database.reading() as session:
            found = queries.mails(session, kind=kind).items
            stored = [queries.mail(session, mail.id) for mail in found]
        return [eml.readable(mail, self.made.codec).text for mail in stored]

    def owner(self) -> StaffMember:
        with self.made.database.reading() as session:
            return accounts.get_member(session, self.staff_id)


async def _page(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("the page")


def asked(location: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(location).query)


def knock(session: Session, door: Door, *, network: str) -> timedelta:
    """Try the member's name from somewhere; how long to wait."""
    attempt = devices.attempt(
        session,
        Subject.PASSWORD,
        name=EMAIL,
        staff_id=door.staff_id,
        source=Source(network=network, device=""),
    )
    return devices.reserve(session, attempt, now=door.clock.now())


def invite(door: Door) -> str:
    """Invite a colleague; return the address of the link in the mail."""
    with door.made.database.transaction() as session:
        invitations.invite(
            StaffContext(
                session=session, now=door.clock.now(), notifier=door.made.post, actor=door.owner()
            ),
            email="nia@desk.example",
            display_name="Nia",
            desk="bar",
            role=Role.BOX_OFFICE,
        )
    return link_in(door, MailKind.STAFF_INVITATION)


def link_in(door: Door, kind: MailKind) -> str:
    found = re.search(r"/auth/link/[\w.-]+", door.mails(kind)[0])
    assert found is not None
    return found[0]
