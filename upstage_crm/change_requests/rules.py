"""The rules of a change request. Pure: no framework, no clock, no database.

A request's state is never set by hand: `derive_state` reads it off its field changes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum

from upstage_crm.links.claims import Reviewer


class RequestState(StrEnum):
    """Where a request stands. Everything but HELD and PENDING is an end."""

    HELD = "held"
    PENDING = "pending"
    APPROVED = "approved"
    PARTLY_APPROVED = "partly_approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    UNDELIVERABLE = "undeliverable"
    REVERTED = "reverted"

    @property
    def is_open(self) -> bool:
        """Whether anything can still be decided."""
        return self in (RequestState.HELD, RequestState.PENDING)


class Cause(StrEnum):
    """Why a request was withdrawn."""

    STAFF = "staff"
    PROPOSER_GONE = "proposer_gone"
    ADDRESS_TAKEN = "address_taken"
    VALUE_MOVED = "value_moved"
    PATRON_INACTIVE = "patron_inactive"
    MERGED = "merged"
    KEY_REVOKED = "key_revoked"
    PATRON_FROZEN = "patron_frozen"


class FieldOutcome(StrEnum):
    """What became of one field change. APPROVED lasts only until its values are written."""

    HELD = "held"
    PENDING = "pending"
    APPROVED = "approved"
    APPLIED = "applied"
    REJECTED = "rejected"
    OBJECTED = "objected"
    LAPSED = "lapsed"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    UNDELIVERABLE = "undeliverable"

    @property
    def is_open(self) -> bool:
        """Whether somebody can still decide it."""
        return self in (FieldOutcome.HELD, FieldOutcome.PENDING)


class Decision(StrEnum):
    """What one reviewer said."""

    APPROVE = "approve"
    REJECT = "reject"
    OBJECT = "object"


class ReviewChannel(StrEnum):
    """The door through which a reviewer decided."""

    PATRON_PAGE = "patron_page"
    SIMPLE_PAGE = "simple_page"
    DESK = "desk"


class ChangeKind(StrEnum):
    """How a field change comes to be applied; the database's guard asks each for other proof.

    CHANGE needs the yes of every reviewer, DESK the identification of the patron by two staff
    members, REVERT restores exactly what an applied field change of its request replaced.
    """

    CHANGE = "change"
    DESK = "desk"
    REVERT = "revert"


class RequestPath(StrEnum):
    """Who says yes: mailboxes by their links, or the desk to a patron who lost the mailbox."""

    LINK = "link"
    DESK = "desk"


class HeldFor(StrEnum):
    """Why a request is HELD: nothing is mailed to decide and no clock runs.

    COOLING ends by itself after some minutes; QUARANTINE ends when a second person says so.
    """

    SECOND_PERSON = "second_person"
    DESK = "desk"
    COOLING = "cooling"
    QUARANTINE = "quarantine"


class AttemptOutcome(StrEnum):
    """What became of an attempt to propose something.

    REPLACED is a proposal that took the place of one that patrons had heard of, REPEATED one that
    stood already. MISTYPED and LIMITED were refused too, for a value that is none and for a limit
    of attempts; they count for the member alone, or nobody else could propose any more.
    """

    PROPOSED = "proposed"
    REPLACED = "replaced"
    REPEATED = "repeated"
    REFUSED = "refused"
    MISTYPED = "mistyped"
    LIMITED = "limited"


class DeskKind(StrEnum):
    """What two staff members vouch for together."""

    IDENTITY = "identity"
    CODE = "code"


class DeskMethod(StrEnum):
    """How staff know that it is the patron."""

    IN_PERSON = "in_person"
    CALL_BACK = "call_back"
    POST = "post"
    CODE = "code"


class FreezeCause(StrEnum):
    """Why no more changes may be proposed for a patron until two staff members clear it."""

    OBJECTION = "objection"
    REVERT_BLOCKED = "revert_blocked"


class RecordChangeKind(StrEnum):
    """What of a record, beyond the patron's own details, is changed for a reason that is kept."""

    UNPROTECT = "unprotect"
    STATUS = "status"


class ReasonCode(StrEnum):
    """Why staff propose a change; `upstage_crm.change_requests.reasons` has the sentences."""

    ASKED_BY_PHONE = "asked_by_phone"
    ASKED_AT_DESK = "asked_at_desk"
    ASKED_IN_WRITING = "asked_in_writing"
    MAIL_CAME_BACK = "mail_came_back"
    TYPING_MISTAKE = "typing_mistake"
    BOOKING_DIFFERS = "booking_differs"
    OTHER = "other"


def derive_state(outcomes: Collection[FieldOutcome], *, is_reverted: bool = False) -> RequestState:
    """Return the state of a request whose proposed field changes stand at `outcomes`.

    `is_reverted` says that a revert has restored at least one of them. Mixed ends without any
    applied field read as the end that a person chose first: a rejection or objection before a
    withdrawal, that before an undeliverable mail, that before time.
    """
    if not outcomes:
        raise ValueError("a request has at least one field change")
    if is_reverted:
        return RequestState.REVERTED
    found = set(outcomes)
    if FieldOutcome.HELD in found:
        return RequestState.HELD
    if found & {FieldOutcome.PENDING, FieldOutcome.APPROVED}:
        return RequestState.PENDING
    if found == {FieldOutcome.APPLIED}:
        return RequestState.APPROVED
    for outcome, state in (
        (FieldOutcome.APPLIED, RequestState.PARTLY_APPROVED),
        (FieldOutcome.REJECTED, RequestState.REJECTED),
        (FieldOutcome.OBJECTED, RequestState.REJECTED),
        (FieldOutcome.WITHDRAWN, RequestState.WITHDRAWN),
        (FieldOutcome.UNDELIVERABLE, RequestState.UNDELIVERABLE),
        (FieldOutcome.LAPSED, RequestState.EXPIRED),
    ):
        if outcome in found:
            return state
    return RequestState.SUPERSEDED


def settle(decisions: Sequence[Decision | None]) -> FieldOutcome:
    """Return where a pending field change goes, given what each of its reviewers said so far.

    One rejection settles it, one objection too; approval needs every reviewer.
    """
    if Decision.OBJECT in decisions:
        return FieldOutcome.OBJECTED
    if Decision.REJECT in decisions:
        return FieldOutcome.REJECTED
    if decisions and all(decision is Decision.APPROVE for decision in decisions):
        return FieldOutcome.APPROVED
    return FieldOutcome.PENDING


def reviewers_see(reviewer: Reviewer, asked: Collection[Reviewer]) -> bool:
    """Whether `reviewer` may see and decide a field whose asked reviewers are `asked`."""
    return reviewer in asked
