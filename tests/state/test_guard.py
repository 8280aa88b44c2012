"""Attacks on the staff pages' handlers, through the whole event pipeline.

A visitor with a websocket may call every public method of every state, with any arguments and from
any page. The handlers attacked here are taken from the registry, so a new one is attacked too.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from inspect import Parameter, signature
from types import SimpleNamespace
from typing import Any, cast

import pytest
import reflex as rx
from reflex_base.event.processor import base_state_processor
from reflex_base.event.processor.future import EventFuture
from reflex_base.registry import RegisteredEventHandler, RegistrationContext

from tests.support.factories import NEW, OLD
from tests.support.pipeline import Client, Pipeline
from tests.support.venue import Venue
from upstage_crm.admin.guard import FRAMEWORK_HANDLERS, AdminState
from upstage_crm.admin.mailbox.state import MailboxState
from upstage_crm.admin.patron_list.list_state import PatronListState
from upstage_crm.admin.patrons.record_state import PatronRecordState
from upstage_crm.admin.patrons.rows import ListRow
from upstage_crm.admin.requests.queue_state import RequestQueueState
from upstage_crm.audit.events import OPERATOR, Channel
from upstage_crm.jobs.news import EVERYTHING
from upstage_crm.pages.live import hub
from upstage_crm.staff import accounts
from upstage_crm.staff.auth import sessions
from upstage_crm.staff.auth.sessions import (
    ABSOLUTE_LIFE,
    IDLE_LIFE,
    SEEN_EVERY,
)
from upstage_crm.staff.roles import PERMISSIONS, Role
from upstage_crm.upstage_crm import PUBLIC_HANDLERS

PRIVATE = (OLD, NEW, "Mara", "Okonkwo", "Dana", "Lantern")  # what stands in the attacked database
CONNECT = "reflex___state____state.hydrate_and_load"
HYDRATED = next(name for name in FRAMEWORK_HANDLERS if name.endswith(".set_is_hydrated"))
FAILED = next(name for name in FRAMEWORK_HANDLERS if name.endswith(".handle_frontend_exception"))
REGISTRY = RegistrationContext.get().event_handlers
SETVAR = sorted(name for name in REGISTRY if name.endswith(".setvar"))  # of every state
GUARDED = sorted(set(REGISTRY) - PUBLIC_HANDLERS - FRAMEWORK_HANDLERS - set(SETVAR))
ONE_OF_EACH = sorted({name.rpartition(".")[0]: name for name in GUARDED}.values())
OPEN = sorted((PUBLIC_HANDLERS | FRAMEWORK_HANDLERS) & set(REGISTRY))
PATHS = ["/", "/patrons/", "/patrons/10001/", "/requests/", "/mailbox/", "/confirm/?link=x"]
ROUNDS = (100, pytest.param(1_000, marks=pytest.mark.long))


@contextmanager
def noted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The handlers that really run in this block, ours and the framework's."""
    ran: list[str] = []
    through = base_state_processor.process_event

    async def note(handler: Any, payload: Any, state: Any, root_state: Any) -> None:
        ran.append(handler.fn.__qualname__)
        await through(handler=handler, payload=payload, state=state, root_state=root_state)

    with monkeypatch.context() as patch:
        patch.setattr(base_state_processor, "process_event", note)
        yield ran


def arguments(name: str) -> dict[str, Any]:
    """Something for every argument of a handler, as its own page might send it."""
    fitting: dict[str, Any] = {"form": {"email": NEW}, "is_open": True, "value": True, "page": 2}
    own = list(signature(REGISTRY[name].handler.fn).parameters.values())[1:]
    kinds = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    texts = (str, "str")
    return {
        one.name: "email" if one.annotation in texts else fitting.get(one.name, "email")
        for one in own
        if one.kind in kinds
    }


def shown(client: Client) -> str:
    """Everything that was sent to a tab."""
    return f"{client.deltas} {[(event.name, event.payload) for event in client.events]}"


# --- who is not signed in -----------------------------------------------------------------------


def nobody(_venue: Venue) -> str:
    return ""


