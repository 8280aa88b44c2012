"""Every request says what to do next, whatever its state."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from tests.support.views import request_view
from upstage_crm.change_requests.model.next_step import NextStep, next_step
from upstage_crm.change_requests.model.rules import (
    Cause,
    FieldOutcome,
    HeldFor,
    NoticeState,
    RequestState,
)
from upstage_crm.change_requests.model.views import RequestView
from upstage_crm.wording.next_steps import NEXT_STEP_WORDS

S, N = RequestState, NextStep


def requests() -> Iterator[tuple[RequestView, bool]]:
    """A request of every state, with every cause that it may have for being there."""
    for held_for in HeldFor:
        yield request_view(state=S.HELD, held_for=held_for), False
    for state, notice, urgent in product(
        (S.PENDING, S.WAITING), (None, *NoticeState), (False, True)
    ):
        yield request_view(state=state, notice_state=notice), urgent
    for cause in Cause:
        yield request_view(state=S.WITHDRAWN, cause=cause), False
    for state, outcome in product(
        (state for state in S if not state.is_open and state is not S.WITHDRAWN),
        (FieldOutcome.REJECTED, FieldOutcome.OBJECTED),
    ):
        yield request_view(state=state, outcome=outcome), False


def test_every_state_has_a_next_step_and_every_step_a_sentence_and_a_state() -> None:
    found = {next_step(request, is_urgent=urgent) for request, urgent in requests()}
    states = {request.state for request, _urgent in requests()}

    assert states == set(RequestState)
    assert found == set(NextStep)
    assert set(NEXT_STEP_WORDS) == set(NextStep)


def test_each_sentence_is_one_sentence() -> None:
    for words in NEXT_STEP_WORDS.values():
        assert words.endswith(".")
        assert words.count(".") == 1, words


def test_what_a_patron_did_decides_what_comes_next() -> None:
    steps = {
        "rejected": request_view(state=S.REJECTED, outcome=FieldOutcome.REJECTED),
        "objected": request_view(state=S.REJECTED, outcome=FieldOutcome.OBJECTED),
        "approved": request_view(state=S.APPROVED, outcome=FieldOutcome.APPLIED),
        "bounced": request_view(state=S.UNDELIVERABLE, outcome=FieldOutcome.UNDELIVERABLE),
    }

    found = {name: next_step(request, is_urgent=False) for name, request in steps.items()}

    assert found == {
        "rejected": N.RESPECT_THE_NO,
        "objected": N.FIND_OUT_WHO_ASKED,
        "approved": N.NOTHING_MORE,
        "bounced": N.CHECK_ADDRESS,
    }


def test_a_clock_that_stands_comes_before_one_that_runs_out() -> None:
    pending = request_view(state=S.PENDING)
    stopped = request_view(state=S.PENDING, notice_state=NoticeState.BOUNCED)
    letter = request_view(state=S.WAITING, notice_state=NoticeState.NO_MAILBOX)

    assert next_step(pending, is_urgent=False) is N.WAIT_FOR_ANSWER
    assert next_step(pending, is_urgent=True) is N.CALL_BEFORE_IT_EXPIRES
    assert next_step(stopped, is_urgent=True) is N.REACH_ANOTHER_WAY
    assert next_step(letter, is_urgent=False) is N.SEND_LETTER
