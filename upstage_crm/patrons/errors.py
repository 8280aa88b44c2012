"""How a patron's values are refused.

Invalid
├── InvalidEmail     core.email_address
├── InvalidText      core.text
├── InvalidValue     a name, phone number, postal address or date of birth
├── RevealReasonMissing  a masked value is shown for a reason only
├── BasisMissing         a yes needs a lawful basis
├── BasisRefused         the basis is none for this way and purpose
├── SourceRefused        staff note no answer as the patron's own press
├── PatronNoteMissing    a note needs words
├── TagMissing           there is no tag in the text
├── TagTooLong           a tag is a word or two
└── TooManyPatrons       one command changes so many records at most
Forbidden
└── PatronIsProtected    only the few see anything of a protected patron
NotFound
├── UnknownContact   the patron has no such other email or phone
├── UnknownField     there is no such protected field
└── UnknownNote      the note was removed
Conflict
├── AddressTaken         another live patron has this address; carries their number
├── AddressSuppressed    its owner told us that it is not the patron's
├── PossibleDuplicates   patrons who may be the same person; carries who and why
├── ContactThere         the record has this email or phone already
├── ContactsFull         a patron has as many other contacts as one may have
├── EditedMeanwhile      a colleague changed the value since it was opened for editing
├── TagsFull             a patron has as many tags as one may have
└── PatronErased         the patron's values were erased; nothing is written any more
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from upstage_crm.core.errors import Conflict, Forbidden, Invalid, NotFound


class ValueProblem(StrEnum):
    """Why a value is refused. Each value is the stable `code` of its InvalidValue."""

    MISSING = "value_missing"
    NAME_CHARACTER = "name_character"
    NAME_WITHOUT_LETTER = "name_without_letter"
    PHONE_UNREADABLE = "phone_unreadable"
    PHONE_COUNTRY_UNKNOWN = "phone_country_unknown"
    PHONE_AREA_CODE_MISSING = "phone_area_code_missing"
    PHONE_TOO_SHORT = "phone_too_short"
    PHONE_TOO_LONG = "phone_too_long"
    PHONE_EXTENSION = "phone_extension"
    PHONE_IMPOSSIBLE = "phone_impossible"
    COUNTRY_UNKNOWN = "country_unknown"
    DATE_UNREADABLE = "date_unreadable"
    DATE_IN_FUTURE = "date_in_future"
    DATE_TOO_EARLY = "date_too_early"


class InvalidValue(Invalid):
    """A value of a protected field is refused.

    `code` is one of `codes`. Facts: `part` (the column at fault); of `name_character` also
    `character`; of `date_too_early` also `earliest` (ISO date).
    """

    code = "value_invalid"
    codes: ClassVar[tuple[str, ...]] = tuple(problem.value for problem in ValueProblem)

    def __init__(self, problem: ValueProblem, *, part: str, **facts: object) -> None:
        self.code = problem.value
        self.problem = problem
        self.part = part
        super().__init__(part=part, **facts)


class UnknownField(NotFound):
    """There is no such protected field. Facts: `key`."""

    code = "field_unknown"


class AddressTaken(Conflict):
    """Another live patron has this address. Facts: `number` of that patron."""

    code = "address_taken"


class AddressSuppressed(Conflict):
    """The owner of this address told us that it is not the patron's, or two people found out."""

    code = "address_suppressed"


class PossibleDuplicates(Conflict):
    """Live patrons may be the same person. Facts: `duplicates`, a tuple of `views.Duplicate`."""

    code = "possible_duplicates"


class NameMissing(Invalid):
    """A patron needs a given or a family name."""

    code = "patron_name_missing"


class ProtectionReasonMissing(Invalid):
    """Why a patron is protected, or no longer, has to be said."""

    code = "protection_reason_missing"


class RevealReasonMissing(Invalid):
    """Why a masked value is to be shown has to be said. Facts: `minimum` (characters)."""

    code = "reveal_reason_missing"


class PatronIsProtected(Forbidden):
    """Only an owner, a manager or the privacy lead sees anything of a protected patron."""

    code = "patron_is_protected"


class UnknownPatron(NotFound):
    """There is no such patron."""

    code = "patron_unknown"


class EditedMeanwhile(Conflict):
    """A free column was changed since its editing began. Facts: `now`, its value."""

    code = "edited_meanwhile"


class PatronErased(Conflict):
    """The patron's values were erased; the record takes nothing any more."""

    code = "patron_erased"


class TagMissing(Invalid):
    """The text holds no tag."""

    code = "tag_missing"


class TagTooLong(Invalid):
    """A tag is a word or two. Facts: `limit` (characters)."""

    code = "tag_too_long"


class TagsFull(Conflict):
    """A patron has as many tags as one may have. Facts: `limit`."""

    code = "tags_full"


class TooManyPatrons(Invalid):
    """One command changes so many records at most. Facts: `limit`."""

    code = "too_many_patrons"


class PatronNoteMissing(Invalid):
    """A note needs words."""

    code = "patron_note_missing"


class UnknownNote(NotFound):
    """There is no such note: a colleague may have removed it."""

    code = "patron_note_unknown"


class BasisMissing(Invalid):
    """A yes needs a lawful basis."""

    code = "basis_missing"


class BasisRefused(Invalid):
    """The basis is none for this way of contact and this purpose."""

    code = "basis_refused"


class SourceRefused(Invalid):
    """Only the patron's own press in the account is an answer from there."""

    code = "source_refused"


class ContactThere(Conflict):
    """The record has this email or phone already."""

    code = "contact_there"


class ContactsFull(Conflict):
    """A patron has as many other emails and phones as one may have. Facts: `limit`."""

    code = "contacts_full"


class UnknownContact(NotFound):
    """The patron has no such other email or phone: a colleague may have removed it."""

    code = "contact_unknown"
