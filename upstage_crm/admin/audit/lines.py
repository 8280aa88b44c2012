"""The entries that an address of the trail asks for, as one staff member may read them."""

from collections.abc import Sequence

from sqlmodel import Session

from upstage_crm.admin.audit.rows import TrailRow, trail_row
from upstage_crm.admin.audit.url import actions_of, actor_of, before_of
from upstage_crm.audit import trail
from upstage_crm.audit.events import Action
from upstage_crm.audit.trail import AuditLine
from upstage_crm.core import when
from upstage_crm.organisation.settings import details, season_start
from upstage_crm.pages.list_url import ListUrl
from upstage_crm.pages.periods import span_of
from upstage_crm.patrons.numbers import numbers
from upstage_crm.patrons.queries import sights
from upstage_crm.patrons.visibility import FieldAccess
from upstage_crm.proof.trail_search import find_about
from upstage_crm.staff.roles import Permission, StaffMember, may
from upstage_crm.wiring import runtime


def page_of(
    session: Session, url: ListUrl, *, viewer: StaffMember, size: int
) -> tuple[list[TrailRow], str]:
    """One page of entries, the newest first, and the number to go on from ("" at the end)."""
    lines = _lines(session, url, viewer, size + 1)
    shown = lines[:size]
    older = str(shown[-1].seq) if len(lines) > size else ""
    return _rows(session, shown, viewer), older


def _lines(session: Session, url: ListUrl, viewer: StaffMember, limit: int) -> Sequence[AuditLine]:
    span = span_of(
        url.chosen,
        now=runtime().clock.now(),
        time_zone=when.zone(details(session).time_zone),
        season_start=season_start(session),
    )
    return trail.timeline(
        session,
        actions=actions_of(url.chosen),
        # One a second while tickets are sold: they would hide what people did.
        without=None if url.chosen["what"] else Action.ROWS_SEALED,
        actor_kind=actor_of(url.chosen),
        about=find_about(session, url.search, reader=viewer.role),
        start=span.start,
        end=span.end,
        before=before_of(url),
        limit=limit,
    )


def _rows(session: Session, lines: Sequence[AuditLine], viewer: StaffMember) -> list[TrailRow]:
    patrons = {line.patron_id for line in lines if line.patron_id}
    known, seen = numbers(session, patrons), sights(session, patrons, reader=viewer.role)
    zone = when.zone(details(session).time_zone)
    return [
        trail_row(
            line,
            numbers=known,
            shows_values=may(viewer, Permission.VIEW_PATRONS),
            time_zone=zone,
            access=seen.get(line.patron_id or "", FieldAccess(viewer.role)),
        )
        for line in lines
    ]
