"""A request with several fields on the plain page: answered all alike, or one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from starlette.applications import Starlette

from tests.support.confirming import OURS, Browser, serving, tokens
from tests.support.factories import NEW, OLD, Desk
from upstage_crm.audit.events import Action
from upstage_crm.change_requests.lifecycle.staff_commands import Proposed
from upstage_crm.change_requests.model.rules import RequestState
from upstage_crm.confirm import fixed_copy, routes
from upstage_crm.patrons.views import PatronRecord

PLAIN = "/confirm/plain"
PHONE, BIRTH = "+12125550199", "1961-03-04"
SEVERAL = {
    "phone": {"phone": PHONE},
    "name": {"given_name": "Maria", "family_name": "Smith"},
    "address": {
        "address_line1": "1 Main Street",
        "address_city": "Springfield",
        "address_country": "US",
    },
    "date_of_birth": {"date_of_birth": BIRTH},
}


@pytest.fixture
def patron(desk: Desk) -> PatronRecord:
    return desk.patron()


@pytest.fixture
def request_(desk: Desk, patron: PatronRecord) -> Proposed:
    return desk.propose(patron, NEW, changes=SEVERAL)


@pytest.fixture
def web(desk: Desk) -> Iterator[Browser]:
    with serving(desk):
        yield Browser(Starlette(routes=routes.ROUTES), base_url=OURS)


def opened(desk: Desk, web: Browser, address: str) -> str:
    """Open the newest link that `address` got; return its key."""
    token = tokens(desk, address)[-1]
    web.get(f"/c/{token}")
    return desk.codec.read(token).key


def submit(web: Browser, key: str, **given: str) -> httpx.Response:
    shown = web.get(PLAIN, params={"link": key}).text
    nonce = re.findall(r'name="nonce" value="([^"]*)"', shown)[0]
    data = {"nonce": nonce, "read": "yes", **given}
    return web.post(PLAIN, params={"link": key}, data=data, headers={"origin": OURS})


def groups(page: str) -> dict[str, str]:
    """The name of each field's own question, by the field's label."""
    found = re.findall(
        r'<fieldset class="p"><legend>(.*?)</legend>.*?name="(\w+)"', page, re.DOTALL
    )
    return dict(found)


def test_the_current_address_is_asked_about_all_and_a_stranger_about_the_address(
    desk: Desk, web: Browser, request_: Proposed
) -> None:
    """Case 49; a stranger at the proposed address sees nothing of the other fields."""
    own = web.get(PLAIN, params={"link": opened(desk, web, OLD)}).text
    stranger = web.get(PLAIN, params={"link": opened(desk, web, NEW)}).text

    assert list(groups(own)) == [
        *("Email address", "Phone number", "Name", "Postal address", "Date of birth")
    ]
    assert fixed_copy.APPROVE_ALL in own
    assert len(own.encode()) < 10_000
    assert groups(stranger) == {}
    for secret in ("555-0199", "Maria", "Main Street", "1961", fixed_copy.APPROVE_ALL):
        assert secret in own
        assert secret not in stranger


def test_each_field_gets_its_own_answer(
    desk: Desk, web: Browser, request_: Proposed, patron: PatronRecord
) -> None:
    key = opened(desk, web, OLD)
    asked = groups(web.get(PLAIN, params={"link": key}).text)
    answers = dict.fromkeys(asked.values(), "reject")
    answers |= {asked["Phone number"]: "approve", asked["Email address"]: "approve"}

    assert submit(web, key, answer="each", **answers).status_code == 303

    held = desk.record(patron).values
    assert (held["phone"], held["given_name"], held["date_of_birth"]) == (PHONE, "Mara", None)
    assert RequestState.PENDING is desk.state(request_)
    page = web.get(PLAIN, params={"link": key}).text
    assert "We have your answer" in page
    assert page.count('<p class="m">Rejected</p>') == 3
    told = [mail for mail in desk.deliver() if mail.to == OLD]
    assert [mail.tags["kind"] for mail in told] == ["change_partly_applied"]
    assert "Phone number: approved" in told[0].text
    assert "Date of birth: rejected" in told[0].text
    assert "0199" not in repr([mail.text for mail in desk.mailbox.to(NEW)])

    desk.decide(desk.claims(NEW))
    assert RequestState.PARTLY_APPROVED is desk.state(request_)


def test_all_alike_is_one_answer(desk: Desk, web: Browser, request_: Proposed) -> None:
    key = opened(desk, web, OLD)

    assert submit(web, key, answer="reject").status_code == 303

    assert desk.actions().count(Action.FIELD_REJECTED) == 5


@pytest.mark.parametrize(
    ("answer", "given", "problem"),
    [
        ("each", 3, fixed_copy.EACH_MISSING),
        ("each", 0, fixed_copy.EACH_MISSING),
        ("approve", 1, fixed_copy.BOTH_WAYS),
        ("reject", 4, fixed_copy.BOTH_WAYS),
    ],
)
def test_a_form_that_says_two_things_decides_nothing(
    desk: Desk, web: Browser, request_: Proposed, answer: str, given: int, problem: str
) -> None:
    key = opened(desk, web, OLD)
    names = list(groups(web.get(PLAIN, params={"link": key}).text).values())
    before = desk.dump()

    page = submit(web, key, answer=answer, **dict.fromkeys(names[:given], "approve"))

    assert problem in page.text
    assert before == desk.dump()


def test_an_answer_for_somebody_elses_field_counts_for_nothing(
    desk: Desk, web: Browser, request_: Proposed
) -> None:
    """The stranger's link decides the address alone, whatever the form names."""
    phone = next(f for f in desk.view(request_).fields if f.field == "phone")
    key = opened(desk, web, NEW)

    submit(web, key, answer="approve", **{phone.id: "approve"})

    outcomes = {f.field: f.outcome.value for f in desk.view(request_).fields}
    assert (outcomes["email"], outcomes["phone"]) == ("applied", "pending")
