"""Which paths belong to the patron's pages, and where the built page lies."""

from __future__ import annotations

from pathlib import Path
from typing import Final

BUILT_PAGES: Final = Path(".web") / "build" / "client"  # below the root of the project


def is_confirm_page(path: str) -> bool:
    """Whether `path` belongs to the patron's confirmation pages."""
    return path == "/confirm" or path.startswith("/confirm/")


def is_for_patrons(path: str) -> bool:
    """Whether a patron reads what `path` answers: their link's gate, and all that it leads to."""
    return path.startswith("/c/") or is_confirm_page(path)


def is_link_page(path: str) -> bool:
    """Whether `path` is a gate that a link in a mail leads to."""
    return path.startswith(("/c/", "/auth/link/", "/tickets/link/", "/my/link/"))
