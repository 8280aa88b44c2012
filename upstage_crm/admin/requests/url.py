"""What the address of the queue can say, and where a request's page is. Pure."""

from __future__ import annotations

from upstage_crm.change_requests.reads.dashboard import View
from upstage_crm.change_requests.reads.requests import RequestSort
from upstage_crm.pages import periods
from upstage_crm.pages.list_url import ListShape, one_of

SHAPE = ListShape(
    path="/requests/",
    filters={"view": one_of(View, usual=View.OPEN), **periods.FILTERS},
    lasting=frozenset({"view"}),
    sorts={RequestSort.TIME.value: False, RequestSort.ASKED.value: True},
)


def queue_href(view: View) -> str:
    """Where a view of the queue is, with nothing else chosen."""
    return SHAPE.href(SHAPE.plain(view="" if view is View.OPEN else view.value))


def request_href(reference: str) -> str:
    """Where the page of this request is."""
    return f"/requests/{reference}/"
