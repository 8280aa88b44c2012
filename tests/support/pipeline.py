"""The whole event pipeline without a browser, a socket or a build: guard, handler, delta.

    async with Pipeline() as pipeline:
        dana = pipeline.client(sign_in(database, Role.BOX_OFFICE, at=clock.now()))
        await pipeline.send(dana, SomeState.load, path="/patrons/?q=jane")
        state = await pipeline.state(dana, SomeState)

`installed(database, clock)` makes the process's runtime from a test's database first.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar, cast

import reflex as rx
from reflex.istate.manager.memory import StateManagerMemory
from reflex_base.config import get_config
from reflex_base.event import Event
from reflex_base.event.processor import BaseStateEventProcessor
from reflex_base.registry import RegistrationContext
from reflex_base.utils.format import format_event_handler

from tests.support.keyring import SECRET_KEYS
from upstage_crm import wiring
from upstage_crm.admin.guard import AdminState, Guard
from upstage_crm.audit.events import OPERATOR, Channel
from upstage_crm.core.clock import Clock
from upstage_crm.core.db import Database
from upstage_crm.http import session_cookie as cookies
from upstage_crm.mail.sending.local_sender import LocalSender
from upstage_crm.pages.dialog_state import OPENING, SUBJECT
from upstage_crm.settings import Settings
from upstage_crm.staff import accounts
from upstage_crm.staff.auth import sessions
from upstage_crm.staff.roles import Role
from upstage_crm.wiring import Runtime

S = TypeVar("S", bound=rx.State)

PATIENCE_S = 120  # an event that takes longer hangs
NO_PASSWORD = "nobody signs in with a password here"
CONNECT = "reflex___state____state.hydrate_and_load"
ON_LOAD = "reflex___state____state.reflex___state____on_load_internal_state.on_load_internal"


class Client:
    """One tab: its token, its cookie, and what the server sent to it."""

    def __init__(self, cookie: str = "", languages: str = "") -> None:
        self.token = secrets.token_hex(8)
        self.cookie = cookie
        self.languages = languages
        self.path = "/"
        self.deltas: list[Mapping[str, Any]] = []
        self.events: list[Event] = []
        self.heard = asyncio.Event()

    def redirects(self) -> list[str]:
        """Where the server has sent the browser, in order."""
        return [str(event.payload["path"]) for event in self.events if event.name == "_redirect"]

    def doors(self) -> list[str]:
        """The same without what the addresses carry along, such as the way back."""
        return [path.partition("?")[0] for path in self.redirects()]


class Pipeline:
    """Runs events as the server does. `public_handlers` are what any visitor may call.

    With `on_failure` (the app's own) a handler that fails is told to the tab, as in production;
    without it the failure ends the test.
    """

    def __init__(
        self,
        public_handlers: frozenset[str] = frozenset(),
        *,
        on_failure: Callable[[Exception], Any] | None = None,
    ) -> None:
        self._clients: dict[str, Client] = {}
        self._public = public_handlers
        self._on_failure = on_failure
        self._states = StateManagerMemory()

    async def __aenter__(self) -> Self:
        # A process has one app, the product's own; beside it ours needs a registry of its own.
        config = get_config()
        self._registry = RegistrationContext.get().fork()
        self._registry._set_config(config)
        self._registry.__enter__()
        self.app = rx.App()
        self.app.add_middleware(Guard(self._public))
        self._processor = BaseStateEventProcessor(
            middleware=self.app, backend_exception_handler=self._on_failure
        )
        self._processor.configure(state_manager=self._states, event_namespace=self)  # pyright: ignore[reportArgumentType]  # all it needs of a namespace
        await self._processor.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._processor.stop()
        self._registry.__exit__(kind, error, trace)

    async def emit_update(self, update: Any, token: str) -> None:
        """Stand in for the websocket."""
        client = self._clients[token]
        if update.delta:
            client.deltas.append(update.delta)
        client.events += list(update.events or [])
        client.heard.set()

    def client(self, cookie: str = "", languages: str = "") -> Client:
        """Open a tab with this Cookie header, and this Accept-Language."""
        made = Client(cookie, languages)
        self._clients[made.token] = made
        return made

    async def send(
        self, client: Client, handler: Any, path: str | None = None, **payload: Any
    ) -> None:
        """Send one event and wait for it and all that follows from it."""
        started = await self.start(client, handler, path, **payload)
        await finished(started)

    async def start(
        self, client: Client, handler: Any, path: str | None = None, **payload: Any
    ) -> Any:
        """Send one event without waiting; the answer has `wait_all()`.

        `handler` is a handler or, as an attacker would have it, the full name of one. `path` is the
        address of the page, query included; it stays the tab's until another one.
        """
        client.path = client.path if path is None else path
        router_data = {
            "pathname": client.path.partition("?")[0],
            "asPath": client.path,
            "query": {},
            "headers": {
                "cookie": client.cookie,
                "origin": "http://localhost:3000",
                "accept-language": client.languages,
            },
            "token": client.token,
            "sid": client.token,
            "ip": "127.0.0.1",
        }
        name = handler if isinstance(handler, str) else format_event_handler(handler)
        event = Event(name=name, payload=payload, router_data=router_data)
        return await self._processor.enqueue(client.token, event)

    async def turn(self, client: Client, path: str) -> Any:
        """Turn the browser to another page of `app`, as a link or Back does; do not wait for it."""
        return await self.start(client, ON_LOAD, path)

    async def connect(self, client: Client, path: str, *, is_new_document: bool) -> None:
        """Let a browser connect: it has loaded the document, or its connection came back."""
        payload = {"hashes": ["the defaults that it was built with"]} if is_new_document else {}
        await self.send(client, CONNECT, path, **payload)

    async def submit(
        self, client: Client, handler: Any, form: Mapping[str, Any], path: str | None = None
    ) -> None:
        """Send a form as its page draws it now: with its subject and, in a dialog, its opening."""
        drawn = await self.drawn(client, handler)
        await self.send(client, handler, path, form={**drawn, **form})

    async def press(self, client: Client, handler: Any, **payload: Any) -> None:
        """Press a button that says whom the page is about, as the page draws it now."""
        admin = await self.state(client, AdminState)
        subject = (await admin._named(admin._page)).subject if admin._page else ""
        await self.send(client, handler, subject=subject, **payload)

    async def drawn(self, client: Client, handler: Any) -> dict[str, str]:
        """What the form of this handler carries along, as it is drawn in the tab now."""
        known = RegistrationContext.get().event_handlers[format_event_handler(handler)]
        state: Any = await self.state(client, cast("type[rx.State]", known.states[0]))
        carried = {SUBJECT: state.subject}
        return carried | ({OPENING: str(state.opening)} if hasattr(state, "opening") else {})

    async def push(self, client: Client, handler: Any) -> None:
        """Run an event that no browser asked for, as a live update does, and wait for it."""
        event = Event(name=format_event_handler(handler), payload={})
        started = await self._processor.enqueue(client.token, event)
        await finished(started)

    async def until_told(self, client: Client, words: str) -> None:
        """Wait until the server has sent these words: what follows a failure comes after it."""
        while words not in str(client.deltas):
            client.heard.clear()
            await asyncio.wait_for(client.heard.wait(), PATIENCE_S)

    async def state(self, client: Client, cls: type[S]) -> S:
        """The tab's state as it stands."""
        root = await self._states.get_state(rx.BaseStateToken(ident=client.token, cls=cls))
        return await root.get_state(cls)


async def finished(*started: Any) -> None:
    """Wait for events and all that follows from them, without ever cancelling one.

    `asyncio.wait_for` would: on a busy machine it ends the very event that it waits for and says
    nothing, because `wait_all` takes a cancelled event for one that is done.
    """
    waiting = [asyncio.ensure_future(each.wait_all()) for each in started]
    _done, hanging = await asyncio.wait(waiting, timeout=PATIENCE_S)
    assert not hanging
    for each in waiting:
        each.result()


@contextmanager
def installed(database: Database, clock: Clock) -> Generator[Runtime]:
    """Make the process's runtime from a test's database; nothing is sent anywhere."""
    settings = Settings.load({"UPSTAGE_SECRET_KEYS": SECRET_KEYS})
    made = wiring.build(settings, database=database, clock=clock, sender=LocalSender())
    wiring.install(made)
    try:
        yield made
    finally:
        wiring.install(None)


def sign_in(
    database: Database,
    role: Role,
    *,
    at: datetime,
    name: str = "Dana Reyes",
    email: str = "",
) -> str:
    """Add a staff member, start a session and return its Cookie header."""
    with database.transaction() as session:
        staff_id = accounts.add(
            session,
            email=email or f"{role.value}@desk.example",
            display_name=name,
            desk="box office",
            role=role,
            password_hash=NO_PASSWORD,
            actor=OPERATOR,
            channel=Channel.COMMAND_LINE,
            now=at,
        )
        token = sessions.begin(
            session, staff_id=staff_id, user_agent="test", ip_prefix="127.0.0.0", now=at
        )
    return f"{cookies.NAME}={token}"
