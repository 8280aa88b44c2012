"""How a change request refuses.

    UpstageError
    ├── Invalid
    │   ├── NothingToChange          the proposed value is what the record holds already
    │   ├── ReasonMissing            no reason code, or "another reason" without words
    │   ├── NothingProposed          a request without a field
    │   ├── NoteMissing              a step that has to be explained
    │   ├── CodeRefused              reference and short code do not fit; one answer for every cause
    │   ├── PolicyOutOfRange         a number of the policy; carries its limits
    │   ├── ReminderTooLate          no link lives long enough for this reminder
    │   ├── StatusRefused            a record does not come to this status by hand
    │   └── CannotBeAsked            only a field that is a mailbox lets owners choose who is asked
    ├── Forbidden
    │   ├── OwnRecord                staff do not act on their own patron record
    │   ├── FieldHidden              the member does not read the field whose part they propose
    │   ├── SamePerson               the second person must be another one
    │   ├── NotYetSecond             the actor's account was made or changed too lately
    │   ├── FirstNotSettled          so was the first person's, and the actor manages the team
    │   └── StaffAddress             the proposed address signs in to this CRM
    ├── NotFound
    │   └── UnknownRequest           there is no such request
    └── Conflict
        ├── PatronInactive           the patron cannot be asked
        ├── PatronFrozen             in dispute until two staff members have cleared it
        ├── RecordMoved              protection or status is not what it was when somebody asked
        ├── NotFrozen                there is no dispute to clear
        ├── NothingHeld              the record holds no such field, so no part of it is corrected
        ├── NoMailbox                nobody can be asked: the record has no usable email
        ├── AddressRecentlyProposed  proposed for somebody else in the last 30 days
        ├── AlreadyProposed          an open request proposes exactly this; carries which
        ├── InRevertWindow           what changed may still be undone; carries until when
        ├── ChangeWaits              an approved change of this field waits; carries which
        ├── NotSuppressed            there is nothing to lift
        ├── OtherFinding             the two of a finding have to agree
        ├── RecentlyRejected         this value was rejected in the last 30 days
        ├── RequestEnded             the matter is over; carries its state
        ├── ErasureBlocked           something stands in the way; carries what
        ├── NothingWaits             nothing waits for a second person, or for this step
        ├── AlreadyWaiting           the same step waits for its second person already
        ├── RevertWindowOver         too late to put back what was changed
        ├── LinkOutdated             a newer mail has replaced this link
        ├── LinkExpired              the link's own life is over
        ├── MailboxOut               the link's mailbox has no say about this patron
        ├── ResendTooSoon            carries how long to wait
        ├── ResendLimit              enough for one day
        ├── HeldCannotReplace        what has to wait takes nobody's place; carries the reference
        ├── AlertOpen                somebody has to look into a member's alert first
        ├── NotAKeeper               this member cannot answer for requests
        └── TooManyProposals         one member tried too often; carries the limit
            ├── TooManyForPatron     all members together, for one patron
            └── TooManyToAddress     all members together, to one address

Values refuse with the errors of `upstage_crm.patrons.errors`, an address taken among them.
"""

from __future__ import annotations

from upstage_crm.core.errors import Conflict, Forbidden, Invalid, NotFound


class NothingToChange(Invalid):
    """The proposed value is what the record holds already."""

    code = "nothing_to_change"


class NothingProposed(Invalid):
    """A request needs at least one field."""

    code = "nothing_proposed"


class ReasonMissing(Invalid):
    """A reason code is needed; "another reason" needs words too."""

    code = "reason_missing"


class NoteMissing(Invalid):
    """This step has to be explained in a few words."""

    code = "note_missing"


class CodeRefused(Invalid):
    """Reference and short code do not fit, or the tries are used up; we never say which."""

    code = "code_refused"


class PolicyOutOfRange(Invalid):
    """A number of the policy is outside of its limits. Facts: `setting`, `least`, `most`."""

    code = "policy_out_of_range"


class ReminderTooLate(Invalid):
    """A reminder would fall outside of every link's life. Facts: `setting`."""

    code = "policy_reminder_too_late"


class CannotBeAsked(Invalid):
    """A field that is no mailbox is always the current address's to decide. Facts: `field`."""

    code = "policy_cannot_be_asked"


class StatusRefused(Invalid):
    """The record has this status already, or never comes to it by hand."""

    code = "status_refused"


class SamePerson(Forbidden):
    """A different colleague must take this step."""

    code = "same_person"


class NotYetSecond(Forbidden):
    """The actor's account was made or changed in the last 7 days. Facts: `since`, `day`, `time`."""

    code = "not_yet_second"


