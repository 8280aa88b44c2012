"""What one reader sees of one patron: a staff member, or a mailbox that is asked. Pure.

A staff member reads what `staff.visibility` says. What a mailbox reads is said here alone: its
mails, its page, the simple page, the preview and its receipts all ask `MailboxAccess`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from upstage_crm.core.languages import SOURCE
from upstage_crm.core.postal.countries import OTHERWISE
from upstage_crm.core.text import HIDDEN, find_emails, redacted
from upstage_crm.links.claims import Reviewer
from upstage_crm.patrons.fields import FIELDS, ProtectedField
from upstage_crm.patrons.spellings import hide
from upstage_crm.patrons.values import Values, find_phones
from upstage_crm.staff.roles import Role
from upstage_crm.staff.visibility import sees

NAME = "name"
MAILBOX = next(entry for entry in FIELDS.values() if entry.is_mailbox)
_ENDS = ("", ".old", ".new")  # how the trail names a column's value


@dataclass(frozen=True, slots=True)
class FieldAccess:
    """What `role` may read of one patron.

    `held` are values of the patron, as far as they are known, that must not stand in a text that
    people wrote either, unless the role sees them. `home` is the organisation's country.
    """

    role: Role
    is_protected: bool = False
    held: tuple[Values, ...] = ()
    home: str = OTHERWISE

    def sees(self, key: str) -> bool:
        """Whether the field is read in full."""
        return sees(self.role, key, is_protected=self.is_protected)

    @property
    def sees_all(self) -> bool:
        """Whether nothing is masked."""
        return all(self.sees(key) for key in FIELDS)

    @property
    def sees_person(self) -> bool:
        """Whether the member may know who this is: of a protected patron only the few do."""
        return self.sees(NAME)

    @property
    def sees_mail(self) -> bool:
        """Whether the member may open a mail to this patron, as far as its address and name go."""
        return self.sees(MAILBOX.key) and self.sees(NAME)

    def lines(self, entry: ProtectedField, values: Values) -> tuple[str, ...]:
        """The value of a field as on an envelope, or its mask; nothing when empty."""
        if self.sees(entry.key):
            return entry.lines(values, home=self.home)
        hidden = entry.mask(values)
        return (hidden,) if hidden else ()

    def show(self, entry: ProtectedField, values: Values) -> str:
        """The value of a field on one line, or its mask; "" when empty."""
        if self.sees(entry.key):
            return entry.show(values, home=self.home)
        return entry.mask(values)

    def name(self, values: Values, *, number: int) -> str:
        """The patron's name, or its mask; the number when there is none."""
        return self.show(FIELDS[NAME], values) or f"Patron {number}"

    def mailbox(self, address: str) -> str:
        """An address that mail goes to."""
        return self.show(MAILBOX, {MAILBOX.columns[0]: address})

    def part(self, column: str, text: str | None) -> str:
        """One column of a field of several, such as the town: as it is, or dots."""
        owner = next(entry for entry in FIELDS.values() if column in entry.columns)
        return (text or "") if self.sees(owner.key) or not text else HIDDEN

    def kept(self, values: Values) -> dict[str, str | None]:
        """The columns that are read in full; all others are not there."""
        return {
            column: values.get(column)
            for entry in FIELDS.values()
            if self.sees(entry.key)
            for column in entry.columns
        }

    def free(self, text: str) -> str:
        """What staff wrote about a person: it is not for those who may not know who this is."""
        return text if self.sees_person or not text else HIDDEN

    def words(self, text: str) -> str:
        """What a person wrote, without the values that this member may not read.

        Known values go in every spelling, and whatever looks like an address or a phone number: it
        may be one that the record held before.
        """
        if not text or self.sees_all:
            return text
        unseen = [entry for entry in FIELDS.values() if not self.sees(entry.key)]
        text = hide(text, [(entry, values) for entry in unseen for values in self.held])
        kinds = {part.type for entry in unseen for part in entry.parts}
        others: list[str] = []
        if "email" in kinds:
            others += find_emails(text)
        if "tel" in kinds:
            for region in self._regions():
                others += [written for written, _number in find_phones(text, region=region)]
        return redacted(text, others)

    def knowing(self, *values: Values) -> FieldAccess:
        """The same with more values that must not be read in a text."""
        return replace(self, held=(*self.held, *values))

    def _regions(self) -> tuple[str, ...]:
        """Where phone numbers without a country code may belong: the record's countries, too."""
        countries = (
            values.get(part.name)
            for entry in FIELDS.values()
            for part in entry.parts
            if part.type == "country"
            for values in self.held
        )
        return tuple(dict.fromkeys([self.home, *(c for c in countries if c)]))


EVERYTHING = FieldAccess(Role.OWNER)
"""Nothing is masked: for commands and for what is no page."""


@dataclass(frozen=True, slots=True)
class MailboxAccess:
    """What one mailbox may read; `is_trusted` says that it has proven itself lately.

    The proposed address may be mistyped and belong to a stranger, and a mailbox that has proven
    nothing for two years may have another reader. Neither reads the patron's full name or the
    words of staff. Every mailbox reads its own `address`, as stored, in full and each other one
    masked. `home` is the organisation's country: what lies there is written as people there do.
    """

    reviewer: Reviewer
    address: str = ""
    is_trusted: bool = False
    home: str = ""

    @property
    def is_stranger(self) -> bool:
        """Whether it is the proposed mailbox, which may be a stranger's."""
        return self.reviewer is Reviewer.PROPOSED

    @property
    def reads_freely(self) -> bool:
        """Whether it reads the full name, and the words of staff."""
        return self.is_trusted and not self.is_stranger

    def name(self, name: str) -> str:
        """The patron's name, or "M••• S•••": its owner recognises it, a stranger does not."""
        if self.reads_freely:
            return name
        return " ".join(f"{part[0]}{HIDDEN}" for part in name.split())

    def words(self, text: str) -> str:
        """What staff wrote; nothing for a mailbox that has not proven itself."""
        return text if self.reads_freely else ""

    def sees(self, key: str) -> bool:
        """Whether it hears of a field at all: the proposed mailbox hears of itself alone."""
        return not self.is_stranger or FIELDS[key].is_mailbox

    def reads(self, entry: ProtectedField, values: Values, *, is_proposed: bool) -> bool:
        """Whether it reads a field's proposed value, or else the current one, in full."""
        if entry.is_mailbox:
            return values.get(entry.columns[0]) == self.address
        return is_proposed or entry.key != NAME or self.is_trusted

    def values(
        self, entry: ProtectedField, current: Values, proposed: Values, language: str = SOURCE
    ) -> tuple[str, str]:
        """A field's two values, each in full or masked; "" when empty."""
        now = (
            entry.show(current, language, self.home)
            if self.reads(entry, current, is_proposed=False)
            else entry.mask(current)
        )
        then = (
            entry.show(proposed, language, self.home)
            if self.reads(entry, proposed, is_proposed=True)
            else entry.mask(proposed)
        )
        return now, then


def told_values(values: Mapping[str, str | None]) -> tuple[Values, ...]:
    """The values that an entry of the trail tells, by column: as given, the old, the new ones."""
    columns = [column for entry in FIELDS.values() for column in entry.columns]
    return tuple({column: values.get(column + end) for column in columns} for end in _ENDS)