def guessed(_venue: Venue) -> str:
    return "upstage-session=" + "A" * 43


def hashed(venue: Venue) -> str:
    """A thief who reads the database finds no value that opens a session."""
    stored = venue.desk.scalar("SELECT id FROM staff_session")
    return f"upstage-session={stored}"


def idle(venue: Venue) -> str:
    venue.clock.advance(IDLE_LIFE)
    return venue.dana


def old(venue: Venue) -> str:
    """In use until the end, but begun too long ago."""
    end = venue.clock.now() + ABSOLUTE_LIFE
    while venue.clock.now() < end:
        with venue.database.transaction() as session:
            found = sessions.find(session, venue.token(venue.dana), now=venue.clock.now())
            assert found is not None
            sessions.touch(session, found.session_id, now=venue.clock.now())
        venue.clock.advance(timedelta(hours=1))
    return venue.dana


def ended(venue: Venue) -> str:
    with venue.database.transaction() as session:
        sessions.end(session, venue.token(venue.dana), now=venue.clock.now())
    return venue.dana


def disabled(venue: Venue) -> str:
    cookie = venue.staff(Role.MANAGER)
    with venue.database.transaction() as session:
        accounts.disable(
            session,
            email="manager@desk.example",
            actor=OPERATOR,
            channel=Channel.COMMAND_LINE,
            now=venue.clock.now(),
        )
    return cookie


@pytest.mark.parametrize("attacker", [nobody, guessed, hashed, idle, old, ended, disabled])
async def test_without_a_live_session_no_guarded_handler_runs(
    venue: Venue,
    monkeypatch: pytest.MonkeyPatch,
    attacker: Callable[[Venue], str],
    pipeline: Pipeline,
) -> None:
    """No handler runs for who brings nothing, and none of any state for who brings what is dead."""
    cookie = attacker(venue)
    before = venue.desk.dump()

    with noted(monkeypatch) as ran:
        for name in ONE_OF_EACH if cookie else GUARDED:
            thief = pipeline.client(cookie)
            await pipeline.send(thief, name, f"/patrons/{venue.number}/", **arguments(name))

            assert thief.doors() == ["/sign-in/"], name
            assert len(thief.events) == 1, name
            assert thief.deltas == [], name
    assert ran == []
    assert before == venue.desk.dump()


async def test_the_attack_would_show(
    venue: Venue, monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline
) -> None:
    """The same events with a live session run and show data: the test above looks where it is."""

    with noted(monkeypatch) as ran:
        tab = pipeline.client(venue.dana)
        await pipeline.send(tab, PatronRecordState.load, f"/patrons/{venue.number}/")
    assert "PatronRecordState.load" in ran
    assert "Okonkwo" in shown(tab)


def test_the_handlers_under_attack_are_those_of_the_pages() -> None:
    assert {"load", "fetch", "send", "withdraw", "save", "add"} <= {
        name.rpartition(".")[2] for name in GUARDED
    }
    assert not [name for name in GUARDED if not REGISTRY[name].states]


# --- a thief with the token of a member's tab ----------------------------------------------------


def other_member(venue: Venue) -> str:
    return venue.staff(Role.READ_ONLY)


async def opened_by_dana(pipeline: Pipeline, venue: Venue) -> Client:
    tab = pipeline.client(venue.dana)
    for handler, path in (
        (PatronRecordState.load, f"/patrons/{venue.number}/"),
        (PatronListState.load, "/patrons/"),
        (RequestQueueState.load, "/requests/"),
        (MailboxState.load, "/mailbox/"),
    ):
        await pipeline.send(tab, handler, path)
    assert "Okonkwo" in shown(tab)
    return tab


def taken_over(tab: Client, cookie: str) -> Client:
    """The same tab for the server, in another browser."""
    tab.cookie = cookie
    tab.deltas.clear()
    tab.events.clear()
    return tab


def leaked(client: Client) -> list[str]:
    """Private words that reached the tab; the name of its holder now is no secret."""
    return [word for word in PRIVATE if word in shown(client)]


