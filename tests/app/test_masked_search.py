"""Search is no oracle: what is masked for a role is found by its complete value only."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlmodel import Session

from tests.support.factories import Desk
from upstage_crm.change_requests.reads import requests
from upstage_crm.core.ids import parse_reference
from upstage_crm.mail import queries as mails
from upstage_crm.patrons import marks
from upstage_crm.patrons.search import patron_list
from upstage_crm.patrons.search.list_order import PatronSort
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.staff.roles import Role
from upstage_crm.staff.visibility import sees

pytestmark = pytest.mark.each_database

EMAIL, PROPOSED = "quill.zephyr@harbour.example", "xanadu@newplace.example"
PHONE, SHOWN_PHONE = "+12125550117", "(212) 555-0117"
# Each word, what it is the beginning of, and whether it says all of that.
TYPED = [
    ("quill", "email", False),
    ("zephyr", "email", False),
    ("harbour", "email", False),
    (EMAIL[:-1], "email", False),
    (EMAIL, "email", True),
    (EMAIL.upper(), "email", True),
    ("212", "phone", False),
    ("5550117", "phone", False),
    (PHONE[:-1], "phone", False),
    (PHONE, "phone", True),
    (SHOWN_PHONE, "phone", True),
    ("(212) 555-0117", "phone", True),
    ("springf", "address", False),
    ("Springfield", "address", False),
    ("62704", "address", False),
    ("mar", "name", False),
    ("okonkwo", "name", False),
    ("oko mar", "name", False),
    ("Mara Okonkwo", "name", True),
]


def mara(desk: Desk) -> PatronRecord:
    return desk.patron(
        EMAIL,
        "Mara",
        "Okonkwo",
        phone=PHONE,
        address_line1="7 Dock Lane",
        address_city="Springfield",
        address_postcode="62704",
        address_country="US",
    )


def protect(desk: Desk, patron: PatronRecord) -> None:
    desk.act(desk.owner, marks.protect, patron_id=patron.id, reason="a stalker")


def found(desk: Desk, query: str, role: Role) -> int:
    return desk.read(lambda session: patron_list.page(session, query=query, reader=role)).total


def in_queue(desk: Desk, query: str, role: Role) -> int:
    return desk.read(lambda session: requests.page(session, query=query, reader=role))[0]


def in_mailbox(desk: Desk, query: str, role: Role) -> int:
    def look(session: Session) -> int:
        return mails.mails(session, query=query, reader=role).total

    return desk.read(look)


@pytest.mark.parametrize("is_protected", [False, True])
@pytest.mark.parametrize("look", [found, in_queue])
def test_a_word_finds_by_its_beginning_only_who_sees_it(
    desk: Desk, look: Callable[[Desk, str, Role], int], is_protected: bool
) -> None:
    patron = mara(desk)
    reference = desk.propose(patron, PROPOSED).reference
    if is_protected:
        protect(desk, patron)

    for role in Role:
        for query, key, is_whole in TYPED:
            if reference.startswith(parse_reference(query)):
                continue  # drawn at random, it may begin like a word
            expected = is_whole or sees(role, key, is_protected=is_protected)
            assert expected == bool(look(desk, query, role)), (role, query)


def test_a_number_is_found_by_its_beginning_by_everybody(desk: Desk) -> None:
    patron = mara(desk)
    protect(desk, patron)

    for role in Role:
        assert found(desk, str(patron.number)[:3], role) == 1, role
        assert found(desk, str(patron.number), role) == 1, role


@pytest.mark.parametrize("is_protected", [False, True])
@pytest.mark.parametrize("look", [in_queue, in_mailbox])
def test_a_proposed_address_is_found_as_a_whole_or_by_who_sees_it(
    desk: Desk, look: Callable[[Desk, str, Role], int], is_protected: bool
) -> None:
    patron = mara(desk)
    desk.propose(patron, PROPOSED)
    if is_protected:
        protect(desk, patron)

    for role in Role:
        expected = sees(role, "email", is_protected=is_protected)
        assert expected == bool(look(desk, PROPOSED[:-3], role)), role
        assert look(desk, PROPOSED, role), role
        assert look(desk, PROPOSED.title(), role), role


def test_a_reference_and_a_subject_are_found_by_everybody(desk: Desk) -> None:
    reference = desk.propose(mara(desk), PROPOSED).reference

    for role in Role:
        assert in_queue(desk, reference, role) == 1
        assert in_mailbox(desk, reference, role)


def test_a_preferred_name_and_a_tag_are_no_secret_of_the_patrons(desk: Desk) -> None:
    desk.patron("nobody@harbour.example", "Zoe", "Young", free={"preferred_name": "Buttercup"})

    assert found(desk, "butter", Role.READ_ONLY) == 1


def test_two_words_must_both_be_told(desk: Desk) -> None:
    """A name and the beginning of an address would else tell the address."""
    mara(desk)

    assert found(desk, "mara quill", Role.BOX_OFFICE) == 1
    assert found(desk, "mara quill", Role.READ_ONLY) == 0


@pytest.mark.parametrize("sort", [PatronSort.EMAIL, PatronSort.CITY])
def test_the_order_does_not_tell_either(desk: Desk, sort: PatronSort) -> None:
    """A role that may not see the addresses gets the order of the numbers."""
    desk.patron("z@harbour.example", "Ann", "Young", phone=PHONE)
    desk.patron("a@harbour.example", "Bea", "Young")

    def names(role: Role) -> list[str]:
        lines = desk.read(lambda session: patron_list.page(session, sort=sort, reader=role)).lines
        return [line.name for line in lines]

    assert names(Role.READ_ONLY) == ["Ann Young", "Bea Young"]
    if sort is PatronSort.EMAIL:
        assert names(Role.OWNER) == ["Bea Young", "Ann Young"]


def test_protected_patrons_stand_behind_the_others(desk: Desk) -> None:
    """Between two names that a reader sees, a masked one would be no secret."""
    names = ["Ann", "Bea", "Cat", "Dot", "Eve"]
    for name in reversed(names):
        patron = desk.patron(f"{name}@harbour.example".lower(), name, "Young")
        if name in ("Bea", "Dot"):
            protect(desk, patron)

    def listed(role: Role, size: int) -> list[str]:
        found: list[str] = []
        place, again = "", True
        while again:
            page = desk.read(
                lambda session, at=place: patron_list.page(
                    session, place=at, size=size, reader=role
                )
            )
            found += [line.name for line in page.lines]
            place, again = page.after, bool(page.after)
        return found

    behind = ["D••• Y•••", "B••• Y•••"]  # by their numbers
    for size in (1, 2, 3, 10):
        assert [f"{name} Young" for name in names] == listed(Role.MANAGER, size), size
        expected = ["Ann Young", "Cat Young", "Eve Young", *behind]
        assert listed(Role.BOX_OFFICE, size) == expected, size
