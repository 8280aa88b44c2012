"""The menu of the portal, and what may be added to a basket: each package brings its own entry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from upstage_crm.portal.addresses import ACCOUNT, BASKET, WHATS_ON


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """A link of the menu; `words` are English and translated where they are shown."""

    words: str
    path: str


WHATS_ON_WORDS: Final = "What’s on"
ACCOUNT_WORDS: Final = "My account"
MENU: Final[tuple[MenuEntry, ...]] = (
    MenuEntry(WHATS_ON_WORDS, WHATS_ON),
    MenuEntry(ACCOUNT_WORDS, ACCOUNT),
)
ADD: Final = f"{BASKET}add"
"""Where the form of chosen seats goes."""
