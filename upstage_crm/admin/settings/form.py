"""The organisation's details as a form: what each is for, and what is wrong with what was typed.

The command has the last word; here every field is looked at by itself, so that a person sees all
problems at once, each at its input.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from upstage_crm.core.email_address import parse_email
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.languages import LANGUAGES
from upstage_crm.core.postal.countries import countries
from upstage_crm.core.text import clean_block, clean_line
from upstage_crm.core.when import zone_names
from upstage_crm.organisation.details import OrganisationDetails
from upstage_crm.organisation.errors import (
    DetailMissing,
    UnknownCountry,
    UnknownLanguage,
    UnknownTimeZone,
)
from upstage_crm.wording.sentences import (
    LANGUAGE_WORDS,
    sentence,
)


@dataclass(frozen=True, slots=True)
class Detail:
    """One detail. `limit` is in characters, 0 where the value's own rules bound it."""

    name: str
    label: str
    used: str
    limit: int = 0


# The limits are those of `organisation.settings.change`.
DETAILS = (
    Detail("name", "Name", "In every email, on every patron page and at the top of this CRM.", 120),
    Detail(
        "desk_phone",
        "Desk phone",
        "In every email and on every patron page: how to reach a person without a link.",
        40,
    ),
    Detail(
        "reply_to", "Reply-to address", "Where replies to our emails go. A person must read it."
    ),
    Detail(
        "postal_address", "Postal address", "At the foot of every email, as the law requires.", 400
    ),
    Detail("website", "Website", "At the foot of every email.", 200),
    Detail(
        "country",
        "Country",
        "Phone numbers without a country code are read as numbers of this country, and dates are "
        "written as people there write them.",
    ),
    Detail("time_zone", "Time zone", "For dates and times in emails, on patron pages and here."),
    Detail(
        "language",
        "Language",
        "For visitors whose own language is not known: pages without a link, new patrons.",
    ),
)
NAMES = tuple(detail.name for detail in DETAILS)
_MOST = 1_000  # characters of a field that are read at all; more is no typing mistake


def typed(form: object) -> dict[str, str]:
    """The details in a form as it came over the wire, which may be anything at all."""
    given: Mapping[object, object] = form if isinstance(form, Mapping) else {}
    return {name: str(given.get(name) or "")[:_MOST] for name in NAMES}


def details_of(raw: Mapping[str, str]) -> OrganisationDetails:
    """The details that were typed; the command cleans them."""
    return OrganisationDetails(**cast("dict[str, Any]", dict(raw)))


def problems(raw: Mapping[str, str]) -> dict[str, str]:
    """The sentence for each detail that cannot be used; empty when all can."""
    found: dict[str, str] = {}
    for detail in DETAILS:
        try:
            _ensure_usable(detail, raw[detail.name])
        except UpstageError as error:
            found[detail.name] = sentence(error)
    return found


def blamed(error: UpstageError) -> str:
    """The detail that a refusal of the command is about; empty when it is about none."""
    if isinstance(error, DetailMissing):
        return str(error.facts["detail"])
    if isinstance(error, UnknownTimeZone):
        return "time_zone"
    if isinstance(error, UnknownCountry):
        return "country"
    return "language" if isinstance(error, UnknownLanguage) else ""


def country_choices() -> list[tuple[str, str]]:
    """The countries that are offered, as pairs of code and name."""
    return list(countries().items())


def language_choices() -> list[tuple[str, str]]:
    """The languages that are offered, as pairs of code and name."""
    return [(code, LANGUAGE_WORDS[code]) for code in LANGUAGES]


def _ensure_usable(detail: Detail, text: str) -> None:
    match detail.name:
        case "reply_to":
            parse_email(text)
        case "time_zone":
            if text not in zone_names():
                raise UnknownTimeZone
        case "country":
            if text not in countries():
                raise UnknownCountry
        case "language":
            if text not in LANGUAGES:
                raise UnknownLanguage
        case name:
            clean = clean_block if name == "postal_address" else clean_line
            if not clean(text, detail.limit) and name != "website":
                raise DetailMissing(detail=name)
