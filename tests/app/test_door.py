"""The door: one entry for each ticket, the earlier one, however late a device sends its scans."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from tests.support.factories import Desk
from tests.support.houses import performance_in, seat
from tests.support.shop import Shop, open_shop
from tests.support.tickets import KEYS
from upstage_crm.core.errors import Forbidden
from upstage_crm.door import commands, queries
from upstage_crm.door.errors import NonceTaken, ScanUnreadable
from upstage_crm.door.rules import Direction, Verdict
from upstage_crm.door.views import ScanAnswer, SentScan, list_key
from upstage_crm.orders.views import OrderView
from upstage_crm.programme.errors import UnknownPerformance
from upstage_crm.staff.roles import Role, StaffMember

MINUTE = timedelta(minutes=1)


@dataclass
class Door:
    """The door of a shop's performance, with devices that number their scans."""

    shop: Shop
    usher: StaffMember
    numbers: dict[str, int] = field(default_factory=dict)

    def code(self, order: OrderView, at: int = 0, *, version: int = 1) -> str:
        ticket = order.tickets[at]
        return KEYS.draw(ticket_id=ticket.id, version=version, performance_id=ticket.performance_id)

    def scan(self, code: str, *, device: str = "left", **how: Any) -> ScanAnswer:
        nonce = how.pop("nonce", "") or self._number(device)
        performance_id = how.pop("performance_id", self.shop.performance)
        member = how.pop("member", self.usher)
        given = {"direction": Direction.IN, "age": timedelta(), "shown": None, **how}
        sent = SentScan(nonce=nonce, code=code, **given)
        desk = self.shop.desk
        return desk.database.attempt(
            lambda s: commands.take(
                desk.staff_context(s, member),
                sent,
                device=device,
                performance_id=performance_id,
                keys=KEYS,
            ),
            is_recorded=False,
        )

    def inside(self) -> int:
        performance = self.shop.performance
        return self.shop.desk.read(lambda s: queries.figures(s, performance).inside)

    def conflicts(self) -> list[tuple[str, Verdict]]:
        performance = self.shop.performance
        found = self.shop.desk.read(lambda s: queries.conflicts(s, performance))
        return [(line.device, line.why) for line in found]

    def _number(self, device: str) -> str:
        self.numbers[device] = self.numbers.get(device, 0) + 1
        return f"scan-{self.numbers[device]:04}"


@pytest.fixture
def door(desk: Desk) -> Door:
    return Door(open_shop(desk), desk.staff("Uma", Role.BOX_OFFICE))


def test_a_ticket_opens_the_door_once(door: Door) -> None:
    code = door.code(door.shop.sold(seat("A", 1)))

    first, second = door.scan(code), door.scan(code, device="right")

    assert (first.verdict, second.verdict) == (Verdict.VALID, Verdict.USED)
    assert first.place
    assert second.before_device == "left"
    assert door.inside() == 1
    assert door.conflicts() == []


def test_who_goes_out_may_come_back(door: Door) -> None:
    code = door.code(door.shop.sold(seat("A", 1)))

    said = [door.scan(code, direction=way).verdict for way in (Direction.IN, Direction.OUT)]
    again = door.scan(code)
    twice_out = [door.scan(code, direction=Direction.OUT).verdict for _ in range(2)]

    assert said == [Verdict.VALID, Verdict.VALID]
    assert again.verdict is Verdict.VALID
    assert twice_out == [Verdict.VALID, Verdict.NOT_IN]
    assert door.inside() == 0


def test_a_returned_ticket_opens_nothing(door: Door) -> None:
    order = door.shop.sold(seat("A", 1))
    door.shop.take_back(order, order.tickets[0].id)

    assert door.scan(door.code(order)).verdict is Verdict.VOID


def test_an_older_or_invented_version_of_a_code_is_no_entry(door: Door) -> None:
    order = door.shop.sold(seat("A", 1))

    assert door.scan(door.code(order, version=2)).verdict is Verdict.REVOKED


def test_what_we_did_not_sign_is_unknown_and_kept(door: Door) -> None:
    assert door.scan("1" * 212).verdict is Verdict.UNKNOWN
    assert door.scan("K7-2FQ").verdict is Verdict.UNKNOWN
    ghost = KEYS.draw(ticket_id="f" * 32, version=1, performance_id=door.shop.performance)
    assert door.scan(ghost).verdict is Verdict.UNKNOWN


def test_a_ticket_of_another_performance_says_which(door: Door) -> None:
    code, made = door.code(door.shop.sold(seat("A", 1))), door.shop.made
    other = performance_in(door.shop.desk, made.hall, made.event, date(2026, 12, 5))

    answer = door.scan(code, performance_id=other)

    assert answer.verdict is Verdict.WRONG_PERFORMANCE
    assert answer.other_performance_id == door.shop.performance
    assert door.scan(code).verdict is Verdict.VALID


