"""The rules that owners choose: who may, what is refused, and what a change means for requests."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.engine import Engine
from tests.support.factories import NEW, OLD, unchanged
from upstage_crm.audit.events import Action
from upstage_crm.change_requests.model import policy_store
from upstage_crm.change_requests.model.errors import (
    CannotBeAsked,
    PolicyOutOfRange,
    ReminderTooLate,
)
from upstage_crm.change_requests.model.policy import (
    DEFAULT,
    LIMITS,
    TRIPWIRES,
    Asked,
    FieldPolicy,
    Limit,
    Policy,
    with_numbers,
)
from upstage_crm.change_requests.model.rules import RequestState
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.core.errors import Forbidden
from upstage_crm.patrons.errors import UnknownField
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role, StaffMember

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
OTHER = replace(
    DEFAULT,
    link_life=14 * DAY,
    reminder_after=timedelta(),
    revert_window=100 * HOUR,
    fields={"email": FieldPolicy(asked=Asked.BOTH), "phone": FieldPolicy(asked=Asked.CURRENT)},
)


@pytest.fixture
def engine(database: Database, clock: FrozenClock) -> Engine:
    made = Engine(database, clock, is_watched=True)
    assert made.owner  # is added when first asked for, and that is a write
    return made


def change(engine: Engine, policy: Policy, actor: StaffMember | None = None) -> Policy:
    return engine.act(actor or engine.owner, policy_store.change, proposed=policy)


def current(engine: Engine) -> Policy:
    return engine.read(policy_store.current)


def test_an_owner_changes_the_rules_and_the_trail_says_what_they_were(engine: Engine) -> None:
    stored = change(engine, OTHER)

    # What an owner chose as the registry has it already is not an owner's choice.
    assert {"email"} == set(stored.fields)
    assert stored == current(engine)
    facts = next(line.facts for line in engine.lines() if line.action is Action.POLICY_CHANGED)
    assert dict(facts) == {
        "link_life.old": 7 * 86_400,
        "link_life.new": 14 * 86_400,
        "reminder_after.old": 3 * 86_400,
        "reminder_after.new": 0,
        "revert_window.old": 72 * 3_600,
        "revert_window.new": 100 * 3_600,
        "email.asked.old": None,
        "email.asked.new": "both",
        "email.second_person.old": None,
        "email.second_person.new": False,
    }


def test_the_same_rules_again_record_nothing(engine: Engine) -> None:
    change(engine, OTHER)
    before = engine.dump()
    change(engine, OTHER)

    assert before == engine.dump()


@pytest.mark.parametrize(
    "role", [role for role in Role if Permission.EDIT_POLICY not in PERMISSIONS[role]]
)
def test_nobody_else_changes_them(engine: Engine, role: Role) -> None:
    member = engine.staff("Rosa", role)
    unchanged(engine, lambda: change(engine, OTHER, member), Forbidden)


@pytest.mark.parametrize("limit", [*LIMITS, *TRIPWIRES], ids=lambda limit: limit.name)
def test_every_number_has_its_limits(engine: Engine, limit: Limit) -> None:
    roomy = replace(DEFAULT, link_life=30 * DAY, reminder_after=DAY, reminder_before=HOUR)
    for count in (limit.least, limit.most):
        fitting = with_numbers(roomy, {limit.name: count * limit.unit})
        if limit.name == "link_life":
            fitting = replace(fitting, reminder_after=timedelta(), reminder_before=timedelta())
        assert count == limit.count(change(engine, fitting))
    beyond = [(limit.least - 1) * limit.unit, (limit.most + 1) * limit.unit]
    if isinstance(limit.unit, timedelta):
        beyond.append(limit.least * limit.unit + timedelta(seconds=1))
    for chosen in beyond:
        wrong = with_numbers(roomy, {limit.name: chosen})
        refused = unchanged(engine, lambda wrong=wrong: change(engine, wrong), PolicyOutOfRange)
        assert limit.name == refused.facts["setting"]


def test_a_reminder_that_would_never_leave_is_refused(engine: Engine) -> None:
    for late in (
        replace(DEFAULT, link_life=3 * DAY),
        replace(DEFAULT, link_life=2 * DAY, reminder_after=DAY, reminder_before=48 * HOUR),
    ):
        unchanged(engine, lambda late=late: change(engine, late), ReminderTooLate)


def test_only_a_mailbox_lets_an_owner_choose_who_is_asked(engine: Engine) -> None:
    for key, entry in FIELDS.items():
        if not entry.is_mailbox:
            wrong = replace(DEFAULT, fields={key: FieldPolicy(asked=Asked.BOTH)})
            unchanged(engine, lambda wrong=wrong: change(engine, wrong), CannotBeAsked)
    unknown = replace(DEFAULT, fields={"shoe": FieldPolicy(asked=Asked.CURRENT)})
    unchanged(engine, lambda: change(engine, unknown), UnknownField)


def test_a_proposal_is_made_under_the_rules_of_its_moment(engine: Engine) -> None:
    change(engine, OTHER)
    request = engine.propose(engine.patron())

    view = engine.view(request)
    assert engine.now + 14 * DAY == view.expires_at
    assert {"change_notice", "decision_request"} == {
        kind for kind, to, _ in engine.queued() if to in (OLD, NEW)
    }


def test_a_running_request_keeps_its_rules(engine: Engine) -> None:
    """Case 21: what an owner changes meanwhile is for later requests; safety is checked again."""
    request, link = engine.asked(engine.patron())
    change(engine, OTHER)

    assert RequestState.APPROVED is engine.decide(link)
    assert engine.now + 7 * DAY == engine.view(request).expires_at


def test_a_field_that_needs_a_second_person_is_held(engine: Engine) -> None:
    change(
        engine,
        replace(DEFAULT, fields={"phone": FieldPolicy(asked=Asked.CURRENT, second_person=True)}),
    )
    phone = {"phone": {"phone": "+1 212 555 0199"}}
    patron = engine.patron()
    held = engine.propose(patron, changes=phone)

    assert RequestState.HELD is engine.state(held)
    assert engine.queued() == []
    assert RequestState.PENDING is engine.state(engine.propose(patron))
