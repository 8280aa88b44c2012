"""Many at once: half-sent requests, websockets and sign-ins, and the patron beside them.

The proxy of this test is the test itself: it names the visitor's address in `X-Forwarded-For`, so
that an attacker and a patron come from different networks.
"""

from __future__ import annotations

import resource
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from urllib.parse import urlencode, urlsplit

import pytest

from tests.support.raw_http import FORM, PATIENCE_S, Answer, ask, exchange, written
from tests.support.siege import House, besieged
from tests.support.wire import Refused, Wire
from upstage_crm.admin.patron_list.list_state import PatronListState
from upstage_crm.confirm.cookies import PREFIX
from upstage_crm.web.serve import HEAD_WITHIN_S
from upstage_crm.web.visitor_limits import REQUESTS_OF_NETWORK, STRANGERS_OF_NETWORK

ATTACKER, PATRON, DESK = "198.51.100.66", "203.0.113.9", "192.0.2.7"
HALF_SENT = 1_100  # more than the 1,024 that used to silence the server
SIGN_INS = 200


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    settings = {"UPSTAGE_TRUSTED_PROXIES": "127.0.0.1"}
    folder = tmp_path_factory.mktemp("crowded")
    with besieged(folder, requests=1, settings=settings) as built:
        yield built


@pytest.fixture(scope="module", autouse=True)
def _many_files() -> Iterator[None]:
    """Room for the attacker's own connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = HALF_SENT + 400
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def link_cookie(house: House) -> str:
    return f"{PREFIX}{house.claims(0).key}={house.token(0)}"


def patrons_page(house: House) -> Answer:
    """What a patron with a link sees, in another network than the attacker's."""
    return ask(
        house.server,
        f"/confirm/plain?link={house.claims(0).key}",
        Cookie=link_cookie(house),
        X_Forwarded_For=PATRON,
    )


def begin(stack: ExitStack, house: House, text: str) -> socket.socket:
    """Begin a request that is not going to end."""
    port = urlsplit(house.server.url).port or 0
    line = stack.enter_context(socket.create_connection(("127.0.0.1", port), PATIENCE_S))
    line.sendall(text.encode())
    return line


# --- half-sent requests ---------------------------------------------------------------------------


def test_half_sent_requests_do_not_silence_the_server(house: House) -> None:
    with ExitStack() as stack:
        lines = [
            begin(stack, house, "GET / HTTP/1.1\r\nHost: localhost\r\nX-Half: ")
            for _ in range(HALF_SENT)
        ]

        assert patrons_page(house).status == 200

        lines[0].settimeout(3 * HEAD_WITHIN_S)
        assert lines[0].recv(1) == b"", "it is not waited for"


def test_half_sent_bodies_of_one_network_leave_room_for_others(house: House) -> None:
    host = urlsplit(house.server.url).netloc
    head = (
        f"POST /auth/sign-in HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-For: {ATTACKER}\r\n"
        "Content-Length: 100\r\n\r\nemail="
    )
    with ExitStack() as stack:
        lines = [begin(stack, house, head) for _ in range(REQUESTS_OF_NETWORK + 1)]
        for line in lines:
            line.setblocking(False)
        refused = lines[0]
        while not (answer := _said(refused)):
            refused = lines[(lines.index(refused) + 1) % len(lines)]

        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: " in answer
        assert patrons_page(house).status == 200


def _said(line: socket.socket) -> bytes:
    try:
        return line.recv(1_000)
    except BlockingIOError:
        return b""


# --- websockets -----------------------------------------------------------------------------------


def wire(house: House, address: str, cookie: str = "") -> Wire:
    return house.wire(cookie=cookie, headers=[("X-Forwarded-For", address)])


def test_strangers_do_not_take_the_websockets_of_staff_and_patrons(house: House) -> None:
    with ExitStack() as stack:
        for _ in range(STRANGERS_OF_NETWORK):
            stack.enter_context(wire(house, ATTACKER))
        for cookie in ("", "upstage-session=made-up", f"{PREFIX}{'A' * 12}=made-up"):
            with pytest.raises(Refused) as refused:
                wire(house, ATTACKER, cookie)
            assert refused.value.status == 403

        with wire(house, ATTACKER, link_cookie(house)) as patron:
            patron.join()
        with wire(house, ATTACKER, house.cookie) as desk:
            desk.join()
            place = {"pathname": "/patrons", "asPath": "/patrons/"}
            desk.event(f"{PatronListState.get_full_name()}.load", router=place)
            desk.until("Lindqvist")

    with until_there_is_room(house) as stranger:
        stranger.join()


def until_there_is_room(house: House) -> Wire:
    """The server notices that connections have ended in its own time."""
    while True:
        try:
            return wire(house, ATTACKER)
        except Refused:
            continue


# --- sign-ins -------------------------------------------------------------------------------------


def test_two_hundred_sign_ins_at_once_are_answered_and_patrons_too(house: House) -> None:
    def sign_in(number: int) -> Answer:
        form = urlencode({"email": f"nobody{number}@theatre.example", "password": "a" * 20})
        raw = written(
            house.server,
            "/auth/sign-in",
            method="POST",
            body=form,
            Origin=house.server.url,
            Content_Type=FORM,
            X_Forwarded_For=f"198.51.{number}.7",
        )
        return exchange(house.server, raw, silence_s=60)

    with ThreadPoolExecutor(SIGN_INS) as pool:
        answers = [pool.submit(sign_in, number) for number in range(SIGN_INS)]
        seen = [patrons_page(house).status for _ in range(20)]

    assert set(seen) == {200}
    told = [answer.result() for answer in answers]
    assert {answer.status for answer in told} == {303, 503}
    busy = [answer for answer in told if answer.status == 503]
    assert {answer.headers["retry-after"] for answer in busy} == {"5"}
    assert all("Wait 5 seconds, then try again." in answer.body for answer in busy)
