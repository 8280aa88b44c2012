"""Read models of change requests: what a page may show, and nothing else. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from upstage_crm.change_requests.model.policy import Policy
from upstage_crm.change_requests.model.rules import (
    Cause,
    Decision,
    DeskKind,
    DeskMethod,
    FieldOutcome,
    HeldFor,
    NoticeState,
    ReasonCode,
    RequestPath,
    RequestState,
    ReviewChannel,
)
from upstage_crm.core.languages import SOURCE
from upstage_crm.links.claims import Purpose, Reviewer
from upstage_crm.patrons import fields
from upstage_crm.patrons.views import SuppressionCause
from upstage_crm.patrons.visibility import FieldAccess


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldView:
    """One field change as its reader sees it: each value and mailbox in full, masked or left out.

    `can_answer` says that the reader's own answer is missing, `decision` is the one that was given;
    staff see the last one of all reviewers. `unanswered` are the mailboxes that get the question
    when it is sent again. `id` is "" in a preview.
    """

    id: str = ""
    field: str
    now: str
    proposed: str
    outcome: FieldOutcome = FieldOutcome.PENDING
    settled_at: datetime | None = None
    applies_at: datetime | None = None
    reviewers: tuple[Reviewer, ...] = ()
    mailboxes: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()
    comment: str = ""
    decision: Decision | None = None
    decided_at: datetime | None = None
    channel: ReviewChannel | None = None
    can_answer: bool = False

    @property
    def label(self) -> str:
        """The field's name for people."""
        return fields.field(self.field).label

    @property
    def about(self) -> str:
        """What the value is used for."""
        return fields.field(self.field).about

    @property
    def is_mailbox(self) -> bool:
        """Whether the field is itself an address that mails go to."""
        return fields.field(self.field).is_mailbox


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestView:
    """One request as its reader sees it. `access` says what else of its patron the reader may see.

    `sees_fields` says whether the reader sees every field of it in full.
    """

    id: str
    reference: str
    patron_id: str
    patron_number: int
    patron_name: str
    access: FieldAccess
    sees_fields: bool
    state: RequestState
    cause: Cause | None
    reason_code: ReasonCode
    reason_text: str
    proposer_id: str | None
    proposer_label: str
    answerable_id: str | None
    answerable_label: str
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    last_sent_at: datetime
    sent_count: int
    policy: Policy
    path: RequestPath
    held_for: HeldFor | None
    released_at: datetime | None
    applies_at: datetime | None
    notice_state: NoticeState | None
    noticed_at: datetime | None
    next_reminder_at: datetime | None
    code_tries: int
    fields: tuple[FieldView, ...]

    @property
    def is_stopped(self) -> bool:
        """Whether the clock stands, because somebody was not told."""
        return self.notice_state is not None and self.notice_state.is_stopped


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskView:
    """What a clerk recorded about a request, and what a second member said to it, if anybody has.

    `answers` holds what the patron said to each field, by id, where a code was read out.
    """

    kind: DeskKind
    method: DeskMethod
    note: str
    answers: Mapping[str, Decision]
    clerk_id: str
    clerk_label: str
    created_at: datetime
    second_label: str | None
    confirmed_at: datetime | None
    declined_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionView:
    """An address that a request suppressed. `first_label` is "" until a member asked to lift it."""

    id: str
    address: str
    cause: SuppressionCause
    created_at: datetime
    first_id: str
    first_label: str
    first_note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLine:
    """One request as a row of the queue, as its reader sees it.

    `answerable_label` is the member who answers for it, `comments` how many there are.
    """

    id: str
    reference: str
    patron_number: int
    patron_name: str
    state: RequestState
    fields: str
    proposed: str
    proposer_label: str
    answerable_label: str
    comments: int
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    applies_at: datetime | None
    is_stopped: bool
    held_for: HeldFor | None


class Phase(StrEnum):
    """Which page the patron sees. OPEN is the only one with buttons."""

    OPEN = "open"
    DECIDED = "decided"
    WAITING = "waiting"
    OUT = "out"
    APPROVED = "approved"
    PARTLY_APPROVED = "partly_approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    OUTDATED = "outdated"
    UNDELIVERABLE = "undeliverable"
    REVERTED = "reverted"
    OBJECTED = "objected"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeReview:
    """All that the patron's page may show to one reviewer of one request.

    `applies_at` is when an approved change takes effect, None while its clock stands. `not_before`
    is set for a current mailbox whose silence lets a change happen. With `can_leave` it may say
    that it is not this person's; `can_undo` says that an objection puts back what was made;
    `out_cause` is why it has no say any more. `objected_at` is when
    somebody objected to what had been made already, `restored` and `not_restored` the labels of
    what was put back, and what was not. `tickets` for performances to come go with the address;
    it is 0 for a mailbox that is not to know.
    """

    phase: Phase
    purpose: Purpose
    reviewer: Reviewer
    reference: str
    patron_name: str
    proposer: str
    reason_sentence: str
    reason_text: str
    mailbox: str
    time_zone: str
    language: str = SOURCE
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    can_object: bool
    fields: tuple[FieldView, ...]
    applies_at: datetime | None = None
    not_before: datetime | None = None
    can_leave: bool = False
    can_undo: bool = False
    is_desk: bool = False
    out_cause: SuppressionCause | None = None
    objected_at: datetime | None = None
    restored: tuple[str, ...] = ()
    not_restored: tuple[str, ...] = ()
    tickets: int = 0
