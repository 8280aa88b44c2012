"""What a stranger may read. Pure.

The proposed address may be mistyped and belong to anybody: mails and pages for it never show the
patron's name or a value we hold today, not even when staff wrote them into the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

HIDDEN = "•••"
_SHORTEST_SECRET = 2  # characters; a one-letter name would blank out ordinary words


def masked_name(name: str) -> str:
    """Return the initials of a name: "M••• S•••". Its owner recognises it, a stranger does not."""
    return " ".join(f"{part[0]}{HIDDEN}" for part in name.split())


def redacted(text: str, secrets: Iterable[str | None]) -> str:
    """Return `text` with every secret in it hidden, whatever its case; whole words only."""
    for secret in sorted(
        {s for s in secrets if s and len(s) >= _SHORTEST_SECRET}, key=len, reverse=True
    ):
        pattern = rf"(?<!\w){re.escape(secret)}(?!\w)"
        text = re.sub(pattern, HIDDEN, text, flags=re.IGNORECASE)
    return text
