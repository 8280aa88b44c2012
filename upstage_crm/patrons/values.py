"""The values of protected fields besides email: parse, compare, show and mask them. Pure.

Every value travels as a mapping from patron column to canonical text, or None for "not known".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

import phonenumbers
from babel import UnknownLocaleError

from upstage_crm.core.postal.countries import countries
from upstage_crm.core.text import HIDDEN, clean_line, comparable
from upstage_crm.core.when import date_in_words
from upstage_crm.patrons.errors import InvalidValue, ValueProblem

Values = Mapping[str, str | None]

NAME_LIMIT = 100  # characters; legal names of 90 exist
ADDRESS_LINE_LIMIT = 120
PLACE_LIMIT = 80
POSTCODE_LIMIT = 20
SORT_NAME_LIMIT = 210  # both parts and a comma; folding may lengthen a name (`ß` is `ss`)
PHONE_LIMIT = 40  # as typed; the canonical form has at most 16
EARLIEST_BIRTH = date(1900, 1, 1)  # earlier is a slip of the year: no one born then is alive

_NAME_REFUSED = frozenset("<>@{}[]|\\=^~*_;`")
_PHONE_PROBLEMS = {
    phonenumbers.ValidationResult.INVALID_COUNTRY_CODE: ValueProblem.PHONE_COUNTRY_UNKNOWN,
    phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY: ValueProblem.PHONE_AREA_CODE_MISSING,
    phonenumbers.ValidationResult.TOO_SHORT: ValueProblem.PHONE_TOO_SHORT,
    phonenumbers.ValidationResult.TOO_LONG: ValueProblem.PHONE_TOO_LONG,
}


def parse_phone(text: str, *, part: str, region: str) -> str:
    """Return the number in E.164 form: `+` and at most 15 digits.

    `region` is the ISO country of numbers written without a country code. A number must have the
    form of its country's numbers, but need not be in use: numbering plans change faster than our
    library does, and the fictional 555-01xx numbers are in no plan. Extensions are refused, since
    no one who reads the number later could dial or compare it.

    Raises:
        InvalidValue: one of the `phone_…` codes, or `value_missing`.
        InvalidText: longer than `PHONE_LIMIT`, or of several lines.
    """
    line = required(clean_line(text, PHONE_LIMIT), part=part)
    number = _read_phone(line, part, region)
    if number.extension:
        raise InvalidValue(ValueProblem.PHONE_EXTENSION, part=part)
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE:
        problem = _PHONE_PROBLEMS.get(reason, ValueProblem.PHONE_IMPOSSIBLE)
        raise InvalidValue(problem, part=part)
    if not _has_form_of_its_country(number):
        raise InvalidValue(ValueProblem.PHONE_IMPOSSIBLE, part=part)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def show_phone(e164: str, home: str = "") -> str:
    """The number as people of the country `home` write it: `020 7946 0958`, `+49 30 901820`."""
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return e164
    is_domestic = home in phonenumbers.region_codes_for_country_code(number.country_code or 0)
    form = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(number, form.NATIONAL if is_domestic else form.INTERNATIONAL)


def find_phones(text: str, *, region: str) -> tuple[tuple[str, str], ...]:
    """The phone numbers in a text as pairs (as written, E.164), in order."""
    matcher = phonenumbers.PhoneNumberMatcher(text, region, phonenumbers.Leniency.POSSIBLE)
    return tuple(
        (
            match.raw_string,
            phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164),
        )
        for match in matcher
    )


def mask_phone(e164: str) -> str:
    """The last two digits behind three dots: its owner knows it, others cannot call it."""
    return f"{HIDDEN} {e164[-2:]}"


def parse_name_part(text: str, *, part: str, optional: bool) -> str | None:
    """Return one part of a name; None when it is empty and `optional` (people with one name).

    Letters of every script, hyphens, apostrophes, dots, commas, brackets and digits ("Anna 2") are
    fine. Refused are characters no name has and that mail headers, templates or links are made of.

    Raises:
        InvalidValue: `value_missing`, `name_character`, `name_without_letter`.
        InvalidText: longer than `NAME_LIMIT`, or of several lines.
    """
    name = clean_line(text, NAME_LIMIT)
    if not name and optional:
        return None
    required(name, part=part)
    for character in name:
        if character in _NAME_REFUSED or "//" in name:
            refused = "//" if "//" in name else character
            raise InvalidValue(ValueProblem.NAME_CHARACTER, part=part, character=refused)
    if not any(character.isalpha() for character in name):
        raise InvalidValue(ValueProblem.NAME_WITHOUT_LETTER, part=part)
    return name


def parse_line(text: str, *, part: str, optional: bool, limit: int) -> str | None:
    """Return one cleaned line; None when it is empty and `optional`.

    Raises:
        InvalidValue: `value_missing`.
        InvalidText: longer than `limit`, or of several lines.
    """
    line = clean_line(text, limit)
    if not line and optional:
        return None
    return required(line, part=part)


def parse_country(text: str, *, part: str) -> str:
    """Return the ISO 3166-1 alpha-2 code (Kosovo's XK included), upper-case.

    Raises:
        InvalidValue: `value_missing`, `country_unknown`.
    """
    code = required(clean_line(text, NAME_LIMIT), part=part).upper()
    if code not in countries():
        raise InvalidValue(ValueProblem.COUNTRY_UNKNOWN, part=part)
    return code


def parse_birth(text: str, *, part: str, today: date) -> str:
    """Return the ISO date. `today` is the organisation's; a birth today is the latest accepted.

    Raises:
        InvalidValue: `value_missing`, `date_unreadable`, `date_in_future`, `date_too_early`.
    """
    line = required(clean_line(text, NAME_LIMIT), part=part)
    # `date.fromisoformat` also reads week dates and 20000131; a form's date input sends this alone.
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", line):
        raise InvalidValue(ValueProblem.DATE_UNREADABLE, part=part)
    try:
        birth = date.fromisoformat(line)
    except ValueError as error:
        raise InvalidValue(ValueProblem.DATE_UNREADABLE, part=part) from error
    if birth > today:
        raise InvalidValue(ValueProblem.DATE_IN_FUTURE, part=part)
    if birth < EARLIEST_BIRTH:
        earliest = EARLIEST_BIRTH.isoformat()
        raise InvalidValue(ValueProblem.DATE_TOO_EARLY, part=part, earliest=earliest)
    return birth.isoformat()


def show_birth(iso: str, language: str = "en", home: str = "") -> str:
    """The date in words (`4 March 1961`): no reader confuses day and month."""
    try:
        return date_in_words(date.fromisoformat(iso), language, home)
    except (UnknownLocaleError, ValueError):
        return iso


def required(text: str, *, part: str) -> str:
    """Return `text`, or raise InvalidValue `value_missing` when it is empty."""
    if not text:
        raise InvalidValue(ValueProblem.MISSING, part=part)
    return text


def sort_name(given: str, family: str) -> str:
    """The folded `family, given`: sorts alike in every database, whatever its collation."""
    parts = (comparable(part) for part in (family, given))
    return ", ".join(part for part in parts if part)[:SORT_NAME_LIMIT]


def initial(text: str) -> str:
    """The first letter and three dots, whatever the length; only dots for one or two letters."""
    return f"{text[0]}{HIDDEN}" if len(text) > 2 else HIDDEN


def _read_phone(text: str, part: str, region: str) -> phonenumbers.PhoneNumber:
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        problems = {
            phonenumbers.NumberParseException.INVALID_COUNTRY_CODE: (
                ValueProblem.PHONE_COUNTRY_UNKNOWN
            ),
            phonenumbers.NumberParseException.TOO_LONG: ValueProblem.PHONE_TOO_LONG,
            phonenumbers.NumberParseException.TOO_SHORT_NSN: ValueProblem.PHONE_TOO_SHORT,
            phonenumbers.NumberParseException.TOO_SHORT_AFTER_IDD: ValueProblem.PHONE_TOO_SHORT,
        }
        problem = problems.get(error.error_type, ValueProblem.PHONE_UNREADABLE)
        raise InvalidValue(problem, part=part) from error


def _has_form_of_its_country(number: phonenumbers.PhoneNumber) -> bool:
    """Whether a country with this code has numbers that begin and go on like this one."""
    code = number.country_code or 0
    national = phonenumbers.national_significant_number(number)
    plans = (
        phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(code, region)
        for region in phonenumbers.region_codes_for_country_code(code)
    )
    described = (plan.general_desc for plan in plans if plan)
    forms = (general.national_number_pattern for general in described if general)
    is_one_digit = len(set(national)) == 1  # what people type to get past an input
    return not is_one_digit and any(form and re.fullmatch(form, national) for form in forms)
