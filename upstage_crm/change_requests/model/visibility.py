"""What one mailbox may read of a request. Pure; mail, page, twin and preview all ask here.

The proposed address may be mistyped and belong to anybody; a mailbox that has proven nothing for
two years may have another reader. Neither reads the patron's full name or staff's own words.
Everybody reads the own address in full and recognises the other one.
"""

from __future__ import annotations

from dataclasses import dataclass

from upstage_crm.core.languages import SOURCE
from upstage_crm.core.text import HIDDEN
from upstage_crm.links.claims import Reviewer
from upstage_crm.patrons import fields
from upstage_crm.patrons.fields import ProtectedField
from upstage_crm.patrons.values import Values
from upstage_crm.patrons.visibility import NAME


@dataclass(frozen=True, slots=True)
class Visibility:
    """What `reviewer` may read; `is_trusted` says that its mailbox has proven itself lately.

    `home` is the organisation's country: what lies there is written as people there do.
    """

    reviewer: Reviewer
    is_trusted: bool = False
    home: str = ""

    @property
    def is_stranger(self) -> bool:
        """Whether it is the proposed mailbox, which may be anybody's."""
        return self.reviewer is Reviewer.PROPOSED

    @property
    def reads_freely(self) -> bool:
        """Whether it reads the full name, and staff's own words."""
        return self.is_trusted and not self.is_stranger

    def name(self, name: str) -> str:
        """The patron's name, or its initials: its owner recognises it, a stranger does not."""
        return name if self.reads_freely else masked_name(name)

    def words(self, text: str) -> str:
        """What staff wrote; nothing for a mailbox that has not proven itself."""
        return text if self.reads_freely else ""

    def sees(self, key: str) -> bool:
        """Whether it hears of a field at all: the proposed mailbox hears of itself alone."""
        return not self.is_stranger or fields.field(key).is_mailbox

    def values(
        self, entry: ProtectedField, current: Values, proposed: Values, language: str = SOURCE
    ) -> tuple[str, str]:
        """A field's two values, each in full or masked."""
        now = entry.show(current, language, self.home)
        then = entry.show(proposed, language, self.home)
        if entry.is_mailbox:
            return (entry.mask(current), then) if self.is_stranger else (now, entry.mask(proposed))
        return (
            (entry.mask(current), then)
            if entry.key == NAME and not self.is_trusted
            else (now, then)
        )


def masked_name(name: str) -> str:
    """The initials of a name: "M••• S•••"."""
    return " ".join(f"{part[0]}{HIDDEN}" for part in name.split())
