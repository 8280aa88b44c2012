"""How a change request refuses.

    UpstageError
    ├── Invalid
    │   ├── NothingToChange          the proposed value is what the record holds already
    │   ├── ReasonMissing            no reason code, or "another reason" without words
    │   └── NothingProposed          a request without a field
    ├── Forbidden
    │   ├── OwnRecord                staff do not propose for themselves
    │   └── StaffAddress             the proposed address signs in to this CRM
    ├── NotFound
    │   └── UnknownRequest           there is no such request
    └── Conflict
        ├── PatronInactive           the patron cannot be asked
        ├── NoMailbox                nobody can be asked: the record has no usable email
        ├── AddressRecentlyProposed  proposed for somebody else in the last 30 days
        ├── AddressSuppressed        its owner told us that it is not the patron's
        ├── RecentlyRejected         this value was rejected in the last 30 days
        ├── RequestEnded             the matter is over; carries its state
        ├── LinkOutdated             a newer mail has replaced this link
        ├── LinkExpired              the link's own life is over
        ├── ResendTooSoon            carries the seconds to wait
        └── ResendLimit              enough for one day

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


class OwnRecord(Forbidden):
    """Staff members do not propose changes to their own patron record."""

    code = "own_record"


class StaffAddress(Forbidden):
    """The proposed address belongs to a staff member's sign-in."""

    code = "staff_address"


class UnknownRequest(NotFound):
    """There is no such request."""

    code = "request_unknown"


class PatronInactive(Conflict):
    """The patron's record is not active, so nobody can be asked."""

    code = "patron_inactive"


class NoMailbox(Conflict):
    """The record has no email address that could be asked about this field."""

    code = "no_mailbox"


class AddressRecentlyProposed(Conflict):
    """The address was proposed for another patron in the last 30 days. Facts: `reference`."""

    code = "address_recently_proposed"


class AddressSuppressed(Conflict):
    """The owner of this address told us that it is not the patron's."""

    code = "address_suppressed"


class RecentlyRejected(Conflict):
    """This value was rejected in the last 30 days. Facts: `reference`, `until`."""

    code = "recently_rejected"


class RequestEnded(Conflict):
    """The matter is over. Facts: `state`."""

    code = "request_ended"


class LinkOutdated(Conflict):
    """A newer mail has replaced the one with this link."""

    code = "link_outdated"


class LinkExpired(Conflict):
    """The link is authentic but its own life is over."""

    code = "link_expired"


class ResendTooSoon(Conflict):
    """The last mail left too recently. Facts: `seconds` to wait."""

    code = "resend_too_soon"


class ResendLimit(Conflict):
    """This request has had its mails for today. Facts: `limit`."""

    code = "resend_limit"
