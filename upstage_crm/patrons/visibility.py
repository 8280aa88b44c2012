"""What one staff member reads of one patron: values in full or masked, texts without them. Pure.

The rule itself is `staff.visibility`; the masks are the registry's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from upstage_crm.core.countries import OTHERWISE
from upstage_crm.core.text import HIDDEN, find_emails, redacted
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


def told_values(values: Mapping[str, str | None]) -> tuple[Values, ...]:
    """The values that an entry of the trail tells, by column: as given, the old, the new ones."""
    columns = [column for entry in FIELDS.values() for column in entry.columns]
    return tuple({column: values.get(column + end) for column in columns} for end in _ENDS)
