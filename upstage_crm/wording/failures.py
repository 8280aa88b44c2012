"""What a visitor reads when something failed unexpectedly. Pure.

It must be true whatever failed, also after a change was saved. So it never says that nothing has
changed: it says where to look. Patrons read it in their own language.
"""

from __future__ import annotations

from typing import Final

from upstage_crm.core.languages import Say

TITLE: Final = "Something went wrong on our side"
SOON: Final = "Please try again in a few minutes."
LINK_WORKS: Final = (
    "The link in your email still works. It also shows you whether your answer was saved."
)


def for_patron(say: Say) -> str:
    """All of it in one line, in the patron's language."""
    return f"{say(TITLE)}. {say(SOON)} {say(LINK_WORKS)}"
