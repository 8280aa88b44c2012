"""What a stranger may read. Pure.

The proposed address may be mistyped and belong to anybody: mails and pages for it never show the
patron's name or a value we hold today, not even when staff wrote them into the reason.
"""

from __future__ import annotations

HIDDEN = "•••"


def masked_name(name: str) -> str:
    """Return the initials of a name: "M••• S•••". Its owner recognises it, a stranger does not."""
    return " ".join(f"{part[0]}{HIDDEN}" for part in name.split())
