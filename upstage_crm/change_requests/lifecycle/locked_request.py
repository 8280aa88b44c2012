"""One request while a command works on it: its rows, its transitions, and who is told.

Order everywhere: reviews, field changes, patron, request, mails, trail. The patron's and the
request's rows are locked before anything here runs; the trail's head is locked last.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.events import SYSTEM, Action, Actor, Channel
from upstage_crm.change_requests.lifecycle.gathered_request import GatheredRequest
from upstage_crm.change_requests.model.rules import (
    Cause,
    ChangeKind,
    Decision,
    FieldOutcome,
    NoticeState,
    RequestPath,
    RequestState,
    derive_state,
)
from upstage_crm.change_requests.model.tables import (
    ChangeRequestRow,
    FieldChangeRow,
    ReviewRow,
)
from upstage_crm.change_requests.notifications.context import (
    STATE_WORDS,
    MailContext,
)
from upstage_crm.change_requests.reads import requests
from upstage_crm.core.db import table_of
from upstage_crm.core.ids import new_id
from upstage_crm.links.claims import Reviewer
from upstage_crm.mail import outbox
from upstage_crm.mail.message import Audience, MailKind
from upstage_crm.patrons import commands as patrons
from upstage_crm.patrons import fields
from upstage_crm.patrons.commands import Proof
from upstage_crm.patrons.errors import AddressTaken
from upstage_crm.patrons.queries import ensure_unique, values_of
from upstage_crm.patrons.tables import PatronStatus
from upstage_crm.staff import accounts
from upstage_crm.staff.roles import Permission, may

_request = table_of(ChangeRequestRow)
_change = table_of(FieldChangeRow)
_AT = sa.bindparam("at", type_=_change.c.settled_at.type)
_THESE = _change.c.id.in_(sa.bindparam("ids", expanding=True))
_SETTLE = sa.update(_change).where(_THESE).values(outcome=sa.bindparam("to"), settled_at=_AT)
_WAIT = (
    sa.update(_change)
    .where(_THESE)
    .values(
        outcome=FieldOutcome.WAITING,
        settled_at=_AT,
        applies_at=sa.bindparam("until", type_=_change.c.applies_at.type),
    )
)
_APPROVE = (
    sa.update(_change)
    .where(_THESE)
    .values(
        outcome=FieldOutcome.APPROVED,
        settled_at=_AT,
        displaced_verified_at=sa.bindparam("verified", type_=_change.c.applies_at.type),
        displaced_bounced_at=sa.bindparam("bounced", type_=_change.c.applies_at.type),
    )
)
_END = (
    sa.update(_request)
    .where(_request.c.id == sa.bindparam("ended"))
    .values(
        state=sa.bindparam("to"),
        cause=sa.bindparam("why"),
        ended_at=_AT,
        next_reminder_at=sa.null(),
    )
)
_MOVE = (
    sa.update(_request)
    .where(_request.c.id == sa.bindparam("moved"))
    .values(state=sa.bindparam("to"))
)
# What asks or announces is taken back when the matter ends before it left.
ASKING_KINDS = (
    MailKind.DECISION_REQUEST,
    MailKind.DECISION_REMINDER,
    MailKind.CHANGE_NOTICE,
    MailKind.NOTICE_REMINDER,
    MailKind.DESK_NOTICE,
    MailKind.FURTHER_CHANGE,
)


class LockedRequest(GatheredRequest):
    """A locked request with its transitions, and the mails that tell of them."""

    def settle(self, changes: Sequence[FieldChangeRow], outcome: FieldOutcome) -> None:
        """Move open field changes to `outcome`, in the database and here."""
        if not changes:
            return
        self.session.connection().execute(
            _SETTLE,
            {"ids": [change.id for change in changes], "to": outcome, "at": self.now},
        )
        for change in changes:
            set_committed_value(change, "outcome", outcome)

    def wait(self, change: FieldChangeRow, until: datetime | None) -> None:
        """Let a field change take effect at `until`; with None its clock stands."""
        written = {"ids": [change.id], "at": self.now, "until": until}
        self.session.connection().execute(_WAIT, written)
        set_committed_value(change, "outcome", FieldOutcome.WAITING)
        set_committed_value(change, "applies_at", until)

    def apply(
        self, change: FieldChangeRow, *, proof: Proof, actor: Actor, channel: Channel
    ) -> bool:
        """Approve one field change and write its values; False when its address was just taken.

        `proof` is how far the mailbox has proven itself, where the field is one. The database's
        guard lets the write through only because the approval was flushed before it, and marks the
        change applied itself.
        """
        columns = requests.values(change.proposed_value)
        approved: dict[str, object] = {"ids": [change.id], "at": self.now}
        approved |= {"verified": None, "bounced": None}
        if fields.field(change.field).is_mailbox:
            approved["verified"] = self.patron.email_verified_at
            approved["bounced"] = self.patron.email_bounced_at
        connection = self.session.connection()
        try:
            # Not the session's own savepoint: there is no object whose state it would keep.
            with connection.begin_nested():
                if not self._all_say_yes(change):
                    # The database lets it through when its time has come, and not before.
                    connection.execute(_WAIT, approved | {"until": self.now})
                connection.execute(_APPROVE, approved)
                patrons.apply_columns(
                    self.session,
                    row=self.patron,
                    columns=columns,
                    proof=proof,
                    is_revert=change.kind is ChangeKind.REVERT,
                    now=self.now,
                )
        except IntegrityError as error:
            if not patrons.is_address_taken(error):
                raise
            return False
        set_committed_value(change, "outcome", FieldOutcome.APPLIED)
        set_committed_value(change, "settled_at", self.now)
        self.note(
            Action.FIELD_APPLIED,
            actor,
            channel,
            facts={"field": change.field, "field_change": change.id, "kind": change.kind.value},
            values=old_and_new(change),
        )
        return True

    def _all_say_yes(self, change: FieldChangeRow) -> bool:
        """Whether no reviewer is left whose silence lets the change happen."""
        if change.kind is ChangeKind.REVERT:
            return True
        decisions = [review.decision for review in self.counting(change)]
        return (
            bool(decisions)
            and set(decisions) == {Decision.APPROVE}
            and change.kind is ChangeKind.CHANGE
        )

    def obstacle(self) -> Cause | None:
        """Why nothing of this request may be applied any more; asked inside the lock.

        A frozen record is no reason of its own: an objection that froze it ended the request.
        """
        if self.patron.status is not PatronStatus.ACTIVE:
            return Cause.PATRON_INACTIVE
        if self.request.path is RequestPath.OWN:
            return None
        if self.proposer is None or not may(self.proposer.member, Permission.PROPOSE_CHANGE):
            return Cause.PROPOSER_GONE
        return None

    def obstacle_of(self, change: FieldChangeRow) -> Cause | None:
        """Why this one field change may not be applied any more; asked inside the lock."""
        entry = fields.field(change.field)
        proposed = requests.values(change.proposed_value)
        if entry.pick(values_of(self.patron)) != entry.pick(requests.values(change.current_value)):
            return Cause.VALUE_MOVED
        try:
            ensure_unique(self.session, proposed, besides=self.patron.id)
        except AddressTaken:
            return Cause.ADDRESS_TAKEN
        if entry.unique_column and accounts.is_staff_address(self.session, change.proposed_key):
            return Cause.ADDRESS_TAKEN  # by a patron who has become staff since
        return None

    def add_review(
        self, change: FieldChangeRow, reviewer: Reviewer, mailbox: str, *, is_binding: bool = True
    ) -> ReviewRow:
        """Ask one more mailbox about a field; the caller mails it."""
        review = ReviewRow(
            id=new_id(self.now),
            field_change_id=change.id,
            request_id=self.request.id,
            reviewer=reviewer,
            mailbox=mailbox,
            is_binding=is_binding,
        )
        self.session.add(review)
        self.session.flush()
        self.reviews.setdefault(change.id, []).append(review)
        return review

    def withdraw(self, cause: Cause, *, actor: Actor = SYSTEM, channel: Channel) -> None:
        """Withdraw what is open, and tell everybody who was mailed about it."""
        mailed = self.mailed()
        withdrawn = self.open_changes
        self.settle(withdrawn, FieldOutcome.WITHDRAWN)
        self.note(Action.REQUEST_WITHDRAWN, actor, channel, facts={"cause": cause.value})
        self.close(cause=cause)
        self.tell_ended(MailKind.CHANGE_WITHDRAWN, withdrawn, to=mailed)
        is_own = cause is Cause.STAFF and actor.id == self.request.answerable_id
        # The withdrawer does not know what a patron had answered to its other fields.
        if not is_own or self.request.state is not RequestState.WITHDRAWN:
            self.tell_proposer()

    def withdraw_fields(
        self, causes: Mapping[str, Cause], *, actor: Actor = SYSTEM, channel: Channel
    ) -> list[FieldChangeRow]:
        """Withdraw single fields, each for a cause, by id; `close` and the mails are up to you."""
        withdrawn = [change for change in self.open_changes if change.id in causes]
        self.settle(withdrawn, FieldOutcome.WITHDRAWN)
        for change in withdrawn:
            facts = {"cause": causes[change.id].value, "field": change.field}
            self.note(Action.REQUEST_WITHDRAWN, actor, channel, facts=facts)
        return withdrawn

    def lapse(self) -> None:
        """Time ran out: undecided fields lapse, and everybody who was mailed is told."""
        mailed = self.mailed()
        lapsed = self.undecided
        self.settle(lapsed, FieldOutcome.LAPSED)
        self.note(Action.REQUEST_EXPIRED, SYSTEM, Channel.SCHEDULE)
        self.close()
        self.tell_ended(MailKind.CHANGE_EXPIRED, lapsed, to=mailed)
        self.tell_proposer()

    def close(self, *, cause: Cause | None = None) -> RequestState:
        """Read the request's state off its fields and store it; an end stops unsent mails."""
        state = derive_state([change.outcome for change in self.changes])
        if state is self.request.state:
            return state
        if state.is_open:
            moved = {"moved": self.request.id, "to": state}
            self.session.connection().execute(_MOVE, moved)
            set_committed_value(self.request, "state", state)
            return state
        self.end(state, cause=cause if state is RequestState.WITHDRAWN else None)
        outbox.cancel_unsent(
            self.session, request_id=self.request.id, now=self.now, kinds=ASKING_KINDS
        )
        return state

    def end(self, state: RequestState, *, cause: Cause | None = None) -> None:
        """Store an end of the request, here and in the database."""
        self.session.connection().execute(
            _END, {"ended": self.request.id, "to": state, "why": cause, "at": self.now}
        )
        set_committed_value(self.request, "state", state)
        set_committed_value(self.request, "cause", cause)
        set_committed_value(self.request, "next_reminder_at", None)

    def record(self) -> None:
        """Write the remembered events to the trail: the last thing a command does.

        What was changed without an event is recorded, too.
        """
        trail.record(self.session, self.events, now=self.now)
        self.events.clear()

    # --- mails ----------------------------------------------------------------------------------

    def ask(
        self,
        changes: Sequence[FieldChangeRow] | None = None,
        *,
        only: Collection[Reviewer] | None = None,
        again: bool = False,
    ) -> None:
        """Mail everybody who has a review, the current mailbox first; remember its notice.

        `again` gives whom it asks a new link, and the older one dies.
        """
        request = self.request
        known = self.matter(changes)
        asked = [
            who
            for who in known.asked
            if (only is None or who in only) and known.address_of(who) is not None
        ]
        if again and Reviewer.PROPOSED in asked:
            request.link_version += 1
        if again and Reviewer.CURRENT in asked:
            request.notice_version += 1
        matter = self.matter(changes, warns=True)
        notice_id = self.notifier.ask(self.session, matter, to=asked, now=self.now)
        if notice_id is not None:
            request.notice_id, request.notice_state = notice_id, NoticeState.ON_ITS_WAY
            request.noticed_at = None
        self.session.add(request)
        self.session.flush()
        window = self.evidence.window
        if window is not None and window.mailbox and self.may_tell(window.mailbox):
            self.notifier.tell_displaced(
                self.session, matter, mailbox=window.mailbox, window=window, now=self.now
            )

    def tell_ended(
        self, kind: MailKind, changes: Sequence[FieldChangeRow], *, to: Collection[Reviewer]
    ) -> None:
        """Queue "the matter has ended" about some fields, to those of the mailboxes that exist."""
        if changes:
            self.notifier.tell_ended(
                self.session, self.matter(changes), kind=kind, to=to, now=self.now
            )

    def tell_proposer(
        self,
        matter: MailContext | None = None,
        *,
        comment: str = "",
        outcome: str = "",
        key: str = "",
    ) -> None:
        """Queue the request's outcome to the member who answers for it.

        `known` is the whole request's, when it was gathered since the last change. Without
        `outcome` and `key` it is the request's state.
        """
        self.notifier.tell_proposer(
            self.session,
            matter or self.matter(),
            outcome=outcome or STATE_WORDS[self.request.state],
            key=key or self.request.state.value,
            comment=comment,
            now=self.now,
        )

    def mailed(self) -> list[Reviewer]:
        """The mailboxes that heard of this request: no one is told the end of what never began."""
        return mailed_about(self.session, self.request.id)


def mailed_about(session: Session, request_id: str) -> list[Reviewer]:
    """The mailboxes that heard of a request, and so are told when it is withdrawn."""
    reached = outbox.reached(session, request_id=request_id)
    return [reviewer for reviewer in Reviewer if Audience(reviewer.value) in reached]


def old_and_new(change: FieldChangeRow) -> dict[str, str | None]:
    """The values of a field change, named as the trail names them."""
    current, proposed = (
        requests.values(change.current_value),
        requests.values(change.proposed_value),
    )
    columns = fields.field(change.field).columns
    values = {f"{column}.old": current[column] for column in columns}
    return values | {f"{column}.new": proposed[column] for column in columns}


def cancel_asking(session: Session, *, request_id: str, now: datetime) -> int:
    """Take back decision mails that have not left, because newer ones follow; return how many."""
    kinds = (MailKind.DECISION_REQUEST, MailKind.DECISION_REMINDER)
    return outbox.cancel_unsent(session, request_id=request_id, now=now, kinds=kinds)
