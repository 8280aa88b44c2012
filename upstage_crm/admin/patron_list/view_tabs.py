"""The views of the patron list: built in, saved by the reader, shared by colleagues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl

from sqlmodel import Session

from upstage_crm.admin.patron_list.narrowed import hidden_filters, narrowed_by
from upstage_crm.admin.patrons.url import SHAPE, Asked, Changed
from upstage_crm.core.counting import some
from upstage_crm.pages.list_url import ListUrl
from upstage_crm.patrons.search import patron_list
from upstage_crm.patrons.search.list_filters import EmailIs
from upstage_crm.staff import saved_views
from upstage_crm.staff.roles import StaffMember

BUILT_IN: Final[Mapping[str, Mapping[str, str]]] = {
    "All": {},
    "Asked by me": {"asked": Asked.MINE},
    "Waiting": {"asked": Asked.ANY},
    "Bounced": {"email": EmailIs.BOUNCED},
    "No email": {"email": EmailIs.NONE},
    "In dispute": {"dispute": "yes"},
    "No change for 2 years": {"changed": Changed.NOT_FOR_TWO_YEARS},
}
"""The views that every staff member has, as far as the role includes their filters."""


@dataclass(frozen=True)
class ViewTab:
    """A view of the list: its name, where it leads, and how many patrons it holds.

    `id` is that of a saved view; `can_remove` says whether the reader may remove it.
    """

    label: str = ""
    href: str = ""
    count: str = ""
    id: str = ""
    is_shared: bool = False
    can_remove: bool = False


def tabs_for(
    session: Session, *, now: datetime, reader: StaffMember, manages: bool
) -> list[ViewTab]:
    """Every view that this reader has, with its count."""

    def count(url: ListUrl) -> str:
        return some(patron_list.count(session, narrowed_by(url, now=now, reader=reader)))

    hidden = hidden_filters(reader.role)
    found: list[ViewTab] = []
    for label, chosen in BUILT_IN.items():
        if not hidden & chosen.keys():
            url = SHAPE.plain(**chosen)
            found.append(ViewTab(label, SHAPE.href(url), count(url)))
    found += (
        ViewTab(
            view.name,
            f"{SHAPE.path}?{view.address}" if view.address else SHAPE.path,
            count(SHAPE.read(dict(parse_qsl(view.address)))),
            id=view.id,
            is_shared=view.is_shared,
            can_remove=view.is_own or (view.is_shared and manages),
        )
        for view in saved_views.of(session, SHAPE.path, staff_id=reader.id)
    )
    return found


def address_of(url: ListUrl) -> str:
    """What a saved view keeps of an address: filters and order, no words and no page."""
    return SHAPE.href(SHAPE.searched(url, "")).partition("?")[2]


def href_of(url: ListUrl) -> str:
    """The address of the view that this address belongs to, if there is one."""
    address = address_of(url)
    return f"{SHAPE.path}?{address}" if address else SHAPE.path
