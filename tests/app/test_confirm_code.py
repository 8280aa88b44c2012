"""The way in without a link: a reference and the short code of a mail, typed on our own page."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from starlette.applications import Starlette

from tests.support.confirming import OURS, Browser, serving
from tests.support.factories import NEW, Desk, days
from upstage_crm.audit.events import Action
from upstage_crm.change_requests.lifecycle.staff_commands import Proposed
from upstage_crm.change_requests.model.rules import (
    Decision,
    RequestState,
)
from upstage_crm.confirm import (
    fixed_copy,
    routes,
)
from upstage_crm.http import even_time, session_cookie
from upstage_crm.staff.auth import sessions


@pytest.fixture
def request_(desk: Desk) -> Proposed:
    made = desk.propose(desk.patron(), NEW)
    desk.deliver()
    return made


@pytest.fixture
def web(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    monkeypatch.setattr(even_time, "TAKES_S", 0.0)
    with serving(desk):
        yield Browser(Starlette(routes=routes.ROUTES), base_url=OURS)


def code_of(desk: Desk, address: str = NEW) -> str:
    (found,) = re.findall(r"the code (\S+),", desk.mailbox.to(address)[-1].text)
    return found


def enter(web: Browser, reference: str, typed: str, *, origin: str = OURS) -> httpx.Response:
    data = {"reference": reference, "code": typed}
    return web.post("/confirm/code", data=data, headers={"origin": origin})


def test_the_code_opens_what_the_link_opens_and_decides_nothing(
    desk: Desk, web: Browser, request_: Proposed
) -> None:
    typed = code_of(desk).replace("-", " ").lower()

    answered = enter(web, request_.reference.lower(), typed)

    assert answered.status_code == 303
    assert answered.headers["cache-control"] == "no-store"
    address = answered.headers["location"]
    page = web.get(address.replace("/confirm/", "/confirm/plain", 1))
    assert "Did you give us this email address?" in page.text
    assert RequestState.PENDING is desk.state(request_)
    desk.decide(desk.claims(), Decision.APPROVE)


def test_every_wrong_pair_gets_one_answer(desk: Desk, web: Browser, request_: Proposed) -> None:
    right = code_of(desk)
    ended = desk.propose(desk.patron("ole@example.com"), "ole.new@example.org")
    desk.withdraw(ended)
    pairs = [
        ("K7-2FQ", right),
        (request_.reference, "0000-0000"),
        (ended.reference, right),
        (request_.reference, ""),
        ("", ""),
        ("\0", "\0"),
    ]

    pages = [enter(web, reference, typed) for reference, typed in pairs]

    assert {400} == {page.status_code for page in pages}
    said = {re.sub(r'value="[^"]*"', "", page.text) for page in pages}
    assert len(said) == 1
    assert fixed_copy.CODE_REFUSED in said.pop()


def test_five_wrong_codes_close_this_way_and_no_other(
    desk: Desk, web: Browser, request_: Proposed
) -> None:
    for _try in range(5):
        enter(web, request_.reference, "0000-0000")
    desk.clock.advance(days(0.1))
    desk.resend(request_)
    desk.deliver()

    assert enter(web, request_.reference, code_of(desk)).status_code == 400
    assert desk.actions().count(Action.CODE_REFUSED) == 5
    assert RequestState.APPROVED is desk.decide(desk.claims())


def test_an_older_mails_code_is_dead(desk: Desk, web: Browser, request_: Proposed) -> None:
    old = code_of(desk)
    desk.clock.advance(days(0.1))
    desk.resend(request_)
    desk.deliver()

    assert enter(web, request_.reference, old).status_code == 400
    assert enter(web, request_.reference, code_of(desk)).status_code == 303


def test_a_browser_of_staff_is_turned_away(desk: Desk, web: Browser, request_: Proposed) -> None:
    staff_id = desk.owner.id
    token = desk.write(
        lambda session: sessions.begin(
            session, staff_id=staff_id, user_agent="", ip_prefix="", now=desk.now
        )
    )
    web.cookies.set(session_cookie.NAME, token)
    before = desk.dump()

    answered = enter(web, request_.reference, code_of(desk))

    assert answered.status_code == 403
    assert "Staff do not answer for patrons" in answered.text
    assert before == desk.dump()


def test_a_foreign_form_is_turned_away(desk: Desk, web: Browser, request_: Proposed) -> None:
    before = desk.dump()

    answered = enter(web, request_.reference, code_of(desk), origin="https://evil.example")

    assert answered.status_code == 403
    assert before == desk.dump()


def test_the_code_stands_nowhere(desk: Desk, request_: Proposed) -> None:
    """A keyed hash in the database, a placeholder in the stored mail."""
    found = code_of(desk)

    everything = repr(desk.dump())

    assert found not in everything
    assert found.replace("-", "") not in everything