def test_the_same_scan_sent_again_is_answered_as_before(door: Door) -> None:
    code = door.code(door.shop.sold(seat("A", 1)))

    said = [door.scan(code, nonce="scan-9999").verdict for _ in range(3)]

    assert said == [Verdict.VALID] * 3
    assert door.inside() == 1
    with pytest.raises(NonceTaken):
        door.scan(code, nonce="scan-9999", direction=Direction.OUT)


def test_of_two_devices_without_a_network_the_earlier_entry_counts(door: Door) -> None:
    """The later one arrives first: it is known as the second all the same."""
    code = door.code(door.shop.sold(seat("A", 1)))
    late = door.scan(code, device="right", age=5 * MINUTE, shown=Verdict.VALID)
    early = door.scan(code, device="left", age=9 * MINUTE, shown=Verdict.VALID)

    assert (late.verdict, early.verdict) == (Verdict.VALID, Verdict.VALID)
    assert door.inside() == 2
    assert door.conflicts() == [("right", Verdict.USED)]


def test_what_was_let_in_and_should_not_have_been_is_listed(door: Door) -> None:
    order = door.shop.sold(seat("A", 1), seat("A", 2))
    door.shop.take_back(order, order.tickets[0].id)

    returned = door.scan(door.code(order, 0), age=MINUTE, shown=Verdict.VALID)
    amber = door.scan(door.code(order, 1), age=MINUTE, shown=Verdict.UNVERIFIED)

    assert (returned.verdict, amber.verdict) == (Verdict.VOID, Verdict.VALID)
    assert door.conflicts() == [("left", Verdict.VOID)]


def test_a_device_that_did_not_wait_for_the_answer_is_believed_about_who_passed(
    door: Door,
) -> None:
    code = door.code(door.shop.sold(seat("A", 1)))
    door.scan(code, device="left")
    door.scan(code, device="right", nonce="scan-0042")

    for _ in range(2):
        door.scan(code, device="right", nonce="scan-0042", shown=Verdict.VALID)

    assert door.inside() == 2
    assert door.conflicts() == [("right", Verdict.USED)]


def test_the_list_holds_neither_names_nor_ids_nor_codes(door: Door) -> None:
    order = door.shop.sold(seat("A", 1), seat("A", 2))
    door.scan(door.code(order))

    found = door.shop.desk.read(
        lambda s: queries.door_list(s, door.shop.performance, now=door.shop.desk.now)
    )

    assert {each.key for each in found.tickets} == {list_key(each.id) for each in order.tickets}
    assert sorted(each.is_inside for each in found.tickets) == [False, True]
    assert (found.figures.inside, found.figures.expected) == (1, 2)
    said = repr(found)
    assert not any(word in said for word in ("Ina", order.reference, order.tickets[0].id))


def test_only_who_may_check_tickets_scans(door: Door, desk: Desk) -> None:
    code = door.code(door.shop.sold(seat("A", 1)))

    for role in (Role.READ_ONLY, Role.MARKETING, Role.AUDITOR):
        with pytest.raises(Forbidden):
            door.scan(code, member=desk.staff(f"Other_{role.value}", role))
    assert door.inside() == 0


@pytest.mark.parametrize(
    "how", [{"device": ""}, {"device": "x" * 65}, {"device": "a\nb"}, {"nonce": "short"}]
)
def test_a_scan_without_a_name_for_itself_is_refused(door: Door, how: dict[str, str]) -> None:
    with pytest.raises(ScanUnreadable):
        door.scan("1", **how)


def test_there_is_no_door_without_a_performance(door: Door) -> None:
    with pytest.raises(UnknownPerformance):
        door.scan("1", performance_id="0" * 32)


@pytest.mark.parametrize("change", ["UPDATE scan SET shown = 'valid'", "DELETE FROM scan"])
def test_no_scan_is_changed_or_deleted(door: Door, change: str) -> None:
    door.scan("1")

    with pytest.raises(DBAPIError), door.shop.desk.database.transaction() as session:
        session.connection().execute(sa.text(change))


def test_eight_doors_at_once_let_one_person_in(door: Door) -> None:
    code, said = door.code(door.shop.sold(seat("A", 1))), list[Verdict]()
    start = threading.Barrier(8)

    def at(device: str) -> Callable[[], None]:
        def run() -> None:
            start.wait()
            said.append(door.scan(code, device=device).verdict)

        return run

    threads = [threading.Thread(target=at(f"door {n}")) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(said) == sorted([Verdict.VALID, *[Verdict.USED] * 7])
    assert door.inside() == 1
