"""What each mailbox may read of a request."""

from __future__ import annotations

from dataclasses import replace

import pytest

from upstage_crm.links.claims import Reviewer
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.patrons.visibility import MailboxAccess

STRANGER = MailboxAccess(Reviewer.PROPOSED, "new@example.org")
UNPROVEN = MailboxAccess(Reviewer.CURRENT, "old@example.com")
PROVEN = replace(UNPROVEN, is_trusted=True)
EMAIL, PHONE, NAME = FIELDS["email"], FIELDS["phone"], FIELDS["name"]
OLD = {"email": "old@example.com", "email_key": "old@example.com"}
NEW = {"email": "new@example.org", "email_key": "new@example.org"}


@pytest.mark.parametrize("seen", [STRANGER, UNPROVEN, replace(STRANGER, is_trusted=True)])
def test_who_proved_nothing_reads_no_name_and_none_of_the_staffs_words(seen: MailboxAccess) -> None:
    assert seen.name("Mara Smith") == "M••• S•••"
    assert seen.words("She called from Oslo.") == ""


def test_a_proven_current_mailbox_reads_both() -> None:
    assert PROVEN.name("Mara Smith") == "Mara Smith"
    assert PROVEN.words("She called from Oslo.") == "She called from Oslo."


@pytest.mark.parametrize("reader", [UNPROVEN, PROVEN])
def test_each_side_reads_its_own_address_and_recognises_the_other(reader: MailboxAccess) -> None:
    assert STRANGER.values(EMAIL, OLD, NEW) == ("o•••@example.com", "new@example.org")
    assert reader.values(EMAIL, OLD, NEW) == ("old@example.com", "n•••@example.org")


def test_a_mailbox_that_came_to_its_place_reads_itself_and_not_the_one_before() -> None:
    """By its own yes it is the current one, and is asked about the other fields as such."""
    newcomer = MailboxAccess(Reviewer.CURRENT, "new@example.org", is_trusted=True)

    assert newcomer.values(EMAIL, OLD, NEW) == ("o•••@example.com", "new@example.org")


def test_a_mailbox_that_is_not_known_reads_no_address() -> None:
    nameless = MailboxAccess(Reviewer.CURRENT, is_trusted=True)

    assert nameless.values(EMAIL, OLD, NEW) == ("o•••@example.com", "n•••@example.org")


def test_a_stranger_hears_of_the_address_alone() -> None:
    assert STRANGER.sees("email")
    assert not STRANGER.sees("phone")
    assert all(UNPROVEN.sees(key) for key in FIELDS)


def test_an_unproven_mailbox_reads_the_old_name_as_initials() -> None:
    before = {"given_name": "Mara", "family_name": "Smith"}
    after = {"given_name": "Mara", "family_name": "Jones"}

    assert PROVEN.values(NAME, before, after) == ("Mara Smith", "Mara Jones")
    shown, asked = UNPROVEN.values(NAME, before, after)
    assert "Smith" not in shown
    assert asked == "Mara Jones"


@pytest.mark.parametrize(
    ("name", "masked"),
    [("Mara Smith", "M••• S•••"), ("Ole", "O•••"), ("Ann Lee Ek", "A••• L••• E•••"), ("", "")],
)
def test_a_masked_name_is_its_initials(name: str, masked: str) -> None:
    assert STRANGER.name(name) == masked