class FirstNotSettled(Forbidden):
    """The first person's account was made or changed in the last 7 days, and the actor, who
    manages the team, could have done that. Facts: `since`, `day`, `time`.
    """

    code = "first_not_settled"


class OwnRecord(Forbidden):
    """Staff members do not propose, confirm or clear anything on their own patron record."""

    code = "own_record"


class FieldHidden(Forbidden):
    """The member does not read this field, so they cannot correct a part of it."""

    code = "field_hidden"


class StaffAddress(Forbidden):
    """The proposed address belongs to a staff member's sign-in."""

    code = "staff_address"


class UnknownRequest(NotFound):
    """There is no such request."""

    code = "request_unknown"


class PatronInactive(Conflict):
    """The patron's record is not active, so nobody can be asked."""

    code = "patron_inactive"


class PatronFrozen(Conflict):
    """The record is in dispute: nothing is proposed until two staff members have cleared it."""

    code = "patron_frozen"


class RecordMoved(Conflict):
    """The record's protection or status is not what it was when the change was asked for."""

    code = "record_moved"


class NotFrozen(Conflict):
    """There is no dispute to clear."""

    code = "not_frozen"


class NothingHeld(Conflict):
    """The record does not hold this field, so no part of it can be corrected."""

    code = "nothing_held"


class NoMailbox(Conflict):
    """The record has no email address that could be asked about this field."""

    code = "no_mailbox"


class AddressRecentlyProposed(Conflict):
    """The address was proposed for another patron in the last 30 days. Facts: `reference`."""

    code = "address_recently_proposed"


class AlreadyProposed(Conflict):
    """An open request proposes exactly this. Facts: `reference`."""

    code = "already_proposed"


class ChangeWaits(Conflict):
    """An approved change of this field waits for its effect. Facts: `reference`, `until`."""

    code = "change_waits"


class InRevertWindow(Conflict):
    """What changed recently may still be undone, and is no wish of the patron. Facts: `until`."""

    code = "in_revert_window"


class NotSuppressed(Conflict):
    """This address is not suppressed (any more)."""

    code = "not_suppressed"


class OtherFinding(Conflict):
    """The second member found out something else than the first. Facts: `finding`."""

    code = "other_finding"


class RecentlyRejected(Conflict):
    """This value was rejected in the last 30 days. Facts: `reference`, `until`."""

    code = "recently_rejected"


class RequestEnded(Conflict):
    """The matter is over. Facts: `state`."""

    code = "request_ended"


class NothingWaits(Conflict):
    """Nothing here needs a second person."""

    code = "nothing_waits"


class AlreadyWaiting(Conflict):
    """The same step waits for its second person already."""

    code = "already_waiting"


class ErasureBlocked(Conflict):
    """Something stands in the way of an erasure. Facts: `blockers`, `erasure.Blocker`s."""

    code = "erasure_blocked"


class RevertWindowOver(Conflict):
    """It is too late to put back what was changed, or there is nothing to put back."""

    code = "revert_window_over"


class LinkOutdated(Conflict):
    """A newer mail has replaced the one with this link."""

    code = "link_outdated"


class LinkExpired(Conflict):
    """The link is authentic but its own life is over."""

    code = "link_expired"


class MailboxOut(Conflict):
    """Whoever reads the mailbox behind this link has no say about this patron (any more)."""

    code = "mailbox_out"


class ResendTooSoon(Conflict):
    """The last mail left too recently. Facts: `wait`, in whole minutes, rounded up."""

    code = "resend_too_soon"


class ResendLimit(Conflict):
    """This request has had its mails for today. Facts: `limit`."""

    code = "resend_limit"


class HeldCannotReplace(Conflict):
    """A proposal that has to wait would take the place of an open request. Facts: `reference`."""

    code = "held_cannot_replace"


class AlertOpen(Conflict):
    """A tripwire tripped for the member who acts, or took the first step: look into it first."""

    code = "alert_open"


class NotAKeeper(Conflict):
    """Requests are handed over to another active member who may propose changes."""

    code = "not_a_keeper"


class TooManyProposals(Conflict):
    """One member has tried to propose too often within an hour. Facts: `limit`."""

    code = "too_many_proposals"


class TooManyForPatron(TooManyProposals):
    """Too much was proposed for one patron within a day. Facts: `limit`."""

    code = "too_many_for_patron"


class TooManyToAddress(TooManyProposals):
    """One address was proposed too often within a day. Facts: `limit`."""

    code = "too_many_to_address"
