"""Contact preferences: by which way a patron may be contacted for what, and who says so. Pure.

Nothing here is about tickets, receipts or questions like a change request, which need no
permission. A way and a purpose without a row was never asked, and that is a no.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from upstage_crm.patrons.errors import BasisMissing, BasisRefused


class ContactChannel(StrEnum):
    """A way by which a patron is contacted."""

    EMAIL = "email"
    POST = "post"
    PHONE = "phone"
    SMS = "sms"


class Purpose(StrEnum):
    """What a patron is contacted for."""

    NEWS = "news"
    FUNDRAISING = "fundraising"
    RESEARCH = "research"


class Answer(StrEnum):
    """What the patron said."""

    YES = "yes"
    NO = "no"


class Basis(StrEnum):
    """The lawful basis of a yes."""

    CONSENT = "consent"
    SOFT_OPT_IN = "soft_opt_in"
    LEGITIMATE_INTEREST = "legitimate_interest"


class Source(StrEnum):
    """How it was learned: by staff, or from the patron's own press."""

    IN_PERSON = "in_person"
    PHONE = "phone"
    LETTER = "letter"
    EMAIL = "email"
    ORDER = "order"
    ACCOUNT = "account"


STAFF_SOURCES = frozenset(Source) - {Source.ACCOUNT}
"""What staff may say; that the patron answered in the account, only the account says."""
WORDING = "2026-11"
"""The version of the words with which staff ask today; an older answer keeps its own."""
# Electronic mail needs consent, or a purchase or a gift before; other ways may do with less.
_BASES: Mapping[ContactChannel, tuple[Basis, ...]] = {
    ContactChannel.EMAIL: (Basis.CONSENT, Basis.SOFT_OPT_IN),
    ContactChannel.SMS: (Basis.CONSENT, Basis.SOFT_OPT_IN),
    ContactChannel.POST: (Basis.CONSENT, Basis.LEGITIMATE_INTEREST),
    ContactChannel.PHONE: (Basis.CONSENT, Basis.LEGITIMATE_INTEREST),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """One cell of the matrix: what was answered, on what basis, when, to which words, and how."""

    channel: ContactChannel
    purpose: Purpose
    answer: Answer
    basis: Basis | None
    source: Source
    wording: str
    answered_at: datetime


def bases_of(channel: ContactChannel, purpose: Purpose) -> tuple[Basis, ...]:
    """The bases that a yes may have. Research asks for consent: no one bought a survey."""
    return (Basis.CONSENT,) if purpose is Purpose.RESEARCH else _BASES[channel]


def settled_basis(
    channel: ContactChannel, purpose: Purpose, answer: Answer, basis: Basis | None
) -> Basis | None:
    """The basis that an answer is kept with: a no needs none.

    Raises:
        BasisMissing: a yes without one. BasisRefused: not one for this way and purpose.
    """
    if answer is Answer.NO:
        return None
    if basis is None:
        raise BasisMissing
    if basis not in bases_of(channel, purpose):
        raise BasisRefused
    return basis
