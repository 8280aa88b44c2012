"""Adding, editing and finding patrons; protected values only ever enter with a new record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import pytest

from tests.support.factories import NEW, OLD, Desk, together, unchanged
from upstage_crm.audit.events import Action, Channel
from upstage_crm.core.email_address import InvalidEmail
from upstage_crm.core.errors import Forbidden, UpstageError
from upstage_crm.core.text import InvalidText
from upstage_crm.organisation.errors import UnknownLanguage, UnknownTimeZone
from upstage_crm.patrons import commands, queries
from upstage_crm.patrons.errors import (
    AddressTaken,
    EditedMeanwhile,
    InvalidValue,
    NameMissing,
    PossibleDuplicates,
    UnknownPatron,
)
from upstage_crm.patrons.search import patron_list
from upstage_crm.patrons.tables import PatronKind, PatronStatus
from upstage_crm.patrons.views import Duplicate, PatronRecord
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role, StaffMember


def edit(
    desk: Desk,
    patron: PatronRecord,
    free: Mapping[str, str],
    actor: StaffMember | None = None,
    began: Mapping[str, str] | None = None,
) -> None:
    who = actor or desk.owner
    desk.act(who, commands.edit, patron_id=patron.id, free=free, began=began)


def add(desk: Desk, raw: Mapping[str, str], *, even_if_duplicate: bool = False) -> int:
    who = desk.owner
    return desk.act(
        who,
        commands.add,
        kind=PatronKind.PERSON,
        raw=raw,
        free={},
        parsing=desk.context,
        even_if_duplicate=even_if_duplicate,
    )


def found(desk: Desk, query: str) -> list[str]:
    lines = desk.read(lambda session: patron_list.page(session, query=query)).lines
    return [line.name for line in lines]


# --- add -----------------------------------------------------------------------------------------


def test_a_new_patron_has_canonical_values_and_an_unproven_address(desk: Desk) -> None:
    patron = desk.patron(
        email=" Mara@EXAMPLE.com ", phone="(212) 555-0101", date_of_birth="1961-03-04"
    )

    assert patron.number == 10001
    assert patron.values["email"] == "Mara@example.com"
    assert patron.values["phone"] == "+12125550101"
    assert patron.email_verified_at is None
    assert desk.scalar("SELECT email_key FROM patron") == "mara@example.com"
    line = desk.lines(action=Action.PATRON_ADDED)[0]
    assert (patron.id, Channel.CRM) == (line.patron_id, line.channel)
    assert line.values["email"] == "Mara@example.com"
    assert "address_city" not in line.values


def test_a_new_patron_needs_a_name_only(desk: Desk) -> None:
    assert desk.patron(email="", family_name="").name == "Mara"
    unchanged(desk, lambda: add(desk, {"email": NEW}), NameMissing)


NO_PATRONS: list[tuple[dict[str, str], type[UpstageError]]] = [
    ({"given_name": "Mara", "email": "mara"}, InvalidEmail),
    ({"given_name": "Mara", "email": f"{OLD}\r\nBcc: {NEW}"}, InvalidEmail),
    ({"given_name": "Mara\r\nBcc: x@example.org"}, UpstageError),
    ({"given_name": "<script>"}, InvalidValue),
    ({"given_name": "{{ 7*7 }}"}, InvalidValue),
    ({"given_name": "Mara", "phone": "12"}, InvalidValue),
    ({"given_name": "Mara", "date_of_birth": "2999-01-01"}, InvalidValue),
    ({"given_name": "M" * 101}, InvalidText),
]


def test_a_value_that_cannot_stand_adds_nobody(desk: Desk) -> None:
    """Case 25 and property 8."""
    assert desk.owner

    for raw, kind in NO_PATRONS:
        unchanged(desk, lambda raw=raw: add(desk, raw), kind)


def test_an_address_in_use_is_refused_with_its_owner(desk: Desk) -> None:
    mara = desk.patron()

    raw = {"given_name": "Ole", "email": OLD.upper()}
    error = unchanged(desk, lambda: add(desk, raw, even_if_duplicate=True), AddressTaken)

    assert mara.number == error.facts["number"]


def test_an_address_of_an_inactive_patron_is_free(desk: Desk) -> None:
    desk.set_status(desk.patron(), PatronStatus.INACTIVE)

    assert desk.patron(given_name="Ole").number == 10002


def test_one_address_added_twice_at_one_moment_is_one_patron(desk: Desk) -> None:
    """The unique index's refusal is "address taken", never an error page."""
    assert desk.owner

    results = together(*[lambda n=n: desk.patron(given_name=n) for n in ("Mara", "Ole", "Ina")])

    taken = [result for result in results if isinstance(result, AddressTaken)]
    assert len(taken) == 2
    number = desk.scalar("SELECT number FROM patron")
    assert {number} == {error.facts["number"] for error in taken}
    assert desk.scalar("SELECT count(*) FROM patron") == 1
    assert desk.chain_is_whole()


def test_somebody_like_this_is_shown_before_a_second_record_is_made(desk: Desk) -> None:
    mara = desk.patron(phone="+1 212 555 0101")
    raw = {"given_name": "MARA", "family_name": "Smíth", "phone": "212-555-0101"}

    error = unchanged(desk, lambda: add(desk, raw), PossibleDuplicates)

    (duplicate,) = cast("tuple[Duplicate]", error.facts["duplicates"])
    assert (mara.number, ("phone", "name")) == (duplicate.number, duplicate.reasons)
    assert add(desk, raw, even_if_duplicate=True) == 10002


