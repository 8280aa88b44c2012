"""The address of the queue: what stands after the question mark, read and written. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from upstage_crm.change_requests.reads.dashboard import View

QUERY_LIMIT = 100  # characters; nothing that we search is longer
LAST_PAGE = 100_000  # a larger number is nonsense and would overflow the database's integers


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueAddress:
    """Which requests the queue shows. `page` counts from 0."""

    view: View = View.OPEN
    query: str = ""
    page: int = 0

    def href(self) -> str:
        """The address; what is as usual is left out, so that the plain queue is `/requests/`."""
        said = {
            "view": self.view.value if self.view is not View.OPEN else "",
            "q": self.query,
            "page": str(self.page + 1) if self.page else "",
        }
        query = urlencode({name: text for name, text in said.items() if text})
        return f"/requests/?{query}" if query else "/requests/"


def read(parameters: Mapping[str, str]) -> QueueAddress:
    """Return what an address asks for. Nonsense in it reads as not said: links get old."""
    view = parameters.get("view", "")
    page = parameters.get("page", "")
    return QueueAddress(
        view=View(view) if view in list(View) else View.OPEN,
        query=parameters.get("q", "")[:QUERY_LIMIT],
        page=min(int(page), LAST_PAGE) - 1 if page.isdecimal() and int(page) > 0 else 0,
    )


def request_href(reference: str) -> str:
    """Where the page of this request is."""
    return f"/requests/{reference}/"
