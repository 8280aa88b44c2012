"""The addresses of the portal. Pure.

An address names what it shows for people, and ends with the characters of an id that find it. What
stands before them may be an old title or an old date: such an address leads to the one of now.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from upstage_crm.core.languages import LANGUAGES
from upstage_crm.core.text import comparable
from upstage_crm.programme.event_texts import TITLE
from upstage_crm.programme.views import EventView, PerformanceView

WHATS_ON: Final = "/whats-on/"
BASKET: Final = "/basket/"
ORDERS: Final = "/tickets/"
WAITING: Final = "/tickets/waiting"
ACCOUNT: Final = "/my/"
FEED: Final = "/whats-on/feed.xml"
SITEMAP: Final = "/sitemap.xml"
ROBOTS: Final = "/robots.txt"
PICTURES: Final = "/whats-on/pictures/"
POSTERS: Final = "/whats-on/posters/"
PLANS: Final = "/whats-on/plans/"
FILES: Final = "/whats-on/files/"
LANGUAGE: Final = "lang"
ENDING_LENGTH: Final = 10  # of 50 random bits, which are 12 characters
_SLUG_LENGTH: Final = 60
_ENDING = re.compile(rf"(?:.*-)?([0-9a-f]{{{ENDING_LENGTH}}})")


def event_path(event: EventView) -> str:
    """Where an event is: "/whats-on/the-tempest-0123456789/"."""
    return f"{WHATS_ON}{_part(event.texts[TITLE], event.id)}/"


def performance_path(event: EventView, performance: PerformanceView) -> str:
    """Where a performance is: ".../2026-12-04-1930-0123456789/" below its event."""
    when = f"{performance.day.isoformat()}-{performance.at:%H%M}"
    return f"{event_path(event)}{when}-{ending(performance.id)}/"


def ending(row_id: str) -> str:
    """The characters of an id that an address ends with."""
    return row_id[-ENDING_LENGTH:]


def ending_of(part: str) -> str:
    """The same characters of a part of an address; "" where it has none."""
    found = _ENDING.fullmatch(part)
    return found[1] if found else ""


def chosen_language(given: Mapping[str, str]) -> str:
    """The language that an address asks for; "" leaves it to the browser."""
    language = given.get(LANGUAGE, "")
    return language if language in LANGUAGES else ""


def with_query(path: str, values: Mapping[str, str]) -> str:
    """`path` with those of the values that are not empty."""
    query = urlencode({name: value for name, value in values.items() if value})
    return f"{path}?{query}" if query else path


def _part(title: str, row_id: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", comparable(title)).strip("-")[:_SLUG_LENGTH].rstrip("-")
    return "-".join(filter(None, (plain, ending(row_id))))
