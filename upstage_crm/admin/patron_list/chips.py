"""The filters of the patron list in words: what can be chosen, and what is chosen. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from upstage_crm.admin.patrons.url import Asked, Changed, tags_of
from upstage_crm.core.postal.countries import countries
from upstage_crm.pages.list_url import ListUrl
from upstage_crm.patrons.search.list_filters import EmailIs, PatronKind, PatronStatus

CHOICES: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "asked": (
        "Requests",
        {Asked.ANY: "Waiting for an answer", Asked.MINE: "Asked by me"},
    ),
    "email": (
        "Email",
        {
            EmailIs.BOUNCED: "Email bounced",
            EmailIs.NONE: "No email",
            EmailIs.UNPROVEN: "Email not verified",
            EmailIs.PROVEN: "Email verified",
        },
    ),
    "changed": (
        "Record",
        {
            Changed.DAY: "Changed today",
            Changed.WEEK: "Changed in the last 7 days",
            Changed.MONTH: "Changed in the last 30 days",
            Changed.NOT_FOR_TWO_YEARS: "No change for two years",
        },
    ),
    "dispute": ("", {"yes": "In dispute"}),
    "twin": ("", {"yes": "Same name and phone as another"}),
    "status": (
        "Status",
        {
            PatronStatus.ACTIVE: "Active",
            PatronStatus.INACTIVE: "Inactive",
            PatronStatus.DECEASED: "Deceased",
            PatronStatus.ERASED: "Erased",
        },
    ),
    "kind": (
        "Kind",
        {PatronKind.PERSON: "Person", PatronKind.ORGANISATION: "Organisation"},
    ),
}
"""The heading and the values of each filter that has fixed ones."""


@dataclass(frozen=True)
class Chip:
    """One filter that is chosen. Choosing `rest` for the filter `name` removes it."""

    name: str = ""
    label: str = ""
    rest: str = ""


def chips_of(url: ListUrl) -> list[Chip]:
    """The filters that this address chooses, in the order in which they are offered."""
    tags = tags_of(url)
    found = [
        Chip("tag", f"Tag: {tag}", ", ".join(one for one in tags if one != tag)) for tag in tags
    ]
    for name, (_heading, values) in CHOICES.items():
        if value := url.chosen.get(name, ""):
            found.append(Chip(name, values[value]))
    if city := url.chosen.get("city", ""):
        found.append(Chip("city", f"Town: {city}"))
    if country := url.chosen.get("country", ""):
        found.append(Chip("country", f"Country: {countries().get(country, country)}"))
    return found
