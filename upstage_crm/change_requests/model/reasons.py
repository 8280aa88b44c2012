"""The fixed list of reasons, each with words for staff and one sentence for the patron.

The patron's sentence is read by the proposed address too, which may be a stranger's: it names
nobody and nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from upstage_crm.change_requests.model.rules import (
    DeskMethod,
    ReasonCode,
)


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: `label` in the staff form, `sentence` in mails and on the patron's page."""

    label: str
    sentence: str


REASONS: Mapping[ReasonCode, Reason] = {
    ReasonCode.ASKED_BY_PHONE: Reason(
        "Asked for by phone", "We were asked by phone to make this change."
    ),
    ReasonCode.ASKED_AT_DESK: Reason(
        "Asked for at the desk", "We were asked at the box office to make this change."
    ),
    ReasonCode.ASKED_IN_WRITING: Reason(
        "Asked for in writing", "We were asked in writing to make this change."
    ),
    ReasonCode.MAIL_CAME_BACK: Reason(
        "An email bounced", "An email that we sent could not be delivered."
    ),
    ReasonCode.TYPING_MISTAKE: Reason(
        "Looks like a typing mistake", "We think that our record has a typing mistake."
    ),
    ReasonCode.BOOKING_DIFFERS: Reason(
        "A booking shows other details",
        "A booking was made with details that differ from our record.",
    ),
    ReasonCode.OTHER: Reason(
        "Another reason (say which)",
        "Our box office has another reason. Ask us, and we will tell you.",
    ),
    ReasonCode.OWN_WISH: Reason(
        "The patron’s own wish", "We were asked for this in a signed-in account."
    ),
}
STAFF_REASONS: Mapping[ReasonCode, Reason] = {
    code: reason for code, reason in REASONS.items() if code is not ReasonCode.OWN_WISH
}
"""Those that a staff member chooses from."""

METHODS: Mapping[DeskMethod, Reason] = {
    DeskMethod.IN_PERSON: Reason("In person, with a document", "in person, with a document"),
    DeskMethod.CALL_BACK: Reason(
        "Called back the phone number on file", "by calling the phone number on the record"
    ),
    DeskMethod.POST: Reason(
        "By a letter to the address on file", "by a letter to the postal address on the record"
    ),
    DeskMethod.CODE: Reason("Read out the code from our email", "by the code from our email"),
}
"""How staff know that it is the patron: `sentence` goes on a mail's "(…)"."""
