"""Who is asked about a change: every row of the design's rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from upstage_crm.change_requests.model.policy import (
    Asked,
    FieldPolicy,
)
from upstage_crm.change_requests.model.reviewers import (
    Evidence,
    Plan,
    Standing,
    Window,
    desk_plan,
    plan,
)
from upstage_crm.links.claims import Reviewer

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
CURRENT, PROPOSED = Reviewer.CURRENT, Reviewer.PROPOSED
USUAL, BOTH = FieldPolicy(asked=Asked.PROPOSED), FieldPolicy(asked=Asked.BOTH)
OLD_AGE, FRESH = timedelta(days=400), timedelta(hours=71)
# A working address of a record that has something to lose; unproven, and long there.
QUIET = Evidence(standing=Standing.WORKING, address_age=OLD_AGE, has_stake=True)
NO_STAKE = replace(QUIET, has_stake=False)
WINDOW = Window(request_id="r1", mailbox="before@example.com", ends=NOW + timedelta(hours=5))

AT_ONCE = Plan(binding=(PROPOSED,))
AT_ONCE_BUT_TOLD = Plan(binding=(PROPOSED,), heard=(CURRENT,))
AFTER_THE_PERIOD = Plan(binding=(PROPOSED,), heard=(CURRENT,), waits=True)
BOTH_SAY_YES = Plan(binding=(CURRENT, PROPOSED))
SECOND_PERSON_FIRST = Plan(binding=(PROPOSED,), needs_release=True)
ONLY_THE_DESK = Plan()


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        # A working mailbox, proven or not, is never displaced by another one's word alone.
        (QUIET, AFTER_THE_PERIOD),
        (replace(QUIET, is_proven=True), AFTER_THE_PERIOD),
        (NO_STAKE, AFTER_THE_PERIOD),
        (replace(NO_STAKE, is_proven=True), AFTER_THE_PERIOD),
        # A typing mistake: unproven, younger than 72 hours, and nothing to lose.
        (replace(NO_STAKE, address_age=FRESH), AT_ONCE_BUT_TOLD),
        (replace(NO_STAKE, address_age=FRESH, is_proven=True), AFTER_THE_PERIOD),
        (replace(NO_STAKE, address_age=timedelta(hours=72)), AFTER_THE_PERIOD),
        (replace(QUIET, address_age=FRESH), AFTER_THE_PERIOD),
        # No current address is left: at once without a stake, else a second person looks first.
        *(
            row
            for standing in (Standing.NONE, Standing.DEAD, Standing.OUT)
            for row in (
                (replace(NO_STAKE, standing=standing), AT_ONCE),
                (replace(QUIET, standing=standing), SECOND_PERSON_FIRST),
                (replace(QUIET, standing=standing, is_in_question=True), ONLY_THE_DESK),
                (replace(NO_STAKE, standing=standing, is_in_question=True), ONLY_THE_DESK),
            )
        ),
        # Protected, or in dispute: silence is a no.
        (replace(QUIET, is_in_question=True), BOTH_SAY_YES),
        (replace(NO_STAKE, address_age=FRESH, is_in_question=True), BOTH_SAY_YES),
    ],
)
def test_who_decides_about_a_new_address(evidence: Evidence, expected: Plan) -> None:
    assert plan(USUAL, evidence, is_mailbox=True) == expected


@pytest.mark.parametrize("evidence", [QUIET, replace(NO_STAKE, address_age=FRESH)])
def test_an_owner_or_a_member_may_want_both_to_say_yes(evidence: Evidence) -> None:
    assert plan(BOTH, evidence, is_mailbox=True) == BOTH_SAY_YES
    assert plan(USUAL, evidence, is_mailbox=True, ask_both=True) == BOTH_SAY_YES


@pytest.mark.parametrize("standing", [Standing.NONE, Standing.DEAD, Standing.OUT])
def test_wanting_both_does_not_ask_a_mailbox_that_is_lost(standing: Standing) -> None:
    lost = replace(QUIET, standing=standing)

    assert plan(BOTH, lost, is_mailbox=True, ask_both=True) == SECOND_PERSON_FIRST


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        (Standing.WORKING, Plan(binding=(CURRENT,))),
        (Standing.NONE, ONLY_THE_DESK),
        (Standing.DEAD, ONLY_THE_DESK),
        (Standing.OUT, ONLY_THE_DESK),
    ],
)
@pytest.mark.parametrize("is_in_question", [False, True])
def test_any_other_field_is_the_current_addresss_to_decide(
    standing: Standing, expected: Plan, is_in_question: bool
) -> None:
    """A stranger at a proposed address never sees a phone or a name."""
    evidence = replace(QUIET, standing=standing, is_in_question=is_in_question)

    assert plan(USUAL, evidence, is_mailbox=False, ask_both=True) == expected


def test_inside_a_revert_window_nothing_takes_effect_before_its_end() -> None:
    for standing, in_question, is_mailbox in product(Standing, (False, True), (False, True)):
        quiet = replace(QUIET, standing=standing, is_in_question=in_question)
        found = plan(USUAL, replace(quiet, window=WINDOW), is_mailbox=is_mailbox)
        if found.binding:
            assert found.not_before == WINDOW.ends
            assert replace(found, not_before=None) == plan(USUAL, quiet, is_mailbox=is_mailbox)
    assert desk_plan(replace(QUIET, window=WINDOW), is_mailbox=False).not_before == WINDOW.ends


@pytest.mark.parametrize(
    ("standing", "is_mailbox", "expected"),
    [
        (Standing.WORKING, True, AFTER_THE_PERIOD),
        (Standing.WORKING, False, Plan(heard=(CURRENT,), waits=True)),
        (Standing.DEAD, True, Plan(binding=(PROPOSED,), waits=True)),
        (Standing.OUT, False, Plan(waits=True)),
        (Standing.NONE, True, Plan(binding=(PROPOSED,), waits=True)),
    ],
)
def test_at_the_desk_a_new_address_says_yes_and_a_working_one_is_heard(
    standing: Standing, is_mailbox: bool, expected: Plan
) -> None:
    """A lost mailbox must not stop the desk, and nothing there happens unannounced either."""
    assert desk_plan(replace(QUIET, standing=standing), is_mailbox=is_mailbox) == expected


def test_the_told_mailbox_is_mailed_first() -> None:
    assert AFTER_THE_PERIOD.asked == (CURRENT, PROPOSED)


def test_whether_the_proposed_yes_takes_effect_alone() -> None:
    assert AT_ONCE.decides_alone
    assert AT_ONCE_BUT_TOLD.decides_alone
    for other in (AFTER_THE_PERIOD, BOTH_SAY_YES, replace(AT_ONCE, not_before=NOW), Plan()):
        assert not other.decides_alone
