"""What the address of the patron list can say. Pure."""

from __future__ import annotations

from enum import StrEnum

from upstage_crm.pages.list_url import ListShape, ListUrl, one_of, text
from upstage_crm.patrons.search.list_filters import EmailIs, PatronKind, PatronStatus
from upstage_crm.patrons.search.list_order import PatronSort

TAG_LIMIT = 60  # characters of all tags that are chosen together
CITY_LIMIT = 80


class Asked(StrEnum):
    """Who waits for an answer of the patron."""

    ANY = "any"
    MINE = "mine"


class Changed(StrEnum):
    """When the record was changed last."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    NOT_FOR_TWO_YEARS = "not-2-years"


def _country(code: str) -> str:
    """Reads a country's code."""
    return code if len(code) == 2 and code.isascii() and code.isalpha() and code.isupper() else ""


SHAPE = ListShape(
    path="/patrons/",
    filters={
        "tag": text(TAG_LIMIT),
        "status": one_of(PatronStatus),
        "kind": one_of(PatronKind),
        "city": text(CITY_LIMIT),
        "country": _country,
        "email": one_of(EmailIs),
        "asked": one_of(Asked),
        "dispute": one_of(("yes",)),
        "twin": one_of(("yes",)),
        "changed": one_of(Changed),
        "any": one_of(("1",)),
    },
    sorts={
        sort.value: sort is PatronSort.UPDATED
        for sort in PatronSort
        if sort is not PatronSort.MATCH
    },
    search_sort=PatronSort.MATCH,
)


def tags_of(url: ListUrl) -> list[str]:
    """The tags that are chosen."""
    return split_tags(url.chosen.get("tag", ""))


def split_tags(tags: str) -> list[str]:
    """The single tags of a text."""
    return [tag.strip() for tag in tags.split(",") if tag.strip()]
