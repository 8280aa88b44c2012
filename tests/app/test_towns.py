"""Towns by how they begin, alike on every database, and only for who may read an address."""

from __future__ import annotations

import pytest

from tests.support.factories import Desk
from upstage_crm.patrons import marks
from upstage_crm.patrons.search.towns import towns
from upstage_crm.staff.roles import Role


def living_in(desk: Desk, *names: str) -> None:
    for place, name in enumerate(names):
        desk.patron(
            f"p{place}.{len(name)}@example.com",
            address_line1="1 Main Street",
            address_city=name,
            address_country="US",
        )


def found(desk: Desk, begins: str, *, reader: Role = Role.OWNER, most: int = 8) -> tuple[str, ...]:
    return desk.read(lambda session: towns(session, begins, reader=reader, most=most))


@pytest.mark.parametrize(
    ("begins", "expected"),
    [
        ("spring", ("Spring Hill", "Springfield")),
        ("SPRINGF", ("Springfield",)),
        ("Spring H", ("Spring Hill",)),
        ("new", ("New York", "Newark")),
        ("york", ()),
        ("  ", ()),
        ("%", ()),
    ],
)
def test_towns_begin_so_whatever_the_case(
    desk: Desk, begins: str, expected: tuple[str, ...]
) -> None:
    living_in(desk, "Springfield", "Spring Hill", "Springfield", "New York", "Newark", "Zagreb")

    assert found(desk, begins) == expected


def test_no_more_are_told_than_asked_for(desk: Desk) -> None:
    living_in(desk, *(f"Town {n:02}" for n in range(12)))

    assert found(desk, "town", most=3) == ("Town 00", "Town 01", "Town 02")


def test_who_reads_no_address_learns_of_no_town(desk: Desk) -> None:
    living_in(desk, "Springfield")

    assert found(desk, "spring", reader=Role.MARKETING) == ()
    assert found(desk, "spring", reader=Role.BOX_OFFICE) == ("Springfield",)


def test_a_town_of_protected_patrons_alone_is_told_to_the_few(desk: Desk) -> None:
    living_in(desk, "Springfield")
    known = desk.patron(
        "known@example.com",
        address_line1="2 Main Street",
        address_city="Springdale",
        address_country="US",
    )
    desk.act(desk.owner, marks.protect, patron_id=known.id, reason="Known on television")

    assert found(desk, "spring", reader=Role.BOX_OFFICE) == ("Springfield",)
    assert found(desk, "spring") == ("Springdale", "Springfield")
