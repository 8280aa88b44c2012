"""The pages of the door: who gets them, what they hold, and what devices send and get back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from tests.support.factories import Desk
from tests.support.houses import seat
from tests.support.pipeline import sign_in
from tests.support.shop import Shop, open_shop
from tests.support.visitor import OURS, Visitor
from upstage_crm.box_office.door.door_page import POLICY
from upstage_crm.box_office.door.routes import MODULES, ROUTES
from upstage_crm.core.clock import FrozenClock
from upstage_crm.door.views import list_key
from upstage_crm.orders.views import OrderView
from upstage_crm.programme import queries as programme
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role
from upstage_crm.web.headers import SecurityHeaders
from upstage_crm.wiring import Runtime

USHERS = {role for role in Role if Permission.CHECK_TICKETS in PERMISSIONS[role]}


@dataclass
class Entrance:
    """A performance with two tickets sold, and a browser of the box office."""

    made: Runtime
    shop: Shop
    order: OrderView
    usher: Visitor

    @property
    def page(self) -> str:
        return f"/door/{self.shop.performance}/"

    def code(self, at: int = 0) -> str:
        ticket = self.order.tickets[at]
        return self.made.ticket_keys.draw(
            ticket_id=ticket.id, version=1, performance_id=ticket.performance_id
        )

    def send(self, body: Any, *, visitor: Visitor | None = None, **how: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"origin": OURS, "content-type": "application/json", **how}
        who = visitor or self.usher
        return who._ask("POST", f"{self.page}scans", content=content, headers=headers)

    def scanned(self, *codes: str, **how: Any) -> list[str]:
        scans = [sent(code, number, **how) for number, code in enumerate(codes)]
        answers = self.send({"device": "left", "scans": scans}).json()["answers"]
        return [answer["verdict"] for answer in answers]


def sent(code: str, number: int = 0, **how: Any) -> dict[str, Any]:
    return {
        "nonce": f"scan-{number:04}",
        "code": code,
        "direction": "in",
        "age_ms": 0,
        "shown": None,
        **how,
    }


def visitor(made: Runtime, role: Role | None) -> Visitor:
    cookie = sign_in(made.database, role, at=made.clock.now()) if role else ""
    return Visitor(Starlette(routes=ROUTES), cookie=cookie)


@pytest.fixture
def entrance(made: Runtime, clock: FrozenClock) -> Entrance:
    shop = open_shop(Desk(made.database, clock))
    order = shop.sold(seat("A", 1), seat("A", 2))
    return Entrance(made, shop, order, visitor(made, Role.BOX_OFFICE))


@pytest.mark.parametrize("role", [None, *Role])
def test_only_who_may_check_tickets_gets_in(entrance: Entrance, role: Role | None) -> None:
    who = visitor(entrance.made, role) if role is not Role.BOX_OFFICE else entrance.usher
    pages = ["/door/", entrance.page, f"{entrance.page}conflicts"]
    data = [f"{entrance.page}list", f"{entrance.page}figures"]
    scan = {"device": "left", "scans": [sent(entrance.code())]}

    said = [who.get(path).status_code for path in (*pages, *data)]
    said.append(entrance.send(scan, visitor=who).status_code)

    if role is None:
        assert said == [303, 303, 303, 401, 401, 401]
    elif role in USHERS:
        assert said == [200] * 6
    else:
        assert said == [404, 404, 404, 403, 403, 403]


def test_a_stranger_is_led_to_sign_in_and_back(entrance: Entrance) -> None:
    answer = visitor(entrance.made, None).get(entrance.page)

    assert answer.headers["location"] == f"/sign-in/?next={entrance.page}"


def test_the_pages_load_only_our_files_and_may_use_the_camera(entrance: Entrance) -> None:
    app = SecurityHeaders(
        Starlette(routes=ROUTES), script_hashes=(), origins=(OURS,), is_https=False
    )
    page = Visitor(app, cookie=next(f"{n}={v}" for n, v in entrance.usher.cookies.items())).get(
        entrance.page
    )

    assert page.headers["content-security-policy"] == POLICY
    assert page.headers["permissions-policy"].startswith("camera=(self), microphone=()")
    assert page.headers["cache-control"] == "no-store"
    assert "unsafe" not in POLICY


@pytest.mark.parametrize("name", MODULES)
def test_every_module_is_served_as_a_script(entrance: Entrance, name: str) -> None:
    answer = visitor(entrance.made, None).get(f"/door/{name}")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/javascript")


def test_the_performances_of_these_days_are_to_choose_from(
    entrance: Entrance, clock: FrozenClock
) -> None:
    shop = entrance.shop
    [performance] = shop.desk.read(lambda s: programme.performances(s, [shop.performance]))
    assert entrance.page not in entrance.usher.get("/door/").text

    clock.advance(performance.starts_at - clock.now() - timedelta(hours=1))
    page = visitor(entrance.made, Role.MANAGER).get("/door/").text

    assert entrance.page in page
    assert "Hamlet" in page


def test_a_page_without_a_script_says_what_a_scan_comes_to(entrance: Entrance) -> None:
    form = {"direction": "in", "nonce": "plain-0001", "code": entrance.code()}

    first = entrance.usher.post(entrance.page, form)
    again = entrance.usher.post(entrance.page, {**form, "nonce": "plain-0002"})
    foreign = entrance.usher.post(entrance.page, form, origin="https://evil.example")

    assert 'data-tone="good"' in first.text
    assert "Stalls, row A, seat 1" in first.text
    assert 'data-tone="bad"' in again.text
    assert "Already in" in again.text
    assert foreign.status_code == 403


def test_the_list_is_all_that_a_device_needs_and_names_no_one(entrance: Entrance) -> None:
    found = entrance.usher.get(f"{entrance.page}list")
    listed = found.json()

    assert {each["key"] for each in listed["tickets"]} == {
        list_key(ticket.id) for ticket in entrance.order.tickets
    }
    keys = [key for of_number in listed["keys"].values() for key in of_number]
    assert keys == list(entrance.made.ticket_keys.public_keys.values())
    assert listed["figures"] == {"inside": 0, "expected": 2}
    for secret in ("Ina", entrance.order.reference, entrance.order.tickets[0].id):
        assert secret not in found.text


def test_several_scans_are_answered_in_their_order(entrance: Entrance) -> None:
    said = entrance.scanned(entrance.code(0), entrance.code(1), entrance.code(0), "nonsense")

    assert said == ["valid", "valid", "used", "unknown"]


def test_scans_of_another_site_are_refused(entrance: Entrance) -> None:
    body = {"device": "left", "scans": [sent(entrance.code())]}

    assert entrance.send(body, origin="https://evil.example").status_code == 403
    assert entrance.usher.get(f"{entrance.page}figures").json()["figures"]["inside"] == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[]",
        b"null",
        b'{"device": "left"}',
        {"device": 1, "scans": []},
        {"device": "left", "scans": [1]},
        {"device": "left", "scans": [sent("1")] * 101},
        {"device": "left", "scans": [sent("1", age_ms=-1)]},
        {"device": "left", "scans": [sent("1", age_ms=True)]},
        {"device": "left", "scans": [sent("1", age_ms=10**20)]},
        {"device": "left", "scans": [sent("1", direction="up")]},
        {"device": "left", "scans": [sent("1", shown="green")]},
        {"device": "left", "scans": [sent("1", shown=[])]},
        {"device": "left", "scans": [sent("1", nonce=None)]},
        {"device": "left\0", "scans": []},
        {"device": "left\ud800", "scans": []},
    ],
)
def test_what_is_no_scan_is_refused_and_nothing_is_written(entrance: Entrance, body: Any) -> None:
    answer = entrance.send(body)

    assert answer.status_code == 400
    assert answer.json()["refused"] == "scan_unreadable"


def test_one_refused_scan_keeps_no_other_one_from_arriving(entrance: Entrance) -> None:
    scans = [sent("1", nonce="!"), sent(entrance.code(), 1)]

    answers = entrance.send({"device": "left", "scans": scans}).json()["answers"]

    assert answers[0]["refused"] == "scan_unreadable"
    assert answers[1]["verdict"] == "valid"


def test_a_scan_that_was_kept_is_listed_when_it_contradicts(entrance: Entrance) -> None:
    late = {"age_ms": 600_000, "shown": "valid"}
    entrance.scanned(entrance.code())
    body = {"device": "right", "scans": [sent(entrance.code(), **late)]}
    entrance.send(body)

    page = entrance.usher.get(f"{entrance.page}conflicts").text

    assert "two people came in with this ticket" in page
    assert "Stalls, row A, seat 1" in page
    assert "Dana Reyes" in page


@pytest.mark.parametrize("name", ["x", "0" * 32, "%00", "²", "a" * 4_000])
def test_an_address_that_is_no_performance_is_not_there(entrance: Entrance, name: str) -> None:
    for path in ("", "conflicts", "list", "figures"):
        assert entrance.usher.get(f"/door/{name}/{path}").status_code == 404
