"""Where prices are: those of an event, and the price types. Pure."""

from __future__ import annotations

TYPES = "/prices/"


def prices_href(event_id: str) -> str:
    """Where the prices and sale windows of an event are."""
    return f"/events/{event_id}/prices/"
