"""Property 4 for what comes after the first question: undoing, releasing, the desk, codes."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from tests.support.engine import Engine
from tests.support.factories import together
from upstage_crm.audit.events import Action
from upstage_crm.change_requests.model.policy import (
    DEFAULT,
    Asked,
    FieldPolicy,
)
from upstage_crm.change_requests.model.rules import (
    Decision,
    FieldOutcome,
    RequestState,
)
from upstage_crm.core.errors import UpstageError
from upstage_crm.links.claims import LinkClaims, Purpose
from upstage_crm.staff.roles import Role, StaffMember

pytestmark = pytest.mark.each_database

NORMAL, LONG = 4, 60


@pytest.fixture
def members(engine: Engine) -> tuple[StaffMember, StaffMember, StaffMember]:
    return engine.owner, engine.staff("Rosa", Role.MANAGER), engine.staff("Vic", Role.MANAGER)


Members = tuple[StaffMember, StaffMember, StaffMember]


def fire(rng: random.Random, commands: Sequence[Callable[[], object]]) -> list[object]:
    """Fire all at once; whatever is refused is refused by type."""
    shuffled = list(commands)
    rng.shuffle(shuffled)
    results = together(*shuffled)
    for result in results:
        assert not isinstance(result, Exception) or isinstance(result, UpstageError), result
    return results


def objection(engine: Engine, to: str) -> LinkClaims:
    engine.deliver()
    found = [engine.codec.read(token) for token in engine.tokens(to)]
    return [claims for claims in found if claims.purpose is Purpose.OBJECTION][-1]


def undoing(engine: Engine, members: Members, turn: int, rng: random.Random) -> None:
    """Objection, two reverts by staff and a newer proposal: the old value comes back once."""
    old, new = f"u{turn}@example.com", f"u{turn}@example.org"
    patron = engine.patron(old, f"Uma{turn}")
    request, link = engine.asked(patron, new)
    engine.decide(link)
    claims = objection(engine, old)

    fire(
        rng,
        [
            lambda: engine.decide(claims, Decision.OBJECT),
            lambda: engine.decide(claims, Decision.OBJECT),
            lambda: engine.revert(request, members[1]),
            lambda: engine.revert(request, members[2]),
            lambda: engine.propose(patron, f"later{turn}@example.org", actor=members[2]),
        ],
    )

    assert RequestState.REVERTED is engine.state(request)
    assert old == engine.email(patron)
    assert engine.actions(request_id=request.request_id).count(Action.REQUEST_REVERTED) == 1
    told = [mail for mail in engine.told(request) if mail[0] == "change_reverted"]
    assert [("change_reverted", old), ("change_reverted", new)] == told


def releasing(engine: Engine, members: Members, turn: int, rng: random.Random) -> None:
    """Two releases and a withdrawal: asked once or not at all."""
    patron = engine.patron(f"r{turn}@example.com", f"Rae{turn}")
    phone = FieldPolicy(asked=Asked.CURRENT, second_person=True)
    engine.set_policy(replace(DEFAULT, fields={"phone": phone}))
    request = engine.propose(patron, changes={"phone": {"phone": "+1 212 555 0199"}})

    fire(
        rng,
        [
            lambda: engine.release(request, members[1]),
            lambda: engine.release(request, members[2]),
            lambda: engine.withdraw(request, actor=members[0]),
        ],
    )

    asked = [kind for kind, to, _ in engine.queued() if to == f"r{turn}@example.com"]
    assert asked.count("decision_request") <= 1
    assert RequestState.WITHDRAWN is engine.state(request)  # the last word, in either order
    assert engine.actions(request_id=request.request_id).count(Action.REQUEST_RELEASED) <= 1


def desk(engine: Engine, members: Members, turn: int, rng: random.Random) -> None:
    """The end of the wait, twice, against the objection and a withdrawal: one wins."""
    old, new = f"d{turn}@example.com", f"d{turn}@example.org"
    patron = engine.patron(old, f"Dee{turn}")
    changes = {"email": {"email": new}}
    request = engine.identify(patron, members[0], changes)
    results = fire(rng, [lambda m=m: engine.vouch(request, m) for m in members])
    assert len([result for result in results if isinstance(result, UpstageError)]) == 2
    claims = engine.claims(old)
    engine.decide(engine.claims(new))
    engine.clock.advance(DEFAULT.desk_wait)

    fire(
        rng,
        [
            lambda: engine.take_effect(request),
            lambda: engine.take_effect(request),
            lambda: engine.decide(claims, Decision.REJECT),
            lambda: engine.withdraw(request, actor=members[1]),
        ],
    )

    state = engine.state(request)
    assert state in (RequestState.REJECTED, RequestState.WITHDRAWN, RequestState.APPROVED)
    (field,) = engine.view(request).fields
    was_made = RequestState.APPROVED is state
    assert engine.email(patron) == (new if was_made else old)
    assert was_made == (field.outcome is FieldOutcome.APPLIED)
    told = [mail for mail in engine.told(request) if mail == ("change_applied", new)]
    assert was_made == bool(told)


def codes(engine: Engine, members: Members, turn: int, rng: random.Random) -> None:
    """A code confirmed twice, declined, and the patron's own press: one answer."""
    old, new = f"c{turn}@example.com", f"c{turn}@example.org"
    patron = engine.patron(old, f"Cem{turn}")
    request, link = engine.asked(patron, new)
    assert engine.read_out(request, members[0], engine.codes_in(new)[-1])

    fire(
        rng,
        [
            lambda: engine.confirm_code(request, members[1]),
            lambda: engine.confirm_code(request, members[2]),
            lambda: engine.decline_code(request, members[1]),
            lambda: engine.decide(link, Decision.REJECT),
        ],
    )

    state = engine.state(request)
    assert state in (RequestState.APPROVED, RequestState.REJECTED)
    assert (new if state is RequestState.APPROVED else old) == engine.email(patron)
    kinds = {kind for kind, _to in engine.told(request)} - {"staff_outcome"}
    assert {"change_applied" if state is RequestState.APPROVED else "change_rejected"} == kinds


RACES = (undoing, releasing, desk, codes)


@pytest.mark.parametrize("race", RACES, ids=lambda race: race.__name__)
def test_one_wins(
    engine: Engine, members: Members, race: Callable[[Engine, Members, int, random.Random], None]
) -> None:
    _run(engine, members, race, NORMAL)


@pytest.mark.long
@pytest.mark.parametrize("race", RACES, ids=lambda race: race.__name__)
def test_one_wins_many_times(
    engine: Engine, members: Members, race: Callable[[Engine, Members, int, random.Random], None]
) -> None:
    _run(engine, members, race, LONG)


def _run(
    engine: Engine,
    members: Members,
    race: Callable[[Engine, Members, int, random.Random], None],
    rounds: int,
) -> None:
    rng = random.Random(rounds)
    for turn in range(rounds):
        race(engine, members, turn, rng)
    assert engine.chain_is_whole()
