"""A simple model of one patron's record, kept beside the real thing and compared after each step.

It knows nothing of how commands work. It knows which steps may move a field change from where to
where, and that the record holds what the applied changes wrote: nothing else ever writes.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.change_requests.rules import (
    ChangeKind,
    Decision,
    FieldOutcome,
    RequestState,
    derive_state,
)
from upstage_crm.change_requests.tables import ChangeRequestRow, FieldChangeRow, ReviewRow
from upstage_crm.core.db import table_of
from upstage_crm.links.claims import Reviewer
from upstage_crm.mail.outbox import OUTBOX
from upstage_crm.patrons import fields
from upstage_crm.patrons.tables import PatronRow

_request, _change = table_of(ChangeRequestRow), table_of(FieldChangeRow)
_review, _patron = table_of(ReviewRow), table_of(PatronRow)

H, P = FieldOutcome.HELD, FieldOutcome.PENDING
A, R = FieldOutcome.APPLIED, FieldOutcome.REJECTED
WITHDRAWN, SUPERSEDED = FieldOutcome.WITHDRAWN, FieldOutcome.SUPERSEDED
Moves = frozenset[tuple[FieldOutcome, FieldOutcome]]
_NEWER: Moves = frozenset({(H, SUPERSEDED), (P, SUPERSEDED)})
_STOPPED: Moves = frozenset({(H, WITHDRAWN), (P, WITHDRAWN)})

MAY: Mapping[str, Moves] = {
    "propose": _NEWER,
    "identify": _NEWER,
    "release": frozenset({(H, P), (H, WITHDRAWN)}),
    "withdraw": _STOPPED,
    "resend": _STOPPED,
    "approve": frozenset({(P, A), (P, WITHDRAWN)}),
    "reject": frozenset({(P, R)}),
    "answers": frozenset({(P, A), (P, R), (P, WITHDRAWN)}),
    "object": frozenset({(P, FieldOutcome.OBJECTED), (H, FieldOutcome.OBJECTED), *_STOPPED}),
    "confirm_code": frozenset({(P, A), (P, R), (P, WITHDRAWN)}),
    "decline": _STOPPED,
    "revert": _STOPPED,
    "expire": frozenset({(P, FieldOutcome.LAPSED)}),
    "apply_desk": frozenset({(H, A), (H, WITHDRAWN)}),
    "bounce": frozenset({(P, FieldOutcome.UNDELIVERABLE)}),
}
"""What each step may do to field changes that stand; a step without a line may do nothing."""
REVERTS = ("object", "revert")
Told = tuple[str, str, str, str]
"""A mail: the request, the kind, the address, the subject."""


@dataclass(slots=True)
class Seen:
    """One field change as it stands in the database, with what each reviewer said."""

    request: str
    field: str
    kind: ChangeKind
    outcome: FieldOutcome
    current: dict[str, str | None]
    proposed: dict[str, str | None]
    said: dict[Reviewer, Decision | None] = dataclasses.field(default_factory=dict[Reviewer, Any])


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that the model compares, read over one snapshot."""

    values: dict[str, str | None]
    changes: dict[str, Seen]
    states: dict[str, RequestState]
    mails: tuple[Told, ...]


def look(session: Session, patron_id: str) -> Snapshot:
    """The patron's record, requests, field changes and mails as they stand."""
    run = session.connection().execute
    protected = {column for entry in fields.FIELDS.values() for column in entry.columns}
    row = run(sa.select(_patron).where(_patron.c.id == patron_id)).mappings().one()
    changes = {
        found.id: Seen(
            found.request_id,
            found.field,
            found.kind,
            found.outcome,
            _own(found.field, found.current_value),
            _own(found.field, found.proposed_value),
        )
        for found in run(sa.select(_change).where(_change.c.patron_id == patron_id))
    }
    requests = sa.select(_request.c.id, _request.c.state).where(_request.c.patron_id == patron_id)
    states = {found.id: found.state for found in run(requests)}
    reviews = sa.select(_review).where(_review.c.request_id.in_(list(states)))
    for found in run(reviews):
        changes[found.field_change_id].said[found.reviewer] = found.decision
    mails = sa.select(
        OUTBOX.c.request_id, OUTBOX.c.kind, OUTBOX.c.to_address, OUTBOX.c.subject
    ).where(OUTBOX.c.patron_id == patron_id, OUTBOX.c.state != "cancelled")
    return Snapshot(
        {column: row[column] for column in protected},
        changes,
        states,
        tuple(sorted((m.request_id, m.kind.value, m.to_address, m.subject) for m in run(mails))),
    )


