"""What the address of the list of events can say, and where one event is. Pure."""

from __future__ import annotations

from upstage_crm.pages import periods
from upstage_crm.pages.list_url import ListShape
from upstage_crm.programme.queries import EventSort

SHAPE = ListShape(
    path="/events/",
    filters=periods.FILTERS,
    sorts={EventSort.FIRST.value: True, EventSort.TITLE.value: False},
)


CALENDAR = "/calendar/"
PICTURES = "/events/picture/"  # where pictures of events are
PICTURE = "picture"  # what comes in for an event


def picture_href(event_id: str, digest: str, width: int) -> str:
    """Where the picture of an event is at one of our widths."""
    return f"{PICTURES}{event_id}/{digest}/{width}.jpg"


def event_href(event_id: str) -> str:
    """Where the page of an event is."""
    return f"{SHAPE.path}{event_id}/"


def house_href(event_id: str, performance_id: str) -> str:
    """Where the house map of a performance is."""
    return f"{event_href(event_id)}{performance_id}/"
