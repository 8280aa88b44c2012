"""The invented patrons: the same every time, out of reach, and as mixed as real ones."""

from __future__ import annotations

import re
import time
from collections import Counter
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from upstage_crm.core.email_address import parse_email
from upstage_crm.demo.people import DEFAULT_UNTIL, DemoPerson, people
from upstage_crm.patrons.advice import AdviceCode
from upstage_crm.patrons.fields import FIELDS, PROTECTED_COLUMNS, Context

CONTEXT = Context(today=date(2026, 9, 1))
RESERVED = re.compile(r"(.+\.)?(example\.(com|org|net)|test)")


@pytest.fixture(scope="module")
def crowd() -> list[DemoPerson]:
    return list(people(2_000, 7))


def share(crowd: list[DemoPerson], column: str) -> float:
    return sum(1 for person in crowd if person.values[column]) / len(crowd)


def test_same_seed_gives_the_same_people_and_another_seed_others(crowd: list[DemoPerson]) -> None:
    assert crowd[:500] == list(people(500, 7))
    assert crowd[:500] != list(people(500, 8))
    assert list(people(0, 7)) == []
    assert crowd[:5] == list(people(5, 7))


def test_two_thousand_take_well_under_a_second() -> None:
    started = time.process_time()
    list(people(2_000, 11))

    assert time.process_time() - started < 0.6  # 0.05 s on a quiet machine


def test_every_value_is_canonical(crowd: list[DemoPerson]) -> None:
    for person in crowd:
        assert tuple(sorted(PROTECTED_COLUMNS)) == tuple(sorted(person.values))
        for entry in FIELDS.values():
            values = entry.pick(person.values)
            if not entry.is_empty(values):
                raw = {name: text or "" for name, text in values.items()}
                assert values == entry.parse(raw, CONTEXT)


def test_nobody_can_be_reached(crowd: list[DemoPerson]) -> None:
    for person in crowd:
        email, phone = person.values["email"], person.values["phone"]
        assert email is None or RESERVED.fullmatch(parse_email(email).domain)
        assert phone is None or re.fullmatch(r"\+1\d{3}55501\d\d", phone)


def test_no_two_share_an_address(crowd: list[DemoPerson]) -> None:
    keys = [parse_email(email).key for person in crowd if (email := person.values["email"])]

    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("column", "expected"),
    [("email", 0.80), ("phone", 0.68), ("address_line1", 0.71), ("date_of_birth", 0.06)],
)
def test_shares_follow_the_field(crowd: list[DemoPerson], column: str, expected: float) -> None:
    assert share(crowd, column) == pytest.approx(expected, abs=0.03)


def test_a_third_of_the_addresses_is_proven_and_none_both_proven_and_bounced(
    crowd: list[DemoPerson],
) -> None:
    with_email = [person for person in crowd if person.values["email"]]
    verified = [person for person in with_email if person.is_email_verified]

    assert len(verified) / len(with_email) == pytest.approx(0.36, abs=0.03)
    assert not [person for person in verified if person.is_email_bounced]
    assert not [
        person
        for person in crowd
        if not person.values["email"] and (person.is_email_verified or person.is_email_bounced)
    ]


def test_people_are_mixed(crowd: list[DemoPerson]) -> None:
    names = " ".join(f"{p.values['given_name']} {p.values['family_name']}" for p in crowd)

    assert {"en", "es", "fr", "de", "ar"} == {person.language for person in crowd}
    assert {"US", "GB", "DE", "FR", "ES", None} == {p.values["address_country"] for p in crowd}
    assert {"person", "organisation"} == {person.kind for person in crowd}
    assert all(ZoneInfo(person.time_zone) for person in crowd)
    for pattern in ("[\u0600-\u06ff]", "[\u4e00-\u9fff]", "ß", r"\w'\w", r"\w-\w"):
        assert re.search(pattern, names)


def test_households_share_surname_and_address(crowd: list[DemoPerson]) -> None:
    homes = Counter(
        (
            person.values["family_name"],
            person.values["address_line1"],
            person.values["address_city"],
        )
        for person in crowd
        if person.values["family_name"] and person.values["address_line1"]
    )

    assert 100 < sum(1 for members in homes.values() if members > 1) < 300


def test_records_were_made_over_eight_seasons(crowd: list[DemoPerson]) -> None:
    years = Counter((DEFAULT_UNTIL - person.created_at).days // 365 for person in crowd)

    assert set(range(8)) == set(years)
    assert all(person.created_at < DEFAULT_UNTIL for person in crowd)
    assert min(years, key=lambda year: years[year]) == 5  # the closed season
    assert DEFAULT_UNTIL - timedelta(days=8 * 365) <= min(person.created_at for person in crowd)


def test_special_cases_come_first(crowd: list[DemoPerson]) -> None:
    edges = [person.edge for person in crowd]
    special = [person for person in crowd if person.edge]

    assert special == crowd[: len(special)]
    assert 2 == edges.count("two-rubys") == edges.count("swapped-addresses")
    rubys = [person.values for person in special if person.edge == "two-rubys"]
    for column in ("given_name", "family_name", "address_line1"):
        assert rubys[0][column] == rubys[1][column]
    assert rubys[0]["date_of_birth"] != rubys[1]["date_of_birth"]
    [long_name] = [person.values for person in special if person.edge == "long-name"]
    assert len(FIELDS["name"].show(long_name)) == 90
    [mononym] = [person.values for person in special if person.edge == "mononym"]
    assert mononym["family_name"] is None


def test_no_demo_address_looks_like_a_mistake(crowd: list[DemoPerson]) -> None:
    email = FIELDS["email"]
    codes = {
        advice.code
        for person in crowd
        if person.values["email"]
        for advice in email.advise(person.values, email.empty())
    }

    assert codes <= {AdviceCode.ROLE_ADDRESS}
