"""Postal addresses in the order of their country."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upstage_crm.core.postal.address_formats import format_of, write
from upstage_crm.core.postal.countries import countries


@pytest.mark.parametrize(
    ("country", "parts", "written"),
    [
        ("US", ("1 Main St", "New York", "NY", "10011"), ["1 Main St", "New York, NY 10011"]),
        ("US", ("1 Main St", "New York", "", "10011"), ["1 Main St", "New York 10011"]),
        ("GB", ("5 Hill", "Leeds", "", "LS1 4AB"), ["5 Hill", "Leeds", "LS1 4AB"]),
        (
            "DE",
            ("Unter den Linden 5", "Berlin", "", "10117"),
            ["Unter den Linden 5", "10117 Berlin"],
        ),
        ("ES", ("Calle Mayor 1", "Madrid", "Madrid", "28013"), ["Calle Mayor 1", "28013 Madrid"]),
        (
            "ES",
            ("Calle Sol 2", "Utrera", "Sevilla", "41710"),
            ["Calle Sol 2", "41710 Utrera Sevilla"],
        ),
        ("CH", ("Bahnhofplatz 1", "Zürich", "", "8001"), ["Bahnhofplatz 1", "8001 Zürich"]),
        ("BR", ("Rua A 1", "Recife", "PE", "50000-000"), ["Rua A 1", "Recife-PE", "50000-000"]),
        ("SG", ("1 Garden Rd", "", "", "238801"), ["1 Garden Rd", "SINGAPORE 238801"]),
        ("HK", ("8 Finance St", "", "Central", ""), ["8 Finance St", "Central"]),
        (
            "JP",
            ("1-2-3 Ginza", "Chuo", "Tokyo", "104-0061"),
            ["1-2-3 Ginza", "Chuo", "Tokyo", "104-0061"],
        ),
        ("JP", ("銀座1-2-3", "", "東京都", "104-0061"), ["〒104-0061", "東京都", "銀座1-2-3"]),
        ("CN", ("长安街1号", "北京市", "", "100006"), ["100006", "北京市", "长安街1号"]),
    ],
)
def test_an_address_is_written_as_in_its_country(
    country: str, parts: tuple[str, str, str, str], written: list[str]
) -> None:
    line, town, region, postcode = parts

    assert (
        list(write(country, lines=[line], town=town, region=region, postcode=postcode)) == written
    )


@given(
    st.sampled_from([*countries(), "", "??"]),
    st.lists(st.sampled_from(["1 Road", "Flat 2", "通り"]), min_size=1, max_size=2, unique=True),
    st.sampled_from(["", "Towne", "京都"]),
    st.sampled_from(["", "Shire"]),
    st.sampled_from(["", "12345"]),
)
def test_no_part_is_lost_in_any_country(
    country: str, lines: list[str], town: str, region: str, postcode: str
) -> None:
    written = write(country, lines=lines, town=town, region=region, postcode=postcode)

    whole = "\n".join(written)
    assert all(whole.count(part) == 1 for part in (*lines, town, region, postcode) if part)
    assert all(line == line.strip(" ,-") for line in written)


def test_the_list_knows_nearly_every_country() -> None:
    unnamed = [code for code in countries() if format_of(code) is format_of("ZZ")]

    assert len(unnamed) < 5
    assert not format_of("SG").needs_town
    assert format_of("DE").needs_town