class Model:
    """What the record must hold, as the steps so far allow it."""

    def __init__(self, seen: Snapshot) -> None:
        self.seen = seen
        self.values = dict(seen.values)

    def step(self, kind: str, seen: Snapshot) -> None:
        """Judge what `kind` of step turned the last snapshot into this one.

        Raises:
            AssertionError: the step did what it may not do, or left out what it must do.
        """
        for key, change in seen.changes.items():
            before = self.seen.changes.get(key)
            if before is None:
                self._is_born(kind, change)
            elif before.outcome is not change.outcome:
                move = (before.outcome, change.outcome)
                assert move in MAY.get(kind, ()), (kind, move)
                self._is_applied(change)
            if before is not None:
                assert (before.current, before.proposed) == (change.current, change.proposed)
                self._is_said_once(before, change)
            self._is_settled(change)
        assert seen.changes.keys() >= self.seen.changes.keys()
        self._states_follow(seen)
        assert self.values == seen.values, (kind, self.values, seen.values)
        self.seen = seen

    def unmoved(self, seen: Snapshot) -> None:
        """Nothing at all happened."""
        assert self.seen == seen

    def mailed(self, seen: Snapshot) -> None:
        """Mails left or were taken back, and nothing else happened."""
        assert replace(self.seen, mails=()) == replace(seen, mails=())
        self.seen = seen

    def _is_born(self, kind: str, change: Seen) -> None:
        if change.kind is ChangeKind.REVERT:
            assert kind in REVERTS, kind
            assert change.outcome is A
            undone = [
                c
                for c in self.seen.changes.values()
                if (c.request, c.field, c.outcome) == (change.request, change.field, A)
                and c.kind is not ChangeKind.REVERT
            ]
            # Exactly what the change wrote stands there, and exactly what it replaced comes back.
            assert [(change.proposed, change.current)] == [(c.current, c.proposed) for c in undone]
            self.values |= change.proposed
        else:
            assert kind in ("propose", "identify"), kind
            assert change.outcome in ((H,) if kind == "identify" else (H, P))
            assert change.current == {name: self.values[name] for name in change.current}

    def _is_applied(self, change: Seen) -> None:
        if change.outcome is not A:
            return
        assert change.current == {name: self.values[name] for name in change.current}
        if change.kind is ChangeKind.CHANGE:
            assert change.said, "nobody was asked"
            assert set(change.said.values()) == {Decision.APPROVE}, change
        self.values |= change.proposed

    @staticmethod
    def _is_said_once(before: Seen, change: Seen) -> None:
        for reviewer, decision in before.said.items():
            if decision is not None:
                assert change.said[reviewer] is decision, "a decision was taken back"

    @staticmethod
    def _is_settled(change: Seen) -> None:
        """What everybody approved, and what anybody rejected, does not stay open."""
        if change.outcome is P and change.said:
            said = set(change.said.values())
            assert said != {Decision.APPROVE}, "approved by all, and still not applied"
            assert not said & {Decision.REJECT, Decision.OBJECT}, "rejected, and still open"

    def _states_follow(self, seen: Snapshot) -> None:
        for request, state in seen.states.items():
            mine = [c for c in seen.changes.values() if c.request == request]
            reverted = any(c.kind is ChangeKind.REVERT for c in mine)
            outcomes = [c.outcome for c in mine if c.kind is not ChangeKind.REVERT]
            assert derive_state(outcomes, is_reverted=reverted) is state
            before = self.seen.states.get(request)
            if before is not None and not before.is_open:
                decided = (RequestState.APPROVED, RequestState.PARTLY_APPROVED)
                legal = {before, RequestState.REVERTED} if before in decided else {before}
                assert state in legal, (before, state)
        still_open = [c.field for c in seen.changes.values() if c.outcome.is_open]
        assert len(still_open) == len(set(still_open)), "two open changes of one field"


def doubled(mails: Iterable[Told], kinds: Iterable[str]) -> list[Told]:
    """Mails of these kinds that one mailbox got twice about one request, under one subject."""
    wanted = frozenset(kinds)
    found = [mail for mail in mails if mail[1] in wanted]
    return [mail for mail in set(found) if found.count(mail) > 1]


def _own(key: str, value: str) -> dict[str, str | None]:
    """The field's own columns in a stored value; derived keys are left out."""
    plain = json.loads(value)
    return {column: plain[column] for column in fields.field(key).columns}
