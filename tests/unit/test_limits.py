"""How many requests, websockets and sign-ins there is room for, and what the others are told."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from upstage_crm.core.languages import LANGUAGES
from upstage_crm.staff.auth.hashing import Hashing, Lane
from upstage_crm.staff.errors import PasswordsBusy
from upstage_crm.web.edge import BodyLimit
from upstage_crm.web.roll_call import RollCall
from upstage_crm.web.visitor_limits import TRY_AGAIN_LATER, RequestLimit, SocketLimit

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MINE, NEIGHBOUR, OTHER = "192.0.2.7", "192.0.2.8", "198.51.100.7"
KNOWN = "a session"


class Place:
    """A limit with an app behind it that keeps everyone who comes in until they may go."""

    def __init__(self, limit: Callable[[ASGIApp], ASGIApp], kind: str) -> None:
        self._limit, self._kind = limit(self._app), kind
        self._may_go, self._came_in = asyncio.Event(), asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def come(self, host: str, cookie: str = "", language: str = "") -> list[Message]:
        """Come in from an address; what was said to who was turned away, empty when inside."""
        said: list[Message] = []
        headers = [(b"cookie", cookie.encode()), (b"accept-language", language.encode())]
        scope = {"type": self._kind, "path": "/", "headers": headers, "client": (host, 1)}

        async def receive() -> Message:
            return {"type": f"{self._kind}.connect"}

        async def send(message: Message) -> None:
            said.append(message)

        async def arrive() -> None:
            await self._limit(scope, receive, send)

        self._tasks.append(asyncio.create_task(arrive()))
        is_inside = asyncio.create_task(self._came_in.wait())
        await asyncio.wait({self._tasks[-1], is_inside}, return_when=asyncio.FIRST_COMPLETED)
        is_inside.cancel()
        self._came_in.clear()
        return said

    async def leave(self) -> None:
        """Let everyone go."""
        self._may_go.set()
        await asyncio.gather(*self._tasks)
        self._may_go.clear()

    async def _app(self, _scope: Scope, _receive: Receive, _send: Send) -> None:
        self._came_in.set()
        await self._may_go.wait()


# --- requests -------------------------------------------------------------------------------------


async def test_one_network_does_not_take_the_room_of_all() -> None:
    place = Place(lambda app: RequestLimit(app, in_all=3, of_network=2), "http")
    for host in (MINE, NEIGHBOUR):
        assert await place.come(host) == []
    start, _ = await place.come(MINE)
    assert start["status"] == 503, "the network has its share"
    assert await place.come(OTHER) == []
    start, _ = await place.come("203.0.113.1")
    assert start["status"] == 503, "there is no room at all"

    await place.leave()

    assert await place.come(MINE) == []
    await place.leave()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_visitor_without_room_is_told_so_in_their_language(language: str) -> None:
    async def run() -> list[Message]:
        return await Place(lambda app: RequestLimit(app, in_all=0), "http").come(
            MINE, language=language
        )

    start, body = asyncio.run(run())

    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    assert headers["retry-after"] == "5"
    assert headers["content-type"] == "text/html; charset=utf-8"
    page = body["body"].decode()
    assert f'<html lang="{language}"' in page
    assert ("Nothing has changed." in page) is (language == "en")


def test_a_body_that_does_not_come_in_time_is_given_up() -> None:
    said: list[Message] = []

    async def never() -> Message:
        return await asyncio.Event().wait()  # pyright: ignore[reportReturnType]  # it never does

    async def send(message: Message) -> None:
        said.append(message)

    async def app(*_: Any) -> None:
        raise AssertionError("half a request reached the app")

    scope = {"type": "http", "headers": [(b"content-length", b"9")]}
    asyncio.run(BodyLimit(app, within_s=0)(scope, never, send))

    assert said[0]["status"] == 408
    assert (b"connection", b"close") in said[0]["headers"]


# --- websockets -----------------------------------------------------------------------------------


def sockets(**limits: int) -> Place:
    defaults = {"in_all": 9, "of_network": 9, "strangers": 9, "strangers_of_network": 9}
    return Place(
        lambda app: SocketLimit(app, is_known=lambda cookie: cookie == KNOWN, **defaults | limits),
        "websocket",
    )


async def test_strangers_leave_room_for_those_who_are_known() -> None:
    place = sockets(strangers=2, strangers_of_network=1)
    assert await place.come(MINE) == []
    for cookie in ("", "an old session"):
        assert await place.come(NEIGHBOUR, cookie) == [
            {"type": "websocket.close", "code": TRY_AGAIN_LATER}
        ]
    assert await place.come(OTHER) == []
    assert await place.come("203.0.113.1") != [], "there are two strangers already"
    assert await place.come(MINE, KNOWN) == []

    await place.leave()

    assert await place.come(MINE) == []
    await place.leave()


async def test_those_who_are_known_have_their_limits_too() -> None:
    place = sockets(in_all=3, of_network=2)
    for host in (MINE, NEIGHBOUR, OTHER):
        assert await place.come(host, KNOWN) == []
    assert await place.come(MINE, KNOWN) != []
    assert await place.come("203.0.113.1", KNOWN) != []
    await place.leave()


async def test_a_flood_of_strangers_is_one_line_of_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    place = sockets(strangers=0)
    for _ in range(50):
        assert await place.come(MINE) != []

    assert len(caplog.records) == 1


async def test_a_roll_call_drops_the_websockets_that_do_not_answer() -> None:
    """In the middle of a message no one can answer, and nothing can be sent to them either."""

    answered = asyncio.Event()

    async def until_answered(_seconds: float) -> None:
        await answered.wait()

    roll_call, heard = RollCall(until_answered), []

    async def app(_scope: Scope, receive: Receive, _send: Send) -> None:
        heard.append((await receive())["text"])
        answered.set()
        await asyncio.Event().wait()

    async def come(*, is_honest: bool) -> None:
        asked = asyncio.Event()

        async def receive() -> Message:
            await asked.wait()
            return {"type": "websocket.receive", "text": "3"}

        async def send(message: Message) -> None:
            assert message == {"type": "websocket.send", "text": "2"}
            if not is_honest:
                await asyncio.Event().wait()
            asked.set()

        await roll_call.around(app)({"type": "websocket"}, receive, send)

    honest = asyncio.create_task(come(is_honest=True))
    silent = asyncio.create_task(come(is_honest=False))
    await asyncio.sleep(0)

    assert await roll_call.take() == 1

    await silent
    assert heard == ["3"]
    assert not honest.done()
    honest.cancel()
    with pytest.raises(asyncio.CancelledError):
        await honest
    assert await roll_call.take() == 0


# --- passwords ------------------------------------------------------------------------------------


def test_the_queue_of_passwords_is_short_and_shared() -> None:
    hashing = Hashing(queue=3, share=2)
    with ExitStack() as stack:
        for place in (MINE, MINE, OTHER):
            stack.enter_context(hashing.queue(Lane.STRANGER, place))
        for place in (MINE, "203.0.113.1"):
            with pytest.raises(PasswordsBusy), hashing.queue(Lane.STRANGER, place):
                pass
        with hashing.queue(Lane.KNOWN, MINE):
            pass

    with hashing.queue(Lane.STRANGER, MINE):
        pass


def test_a_place_in_the_queue_is_free_again_after_a_failure() -> None:
    hashing = Hashing(queue=1)
    with pytest.raises(ZeroDivisionError), hashing.queue(Lane.KNOWN, MINE):
        raise ZeroDivisionError

    with hashing.queue(Lane.KNOWN, MINE):
        pass


@pytest.mark.parametrize("lane", Lane)
def test_passwords_are_hashed_on_a_thread_that_lets_others_go_first(lane: Lane) -> None:
    def seen() -> tuple[str, int]:
        niceness = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        return threading.current_thread().name, niceness

    name, niceness = asyncio.run(Hashing().run(lane, seen))

    assert re.fullmatch(rf"hashing-{lane}_\d", name)
    if sys.platform == "linux":
        assert niceness == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 5)
