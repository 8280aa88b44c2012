"""Reads a patron's record for one viewer: its head, its overview, and the open tab."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from upstage_crm.admin.patrons.care import Care, care_of
from upstage_crm.admin.patrons.free_fields import held_free, seen_free
from upstage_crm.admin.patrons.record_rows import (
    ObstacleView,
    ProtectedView,
    RecordHead,
    RequestItem,
    obstacle_view,
    protected_views,
    record_head,
    request_items,
)
from upstage_crm.admin.patrons.tabs.record_tab import Reading, RecordTab, TabLink, tab_href
from upstage_crm.admin.second_person import refusals
from upstage_crm.change_requests.lifecycle import consequences
from upstage_crm.change_requests.reads import requests
from upstage_crm.change_requests.reads.proposable import proposable
from upstage_crm.core import when
from upstage_crm.core.counting import some
from upstage_crm.organisation.settings import details
from upstage_crm.patrons import queries
from upstage_crm.patrons.visibility import FieldAccess
from upstage_crm.privacy import erasure
from upstage_crm.privacy.record_care import (
    erasure_of,
    freeze_of,
    record_changes_of,
    status_takes_two,
)
from upstage_crm.staff.roles import Permission, StaffMember, may
from upstage_crm.wiring import runtime
from upstage_crm.wording.consequences import ending_words, erasing_words


@dataclass(frozen=True)
class Record:
    """Everything that one reading of a record gives to one viewer.

    `held` are the values that the viewer sees. `version` is another one when the record is.
    `part` is what the open tab's reading found.
    """

    patron_id: str
    version: tuple[str, bool]
    held: dict[str, str | None]
    head: RecordHead
    protected: list[ProtectedView]
    free: dict[str, str]
    fixed: list[str]
    requests: list[RequestItem]
    care: Care
    obstacle: ObstacleView
    tabs: list[TabLink]
    part: Any


def read(
    session: Session,
    number: int,
    viewer: StaffMember,
    *,
    tabs: Sequence[RecordTab] = (),
    open_tab: RecordTab | None = None,
    asked: Mapping[str, str] | None = None,
) -> Record:
    """Read the record of a patron number.

    Raises:
        UnknownPatron: there is none.
    """
    found = queries.get_by_number(session, number)
    organisation = details(session)
    now, zone = runtime().clock.now(), organisation.zone
    access = FieldAccess(viewer.role, found.is_protected, (found.values,), organisation.home)
    proposed = requests.of_patron(session, found.id, reader=viewer.role)
    can = proposable(session, found.id, actor=viewer)
    held = held_free(found)
    free = seen_free(held, access)
    reading = Reading(
        session=session,
        record=found,
        viewer=viewer,
        access=access,
        now=now,
        time_zone=zone,
        asked=asked or {},
    )
    return Record(
        patron_id=found.id,
        version=(when.iso(found.updated_at), found.is_protected),
        held=access.kept(found.values),
        head=record_head(found, access=access, time_zone=zone),
        protected=protected_views(
            found, proposed, viewer=viewer, access=access, can=can, time_zone=zone
        ),
        obstacle=obstacle_view(can),
        free=free,
        # Saving what was masked would lose it.
        fixed=[name for name, text in free.items() if text != held[name]],
        requests=request_items(proposed, now=now, time_zone=zone),
        care=_care(reading, was_asked=bool(proposed)),
        tabs=[_link(reading, tab, open_tab) for tab in tabs],
        part=open_tab.read(reading) if open_tab and open_tab.read else None,
    )


def _link(reading: Reading, tab: RecordTab, open_tab: RecordTab | None) -> TabLink:
    record = reading.record
    count = tab.count(reading.session, record.id) if tab.count else 0
    return TabLink(
        label=tab.label,
        href=tab_href(record.number, tab.key),
        count=some(count) if count else "",
        is_open=tab is open_tab,
    )


def _care(reading: Reading, *, was_asked: bool) -> Care:
    session, found, viewer, now = reading.session, reading.record, reading.viewer, reading.now
    may_erase = may(viewer, Permission.ERASE_PATRON)
    freeze, asked_erasure = freeze_of(session, found.id), erasure_of(session, found.id)
    waiting = record_changes_of(session, found.id)
    firsts = [freeze.first_id if freeze else "", asked_erasure.asked_id if asked_erasure else ""]
    firsts += [one.asked_id for one in waiting]
    return care_of(
        found,
        freeze=freeze,
        erasure=asked_erasure,
        blockers=erasure.blockers(session, found.id, now=now) if may_erase else (),
        waiting=waiting,
        status_takes_two=status_takes_two(session, found.id, now=now),
        ending=ending_words(consequences.of_patron(session, found.id)),
        empties=erasing_words(erasure.erasing(session, found.id)) if may_erase else "",
        was_asked=was_asked,
        viewer=viewer,
        refusals=refusals(session, viewer, firsts, now=now),
        access=reading.access,
        time_zone=reading.time_zone,
    )