async def remains(pipeline: Pipeline, tab: Client) -> list[str]:
    """Private words that the server still holds for the tab."""

    def texts(state: rx.State) -> Iterator[str]:
        for name in type(state).get_fields():
            if not name.startswith("rx_router") and name != "router_data":
                yield repr(getattr(state, name))
        for below in state.substates.values():
            yield from texts(cast("rx.State", below))

    held = " ".join(texts(await pipeline.state(tab, AdminState)))
    return [word for word in PRIVATE if word in held]


@pytest.mark.parametrize(
    ("name", "fitting", "odd"),
    [
        (CONNECT, {}, {"vars": "text"}),
        (CONNECT, {"vars": {}}, {"vars": {"a.b": 1}}),
        (CONNECT, {"hashes": ["a"]}, {"hashes": 0.5}),
        (CONNECT, {"hashes": None}, {"hashes": [["a"]]}),
        (HYDRATED, {"value": True}, {"value": "true"}),
        (FAILED, {"info": "x", "component_stack": ""}, {"info": ["x"], "component_stack": ""}),
        (FAILED, {"info": "", "component_stack": "x"}, {"info": "", "component_stack": 7}),
    ],
)
async def test_reflexs_own_handlers_run_with_what_its_pages_send_or_not_at_all(
    venue: Venue,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    fitting: dict[str, Any],
    odd: dict[str, Any],
    pipeline: Pipeline,
) -> None:
    """They are for everybody and would fail, with a trace in the log for each event."""

    tab = pipeline.client(nobody(venue))
    await pipeline.send(tab, CONNECT, "/sign-in/")
    with noted(monkeypatch) as ran:
        await pipeline.send(tab, name, "/sign-in/", **odd)
        assert ran == []
        await pipeline.send(tab, name, "/sign-in/", **fitting)
        assert ran != []


@pytest.mark.parametrize("thief", [nobody, guessed, ended, other_member])
@pytest.mark.parametrize("first", [CONNECT, *OPEN, "setvar"])
async def test_a_tab_token_gives_nothing_of_its_last_owner(
    venue: Venue, thief: Callable[[Venue], str], first: str, pipeline: Pipeline
) -> None:
    name = f"{AdminState.get_full_name()}.setvar" if first == "setvar" else first

    tab = await opened_by_dana(pipeline, venue)
    assert await remains(pipeline, tab)

    taken_over(tab, thief(venue))
    await attempt(pipeline, tab, name, "/confirm/", **arguments(name))
    await attempt(pipeline, tab, CONNECT, "/sign-in/")

    assert leaked(tab) == []
    assert await remains(pipeline, tab) == []


async def test_what_arrives_late_is_not_kept_for_the_next_browser(
    venue: Venue, pipeline: Pipeline
) -> None:
    """A search that was under way at sign-out writes its rows into the emptied tab."""

    tab = await opened_by_dana(pipeline, venue)
    taken_over(tab, ended(venue))
    await pipeline.send(tab, PatronListState.refresh)
    state = await pipeline.state(tab, PatronListState)
    state.rows = [ListRow(name="Mara Okonkwo")]
    state._clean()

    await attempt(pipeline, taken_over(tab, ""), CONNECT, "/sign-in/")

    assert leaked(tab) == []
    assert await remains(pipeline, tab) == []


async def test_whoever_comes_back_finds_the_page_as_it_was(
    venue: Venue, pipeline: Pipeline
) -> None:
    tab = await opened_by_dana(pipeline, venue)
    taken_over(tab, venue.dana)

    await attempt(pipeline, tab, CONNECT, f"/patrons/{venue.number}/")

    assert "Okonkwo" in shown(tab)


async def tell_all(app: rx.App) -> None:
    """Let every tab that is due read, those that other tests have left behind among them."""
    while await hub.tell_next(app) == 0:
        pass


