"""Random sequences of every command by several actors write nothing that nobody decided."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.support.engine import Engine
from upstage_crm.audit.events import Action
from upstage_crm.change_requests.commands import Proposed
from upstage_crm.change_requests.rules import Decision, FieldOutcome, RequestState
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.core.errors import UpstageError
from upstage_crm.links.claims import LinkClaims, Reviewer
from upstage_crm.staff.roles import Role, StaffMember

OPEN = {RequestState.HELD, RequestState.PENDING}
DECIDED = {RequestState.APPROVED, RequestState.PARTLY_APPROVED}
LATER = {**{state: {state} for state in RequestState}}
for _state in OPEN:
    LATER[_state] = set(RequestState)
LATER[RequestState.PENDING] = set(RequestState) - {RequestState.HELD}
for _state in DECIDED:
    LATER[_state] = {_state, RequestState.REVERTED}

OUTCOMES = {
    "change_applied",
    "change_rejected",
    "change_expired",
    "change_withdrawn",
    "change_superseded",
    "change_undeliverable",
    "change_reverted",
}
HOUR = timedelta(hours=1)
_numbers = count()
_which = st.integers(min_value=0, max_value=1_000)


class Story(RuleBasedStateMachine):
    """One patron of a venue that is shared by all examples; each example has addresses of its own.

    The trail is the model: an address changes by an entry that applies a field change, or not at
    all, and a refusal changes not one row.
    """

    engine: Engine
    members: tuple[StaffMember, StaffMember, StaffMember]

    @initialize()
    def meet(self) -> None:
        self.number = next(_numbers)
        self.old = f"m{self.number}@example.com"
        self.patron = self.engine.patron(email=self.old, given_name=f"Mara{self.number}")
        self.requests: list[Proposed] = []
        self.states: dict[str, RequestState] = {}
        self.links: list[LinkClaims] = []
        # Every example begins with one decided change: the window, its links and its undoing.
        address = f"n0.{self.number}@example.org"
        self.requests.append(self.engine.propose(self.patron, address))
        self.deliver()
        self.engine.decide(self.engine.claims(address))

    def dare(self, command: Callable[[], object]) -> object:
        """Run a command; a refusal is a typed one and leaves every row as it was."""
        before = self.engine.dump()
        try:
            result = command()
        except UpstageError as refused:
            result = refused
        if isinstance(result, UpstageError):
            after = self.engine.dump()
            changed = [name for name in before if before[name] != after[name]]
            assert not changed, (type(result), changed)
        return result

    def pick(self, which: int) -> Proposed | None:
        return self.requests[which % len(self.requests)] if self.requests else None

    @rule(which=_which, who=st.integers(0, 2), at_desk=st.sampled_from((False, False, True)))
    def propose(self, which: int, who: int, at_desk: bool) -> None:
        is_open = any(self.states[r.request_id] in OPEN for r in self.requests)
        if is_open and which % 3:
            return  # a newer proposal ends the one before: leave most of them to be decided
        address = f"n{which % 3}.{self.number}@example.org"
        actor = self.members[who]
        changes = {"email": {"email": address}}
        if at_desk:
            found = self.dare(lambda: self.engine.identify(self.patron, actor, changes))
        else:
            found = self.dare(lambda: self.engine.propose(self.patron, address, actor=actor))
        if isinstance(found, Proposed) and found.request_id not in self.states:
            self.requests.append(found)

    def deliver(self) -> None:
        for mail in self.engine.deliver():
            for token in self.engine.tokens(mail.to):
                claims = self.engine.codec.read(token)
                if claims not in self.links:
                    self.links.append(claims)

    @precondition(lambda self: self.requests)
    @rule(which=_which, decision=st.sampled_from(Decision))
    def decide(self, which: int, decision: Decision) -> None:
        self.deliver()
        if self.links:
            # Mostly one of the newest links, now and then any that they ever got.
            near = self.links[-2:] if which % 4 else self.links
            link = near[which % len(near)]
            self.dare(lambda: self.engine.decide(link, decision))

    @precondition(lambda self: self.requests)
    @rule(
        which=_which,
        who=st.integers(0, 2),
        what=st.sampled_from(("withdraw", "resend", "vouch", "release", "revert", "clear")),
    )
    def act(self, which: int, who: int, what: str) -> None:
        request, actor = self.pick(which), self.members[who]
        if request is None:
            return
        if what == "withdraw":
            self.dare(lambda: self.engine.withdraw(request, actor=actor))
        elif what == "resend":
            self.dare(lambda: self.engine.resend(request, actor=actor))
        elif what == "vouch":
            self.dare(lambda: self.engine.vouch(request, actor))
        elif what == "release":
            self.dare(lambda: self.engine.release(request, actor))
        elif what == "revert":
            self.dare(lambda: self.engine.revert(request, actor))
        else:
            self.dare(lambda: self.engine.clear(self.patron, actor))

    @precondition(lambda self: self.requests)
    @rule(which=_which, reviewer=st.sampled_from(Reviewer))
    def bounce(self, which: int, reviewer: Reviewer) -> None:
        request = self.pick(which)
        if request is not None:
            self.engine.bounce(request, reviewer)

    @precondition(lambda self: self.requests)
    @rule(hours=st.sampled_from((1, 25, 73, 170)))
    def pass_time(self, hours: int) -> None:
        self.engine.clock.advance(hours * HOUR)
        for request in self.requests:
            self.engine.remind(request)
            self.engine.expire(request)
            self.engine.apply_desk(request)

    @invariant()
    def nothing_is_written_silently(self) -> None:
        if not hasattr(self, "patron"):
            return
        fields = [f for r in self.requests for f in self.engine.view(r).fields]
        written = [f for f in fields if f.outcome is FieldOutcome.APPLIED]
        entries = self.engine.actions(patron_id=self.patron.id)
        assert entries.count(Action.FIELD_APPLIED) == len(written)
        now = self.engine.email(self.patron)
        allowed = {self.old, *(f"n{n}.{self.number}@example.org" for n in range(3))}
        assert now in allowed
        last = self.engine.scalar(
            "SELECT v.value FROM audit_value v JOIN audit_entry e ON e.seq = v.seq"
            f" WHERE e.action = 'field.applied' AND v.name = 'email.new'"
            f" AND e.patron_id = '{self.patron.id}' ORDER BY e.seq DESC LIMIT 1"
        )
        assert now == (last or self.old)
        open_fields = [f for f in fields if f.outcome in (FieldOutcome.HELD, FieldOutcome.PENDING)]
        assert len(open_fields) <= 1

    @invariant()
    def states_move_along_legal_ways(self) -> None:
        for request in getattr(self, "requests", ()):
            state = self.engine.state(request)
            before = self.states.get(request.request_id, state)
            assert state in LATER[before], (before, state)
            self.states[request.request_id] = state

    @invariant()
    def each_side_hears_once_how_it_ended(self) -> None:
        for request in getattr(self, "requests", ()):
            told = [mail for mail in self.engine.told(request) if mail[0] in OUTCOMES]
            assert len(told) == len(set(told)), told

    def teardown(self) -> None:
        assert self.engine.chain_is_whole()


def _run(database: Database, clock: FrozenClock, *, examples: int, steps: int) -> None:
    engine = Engine(database, clock)
    Story.engine = engine
    Story.members = (
        engine.owner,
        engine.staff("Rosa", Role.MANAGER),
        engine.staff("Vic", Role.MARKETING),
    )
    run_state_machine_as_test(
        Story,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )


def test_no_sequence_writes_what_nobody_decided(database: Database, clock: FrozenClock) -> None:
    _run(database, clock, examples=2, steps=6)


@pytest.mark.long
def test_no_long_sequence_writes_what_nobody_decided(
    database: Database, clock: FrozenClock
) -> None:
    _run(database, clock, examples=60, steps=40)
