"""Who sees what: the whole table, role by field by protection, and the texts without the rest."""

from __future__ import annotations

import pytest

from upstage_crm.patrons.fields import FIELDS
from upstage_crm.patrons.visibility import (
    EVERYTHING,
    FieldAccess,
    told_values,
)
from upstage_crm.staff.roles import Role
from upstage_crm.staff.visibility import sees

OF_THE_FEW = {Role.OWNER, Role.MANAGER, Role.PRIVACY_LEAD}
# What each other role sees of a patron who is not protected; the issue says so.
SAID = {
    Role.BOX_OFFICE: {"email", "phone", "name", "address"},
    Role.MARKETING: {"email", "name"},
    Role.DEVELOPMENT: {"email", "phone", "name", "address"},
    Role.AUDITOR: {"name"},
    Role.READ_ONLY: {"name"},
}
NEW_FIELD = "a_field_that_nobody_has_decided_about"
TABLE = [
    (role, key, is_protected)
    for role in Role
    for key in (*FIELDS, NEW_FIELD)
    for is_protected in (False, True)
]
VALUES = {
    "email": "mara.okonkwo@example.com",
    "phone": "+12125550117",
    "given_name": "Mara",
    "family_name": "Okonkwo",
    "address_line1": "7 Harbour Lane",
    "address_line2": None,
    "address_city": "Springfield",
    "address_region": None,
    "address_postcode": "62704",
    "address_country": "US",
    "date_of_birth": "1961-03-04",
}


def test_every_role_is_decided_about() -> None:
    assert set(Role) == OF_THE_FEW | set(SAID)


@pytest.mark.parametrize(("role", "key", "is_protected"), TABLE)
def test_the_whole_table(role: Role, key: str, is_protected: bool) -> None:
    expected = role in OF_THE_FEW or (not is_protected and key in SAID[role])

    assert expected == sees(role, key, is_protected=is_protected)


def test_no_role_is_told_of_a_field_that_is_not_there() -> None:
    assert set[str]().union(*SAID.values()) <= set(FIELDS)


@pytest.mark.parametrize(("role", "key", "is_protected"), TABLE)
def test_a_value_is_shown_or_masked_by_the_registry(
    role: Role, key: str, is_protected: bool
) -> None:
    if key == NEW_FIELD:
        return
    entry, access = FIELDS[key], FieldAccess(role, is_protected)
    expected = entry.show(VALUES, home=access.home) if access.sees(key) else entry.mask(VALUES)

    assert expected == access.show(entry, VALUES)
    assert entry.show(VALUES) != entry.mask(VALUES)
    assert expected in (", ".join(access.lines(entry, VALUES)), access.show(entry, VALUES))
    assert access.show(entry, entry.empty()) == ""
    assert access.sees(key) == (set(entry.columns) <= set(access.kept(VALUES)))


def test_a_name_is_masked_on_a_protected_record() -> None:
    assert FieldAccess(Role.READ_ONLY).name(VALUES, number=7) == "Mara Okonkwo"
    assert FieldAccess(Role.READ_ONLY, is_protected=True).name(VALUES, number=7) == "M••• O•••"
    assert FieldAccess(Role.READ_ONLY, is_protected=True).name({}, number=7) == "Patron 7"


SAYS_ALL = (
    "Mara OKONKWO asked: mara.okonkwo@example.com, not old.one@example.org, call 212-555-0117 or "
    "+1 212 555 0199; born 1961-03-04 (4 March 1961), 7 Harbour Lane, Springfield, 62704 in US"
)


def test_words_lose_what_the_reader_may_not_see() -> None:
    """Values that the record holds, and whatever looks like an address or a number."""
    access = FieldAccess(Role.READ_ONLY, held=(VALUES,))

    said = access.words(SAYS_ALL)

    assert said.startswith("Mara OKONKWO asked: •••, not •••, call ••• or •••; born •••")
    for gone in ("example", "555", "1961-03-04", "Harbour", "Springfield", "62704"):
        assert gone not in said
    assert said.endswith("in US")


def test_words_of_a_protected_patron_lose_the_name_too() -> None:
    said = FieldAccess(Role.BOX_OFFICE, is_protected=True, held=(VALUES,)).words(SAYS_ALL)

    assert said.startswith("••• asked: •••, not •••")


def test_whoever_sees_all_reads_every_word() -> None:
    assert EVERYTHING.words(SAYS_ALL) == SAYS_ALL
    assert FieldAccess(Role.MANAGER, is_protected=True, held=(VALUES,)).words(SAYS_ALL) == SAYS_ALL


def test_a_region_that_is_a_word_stays_one() -> None:
    access = FieldAccess(Role.READ_ONLY, held=({"address_region": "OR", "address_country": "US"},))

    assert access.words("call us or write") == "call us or write"


def test_the_values_of_an_entry_are_known_by_every_end() -> None:
    told = told_values({"email": "a@x.org", "email.old": "b@x.org", "email.new": "c@x.org"})

    assert [values["email"] for values in told] == ["a@x.org", "b@x.org", "c@x.org"]
