"""A simple model of one patron's record, kept beside the real thing and compared after each step.

It knows nothing of how commands work. It knows which steps may move a field change from where to
where, and that the record holds what the applied changes wrote: nothing else ever writes.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.change_requests.model.policy import DEFAULT
from upstage_crm.change_requests.model.reviewers import YOUNG
from upstage_crm.change_requests.model.rules import (
    ChangeKind,
    Decision,
    FieldOutcome,
    NoticeState,
    RequestState,
    derive_state,
)
from upstage_crm.change_requests.model.tables import (
    ChangeRequestRow,
    FieldChangeRow,
    ReviewRow,
)
from upstage_crm.core.db import table_of
from upstage_crm.links.claims import Reviewer
from upstage_crm.mail.outbox import OUTBOX
from upstage_crm.patrons import fields
from upstage_crm.patrons.tables import PatronRow

_request, _change = table_of(ChangeRequestRow), table_of(FieldChangeRow)
_review, _patron = table_of(ReviewRow), table_of(PatronRow)

H, P, W = FieldOutcome.HELD, FieldOutcome.PENDING, FieldOutcome.WAITING
A, R = FieldOutcome.APPLIED, FieldOutcome.REJECTED
WITHDRAWN, SUPERSEDED = FieldOutcome.WITHDRAWN, FieldOutcome.SUPERSEDED
Moves = frozenset[tuple[FieldOutcome, FieldOutcome]]
_NEWER: Moves = frozenset({(H, SUPERSEDED), (P, SUPERSEDED)})
_STOPPED: Moves = frozenset({(H, WITHDRAWN), (P, WITHDRAWN), (W, WITHDRAWN)})
# The actor who gives the last yes, or lets time pass, makes a change; and what the mailbox that it
# displaced had left open, or approved for later, is asked of the new one.
_GOES_ON: Moves = frozenset({(P, W), (P, A), (W, A), (W, P), (P, WITHDRAWN), (W, WITHDRAWN)})
_NO: Moves = frozenset({(P, R), (W, R)})
_LOST: Moves = frozenset({(P, FieldOutcome.UNDELIVERABLE)})

MAY: Mapping[str, Moves] = {
    "propose": _NEWER,
    "identify": _NEWER,
    "release": frozenset({(H, P), (H, WITHDRAWN)}),
    "withdraw": _STOPPED,
    "resend": _STOPPED,
    "vouch": frozenset({(H, P), (H, W), (H, WITHDRAWN)}),
    "approve": _GOES_ON | _LOST,
    "reject": _NO,
    "answers": _GOES_ON | _NO | _LOST,
    "leave": _GOES_ON,
    "object": frozenset({*((o, FieldOutcome.OBJECTED) for o in (H, P, W)), *_STOPPED}),
    "confirm_code": _GOES_ON | _NO | _LOST,
    "decline": _STOPPED,
    "revert": _STOPPED | {(W, P)},
    "expire": frozenset({(P, FieldOutcome.LAPSED)}),
    "look": _GOES_ON | _LOST,
    "end_period": _GOES_ON | _LOST,
    "take_effect": _GOES_ON | _LOST,
    "bounce": _LOST,
}
"""What each step may do to field changes that stand; a step without a line may do nothing."""
REVERTS = ("object", "revert")
Mail = tuple[str, str, str, str]
"""A mail: the request, the kind, the address, the subject."""


@dataclass(frozen=True, slots=True)
class Said:
    """One review: who, what, whether a yes is needed, and whether it still counts."""

    reviewer: Reviewer
    decision: Decision | None
    is_binding: bool
    counts: bool


@dataclass(slots=True)
class Seen:
    """One field change as it stands in the database, with what each mailbox said, by review."""

    request: str
    field: str
    kind: ChangeKind
    outcome: FieldOutcome
    current: dict[str, str | None]
    proposed: dict[str, str | None]
    settled_at: datetime | None
    said: dict[str, Said] = dataclasses.field(default_factory=dict[str, Said])

    @property
    def counting(self) -> list[Said]:
        """The reviews of mailboxes that hold the place in which they were asked."""
        return [said for said in self.said.values() if said.counts]

    @property
    def is_agreed(self) -> bool:
        """Whether every reviewer who has to has said yes, and none no."""
        no = {Decision.REJECT, Decision.OBJECT}
        needed = [said.decision for said in self.counting if said.is_binding]
        return set(needed) <= {Decision.APPROVE} and not no & {s.decision for s in self.counting}

    @property
    def is_unheard(self) -> bool:
        """Whether a mailbox that may speak has said nothing."""
        return any(not s.is_binding and s.decision is None for s in self.counting)

    @property
    def displaced_somebody(self) -> bool:
        """Whether a mailbox was displaced that had not said yes."""
        approved = (Reviewer.CURRENT, Decision.APPROVE)
        is_email = self.field == "email" and self.kind is not ChangeKind.REVERT
        told = [(said.reviewer, said.decision) for said in self.counting]
        return is_email and self.current["email"] is not None and approved not in told


@dataclass(frozen=True, slots=True)
class Told:
    """What became of the notice about one request."""

    state: NoticeState | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that the model compares, read over one snapshot."""

    values: dict[str, str | None]
    changes: dict[str, Seen]
    states: dict[str, RequestState]
    notices: dict[str, Told]
    has_proven_mailbox: bool
    has_bounced: bool
    mails: tuple[Mail, ...]


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
            found.settled_at,
        )
        for found in run(sa.select(_change).where(_change.c.patron_id == patron_id))
    }
    requests = run(sa.select(_request).where(_request.c.patron_id == patron_id)).all()
    states = {found.id: found.state for found in requests}
    notices = {found.id: Told(found.notice_state, found.noticed_at) for found in requests}
    reviews = sa.select(_review).where(_review.c.request_id.in_(list(states)))
    for found in run(reviews):
        changes[found.field_change_id].said[found.id] = Said(
            found.reviewer, found.decision, found.is_binding, found.replaced_at is None
        )
    mails = sa.select(
        OUTBOX.c.request_id, OUTBOX.c.kind, OUTBOX.c.to_address, OUTBOX.c.subject
    ).where(OUTBOX.c.patron_id == patron_id, OUTBOX.c.state != "cancelled")
    return Snapshot(
        {column: row[column] for column in protected},
        changes,
        states,
        notices,
        row["email_verified_at"] is not None,
        row["email_bounced_at"] is not None,
        tuple(sorted((m.request_id, m.kind.value, m.to_address, m.subject) for m in run(mails))),
    )


