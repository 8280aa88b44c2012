"""What readers stumbled over once is read nowhere any more: on no page, in no email.

Each row is one sentence that was replaced, or the part of it that no other sentence needs.
`test_patron_words.py` refuses single words; here are the sentences that were made of plain ones.
"""

from __future__ import annotations

import re

import pytest

from tests.house.test_patron_words import said_to_staff
from tests.support import messages

FORMER = (
    "Nothing changes until the answer is yes",
    "What will be read",
    "In your words",
    "The proposed address may be a stranger’s",
    "names and the details we hold today are hidden",
    "can no longer read the current mailbox",
    "vouch for who it is",
    "How do you know who it is",
    "What did you see or ask",
    "No numbers of documents",
    "Reads the name as",
    "Can be answered until",
    "Without an answer nothing changes",
    "Exactly this is proposed already",
    "no working email address that we could ask",
    "That is what the record holds already",
    "The owner of this address told us",
    "throw-away mailbox",
    "It may be gone tomorrow",
    "This is needed",
    "Say in a few words why",
    "Look at what is marked",
    "The patron’s own details",
    "has answered from this address yet",
    "In question",
    "Waits for a second person",
    "Confirm who it is",
    "Decline as second person",
    "Patron reads out the code",
    "Say what you found",
    "What did you find?",
    "Record what I found",
    "Our question came back",
    "Two patrons, one address",
    "{count} in part",
    "Waiting to leave",
    "Pace at once",
    "May have left or not",
    "Kept in the built-in mailbox:",
    "Came back for good",
    "Question to approve or reject",
    "Outcome to the proposer",
    "Notice that time ran out",
    "to play the patron",
    "The provider’s name for it",
    "within three seconds than a person makes",
    "is no hand",
    "Whose CRM this is",
    "by which rules requests run",
    "Are withdrawn",
    "Keep them where your phone is not",
    "are found by how their words begin",
    "This was not my wish",
    "not your wish",
    "It decides on young people’s prices",
    "Nothing has happened yet: press it here",
    "Say no and send this",
    "You decide, until",
    "Tell us until",
    "people read it",
)


@pytest.fixture(scope="module")
def read() -> str:
    """Every text that people read, one a line, its apostrophes typographic."""
    return "\n".join((*messages.wanted(), *said_to_staff())).replace("'", "’")


@pytest.mark.parametrize("sentence", FORMER)
def test_a_former_sentence_is_read_nowhere(read: str, sentence: str) -> None:
    found = re.findall(
        rf"^.*\b{re.escape(sentence)}.*$|^{re.escape(sentence)}.*$", read, re.M | re.I
    )

    assert found == []


def test_a_sentence_that_is_read_is_found(read: str) -> None:
    """What is searched holds the sentences of pages and of mails."""
    assert "This change has already been proposed" in read
    assert "You can also reply to this email: a person will read it." in read
