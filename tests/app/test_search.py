"""Search: who is found by what, for each role, and after the words were rebuilt."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.factories import Desk
from tests.support.keyring import attach
from upstage_crm.change_requests.reads import references
from upstage_crm.core import migrations
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database, make_engine
from upstage_crm.patrons.search import patron_list
from upstage_crm.staff.roles import Role

pytestmark = pytest.mark.each_database


def found(desk: Desk, query: str, reader: Role = Role.OWNER) -> list[int]:
    lines = desk.read(lambda session: patron_list.page(session, query=query, reader=reader)).lines
    return [line.number for line in lines]


@pytest.mark.parametrize("reader", Role)
def test_every_role_that_reads_names_finds_letters_as_people_type_them(
    desk: Desk, reader: Role
) -> None:
    patron = desk.patron(given_name="Łukasz", family_name="Ørsted")

    assert found(desk, "lukasz orsted", reader) == [patron.number]
    assert found(desk, f"patron {patron.number}", reader) == [patron.number]


@pytest.mark.parametrize("query", ["020 7946 0958", "0044 20 7946", "+44 (0)20 7946 0958"])
def test_a_phone_is_found_nationally_and_from_abroad(desk: Desk, query: str) -> None:
    patron = desk.patron(phone="+442079460958")

    assert found(desk, query) == [patron.number]


def test_a_masked_value_is_found_by_its_whole_and_by_nothing_less(desk: Desk) -> None:
    patron = desk.patron("jane@example.org", phone="+12125550117")

    assert found(desk, "(212) 555-0117", Role.MARKETING) == [patron.number]
    assert found(desk, "212 555 01", Role.MARKETING) == []
    assert found(desk, "jane@example", Role.AUDITOR) == []
    assert found(desk, "mailto:Jane@example.org", Role.AUDITOR) == [patron.number]


def test_a_query_cannot_name_a_field_that_its_reader_does_not_see(desk: Desk) -> None:
    desk.patron("jane@example.org", given_name="Mara")

    assert found(desk, "email:jane@exam", Role.AUDITOR) == []
    assert found(desk, "email:jane", Role.AUDITOR) == []


def test_a_reference_leads_to_its_patron(desk: Desk) -> None:
    patron = desk.patron()
    reference = desk.propose(patron).reference

    def number(typed: str) -> int | None:
        return desk.read(lambda session: references.patron_number(session, typed))

    assert number(reference) == patron.number
    assert number(f" {reference.replace('-', '').lower()}") == patron.number
    assert number("ZZ-ZZZ") is None
    assert number(str(patron.number)) is None


def test_words_of_before_are_rebuilt(blank_url: str, clock: FrozenClock) -> None:
    engine = make_engine(blank_url)
    migrations.upgrade(engine)
    database = Database(engine)
    attach(database)
    desk = Desk(database, clock)
    patron = desk.patron(given_name="Łukasz", tags="donor")
    migrations.downgrade(engine, "0012")
    with engine.connect() as connection:
        words = set(connection.execute(sa.text("SELECT term FROM patron_term")).scalars())
    assert {"lukasz", str(patron.number), "tag:donor"} <= words

    migrations.upgrade(engine)

    assert found(desk, "lukasz") == [patron.number]
    database.dispose()


def test_a_name_of_one_word_stands_before_the_same_word_with_another(desk: Desk) -> None:
    names = ["Abbott-Underwood", "Abbott", "Abbott Whitaker", "Abbotts"]
    for family in names:
        given = "Zoe" if family == "Abbott" else "Amy"
        desk.patron(email="", given_name=given, family_name=family)

    lines = desk.read(patron_list.page).lines

    assert [line.name.partition(" ")[2] for line in lines] == [
        "Abbott",
        "Abbott-Underwood",
        "Abbott Whitaker",
        "Abbotts",
    ]
