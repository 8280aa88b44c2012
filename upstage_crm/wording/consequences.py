"""What a press will do, with its numbers, said before it is done."""

from __future__ import annotations

from upstage_crm.change_requests.lifecycle.consequences import Consequences
from upstage_crm.privacy.erasure import Erasing


def counted(count: int, one: str, several: str = "") -> str:
    """A number with its noun."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def ending_words(found: Consequences) -> str:
    """What withdrawing open requests does."""
    if not found.requests:
        return "No request is open, so nothing is withdrawn."
    ends = counted(found.requests, "open request")
    return f"Withdraws {ends} and sends {counted(found.mails, 'email')} to patrons."


def erasing_words(found: Erasing) -> str:
    """What an erasure empties, and who is told."""
    parts = [counted(found.requests, "request")]
    parts += [counted(found.orders, "order")] if found.orders else []
    what = f"{', '.join(parts)} and {counted(found.mails, 'email')}"
    told = "Sends one last email to the patron." if found.is_told else "No email can tell them."
    return f"Empties the record, {what}. {told}"
