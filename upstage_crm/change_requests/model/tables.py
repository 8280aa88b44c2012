"""Change requests, their field changes and the reviews that decide them."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, col

from upstage_crm.change_requests.model.rules import (
    AttemptOutcome,
    Cause,
    ChangeKind,
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
from upstage_crm.change_requests.model.thresholds import Wire
from upstage_crm.core.db import Row, UtcDateTime, text_enum
from upstage_crm.links.claims import Reviewer

_OPEN = sa.text("outcome IN ('pending', 'held', 'waiting')")
_UNCONFIRMED = sa.text("confirmed_at IS NULL AND declined_at IS NULL")
_REMINDS = sa.text("next_reminder_at IS NOT NULL")
_WAITS = sa.text("outcome = 'waiting'")
_COUNTS = sa.text("replaced_at IS NULL")
_IS_WATCHED = sa.text("notice_id IS NOT NULL AND state IN ('pending', 'waiting')")
_ANSWERABLE = "coalesce(keeper_id, proposer_id)"
_NOT_LOOKED_AT = sa.text("closed_at IS NULL")


class ChangeRequestRow(Row, table=True):
    """One proposal for one patron: field changes, one reason, one proposer.

    `proposer_id` is None where it is the patron's own wish. `policy` is the policy it was proposed
    under, as JSON. `keeper_id` is who answers for an open request now, when its proposer no longer
    does. `notice_id` is the mail that told the current mailbox, `noticed_at` its delivery: the
    clock runs from then. `period_ended_by` is the second person who said that nobody has to be
    waited for. `link_version` is that of the newest link to the proposed mailbox, `notice_version`
    of the one to the current mailbox.
    """

    __tablename__ = "change_request"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint
    __table_args__ = (
        sa.Index("ix_change_request_state", "state", "created_at"),
        sa.Index("ix_change_request_due", "state", "expires_at"),
        sa.Index("ix_change_request_ended", "ended_at", "id"),
        sa.Index("ix_change_request_asked", "created_at", "id"),
        sa.Index("ix_change_request_state_ended", "state", "ended_at", "id"),
        sa.Index("ix_change_request_answerable", sa.text(_ANSWERABLE), "ended_at", "id"),
        sa.Index(
            "ix_change_request_answerable_state", sa.text(_ANSWERABLE), "state", "ended_at", "id"
        ),
        sa.Index(
            "ix_change_request_reminder",
            "next_reminder_at",
            sqlite_where=_REMINDS,
            postgresql_where=_REMINDS,
        ),
        sa.Index(
            "ix_change_request_notice",
            "notice_state",
            sqlite_where=_IS_WATCHED,
            postgresql_where=_IS_WATCHED,
        ),
    )

    id: str = Field(primary_key=True, max_length=32)
    reference: str = Field(unique=True, max_length=12)
    patron_id: str = Field(foreign_key="patron.id", index=True, max_length=32)
    state: RequestState = Field(sa_column=sa.Column(text_enum(RequestState), nullable=False))
    cause: Cause | None = Field(default=None, sa_column=sa.Column(text_enum(Cause)))
    reason_code: ReasonCode = Field(sa_column=sa.Column(text_enum(ReasonCode), nullable=False))
    reason_text: str = Field(default="", max_length=500)
    proposer_id: str | None = Field(default=None, foreign_key="staff.id", index=True, max_length=32)
    proposer_label: str = Field(max_length=200)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    link_version: int = Field(default=1)
    last_sent_at: datetime = Field(sa_type=UtcDateTime)
    sent_count: int = Field(default=1)
    # These came to rows that stood already, hence their defaults in the database.
    policy: str = Field(
        default="{}", sa_column=sa.Column(sa.Text, nullable=False, server_default="{}")
    )
    path: RequestPath = Field(
        default=RequestPath.LINK,
        sa_column=sa.Column(text_enum(RequestPath), nullable=False, server_default="link"),
    )
    held_for: HeldFor | None = Field(default=None, sa_column=sa.Column(text_enum(HeldFor)))
    released_by: str | None = Field(default=None, foreign_key="staff.id", max_length=32)
    released_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    next_reminder_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    code_tries: int = Field(
        default=0, sa_column=sa.Column(sa.Integer, nullable=False, server_default="0")
    )
    keeper_id: str | None = Field(default=None, foreign_key="staff.id", max_length=32)
    notice_version: int = Field(
        default=1, sa_column=sa.Column(sa.Integer, nullable=False, server_default="1")
    )
    notice_id: str | None = Field(default=None, max_length=32)
    notice_state: NoticeState | None = Field(
        default=None, sa_column=sa.Column(text_enum(NoticeState))
    )
    noticed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    period_ended_by: str | None = Field(default=None, foreign_key="staff.id", max_length=32)

    @property
    def answerable_id(self) -> str | None:
        """The member who answers for the request and hears of its outcome.

        None for a patron's own wish, until a member takes it over.
        """
        return self.keeper_id or self.proposer_id

    def version_for(self, reviewer: Reviewer) -> int:
        """The version of the newest link that a reviewer was sent; older ones are dead."""
        return self.link_version if reviewer is Reviewer.PROPOSED else self.notice_version


def is_answered_by(staff_id: str) -> sa.ColumnElement[bool]:
    """The condition that a member answers for a request, as the indexes on it have it."""
    keeper, proposer = col(ChangeRequestRow.keeper_id), col(ChangeRequestRow.proposer_id)
    return sa.func.coalesce(keeper, proposer) == staff_id


class FieldChangeRow(Row, table=True):
    """One field of a request. Values are canonical JSON objects keyed by patron column.

    `applies_at` is when a waiting change takes effect, None while its clock stands. A change of
    the mailbox keeps how far the one that it displaced had proven itself, for an undo.
    """

    __tablename__ = "field_change"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint
    __table_args__ = (
        sa.Index("ix_field_change_patron", "patron_id", "field"),
        sa.Index("ix_field_change_settled", "outcome", "settled_at"),
        sa.Index(
            "uq_field_change_open",
            "patron_id",
            "field",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        sa.Index(
            "ix_field_change_applies",
            "applies_at",
            sqlite_where=_WAITS,
            postgresql_where=_WAITS,
        ),
    )

    id: str = Field(primary_key=True, max_length=32)
    request_id: str = Field(foreign_key="change_request.id", index=True, max_length=32)
    patron_id: str = Field(foreign_key="patron.id", max_length=32)
    field: str = Field(max_length=32)
    kind: ChangeKind = Field(
        default=ChangeKind.CHANGE, sa_column=sa.Column(text_enum(ChangeKind, 16), nullable=False)
    )
    current_value: str = Field(sa_type=sa.Text)
    proposed_value: str = Field(sa_type=sa.Text)
    proposed_key: str = Field(default="", max_length=254, index=True)
    outcome: FieldOutcome = Field(sa_column=sa.Column(text_enum(FieldOutcome), nullable=False))
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    applies_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    displaced_verified_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    displaced_bounced_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ReviewRow(Row, table=True):
    """One reviewer's decision on one field change; born undecided, decided once.

    One that `is_binding` has to say yes; any other may say no, and its silence lets the change
    happen. `replaced_at` is when its mailbox lost the place that it was asked in: it counts no
    more, and the mailbox in that place has a review of its own.
    """

    __tablename__ = "review"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint
    __table_args__ = (
        sa.Index(
            "uq_review_counting",
            "field_change_id",
            "reviewer",
            unique=True,
            sqlite_where=_COUNTS,
            postgresql_where=_COUNTS,
        ),
    )

    id: str = Field(primary_key=True, max_length=32)
    field_change_id: str = Field(foreign_key="field_change.id", index=True, max_length=32)
    request_id: str = Field(foreign_key="change_request.id", index=True, max_length=32)
    reviewer: Reviewer = Field(sa_column=sa.Column(text_enum(Reviewer), nullable=False))
    mailbox: str = Field(max_length=254)
    decision: Decision | None = Field(default=None, sa_column=sa.Column(text_enum(Decision)))
    channel: ReviewChannel | None = Field(
        default=None, sa_column=sa.Column(text_enum(ReviewChannel))
    )
    comment: str = Field(default="", max_length=500)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    is_binding: bool = Field(
        default=True, sa_column=sa.Column(sa.Boolean, nullable=False, server_default=sa.true())
    )
    replaced_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class LinkCodeRow(Row, table=True):
    """The short code of one decision mail: its hash only, and the claims of the link it stands for.

    `code_hash` is keyed with a secret that the database does not hold.
    """

    __tablename__ = "link_code"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint
    __table_args__ = (sa.UniqueConstraint("request_id", "reviewer", "version"),)

    id: str = Field(primary_key=True, max_length=32)
    request_id: str = Field(foreign_key="change_request.id", max_length=32)
    reviewer: Reviewer = Field(sa_column=sa.Column(text_enum(Reviewer), nullable=False))
    version: int
    code_hash: str = Field(max_length=64)
    claims: str = Field(sa_type=sa.Text)
    seal: str | None = Field(default=None, max_length=100)


class DeskConfirmationRow(Row, table=True):
    """What two staff members vouch for together: who the patron is, or a code that was read out.

    Born with the clerk alone; a second member confirms or declines it, once. `answers` holds what
    the patron said to each field, as JSON, where a code was read out.
    """

    __tablename__ = "desk_confirmation"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint
    __table_args__ = (
        sa.Index(
            "ix_desk_confirmation_open",
            "request_id",
            sqlite_where=_UNCONFIRMED,
            postgresql_where=_UNCONFIRMED,
        ),
    )

    id: str = Field(primary_key=True, max_length=32)
    request_id: str = Field(foreign_key="change_request.id", index=True, max_length=32)
    kind: DeskKind = Field(sa_column=sa.Column(text_enum(DeskKind), nullable=False))
    method: DeskMethod = Field(sa_column=sa.Column(text_enum(DeskMethod), nullable=False))
    reviewer: Reviewer | None = Field(default=None, sa_column=sa.Column(text_enum(Reviewer)))
    note: str = Field(default="", max_length=500)
    answers: str = Field(default="{}", sa_type=sa.Text)
    clerk_id: str = Field(foreign_key="staff.id", max_length=32)
    clerk_label: str = Field(max_length=200)
    created_at: datetime = Field(sa_type=UtcDateTime)
    second_id: str | None = Field(default=None, foreign_key="staff.id", max_length=32)
    second_label: str | None = Field(default=None, max_length=200)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    declined_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class RequestCommentRow(Row, table=True):
    """What a staff member told colleagues about a request. No patron ever reads it.

    The trail says who wrote it and when; the words stand here alone, so that an erasure empties
    them.
    """

    __tablename__ = "request_comment"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint

    id: str = Field(primary_key=True, max_length=32)
    request_id: str = Field(foreign_key="change_request.id", index=True, max_length=32)
    author_id: str = Field(foreign_key="staff.id", max_length=32)
    text: str = Field(max_length=500)
    created_at: datetime = Field(sa_type=UtcDateTime)


class ProposalAttemptRow(Row, table=True):
    """One attempt of a member to propose something, whether it succeeded or not.

    `domain` and `address_hash` are of a proposed email address, "" without one; the hash is keyed
    with a secret that the database does not hold. `decides_alone` says that the proposed mailbox
    alone would have decided at once.
    """

    __tablename__ = "proposal_attempt"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint
    __table_args__ = (
        sa.Index("ix_proposal_attempt_staff", "staff_id", "at"),
        sa.Index("ix_proposal_attempt_patron", "patron_id", "at"),
        sa.Index("ix_proposal_attempt_address", "address_hash", "at"),
        sa.Index("ix_proposal_attempt_at", "at"),
    )

    id: str = Field(primary_key=True, max_length=32)
    staff_id: str = Field(foreign_key="staff.id", max_length=32)
    patron_id: str | None = Field(default=None, foreign_key="patron.id", max_length=32)
    domain: str = Field(default="", max_length=253)
    address_hash: str = Field(default="", max_length=64)
    outcome: AttemptOutcome = Field(sa_column=sa.Column(text_enum(AttemptOutcome), nullable=False))
    decides_alone: bool = Field(
        default=False, sa_column=sa.Column(sa.Boolean, nullable=False, server_default=sa.false())
    )
    at: datetime = Field(sa_type=UtcDateTime)


class StaffAlertRow(Row, table=True):
    """A tripwire that a member tripped: until another member has looked, all of it is held."""

    __tablename__ = "staff_alert"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint
    __table_args__ = (
        sa.Index(
            "uq_staff_alert_open",
            "staff_id",
            unique=True,
            sqlite_where=_NOT_LOOKED_AT,
            postgresql_where=_NOT_LOOKED_AT,
        ),
        sa.Index("ix_staff_alert_closed", "staff_id", "closed_at"),
    )

    id: str = Field(primary_key=True, max_length=32)
    staff_id: str = Field(foreign_key="staff.id", max_length=32)
    wire: Wire = Field(sa_column=sa.Column(text_enum(Wire), nullable=False))
    opened_at: datetime = Field(sa_type=UtcDateTime)
    closed_by: str | None = Field(default=None, foreign_key="staff.id", max_length=32)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class PolicyRow(Row, table=True):
    """What the owners chose, as JSON; always the row with id 1. See `policy_store`."""

    __tablename__ = "policy"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint

    id: int = Field(primary_key=True)
    settings: str = Field(sa_type=sa.Text)
