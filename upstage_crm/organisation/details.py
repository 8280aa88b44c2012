"""Whose deployment this is, as every mail and patron page shows it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime, tzinfo

from upstage_crm.core import when
from upstage_crm.core.postal.countries import OTHERWISE, country_of_zone

# By these a patron reaches people: a thief who changes one can take over what patrons say.
CONTACT = ("desk_phone", "reply_to", "postal_address")
FIRST_PHONE = "+1 555-0100"  # of a new database, before an owner has said anything


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationDetails:
    """The organisation's own details; values are shown as they stand, so they are parsed before.

    `reply_to` is a mailbox that people read, in wire form. `desk_phone` is the way to reach a
    person without any link. `postal_address` may have several lines. `website` may be empty.
    `time_zone` is an IANA name, `language` a BCP 47 tag such as `en`. `country` is an ISO 3166-1
    code; when it is empty, the time zone says which one it is.

    Beside a phone number that is new, mails show the one before, `former_phone`, until
    `former_phone_until`: a patron who is warned can still ask those who were there before.
    """

    name: str
    desk_phone: str
    reply_to: str
    postal_address: str
    website: str
    time_zone: str
    language: str
    country: str = ""
    former_phone: str | None = field(default=None, compare=False)
    former_phone_until: datetime | None = field(default=None, compare=False)

    @property
    def home(self) -> str:
        """The country whose phone numbers and dates people here write without thinking."""
        return self.country or country_of_zone(self.time_zone) or OTHERWISE

    @property
    def zone(self) -> tzinfo:
        """The organisation's time zone, with the country whose dates people here write."""
        return self.zone_of("")

    def zone_of(self, time_zone: str) -> tzinfo:
        """A reader's own time zone, ours when it is empty; dates are written as ours are."""
        return when.zone(time_zone, self.time_zone, country=self.country)

    def stated(self) -> dict[str, str]:
        """What an owner has said, by name: all but the phone number of before."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.compare}

    def former_phone_at(self, now: datetime) -> str:
        """The phone number of before while it is shown; "" otherwise."""
        until = self.former_phone_until
        is_shown = until is not None and now < until and self.former_phone != self.desk_phone
        return (self.former_phone or "") if is_shown else ""
