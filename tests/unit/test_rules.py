"""The state machine of a request, as one truth table."""

from __future__ import annotations

from itertools import combinations_with_replacement, permutations

import pytest

from upstage_crm.audit.guards.rules import (
    FIELD_MOVES,
    REQUEST_MOVES,
)
from upstage_crm.change_requests.model.rules import (
    Decision,
    FieldOutcome,
    RequestState,
    derive_state,
    settle,
)

O = FieldOutcome  # noqa: E741  # short, for the tables
S = RequestState
YES, NO, OBJECT = Decision.APPROVE, Decision.REJECT, Decision.OBJECT
OUT = Decision.NOT_THIS_PERSON


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        ([O.HELD], S.HELD),
        ([O.PENDING], S.PENDING),
        ([O.APPROVED], S.PENDING),
        ([O.APPLIED], S.APPROVED),
        ([O.REJECTED], S.REJECTED),
        ([O.OBJECTED], S.REJECTED),
        ([O.LAPSED], S.EXPIRED),
        ([O.SUPERSEDED], S.SUPERSEDED),
        ([O.WITHDRAWN], S.WITHDRAWN),
        ([O.UNDELIVERABLE], S.UNDELIVERABLE),
        ([O.WAITING], S.WAITING),
        ([O.HELD, O.PENDING], S.HELD),
        ([O.PENDING, O.WAITING], S.PENDING),
        ([O.APPLIED, O.WAITING], S.WAITING),
        ([O.REJECTED, O.WAITING], S.WAITING),
        ([O.APPLIED, O.PENDING], S.PENDING),
        ([O.REJECTED, O.PENDING], S.PENDING),
        ([O.APPLIED, O.APPLIED], S.APPROVED),
        ([O.APPLIED, O.REJECTED], S.PARTLY_APPROVED),
        ([O.APPLIED, O.LAPSED], S.PARTLY_APPROVED),
        ([O.APPLIED, O.SUPERSEDED], S.PARTLY_APPROVED),
        ([O.REJECTED, O.LAPSED], S.REJECTED),
        ([O.OBJECTED, O.WITHDRAWN], S.REJECTED),
        ([O.SUPERSEDED, O.LAPSED], S.EXPIRED),
        ([O.SUPERSEDED, O.WITHDRAWN], S.WITHDRAWN),
        ([O.SUPERSEDED, O.SUPERSEDED], S.SUPERSEDED),
    ],
)
def test_a_request_stands_where_its_fields_stand(
    outcomes: list[FieldOutcome], state: RequestState
) -> None:
    assert state is derive_state(outcomes)


def test_the_state_does_not_depend_on_the_order_of_the_fields() -> None:
    for outcomes in combinations_with_replacement(FieldOutcome, 3):
        assert len({derive_state(order) for order in permutations(outcomes)}) == 1


def test_a_request_is_open_while_one_field_is() -> None:
    for outcomes in combinations_with_replacement(FieldOutcome, 2):
        waits = any(outcome.is_open or outcome is O.APPROVED for outcome in outcomes)
        assert waits == derive_state(outcomes).is_open


def test_nothing_is_approved_unless_something_was_applied() -> None:
    for outcomes in combinations_with_replacement(FieldOutcome, 3):
        if derive_state(outcomes) in (S.APPROVED, S.PARTLY_APPROVED):
            assert O.APPLIED in outcomes


def test_a_request_without_fields_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="at least one"):
        derive_state([])


@pytest.mark.parametrize(
    ("binding", "heard", "outcome"),
    [
        ([None], [], O.PENDING),
        ([YES], [], O.APPROVED),
        ([NO], [], O.REJECTED),
        ([OBJECT], [], O.OBJECTED),
        ([YES, None], [], O.PENDING),
        ([None, YES], [], O.PENDING),
        ([YES, YES], [], O.APPROVED),
        ([YES, NO], [], O.REJECTED),
        ([NO, None], [], O.REJECTED),
        ([YES, OBJECT], [], O.OBJECTED),
        ([NO, OBJECT], [], O.OBJECTED),
        ([], [], O.PENDING),
        # Who is only heard: silence lets it happen later, a yes at once, a no never.
        ([None], [None], O.PENDING),
        ([None], [YES], O.PENDING),
        ([None], [NO], O.REJECTED),
        ([YES], [None], O.WAITING),
        ([YES], [YES], O.APPROVED),
        ([YES], [NO], O.REJECTED),
        ([YES], [OBJECT], O.OBJECTED),
        ([YES], [OUT], O.WAITING),
        ([None], [OUT], O.PENDING),
        ([], [YES], O.APPROVED),
        ([], [None], O.PENDING),
    ],
)
def test_one_no_settles_it_and_only_silence_waits(
    binding: list[Decision | None], heard: list[Decision | None], outcome: FieldOutcome
) -> None:
    said = [(decision, True) for decision in binding] + [(decision, False) for decision in heard]

    assert settle(said) is outcome
    assert settle(said[::-1]) is outcome


def test_the_guards_know_every_way_that_the_rules_know() -> None:
    """What the database lets pass is what the rules can produce: no state is forgotten."""
    outcomes = {O(o) for ends in FIELD_MOVES.values() for o in ends} | {O(o) for o in FIELD_MOVES}
    states = {S(s) for ends in REQUEST_MOVES.values() for s in ends} | {S(s) for s in REQUEST_MOVES}

    assert set(FieldOutcome) == outcomes
    assert set(RequestState) == states


def test_ends_stay_ends() -> None:
    """docs/rules.md, States of a request: APPROVED and PARTLY_APPROVED may still be reverted."""
    moving = {S(state) for state in REQUEST_MOVES if not S(state).is_open}

    assert {S.APPROVED, S.PARTLY_APPROVED} == moving
    assert all(list(REQUEST_MOVES[state.value]) == ["reverted"] for state in moving)