def test_a_role_without_the_permission_adds_and_edits_nobody(desk: Desk) -> None:
    """Case 42."""
    patron = desk.patron()
    for role in Role:
        member = desk.staff(f"M{role.value}", role)
        if Permission.ADD_PATRON not in PERMISSIONS[role]:
            unchanged(desk, lambda member=member: desk.patron(email=NEW, actor=member), Forbidden)
        if Permission.EDIT_PATRON not in PERMISSIONS[role]:
            unchanged(
                desk, lambda member=member: edit(desk, patron, {"note": "x"}, member), Forbidden
            )


# --- edit ----------------------------------------------------------------------------------------


def test_free_columns_change_in_place_with_old_and_new_in_the_trail(desk: Desk) -> None:
    patron = desk.patron(free={"note": "kind"})

    edit(desk, patron, {"note": " very\nkind ", "pronouns": " they "})

    free = desk.record(patron).free
    assert (free["note"], free["pronouns"]) == ("very\nkind", "they")
    line = desk.lines(action=Action.PATRON_EDITED)[0]
    assert line.facts["fields"] == "note, pronouns"
    assert (line.values["note.old"], line.values["note.new"]) == ("kind", "very\nkind")


def test_an_edit_cannot_reach_a_protected_column(desk: Desk) -> None:
    """Case 1: not by naming one, whatever the form sends."""
    patron = desk.patron()
    before = desk.dump()

    edit(desk, patron, {"email": NEW, "phone": "1", "number": "1", "status": "x", "id": "x"})

    assert before == desk.dump()


def test_no_change_records_nothing(desk: Desk) -> None:
    patron = desk.patron(free={"note": "kind"})
    before = desk.dump()

    edit(desk, patron, {"note": " kind "})

    assert before == desk.dump()


def test_a_value_that_a_colleague_changed_meanwhile_is_not_overwritten(desk: Desk) -> None:
    """Case 64."""
    patron = desk.patron(free={"note": "old"})
    edit(desk, patron, {"note": "Needs a ramp"}, began={"note": "old"})

    refused = unchanged(
        desk,
        lambda: edit(desk, patron, {"note": "Likes row F"}, began={"note": "old"}),
        EditedMeanwhile,
    )

    assert refused.facts == {"now": "Needs a ramp"}
    edit(desk, patron, {"note": "Needs a ramp"}, began={"note": "old"})  # says the same: no clash
    edit(desk, patron, {"note": "Ramp, row F"}, began={"note": "Needs a ramp"})
    assert desk.record(patron).free["note"] == "Ramp, row F"


@pytest.mark.parametrize(
    ("free", "kind"),
    [
        ({"note": "x" * 4_001}, InvalidText),
        ({"pronouns": "she\nher"}, InvalidText),
        ({"language": "tlh"}, UnknownLanguage),
        ({"time_zone": "Mars/Olympus"}, UnknownTimeZone),
    ],
)
def test_a_free_value_that_cannot_stand_is_refused(
    desk: Desk, free: Mapping[str, str], kind: type[UpstageError]
) -> None:
    patron = desk.patron()

    unchanged(desk, lambda: edit(desk, patron, free), kind)


def test_an_unknown_patron_is_refused(desk: Desk) -> None:
    assert desk.owner

    for command in (
        lambda session: queries.get(session, "0" * 32),
        lambda session: queries.get_by_number(session, 1),
        lambda session: queries.lock(session, "0" * 32),
    ):
        with pytest.raises(UnknownPatron):
            desk.read(command)


# --- find ----------------------------------------------------------------------------------------


FINDING = (
    "mar",
    "SMI",
    "smi mar",
    "10001",
    "mara@example.com",
    "212 555 0101",
    "5550101",
    "spring",
    "62701",
    "Márá",
)


def test_a_patron_is_found_by_the_start_of_any_word(desk: Desk) -> None:
    desk.patron(
        phone="+1 212 555 0101",
        address_line1="1 Main Street",
        address_city="Springfield",
        address_postcode="62701",
        address_country="US",
    )
    desk.patron(email="ole@example.org", given_name="Ole", family_name="Berg")

    for query in FINDING:
        assert found(desk, query) == ["Mara Smith"], query


def test_what_nobody_has_finds_nobody(desk: Desk) -> None:
    desk.patron()

    for query in ("zzz", "mara berg", "'; DROP TABLE patron;--", "@"):
        assert found(desk, query) == [], query
    for nothing in ("%", "_", " "):  # asks for nothing, so the whole list stays
        assert found(desk, nothing) == ["Mara Smith"], nothing
    assert desk.scalar("SELECT count(*) FROM patron") == 1


def test_an_edited_preferred_name_is_found(desk: Desk) -> None:
    edit(desk, desk.patron(), {"preferred_name": "Mimi"})

    assert found(desk, "mimi") == ["Mara Smith"]


def test_the_list_is_paged_and_sorted_alike_everywhere(desk: Desk) -> None:
    for name in ("Ąda", "Zoe", "abe", "Öle"):
        desk.patron(email="", given_name=name, family_name="")

    first = desk.read(lambda session: patron_list.page(session, size=3))
    rest = desk.read(lambda session: patron_list.page(session, size=3, place=first.after))

    assert first.total == 4
    assert [line.name for line in (*first.lines, *rest.lines)] == ["abe", "Ąda", "Öle", "Zoe"]
