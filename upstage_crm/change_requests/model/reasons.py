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
        "Asked for by phone", "Somebody asked us by phone to make this change."
    ),
    ReasonCode.ASKED_AT_DESK: Reason(
        "Asked for at the desk", "Somebody asked us at the box office to make this change."
    ),
    ReasonCode.ASKED_IN_WRITING: Reason(
        "Asked for in writing", "Somebody wrote to us and asked for this change."
    ),
    ReasonCode.MAIL_CAME_BACK: Reason(
        "Our mail came back", "Mail that we sent could not be delivered."
    ),
    ReasonCode.TYPING_MISTAKE: Reason(
        "Looks like a typing mistake", "We think that our record has a typing mistake."
    ),
    ReasonCode.BOOKING_DIFFERS: Reason(
        "A booking shows other details", "A booking was made with other details than we hold."
    ),
    ReasonCode.OTHER: Reason(
        "Another reason (say which)", "Our box office has another reason. Ask us, and we tell you."
    ),
}

METHODS: Mapping[DeskMethod, Reason] = {
    DeskMethod.IN_PERSON: Reason(
        "In person, with a document", "you came to us in person and showed a document"
    ),
    DeskMethod.CALL_BACK: Reason(
        "Called back the phone number on file", "we called the phone number on your record"
    ),
    DeskMethod.POST: Reason(
        "By a letter to the address on file", "you answered a letter to your postal address"
    ),
    DeskMethod.CODE: Reason("Read out the code of our mail", "you read out the code of our mail"),
}
"""How staff know that it is the patron: `sentence` goes on a mail's "(…)"."""
