"""Who passes the door: one entry for each ticket, the earlier one, whatever arrives first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from upstage_crm.door.rules import (
    LATEST,
    Admitted,
    Claimed,
    Direction,
    Passage,
    Verdict,
    conflicts,
    entry_that_counts,
    is_inside,
    judge,
    moment_of,
    people_inside,
)

AT = datetime(2026, 12, 4, 18, 50, tzinfo=UTC)
TICKET = Admitted(id="t1", performance_id="p1", is_valid=True, version=2)
CODE = Claimed(ticket_id="t1", version=2)
ENTRY = Passage(
    scan_id="s1",
    ticket_id="t1",
    direction=Direction.IN,
    verdict=Verdict.VALID,
    shown=Verdict.VALID,
    scanned_at=AT,
    device="left",
)


def later(minutes: int, *, of: Passage = ENTRY, **changes: object) -> Passage:
    moved = {"scan_id": f"s{minutes + 100}", "scanned_at": AT + timedelta(minutes=minutes)}
    return replace(of, **{**moved, **changes})


def judged(*earlier: Passage, direction: Direction = Direction.IN, **changes: object) -> Verdict:
    ticket = replace(TICKET, **changes)
    return judge(CODE, ticket, earlier, performance_id="p1", direction=direction)


OUT = later(10, direction=Direction.OUT)


def test_the_first_entry_is_valid_and_the_second_is_not() -> None:
    assert judged() is Verdict.VALID
    assert judged(ENTRY) is Verdict.USED


def test_who_went_out_may_come_in_again() -> None:
    assert judged(ENTRY, OUT) is Verdict.VALID
    assert judged(OUT, ENTRY) is Verdict.VALID


def test_only_who_is_in_goes_out() -> None:
    assert judged(ENTRY, direction=Direction.OUT) is Verdict.VALID
    assert judged(direction=Direction.OUT) is Verdict.NOT_IN
    assert judged(ENTRY, OUT, direction=Direction.OUT) is Verdict.NOT_IN


def test_who_is_in_goes_out_though_the_ticket_was_returned_meanwhile() -> None:
    assert judged(ENTRY, direction=Direction.OUT, is_valid=False) is Verdict.VALID


def test_a_refused_scan_is_no_entry() -> None:
    refused = replace(ENTRY, verdict=Verdict.REVOKED, shown=Verdict.REVOKED)

    assert judged(refused) is Verdict.VALID
    assert not is_inside([refused])


def test_each_reason_not_to_pass_has_its_name() -> None:
    assert judged(is_valid=False) is Verdict.VOID
    assert judged(version=3) is Verdict.REVOKED
    assert judged(performance_id="p2") is Verdict.WRONG_PERFORMANCE
    assert judged(id="t9") is Verdict.UNKNOWN
    for code, ticket in ((None, TICKET), (CODE, None), (None, None)):
        found = judge(code, ticket, [], performance_id="p1", direction=Direction.IN)
        assert found is Verdict.UNKNOWN


def test_a_ticket_that_was_let_in_unverified_is_in() -> None:
    amber = replace(ENTRY, verdict=Verdict.VALID, shown=Verdict.UNVERIFIED)

    assert judged(amber) is Verdict.USED


def test_the_earlier_entry_counts_in_whatever_order_they_arrive() -> None:
    second = later(3, device="right")

    for order in permutations([ENTRY, second]):
        assert entry_that_counts(order) == ENTRY
        [conflict] = conflicts(order)
        assert (conflict.passage, conflict.why, conflict.before) == (second, Verdict.USED, ENTRY)


def test_an_entry_after_going_out_contradicts_nothing() -> None:
    for order in permutations([ENTRY, OUT, later(20)]):
        assert conflicts(order) == []
        assert people_inside(order) == 1


@pytest.mark.parametrize(
    "why", [Verdict.VOID, Verdict.REVOKED, Verdict.WRONG_PERFORMANCE, Verdict.UNKNOWN]
)
def test_who_was_let_in_against_the_rules_is_listed_with_the_reason(why: Verdict) -> None:
    wrongly = replace(ENTRY, verdict=why, shown=Verdict.UNVERIFIED)
    refused = later(1, verdict=why, shown=why)

    [conflict] = conflicts([wrongly, refused])

    assert (conflict.passage, conflict.why) == (wrongly, why)


def test_codes_without_a_ticket_are_no_second_use_of_each_other() -> None:
    stranger = replace(ENTRY, ticket_id="", verdict=Verdict.UNKNOWN, shown=Verdict.UNVERIFIED)

    found = conflicts([stranger, replace(stranger, scan_id="s2")])

    assert [conflict.why for conflict in found] == [Verdict.UNKNOWN, Verdict.UNKNOWN]


def test_everyone_who_passed_is_counted() -> None:
    twice = [ENTRY, later(1), later(2, shown=Verdict.USED, verdict=Verdict.USED)]

    assert people_inside(twice) == 2
    assert people_inside([*twice, OUT]) == 1
    assert people_inside([OUT]) == 0


def test_a_scan_is_as_old_as_the_device_says_within_limits() -> None:
    assert moment_of(timedelta(minutes=5), received_at=AT) == AT - timedelta(minutes=5)
    assert moment_of(timedelta(minutes=-5), received_at=AT) == AT
    assert moment_of(timedelta(days=400), received_at=AT) == AT - LATEST