class Model:
    """What the record must hold, as the steps so far allow it."""

    def __init__(self, seen: Snapshot, *, now: datetime) -> None:
        self.seen = seen
        self.values = dict(seen.values)
        self.held_since = now

    def step(self, kind: str, seen: Snapshot, *, now: datetime) -> None:
        """Judge what `kind` of step turned the last snapshot into this one.

        Raises:
            AssertionError: the step did what it may not do, or left out what it must do.
        """
        for key, change in seen.changes.items():
            before = self.seen.changes.get(key)
            if before is None and change.kind is not ChangeKind.REVERT:
                self._is_born(kind, change)
            elif before is not None and before.outcome is not change.outcome:
                move = (before.outcome, change.outcome)
                assert move in MAY.get(kind, ()), (kind, move)
                if change.outcome is A:
                    self._is_in_time(change, seen, now)
                    self._is_applied(change, now)
            if before is not None:
                assert (before.current, before.proposed) == (change.current, change.proposed)
                self._is_said_once(before, change)
            self._is_settled(change)
        self._are_undone(
            kind, [c for key, c in seen.changes.items() if key not in self.seen.changes]
        )
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
        assert kind in ("propose", "identify"), kind
        assert change.outcome in ((H,) if kind == "identify" else (H, P))
        assert change.current == {name: self.values[name] for name in change.current}

    def _are_undone(self, kind: str, born: Sequence[Seen]) -> None:
        """What was put back: of a field the newest change first, then the one before it."""
        left = [change for change in born if change.kind is ChangeKind.REVERT]
        while left:
            assert kind in REVERTS, kind
            change = next(
                c for c in left if c.current == {name: self.values[name] for name in c.current}
            )
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
            left.remove(change)

    def _is_applied(self, change: Seen, now: datetime) -> None:
        assert change.current == {name: self.values[name] for name in change.current}
        assert change.is_agreed, change
        if change.kind is ChangeKind.CHANGE:
            assert any(said.is_binding for said in change.counting), "no one was asked"
        self.values |= change.proposed
        if change.field == "email":
            self.held_since = now

    def _is_in_time(self, change: Seen, seen: Snapshot, now: datetime) -> None:
        """Silence is heard for a whole period, and nothing moves inside a revert window."""
        notice = seen.notices[change.request]
        is_desk = change.kind is ChangeKind.DESK
        waits = not self.seen.has_proven_mailbox and now - self.held_since < YOUNG
        if change.is_unheard and (is_desk or not waits) and not self.seen.has_bounced:
            assert notice.state is NoticeState.ENDED or (
                notice.at is not None and now >= notice.at + DEFAULT.notice_period
            ), (change, notice)
        undone = {c.request for c in self.seen.changes.values() if c.kind is ChangeKind.REVERT}
        for other in self.seen.changes.values():
            if other.outcome is A and other.displaced_somebody and other.request not in undone:
                assert other.settled_at is not None
                assert now >= other.settled_at + DEFAULT.revert_window, (other, change)

    @staticmethod
    def _is_said_once(before: Seen, change: Seen) -> None:
        for review, said in before.said.items():
            if said.decision is not None:
                assert change.said[review].decision is said.decision, "a decision was taken back"

    @staticmethod
    def _is_settled(change: Seen) -> None:
        """What every reviewer approved, and what one rejected, does not stay open."""
        said = {said.decision for said in change.counting}
        if change.outcome in (P, W):
            assert not said & {Decision.REJECT, Decision.OBJECT}, "rejected, and still open"
        if change.outcome is P:
            assert not change.is_agreed, "approved by all, and still open"
        if change.outcome is W:
            assert change.is_agreed, "waits without a yes"

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


def doubled(mails: Iterable[Mail], kinds: Iterable[str]) -> list[Mail]:
    """Mails of these kinds that one mailbox got twice about one request, under one subject."""
    wanted = frozenset(kinds)
    found = [mail for mail in mails if mail[1] in wanted]
    return [mail for mail in set(found) if found.count(mail) > 1]


def _own(key: str, value: str) -> dict[str, str | None]:
    """The field's own columns in a stored value; derived keys are left out."""
    plain = json.loads(value)
    return {column: plain[column] for column in fields.field(key).columns}
