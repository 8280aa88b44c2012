"""Countries by their ISO 3166-1 codes: their names, and which one a time zone lies in. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final, cast

from babel import Locale, UnknownLocaleError
from babel.core import get_global

from upstage_crm.core.text import comparable

OTHERWISE: Final = "US"
"""The country of an organisation that has named neither a country nor a time zone in one."""

# Territories of CLDR that are no countries of ISO 3166-1: regions, unions, test locales.
_NOT_COUNTRIES = frozenset({
    "AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ",
})  # fmt: skip


@cache
def countries(language: str = "en") -> dict[str, str]:
    """Country codes and their names in `language` (English when unknown), sorted by name.

    Kosovo's XK is among them.
    """
    try:
        locale = Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        locale = Locale.parse("en")
    territories = cast("Mapping[str, str]", locale.territories)  # typed as Any by the library
    names = {
        code: name
        for code, name in territories.items()
        if len(code) == 2 and code.isalpha() and code not in _NOT_COUNTRIES
    }
    return dict(sorted(names.items(), key=lambda item: comparable(item[1])))


def country_of_zone(time_zone: str) -> str:
    """The country of a time zone; "" for one that lies in none, such as UTC."""
    aliases = cast("Mapping[str, str]", get_global("zone_aliases"))
    territories = cast("Mapping[str, str]", get_global("zone_territories"))
    found = territories.get(aliases.get(time_zone, time_zone), "")
    return found if found in countries() else ""
