"""What the address of the patron list can say. Pure."""

from __future__ import annotations

from upstage_crm.pages.list_url import ListShape, text
from upstage_crm.patrons.queries import PatronSort

SHAPE = ListShape(
    path="/patrons/",
    filters={"tag": text()},
    sorts={sort.value: sort is PatronSort.UPDATED for sort in PatronSort},
)