async def test_a_live_update_goes_to_the_connection_that_asked(
    venue: Venue, pipeline: Pipeline
) -> None:
    """A thief who connects with the tab's token and says nothing must not be sent the next one."""
    sent: list[str] = []

    async def enqueue(token: str, event: Any) -> EventFuture:
        sent.append(f"{token} {event.name}")
        done = EventFuture(txid=token)
        done.set_result(None)
        return done

    live: dict[str, str] = {}
    app = cast(
        "rx.App",
        SimpleNamespace(
            event_namespace=SimpleNamespace(token_to_sid=live),
            event_processor=SimpleNamespace(enqueue=enqueue),
        ),
    )
    tab = pipeline.client(venue.dana)
    await pipeline.send(tab, PatronListState.load, "/patrons/")

    live[tab.token] = tab.token  # the pipeline names a connection after its tab
    hub.note([EVERYTHING])
    await tell_all(app)
    assert [f"{tab.token} {PatronListState.get_full_name()}.refresh"] == sent

    live[tab.token] = "the connection of another browser"
    await pipeline.send(tab, PatronListState.load, "/patrons/")
    hub.note([EVERYTHING])
    await tell_all(app)
    live[tab.token] = tab.token
    hub.note([EVERYTHING])
    await tell_all(app)
    assert len(sent) == 1


# --- sessions grow old ---------------------------------------------------------------------------


async def test_live_updates_do_not_keep_a_session_alive(venue: Venue, pipeline: Pipeline) -> None:
    """Else a desk that was left would stay signed in as long as colleagues work."""

    tab = pipeline.client(venue.dana)
    await pipeline.send(tab, PatronListState.load, "/patrons/")
    step = IDLE_LIFE / 4
    assert step > SEEN_EVERY
    for _ in range(4):
        assert tab.redirects() == []
        venue.clock.advance(step)
        await pipeline.push(tab, PatronListState.refresh)
    assert tab.doors() == ["/sign-in/"]


async def test_work_keeps_a_session_alive(venue: Venue, pipeline: Pipeline) -> None:
    tab = pipeline.client(venue.dana)
    await pipeline.send(tab, PatronListState.load, "/patrons/")
    for _ in range(6):
        venue.clock.advance(IDLE_LIFE / 4)
        await pipeline.send(tab, PatronListState.refresh)
    assert tab.redirects() == []


# --- roles ---------------------------------------------------------------------------------------


def needed(registered: RegisteredEventHandler) -> Any:
    owner = registered.states[0]
    return owner.permission if issubclass(owner, AdminState) else None


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OWNER])
async def test_a_role_without_the_pages_permission_is_only_told_so(
    venue: Venue, monkeypatch: pytest.MonkeyPatch, role: Role, pipeline: Pipeline
) -> None:
    lacking = [
        name
        for name in GUARDED
        if needed(REGISTRY[name]) not in (None, *PERMISSIONS[role]) and not name.endswith(".setvar")
    ]
    cookie = venue.staff(role)
    before = venue.desk.dump()

    with noted(monkeypatch) as ran:
        for name in lacking:
            tab = pipeline.client(cookie)
            await pipeline.send(tab, name, f"/patrons/{venue.number}/", **arguments(name))

            assert tab.events == [], name
            assert [word for word in (OLD, NEW, "Mara", "Okonkwo") if word in shown(tab)] == []
            assert (await pipeline.state(tab, AdminState)).refused_at, name
    assert ran == []
    assert before == venue.desk.dump()


def test_the_roles_under_attack_lack_something() -> None:
    asked = {needed(REGISTRY[name]) for name in GUARDED} - {None}
    assert [role for role in Role if asked - PERMISSIONS[role]]


# --- odd events ----------------------------------------------------------------------------------


async def test_nobody_sets_a_var_by_its_name(
    venue: Venue, monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline
) -> None:
    """The framework registers `setvar` on every state, and finds whatever begins with `set_`."""

    with noted(monkeypatch) as ran:
        for cookie in ("", venue.dana):
            for name in SETVAR:
                tab = pipeline.client(cookie)
                await pipeline.send(tab, name, "/", var_name="is_hydrated", value=True)
                assert shown(tab) == "[] []", name
    assert ran == []


