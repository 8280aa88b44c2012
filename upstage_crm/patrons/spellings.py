"""Finds a value of a patron in a text that people wrote, however they spelled it. Pure.

A phone number is written with its country's zero or with 00 in front, a date in the order of the
writer's country, a postcode without its blank, a name with a possessive or without its accents.
Text and value are folded alike (case, accents, signs), then the value's pattern is looked for; a
second folding spells umlauts out, so that Müller, Muller and Mueller are one name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from typing import cast

import phonenumbers
from babel.dates import get_month_names

from upstage_crm.core.languages import LANGUAGES
from upstage_crm.core.text import HIDDEN, PLAIN_LETTERS
from upstage_crm.patrons.fields import Part, ProtectedField
from upstage_crm.patrons.values import Values

_SHORTEST = 3  # letters; a region such as "OR" would blank out ordinary words
_INFLECTED = 4  # letters; what is shorter makes other words with an ending
_NAMES = ("given-name", "family-name")
_POSTCODE = "postal-code"
_BETWEEN = r"[\s\-'.,/]*"  # what may stand between the words of a name or a street
_GAP = r"[\s().\-/]*"  # between the digits of a phone number
_BLANK = r"[\s\-]*"  # in a postcode
_POSSESSIVE = r"(?:'?s|')?"
_ENDING = r"(?:'?s|'|es|en|em|e|n|a|u|y|i|ov[aei]|owi|om)?"
_UMLAUTS = {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"}
_LETTERS = {
    **PLAIN_LETTERS,
    "’": "'", "‘": "'", "ʼ": "'", "´": "'", "`": "'", "‐": "-", "‑": "-", "–": "-", "—": "-",
}  # fmt: skip
# Scripts that put no blank between words, and one whose particles grow together with a word.
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_PREFIXED = re.compile(r"[\u0590-\u06ff]")


@dataclass(frozen=True, slots=True)
class _Folded:
    """A folded text, and for each of its characters the place in the original."""

    text: str
    places: tuple[int, ...]


def hide(text: str, held: Iterable[tuple[ProtectedField, Values]]) -> str:
    """Return `text` with every spelling of the `held` values hidden."""
    spans = sorted(span for entry, values in held for span in _spans(text, entry, values))
    hidden, end = "", 0
    for start, stop in spans:
        between = text[end:start] if start >= end else ""
        # Two values with a blank between them (given and family name) go as one.
        if between.strip() or not hidden:
            hidden += between + HIDDEN
        end = max(end, stop)
    return hidden + text[end:]


def mentions(text: str, entry: ProtectedField, values: Values) -> bool:
    """Whether a text holds a value of a field, however it is spelled."""
    return next(iter(_spans(text, entry, values)), None) is not None


def _spans(text: str, entry: ProtectedField, values: Values) -> Iterable[tuple[int, int]]:
    for part in entry.parts:
        value = values.get(part.name)
        if not value or part.type == "country":
            continue
        is_exact = len(value) < _SHORTEST
        for pattern in _patterns(part, value):
            for folded in (_fold(text), _fold(text, spells_out=True)):
                for found in pattern.finditer(folded.text):
                    start, stop = found.span()
                    span = folded.places[start], folded.places[stop - 1] + 1
                    # A name of two letters may be a word: only in its own spelling it is the name.
                    if not is_exact or text[slice(*span)] == value:
                        yield span


@lru_cache(maxsize=1_024)
def _patterns(part: Part, value: str) -> tuple[re.Pattern[str], ...]:
    """What finds one value in a folded text."""
    if part.type == "tel":
        found = _phone(value)
    elif part.type == "date":
        found = _date(value)
    elif part.type == "email":
        local, _, domain = value.casefold().partition("@")
        spaced = r"\s*\.\s*".join(re.escape(label) for label in domain.split("."))
        found = [rf"(?<!\w){re.escape(local)}\s*(?:@|\(at\)|\sat\s)\s*{spaced}(?!\w)"]
    elif part.autocomplete == _POSTCODE:
        joined = _BLANK.join(re.escape(c) for c in _plain(value) if c.isalnum())
        found = [rf"(?<!\w){joined}(?!\w)"]
    else:
        found = [_words(spelled) for spelled in dict.fromkeys(_both(value))]
        if part.autocomplete in _NAMES:
            words = [word for word in re.split(r"[\s\-]+", value) if len(word) >= _INFLECTED]
            found += [_words(spelled) for word in words for spelled in _both(word)]
    return tuple(re.compile(one) for one in dict.fromkeys(found) if one)


def _both(value: str) -> tuple[str, str]:
    return _plain(value), _fold(value, spells_out=True).text


def _words(folded: str) -> str:
    """The pattern of words: their blanks and signs may differ, the last may have an ending."""
    words = [word for word in re.split(r"[^\w]+", folded) if word]
    length = sum(map(len, words))
    if length < 2:
        return ""
    joined = _BETWEEN.join(re.escape(word) for word in words)
    if _UNSPACED.search(folded):
        return joined
    before = r"\w{0,2}" if _PREFIXED.search(folded) else ""
    ending = _ENDING if length >= _INFLECTED else _POSSESSIVE
    return rf"(?<!\w){before}{joined}{ending}(?!\w)"


def _phone(e164: str) -> list[str]:
    """With and without the country, with any zero in front, and within its own area."""
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return [re.escape(e164)]
    national = phonenumbers.national_significant_number(number)
    country = _GAP.join(str(number.country_code))
    digits = _GAP.join(national)
    found = [
        rf"(?:\(?(?:\+|(?<!\d)00|(?<!\d)011)\)?{_GAP}{country}{_GAP})(?:\(?\d\)?{_GAP})?{digits}(?!\d)",
        rf"(?<!\d)(?:\(?\d\)?{_GAP})?{digits}(?!\d)",
    ]
    area = phonenumbers.length_of_geographical_area_code(number)
    if area and len(national) - area >= 6:
        found.append(rf"(?<!\d){_GAP.join(national[area:])}(?!\d)")
    return found


def _date(iso: str) -> list[str]:
    """In the order of any country, with the year's last two digits, and with the month's name."""
    try:
        born = date.fromisoformat(iso)
    except ValueError:
        return [re.escape(iso)]
    day, month = f"0?{born.day}", f"0?{born.month}"
    year = f"(?:{born.year}|'?{born.year % 100:02})"
    between = r"\s*[./\-\s]\s*"
    names = "|".join(re.escape(name) for name in _month_names()[born.month])
    said_year = rf"(?:\s*(?:,|de|del)?\s*{year}(?!\d))?"
    return [
        rf"(?<!\d){day}{between}{month}{between}{year}(?!\d)",
        rf"(?<!\d){month}{between}{day}{between}{year}(?!\d)",
        rf"(?<!\d){born.year}{between}{month}{between}{day}(?!\d)",
        rf"(?<!\d)(?:{born:%Y%m%d}|{born:%d%m%Y}|{born:%m%d%Y})(?!\d)",
        rf"(?<!\d){day}(?:\.|st|nd|rd|th|er)?\s*(?:de|of)?\s*(?:{names})(?!\w)\.?{said_year}",
        rf"(?<!\w)(?:{names})\.?\s*{day}(?!\d)(?:st|nd|rd|th)?{said_year}",
    ]


@cache
def _month_names() -> Mapping[int, tuple[str, ...]]:
    """The names of each month, folded, in every language that patrons are written to."""
    found: dict[int, dict[str, None]] = {month: {} for month in range(1, 13)}
    for language in LANGUAGES:
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                names = get_month_names(width, context, locale=language)
                for month, name in cast("Mapping[int, str]", names).items():
                    for spelled in _both(name.rstrip(".")):
                        found[month][spelled] = None
    return {month: tuple(sorted(names, key=len, reverse=True)) for month, names in found.items()}


def _plain(text: str) -> str:
    return _fold(text).text


@lru_cache(maxsize=256)
def _fold(text: str, *, spells_out: bool = False) -> _Folded:
    folded: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        for piece in _folded(character, spells_out=spells_out):
            folded.append(piece)
            places.append(place)
    return _Folded("".join(folded), tuple(places))


@lru_cache(maxsize=4_096)
def _folded(character: str, *, spells_out: bool) -> str:
    lower = character.casefold() if character != "ß" else character
    if spells_out and lower in _UMLAUTS:
        return _UMLAUTS[lower]
    if lower in _LETTERS:
        return _LETTERS[lower]
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    apart = unicodedata.normalize("NFKD", lower)
    return "".join(c for c in apart if not unicodedata.combining(c))
