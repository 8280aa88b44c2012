"""The patron list: its pages go by key, its search forgives, and its filters join."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlmodel import Session

from tests.support.factories import Desk
from upstage_crm.change_requests.reads.asked_patrons import is_asked
from upstage_crm.core.db import dialect_of
from upstage_crm.patrons import commands, marks
from upstage_crm.patrons.search import list_filters as filters
from upstage_crm.patrons.search import patron_list, search_index
from upstage_crm.patrons.search.list_filters import EmailIs, PatronKind, PatronStatus
from upstage_crm.patrons.search.list_order import PatronSort
from upstage_crm.patrons.search.patron_list import Narrowed, PatronPage
from upstage_crm.staff.roles import Role

pytestmark = pytest.mark.each_database

LISTED = [sort for sort in PatronSort if sort is not PatronSort.MATCH]


def living_in(city: str) -> dict[str, Any]:
    return {
        "address_line1": "1 Main Street",
        "address_city": city,
        "address_postcode": "BS1 4QA",
        "address_country": "GB",
    }


def page(desk: Desk, **asked: Any) -> PatronPage:
    return desk.read(lambda session: patron_list.page(session, **asked))


def names(found: PatronPage) -> list[str]:
    return [line.name.partition(" ")[0] for line in found.lines]


def narrowed(desk: Desk, *conditions: sa.ColumnElement[bool], any_of: bool = False) -> list[str]:
    wanted = Narrowed(conditions=conditions, any_of=any_of)
    found = page(desk, narrowed=wanted)
    counted = desk.read(lambda session: patron_list.count(session, wanted))
    assert (len(found.lines), counted) == (found.total, found.total)
    return names(found)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", LISTED)
def test_pages_go_on_by_key_and_back(desk: Desk, sort: PatronSort, descending: bool) -> None:
    for place, name in enumerate(("Ann", "Bea", "Cat", "Dot", "Eve", "Flo", "Gus")):
        home: dict[str, Any] = living_in("Leeds") if place % 3 else {}
        desk.patron(f"{name.lower()}@example.org" if place % 2 else "", name, "Young", **home)
    whole = names(page(desk, sort=sort, descending=descending))

    def turned(place: str) -> PatronPage:
        return page(desk, sort=sort, descending=descending, place=place, size=2)

    first = turned("")
    second = turned(first.after)
    third = turned(second.after)
    last = turned(third.after)

    pages = (first, second, third, last)
    assert [name for each in pages for name in names(each)] == whole
    assert (first.before, last.after) == ("", "")
    assert [names(turned(each.before)) for each in pages[1:]] == [names(p) for p in pages[:3]]


@pytest.mark.parametrize(
    "place",
    [
        "city.asc.0.11740..after",
        "name.desc.0.11740..after",
        "name.asc.9.11740..after",
        "name.asc.0.99999999999..after",
        "updated.asc.0.11740.99999999999999999.after",
        "name.asc.0.1",
        "½.²",
        "x" * 100,
    ],
)
def test_a_place_of_another_order_is_the_first_page(desk: Desk, place: str) -> None:
    desk.patron()

    found = page(desk, place=place)

    assert (len(found.lines), found.is_lost) == (1, True)


def test_a_place_names_nobody(desk: Desk) -> None:
    for name in ("Ann", "Bea"):
        desk.patron(f"{name.lower()}@example.org", name, "Young")

    for sort in LISTED:
        place = page(desk, sort=sort, size=1).after
        assert not any(word in place.lower() for word in ("ann", "young", "@")), place


def test_names_come_first_and_the_word_as_it_was_typed(desk: Desk) -> None:
    desk.patron("max@mara.example", "Max", "Young")
    desk.patron("b@example.org", "Marabel", "Young")
    desk.patron("c@example.org", "Mara", "Young")
    desk.patron("d@example.org", "Dot", "Young", **living_in("Marabu"))

    found = page(desk, query="mara", sort=PatronSort.MATCH)

    assert names(found) == ["Mara", "Marabel", "Max", "Dot"]


def test_all_words_must_be_found_and_those_of_one_name_come_first(desk: Desk) -> None:
    desk.patron("smith@example.org", "Mara", "Abbott")
    desk.patron("b@example.org", "Mara", "Smith")
    desk.patron("c@example.org", "Mara", "Jones")

    found = page(desk, query="smith mara", sort=PatronSort.MATCH)

    assert [line.name for line in found.lines] == ["Mara Smith", "Mara Abbott"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("marria", "maria"),  # a letter too many
        ("mria", "maria"),  # one missing
        ("msria", "maria"),  # one wrong
        ("amria", "maria"),  # two that changed places
        ("maria gonzales", "maria gonzalez"),
        ("Gonzalex", "gonzalez"),
        ("Θεοδρα", "θεοδωρα"),
    ],
)
def test_a_slip_is_forgiven_and_told(desk: Desk, typed: str, meant: str) -> None:
    desk.patron("m@example.org", "María", "González")
    desk.patron("t@example.org", "Θεοδώρα", "Πάππας")

    found = page(desk, query=typed, sort=PatronSort.MATCH)

    assert len(found.lines) == 1
    assert sorted(found.words.split()) == sorted(meant.split())


def test_what_is_found_as_it_was_typed_is_not_corrected(desk: Desk) -> None:
    desk.patron("m@example.org", "Maria", "Young")
    desk.patron("n@example.org", "Marina", "Young")

    found = page(desk, query="marina", sort=PatronSort.MATCH)

    assert (names(found), found.words) == (["Marina"], "")


def test_a_correction_tells_nobody_a_name_that_is_masked(desk: Desk) -> None:
    patron = desk.patron("m@example.org", "Xanthippe", "Young")
    desk.write(
        lambda session: marks.protect(
            desk.staff_context(session, desk.owner), patron_id=patron.id, reason="a stalker"
        )
    )

    assert names(page(desk, query="xantippe")) == ["Xanthippe"]
    assert page(desk, query="xantippe", reader=Role.BOX_OFFICE) == PatronPage()


def test_a_search_can_be_sorted_and_narrowed(desk: Desk) -> None:
    for name, city in (("Ann", "Leeds"), ("Bea", "York"), ("Cat", "Bath")):
        desk.patron(f"{name.lower()}@example.org", name, "Young", **living_in(city))
    in_bath = Narrowed(conditions=(filters.lives_in("Bath"),))

    assert names(page(desk, query="you", sort=PatronSort.CITY)) == ["Cat", "Ann", "Bea"]
    assert names(page(desk, query="you", narrowed=in_bath)) == ["Cat"]


def test_filters_find_who_they_say(desk: Desk) -> None:
    desk.patron("ann@example.org", "Ann", "Young", tags="donor")
    desk.patron("", "Bea", "Young")
    asked = desk.patron("cat@example.org", "Cat", "Young", **living_in("Bath"))
    request = desk.propose(asked, "new@example.org")
    assert request.reference

    assert narrowed(desk, filters.has_tag("Donor")) == ["Ann"]
    assert narrowed(desk, filters.email_is(EmailIs.NONE)) == ["Bea"]
    assert narrowed(desk, filters.email_is(EmailIs.UNPROVEN)) == ["Ann", "Cat"]
    assert narrowed(desk, filters.in_country("GB")) == ["Cat"]
    assert narrowed(desk, filters.has_status(PatronStatus.ACTIVE)) == ["Ann", "Bea", "Cat"]
    assert narrowed(desk, filters.has_status(PatronStatus.DECEASED)) == []
    assert narrowed(desk, filters.is_kind(PatronKind.ORGANISATION)) == []
    assert narrowed(desk, filters.changed_since(desk.now)) == ["Ann", "Bea", "Cat"]
    assert narrowed(desk, filters.unchanged_since(desk.now)) == []
    assert narrowed(desk, filters.is_flagged()) == []
    assert narrowed(desk, is_asked()) == ["Cat"]
    assert narrowed(desk, is_asked(by="0" * 32)) == []


def test_filters_join_by_all_or_any(desk: Desk) -> None:
    desk.patron("ann@example.org", "Ann", "Young", tags="donor")
    desk.patron("", "Bea", "Young")
    both = (filters.has_tag("donor"), filters.email_is(EmailIs.NONE))

    assert narrowed(desk, *both) == []
    assert narrowed(desk, *both, any_of=True) == ["Ann", "Bea"]


def test_the_index_of_words_is_what_the_records_say(desk: Desk) -> None:
    patron = desk.patron("ann@example.org", "Ann", "Young", phone="+12125550117")
    other = desk.patron("bea@example.org", "Bea", "Young")
    desk.decide(desk.asked(patron)[1])
    desk.write(
        lambda session: commands.edit(
            desk.staff_context(session, desk.owner),
            patron_id=other.id,
            free={"preferred_name": "Bee"},
        )
    )

    assert desk.read(lambda session: list(search_index.strays(session))) == []

    desk.forge(f"DELETE FROM patron_term WHERE patron_number = {other.number}")
    assert desk.read(lambda session: list(search_index.strays(session))) == [other.number]


@pytest.mark.parametrize("query", ["ma", "mara okon"])
def test_a_search_looks_up_one_term_after_the_other(desk: Desk, query: str) -> None:
    """PostgreSQL would join terms and patrons by a guess, and begin with all the patrons."""
    desk.patron("mara@example.org", "Mara", "Okonkwo")
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, sql: str, values: Any, *_: Any) -> None:
        if sql.startswith("SELECT patron_term.term, "):
            asked.append((sql, values))

    event.listen(desk.database.engine, "before_cursor_execute", note)
    page(desk, query=query, sort=PatronSort.MATCH, reader=Role.MARKETING)
    event.remove(desk.database.engine, "before_cursor_execute", note)

    assert asked
    with desk.database.reading() as session:
        plans = [explained(session, sql, values) for sql, values in asked]
    for plan in plans:
        assert "Join" not in plan
        assert "Nested Loop" not in plan


def explained(session: Session, sql: str, values: Any) -> str:
    """How the database runs a statement."""
    how = "EXPLAIN QUERY PLAN " if dialect_of(session) == "sqlite" else "EXPLAIN "
    return str(session.connection().exec_driver_sql(how + sql, values).all())
