"""The transitions of a locked request: apply, settle, end. `commands` decides which.

Order everywhere: reviews, field changes, patron, request, mails, trail. The patron's and the
request's rows are locked before anything here runs; the trail's head is locked last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.events import SYSTEM, Action, Actor, AuditEvent, Channel
from upstage_crm.change_requests import matters, policy_settings, queries
from upstage_crm.change_requests.asked import who_is_asked
from upstage_crm.change_requests.mails import Mailroom
from upstage_crm.change_requests.matter import STATE_WORDS, Matter
from upstage_crm.change_requests.policy import Policy
from upstage_crm.change_requests.rules import (
    Cause,
    FieldOutcome,
    RequestState,
    derive_state,
)
from upstage_crm.change_requests.tables import (
    ChangeRequestRow,
    FieldChangeRow,
    ReviewRow,
)
from upstage_crm.core.db import table_of
from upstage_crm.core.ids import new_id
from upstage_crm.links.claims import Reviewer
from upstage_crm.mail import outbox
from upstage_crm.mail.message import Audience, MailKind
from upstage_crm.organisation import settings
from upstage_crm.organisation.details import OrganisationDetails
from upstage_crm.patrons import commands as patrons
from upstage_crm.patrons import fields
from upstage_crm.patrons.errors import AddressTaken
from upstage_crm.patrons.queries import values_of
from upstage_crm.patrons.tables import PatronRow, PatronStatus
from upstage_crm.staff import accounts
from upstage_crm.staff.accounts import Reachable
from upstage_crm.staff.roles import Permission, may

_request = table_of(ChangeRequestRow)
_change = table_of(FieldChangeRow)
_AT = sa.bindparam("at", type_=_change.c.settled_at.type)
_SETTLE = (
    sa.update(_change)
    .where(_change.c.id.in_(sa.bindparam("ids", expanding=True)))
    .values(outcome=sa.bindparam("to"), settled_at=_AT)
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
# What asks or announces is taken back when the matter ends before it left.
ASKING_KINDS = (
    MailKind.DECISION_REQUEST,
    MailKind.DECISION_REMINDER,
    MailKind.CHANGE_NOTICE,
    MailKind.DESK_NOTICE,
)


@dataclass(slots=True, kw_only=True)
class Case:
    """One request, its rows locked, while a command works on it. Events are recorded at its end."""

    session: Session
    patron: PatronRow
    request: ChangeRequestRow
    changes: list[FieldChangeRow]
    reviews: dict[str, list[ReviewRow]]
    mailroom: Mailroom
    now: datetime
    events: list[AuditEvent] = field(default_factory=list[AuditEvent])
    kept: dict[str, object] = field(default_factory=dict[str, object])

    @classmethod
    def opened(
        cls,
        session: Session,
        *,
        patron: PatronRow,
        request: ChangeRequestRow,
        mailroom: Mailroom,
        now: datetime,
    ) -> Case:
        """Gather the rows of a request whose patron and request are locked already."""
        return cls(
            session=session,
            patron=patron,
            request=request,
            changes=queries.fields_of(session, [request.id]).get(request.id, []),
            reviews=queries.reviews_of(session, [request.id]),
            mailroom=mailroom,
            now=now,
        )

    @property
    def policy(self) -> Policy:
        """The policy that the request was proposed under."""
        return policy_settings.read(self.request.policy)

    @property
    def open_changes(self) -> list[FieldChangeRow]:
        """The field changes that nobody has settled yet."""
        return [change for change in self.changes if change.outcome.is_open]

    def matter(self, only: Sequence[FieldChangeRow] | None = None) -> Matter:
        """What mails say of the request, or of some of its fields, at this moment."""
        return matters.gather(
            organisation=self.organisation,
            proposer=self.proposer,
            request=self.request,
            patron=self.patron,
            changes=self.changes if only is None else only,
            reviews=self.reviews,
            now=self.now,
        )

    def note(
        self,
        action: Action,
        actor: Actor,
        channel: Channel,
        *,
        facts: dict[str, str | int | bool | None] | None = None,
        values: dict[str, str | None] | None = None,
    ) -> None:
        """Remember an event of this request for the trail."""
        self.events.append(
            AuditEvent(
                action=action,
                actor=actor,
                channel=channel,
                patron_id=self.patron.id,
                request_id=self.request.id,
                facts={"reference": self.request.reference} | (facts or {}),
                values=values or {},
            )
        )

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

    def apply(
        self, change: FieldChangeRow, *, proven: bool, actor: Actor, channel: Channel
    ) -> bool:
        """Approve one field change and write its values; False when its address was just taken.

        The database's guard lets the write through only because the approval was flushed before
        it, and marks the change applied itself.
        """
        columns = queries.values(change.proposed_value)
        try:
            # Not the session's own savepoint: there is no object whose state it would keep.
            with self.session.connection().begin_nested():
                self.settle([change], FieldOutcome.APPROVED)
                patrons.apply_columns(
                    self.session, row=self.patron, columns=columns, proven=proven, now=self.now
                )
        except IntegrityError as error:
            if not patrons.is_address_taken(error):
                raise
            # The savepoint took the approval back, so the row is open again, here too.
            set_committed_value(change, "outcome", FieldOutcome.PENDING)
            return False
        set_committed_value(change, "outcome", FieldOutcome.APPLIED)
        self.note(
            Action.FIELD_APPLIED,
            actor,
            channel,
            facts={"field": change.field, "field_change": change.id, "kind": change.kind.value},
            values=old_and_new(change),
        )
        return True

    def obstacle(self) -> Cause | None:
        """Why nothing of this request may be applied any more; asked inside the lock.

        A frozen record is no reason of its own: freezing it withdrew the request.
        """
        if self.patron.status is not PatronStatus.ACTIVE:
            return Cause.PATRON_INACTIVE
        if self.proposer is None or not may(self.proposer.member, Permission.PROPOSE_CHANGE):
            return Cause.PROPOSER_GONE
        return None

    def obstacle_of(self, change: FieldChangeRow) -> Cause | None:
        """Why this one field change may not be applied any more; asked inside the lock."""
        entry = fields.field(change.field)
        proposed = queries.values(change.proposed_value)
        if entry.pick(values_of(self.patron)) != entry.pick(queries.values(change.current_value)):
            return Cause.VALUE_MOVED
        try:
            patrons.ensure_unique(self.session, proposed, besides=self.patron.id)
        except AddressTaken:
            return Cause.ADDRESS_TAKEN
        if entry.unique_column and accounts.is_staff_address(self.session, change.proposed_key):
            return Cause.ADDRESS_TAKEN  # by somebody who has become staff since
        return None

    def unasked(self, change: FieldChangeRow) -> list[Reviewer]:
        """The mailboxes that must be asked about a field as things stand now, and were not."""
        entry = fields.field(change.field)
        if entry.mailbox_column is None:
            return []
        wanted = who_is_asked(
            self.session,
            entry,
            patron=self.patron,
            proposed_mailbox=queries.values(change.proposed_value)[entry.mailbox_column],
            policy=self.policy,
            now=self.now,
        )
        asked = {review.reviewer for review in self.reviews.get(change.id, [])}
        # Whom an owner's policy leaves out stays out: only more care is ever added.
        return [who for who in wanted if who not in asked] if len(wanted) > len(asked) else []

    def add_review(self, change: FieldChangeRow, reviewer: Reviewer, mailbox: str) -> ReviewRow:
        """Ask one more mailbox about a field; the caller mails it."""
        review = ReviewRow(
            id=new_id(self.now),
            field_change_id=change.id,
            request_id=self.request.id,
            reviewer=reviewer,
            mailbox=mailbox,
        )
        self.session.add(review)
        self.session.flush()
        self.reviews.setdefault(change.id, []).append(review)
        return review

    def withdraw(self, cause: Cause, *, actor: Actor = SYSTEM, channel: Channel) -> None:
        """Withdraw what is open, and tell everybody who was mailed about it."""
        told = self.mailed()
        withdrawn = self.open_changes
        self.settle(withdrawn, FieldOutcome.WITHDRAWN)
        self.note(Action.REQUEST_WITHDRAWN, actor, channel, facts={"cause": cause.value})
        self.close(cause=cause)
        self.mailroom.tell_ended(
            self.session,
            self.matter(withdrawn),
            kind=MailKind.CHANGE_WITHDRAWN,
            to=told,
            now=self.now,
        )
        is_own = cause is Cause.STAFF and actor.id == self.request.answerable_id
        # Whoever withdrew it knows, but not what a patron had answered to other fields of it.
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
            self.note(Action.REQUEST_WITHDRAWN, actor, channel, facts=dict(facts))
        return withdrawn

    def tell_withdrawn(self, withdrawn: Sequence[FieldChangeRow]) -> None:
        """Tell everybody who had heard of the request that some of its fields were withdrawn."""
        if withdrawn:
            self.mailroom.tell_ended(
                self.session,
                self.matter(withdrawn),
                kind=MailKind.CHANGE_WITHDRAWN,
                to=self.mailed(),
                now=self.now,
            )

    def lapse(self) -> None:
        """Time ran out: undecided fields lapse, and everybody who was mailed is told."""
        told = self.mailed()
        lapsed = self.open_changes
        self.settle(lapsed, FieldOutcome.LAPSED)
        self.note(Action.REQUEST_EXPIRED, SYSTEM, Channel.SCHEDULE)
        self.close()
        self.mailroom.tell_ended(
            self.session, self.matter(lapsed), kind=MailKind.CHANGE_EXPIRED, to=told, now=self.now
        )
        self.tell_proposer()

    def close(self, *, cause: Cause | None = None) -> RequestState:
        """Read the request's state off its fields; at an end, store it and stop unsent mails."""
        state = derive_state([change.outcome for change in self.changes])
        if state.is_open:
            return state
        cause = cause if state is RequestState.WITHDRAWN else None
        self.end(state, cause=cause)
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

    def tell_proposer(self, matter: Matter | None = None, *, comment: str = "") -> None:
        """Queue the request's outcome to the member who proposed it.

        `matter` is the whole request's, when it was gathered since the last change.
        """
        self.mailroom.tell_proposer(
            self.session,
            matter or self.matter(),
            outcome=STATE_WORDS[self.request.state],
            key=self.request.state.value,
            comment=comment,
            now=self.now,
        )

    def record(self) -> None:
        """Write the remembered events to the trail: the last thing a command does.

        What was changed without an event is recorded, too.
        """
        trail.record(self.session, self.events, now=self.now)
        self.events.clear()

    @property
    def proposer(self) -> Reachable | None:
        """Who answers for the request: its proposer, or whoever keeps it now; read once.

        None when the account no longer is one.
        """
        if "proposer" not in self.kept:
            found = accounts.find_reachable(self.session, self.request.answerable_id)
            self.kept["proposer"] = found
        return cast("Reachable | None", self.kept["proposer"])

    @property
    def organisation(self) -> OrganisationDetails:
        """Whose deployment this is; read once."""
        if "organisation" not in self.kept:
            self.kept["organisation"] = settings.details(self.session)
        return cast("OrganisationDetails", self.kept["organisation"])

    def mailed(self) -> list[Reviewer]:
        """The mailboxes that heard of this request: nobody is told the end of what never began."""
        return mailed_about(self.session, self.request.id)


def mailed_about(session: Session, request_id: str) -> list[Reviewer]:
    """The mailboxes that heard of a request, and so are told when it is withdrawn."""
    reached = outbox.reached(session, request_id=request_id)
    return [reviewer for reviewer in Reviewer if Audience(reviewer.value) in reached]


def old_and_new(change: FieldChangeRow) -> dict[str, str | None]:
    """The values of a field change, named as the trail names them."""
    current, proposed = queries.values(change.current_value), queries.values(change.proposed_value)
    columns = fields.field(change.field).columns
    values = {f"{column}.old": current[column] for column in columns}
    return values | {f"{column}.new": proposed[column] for column in columns}


def is_mailbox(change: FieldChangeRow) -> bool:
    """Whether the field is itself an address that mails go to."""
    return fields.field(change.field).mailbox_column is not None


def cancel_asking(session: Session, *, request_id: str, now: datetime) -> int:
    """Take back decision mails that have not left, because newer ones follow; return how many."""
    kinds = (MailKind.DECISION_REQUEST, MailKind.DECISION_REMINDER)
    return outbox.cancel_unsent(session, request_id=request_id, now=now, kinds=kinds)
