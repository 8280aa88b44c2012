"""What the address of the queue can say, and where a request's page is. Pure."""

from __future__ import annotations

from upstage_crm.change_requests.reads.figures import Step
from upstage_crm.change_requests.reads.queue import View
from upstage_crm.change_requests.reads.request_order import RequestSort
from upstage_crm.pages import periods
from upstage_crm.pages.list_url import ListShape, one_of

MINE = "mine"  # the value of the filter `who` that leaves what its reader answers for
PROPOSED = "proposed"  # the value of `by` with which dates are those of the proposal in every view
SHAPE = ListShape(
    path="/requests/",
    filters={
        "view": one_of(View, usual=View.OPEN),
        "who": one_of((MINE,)),
        "by": one_of((PROPOSED,)),
        "came": one_of(Step),
        **periods.FILTERS,
    },
    lasting=frozenset({"view", "who"}),
    sorts={RequestSort.TIME.value: False, RequestSort.ASKED.value: True},
)


def queue_href(view: View, **chosen: str) -> str:
    """Where a view of the queue is, with these filters and nothing else chosen."""
    return SHAPE.href(SHAPE.plain(view="" if view is View.OPEN else view.value, **chosen))


def request_href(reference: str) -> str:
    """Where the page of this request is."""
    return f"/requests/{reference}/"
