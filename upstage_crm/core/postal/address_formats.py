"""How the people of each country write a postal address: the order of its lines and parts.

The list is a file beside this one, which `make lock` brings up to date from Google's address data.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from upstage_crm.core.text import comparable

LIST: Final = Path(__file__).with_name("address_formats.tsv")
_ANYWHERE: Final = "ZZ"  # of a country that the list does not name
_LINES, _TOWN, _REGION, _POSTCODE = "%A", "%C", "%S", "%Z"
_PART = re.compile("(%[ACSZ])")
_SEPARATORS = re.compile(r"[\s,\-]*")


@dataclass(frozen=True, slots=True)
class AddressFormat:
    """A country's format, as it is written in its own letters and in Latin ones."""

    local: str
    latin: str
    needs_town: bool


def format_of(country: str) -> AddressFormat:
    """The format of a country by its ISO 3166-1 code."""
    known = _formats()
    return known.get(country, known[_ANYWHERE])


def write(
    country: str, *, lines: Sequence[str], town: str = "", region: str = "", postcode: str = ""
) -> tuple[str, ...]:
    """An address as on an envelope there, without the country. No part that is given is lost."""
    if comparable(region) == comparable(town):
        region = ""  # a city that is its own province: `28013 Madrid`
    found = format_of(country)
    parts = {_TOWN: town, _REGION: region, _POSTCODE: postcode}
    is_latin = all(_is_latin(text) for text in (*lines, town, region))
    written: list[str] = []
    chosen = (found.latin if is_latin else found.local).split("|")
    for form in _with_every(chosen, [name for name, text in parts.items() if text]):
        written += lines if form == _LINES else [_filled(form, parts)]
    return tuple(line for line in written if line)


def _with_every(forms: Sequence[str], given: Sequence[str]) -> list[str]:
    """The lines of a format, with one for each given part that it has no place for.

    The address lines stand alone, so that a second one does not run into the region.
    """
    apart: list[str] = []
    for form in forms:
        before, found, after = form.partition(_LINES)
        apart += [before, found, after.lstrip(" ,")] if found else [form]
    missing = [name for name in given if not any(name in form for form in apart)]
    place = apart.index(_LINES) + 1
    places = [name for name in missing if name != _POSTCODE]
    return [*apart[:place], *places, *apart[place:], *(n for n in missing if n == _POSTCODE)]


def _filled(form: str, parts: Mapping[str, str]) -> str:
    """One line; what stands between two parts goes when one of them is not given."""
    line, between = "", ""
    for piece in _PART.split(form):
        if piece not in parts:
            between = piece
        elif parts[piece]:
            is_prefix = not _SEPARATORS.fullmatch(between)
            line += (between if line or is_prefix else "") + parts[piece]
            between = ""
    return line


def _is_latin(text: str) -> bool:
    return all(unicodedata.name(c, "").startswith("LATIN") for c in text if c.isalpha())


@cache
def _formats() -> Mapping[str, AddressFormat]:
    """Every format by its country; read at first use."""
    found: dict[str, AddressFormat] = {}
    for line in LIST.read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        country, local, latin, town = [*line.split("\t"), "", ""][:4]
        found[country] = AddressFormat(local, latin or local, bool(town))
    return found
