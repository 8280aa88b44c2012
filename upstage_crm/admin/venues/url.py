"""What the address of the list of venues can say, and where one venue is. Pure."""

from __future__ import annotations

from upstage_crm.pages.list_url import ListShape

SHAPE = ListShape(path="/venues/", sorts={"name": False})
FILES = "/venues/plan/"  # where plans go out as files
PLAN = "plan"  # what comes in for a hall


def venue_href(venue_id: str) -> str:
    """Where the page of a venue is."""
    return f"{SHAPE.path}{venue_id}/"


def plan_href(venue_id: str, hall_id: str) -> str:
    """Where the seat plan of a hall is."""
    return f"{venue_href(venue_id)}{hall_id}/"


def file_href(hall_id: str, version: int) -> str:
    """Where one version of a hall's seat plan is as a file."""
    return f"{FILES}{hall_id}/{version}.json"
