"""The addresses of the settings page: each of its parts has one."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

_PATH = "/settings/"


class Tab(StrEnum):
    """A part of the page."""

    ORGANISATION = "organisation"
    RULES = "rules"
    SETUP = "set-up"


def href_of(tab: Tab) -> str:
    """The address of a part."""
    return _PATH if tab is Tab.ORGANISATION else f"{_PATH}?tab={tab}"


def tab_of(query: Mapping[str, str]) -> Tab:
    """The part that an address asks for; the first one when it asks for none that there is."""
    asked = query.get("tab", "")
    return Tab(asked) if asked in set(Tab) else Tab.ORGANISATION
