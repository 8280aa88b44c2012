"""The rules of a change request. Pure: no framework, no clock, no database.

A request's state is never set by hand: `derive_state` reads it off its field changes.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum


class RequestState(StrEnum):
    """Where a request stands. Everything but HELD, PENDING and WAITING is an end.

    WAITING is approved and takes effect later: it neither expires nor is superseded.
    """

    HELD = "held"
    PENDING = "pending"
    WAITING = "waiting"
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
        return self in OPEN_STATES


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
    """What became of one field change.

    WAITING is approved, taking effect later. APPROVED lasts only until its values are written.
    """

    HELD = "held"
    PENDING = "pending"
    WAITING = "waiting"
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
        """Whether somebody can still decide or stop it."""
        return self in OPEN_OUTCOMES


OPEN_STATES = (RequestState.HELD, RequestState.PENDING, RequestState.WAITING)
ENDED_STATES = tuple(state for state in RequestState if state not in OPEN_STATES)
OPEN_OUTCOMES = (FieldOutcome.HELD, FieldOutcome.PENDING, FieldOutcome.WAITING)


class Decision(StrEnum):
    """What one reviewer said.

    NOT_THIS_PERSON stops nothing: whoever reads the mailbox is not the patron and has no vote.
    """

    APPROVE = "approve"
    REJECT = "reject"
    OBJECT = "object"
    NOT_THIS_PERSON = "not_this_person"


class NoticeState(StrEnum):
    """What became of the notice to the current mailbox, on whose delivery the clock depends.

    The clock runs from DELIVERED and ON_PAPER. ENDED is the word of a second person that nobody
    has to be waited for. Every other state but ON_ITS_WAY has stopped the clock.
    """

    ON_ITS_WAY = "on_its_way"
    DELIVERED = "delivered"
    ON_PAPER = "on_paper"
    ENDED = "ended"
    NOT_SENT = "not_sent"
    NOT_DELIVERED = "not_delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    SUPPRESSED = "suppressed"
    NO_MAILBOX = "no_mailbox"

    @property
    def is_stopped(self) -> bool:
        """Whether the clock stands until a person acts."""
        return self in STOPPED


STOPPED = (
    NoticeState.NOT_SENT,
    NoticeState.NOT_DELIVERED,
    NoticeState.BOUNCED,
    NoticeState.COMPLAINED,
    NoticeState.SUPPRESSED,
    NoticeState.NO_MAILBOX,
)


class Finding(StrEnum):
    """What two staff members found out about a dispute, or about who reads a mailbox."""

    NOTHING_WRONG = "nothing_wrong"
    CURRENT_NOT_PATRONS = "current_not_patrons"
    OBJECTOR_NOT_PATRONS = "objector_not_patrons"


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
    """Who says yes: mailboxes by their links, or the desk to a patron who lost the mailbox.

    OWN is the patron's own wish, which a code mailed to the current mailbox has said yes to.
    """

    LINK = "link"
    DESK = "desk"
    OWN = "own"


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
    """Why no more changes may be proposed for a patron until two staff members clear it.

    ASKED_BY_STAFF is the first step of a finding that nobody's objection began.
    """

    OBJECTION = "objection"
    REVERT_BLOCKED = "revert_blocked"
    ASKED_BY_STAFF = "asked_by_staff"


class RecordChangeKind(StrEnum):
    """What of a record, beyond the patron's own details, is changed for a reason that is kept."""

    UNPROTECT = "unprotect"
    STATUS = "status"


class ReasonCode(StrEnum):
    """Why a change is proposed; `upstage_crm.change_requests.model.reasons` has the sentences.

    OWN_WISH is a patron's, every other one staff's.
    """

    ASKED_BY_PHONE = "asked_by_phone"
    ASKED_AT_DESK = "asked_at_desk"
    ASKED_IN_WRITING = "asked_in_writing"
    MAIL_CAME_BACK = "mail_came_back"
    TYPING_MISTAKE = "typing_mistake"
    BOOKING_DIFFERS = "booking_differs"
    OTHER = "other"
    OWN_WISH = "own_wish"


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
    distinct = set(outcomes)
    if distinct == {FieldOutcome.APPLIED}:
        return RequestState.APPROVED
    for outcome, state in (
        (FieldOutcome.HELD, RequestState.HELD),
        (FieldOutcome.PENDING, RequestState.PENDING),
        (FieldOutcome.APPROVED, RequestState.PENDING),
        (FieldOutcome.WAITING, RequestState.WAITING),
        (FieldOutcome.APPLIED, RequestState.PARTLY_APPROVED),
        (FieldOutcome.REJECTED, RequestState.REJECTED),
        (FieldOutcome.OBJECTED, RequestState.REJECTED),
        (FieldOutcome.WITHDRAWN, RequestState.WITHDRAWN),
        (FieldOutcome.UNDELIVERABLE, RequestState.UNDELIVERABLE),
        (FieldOutcome.LAPSED, RequestState.EXPIRED),
    ):
        if outcome in distinct:
            return state
    return RequestState.SUPERSEDED


def settle(said: Collection[tuple[Decision | None, bool]]) -> FieldOutcome:
    """Return where an open field change goes, given each review's decision and whether it binds.

    One rejection settles it, one objection too. APPROVED is the yes of all, WAITING the yes of
    those who have to say it: the others may still say no until it takes effect.
    """
    decisions = [decision for decision, _is_binding in said]
    if Decision.OBJECT in decisions:
        return FieldOutcome.OBJECTED
    if Decision.REJECT in decisions:
        return FieldOutcome.REJECTED
    if decisions and all(decision is Decision.APPROVE for decision in decisions):
        return FieldOutcome.APPROVED
    binding = [decision for decision, is_binding in said if is_binding]
    if binding and all(decision is Decision.APPROVE for decision in binding):
        return FieldOutcome.WAITING
    return FieldOutcome.PENDING