@pytest.mark.parametrize(
    "payload",
    [
        {"unknown": 1},
        {},
        {"text": "x", "more": 1},
        {"text": "half \ud83c a mask"},
        {"text": "a NUL \0"},
        {"text": ["x"]},
        {"text": {"x": 1}},
        {"text": 1},
        {"text": None},
    ],
    ids=[
        "unknown",
        "missing",
        "more",
        "half a character",
        "NUL",
        "list",
        "object",
        "number",
        "nothing",
    ],
)
async def test_arguments_that_do_not_fit_are_dropped(
    venue: Venue, monkeypatch: pytest.MonkeyPatch, payload: dict[str, Any], pipeline: Pipeline
) -> None:
    """Not even a member's event fails inside the framework, which would log it with a trace."""

    tab = pipeline.client(venue.dana)
    with noted(monkeypatch) as ran:
        await pipeline.send(tab, PatronListState.search, "/patrons/", **payload)
    assert ran == []
    assert shown(tab) == "[] []"


async def test_an_address_with_a_nul_is_no_page(
    venue: Venue, monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline
) -> None:
    """PostgreSQL takes none in any text. The words of the escape are only words.

    What a query says is read by the page, which leaves out what is nonsense.
    """
    tab = pipeline.client(venue.dana)
    with noted(monkeypatch) as ran:
        for path in ("/patrons/%00/", "/events/x%00/", "/events/\0/"):
            await pipeline.send(tab, PatronListState.search, path, text="x")
    assert ran == []
    assert set(tab.redirects()) == {"/"}
    with noted(monkeypatch) as ran:
        await pipeline.send(tab, PatronListState.search, "/patrons/?q=%2500", text="\\u0000")
    assert ran


async def attempt(
    pipeline: Pipeline, client: Client, handler: Any, path: str | None = None, **payload: Any
) -> Exception | None:
    """Send an event; a failure of the framework's own handler is returned, as no one is told."""
    try:
        await pipeline.send(client, handler, path, **payload)
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        return error
    return None


def junk(dice: random.Random, depth: int = 0) -> Any:
    """A JSON value as no page would send it."""
    alphabet = string.printable + "\x00\u202e\ud800\U0001f3ad'\"<>{}%;\\ıßK"
    kinds: list[Callable[[], Any]] = [
        lambda: None,
        lambda: dice.choice([True, False]),
        lambda: dice.choice([0, -1, 2**31, 2**63, 10**30, 1.5, 1e308]),
        lambda: "".join(dice.choices(alphabet, k=dice.choice([0, 1, 12, 300, 5_000]))),
        lambda: dice.choice(["approve", "reject", "email", "__class__", "../../etc", "{{7*7}}"]),
    ]
    if depth < 3:
        kinds += [
            lambda: [junk(dice, depth + 1) for _ in range(dice.randrange(4))],
            lambda: {str(junk(dice, 3)): junk(dice, depth + 1) for _ in range(dice.randrange(4))},
        ]
    return dice.choice(kinds)()


def junk_arguments(dice: random.Random, name: str) -> dict[str, Any]:
    """Junk, half of the time under the names that the handler knows."""
    if dice.random() < 0.5:
        return {one: junk(dice) for one in arguments(name)}
    if dice.random() < 0.5:
        return {
            one: {str(key): junk(dice) for key in ("comment", "choice")} for one in arguments(name)
        }
    return {str(junk(dice, 3))[:40] or "x": junk(dice) for _ in range(dice.randrange(1, 3))}


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("name", OPEN)
async def test_nothing_that_outsiders_send_leaks_or_changes_anything(
    venue: Venue, name: str, rounds: int, pipeline: Pipeline
) -> None:
    dice = random.Random(name)  # the same attacks every time
    before = venue.desk.dump()

    for _ in range(rounds // 25):
        tab = pipeline.client("upstage-link-AAAAAAAAAAAA=x; a=b")
        for _ in range(25):
            await attempt(pipeline, tab, name, dice.choice(PATHS), **junk_arguments(dice, name))
        assert [word for word in (OLD, NEW, "Mara", "Okonkwo", "Dana") if word in shown(tab)] == []
    assert before == venue.desk.dump()
