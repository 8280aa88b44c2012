"""The dashboard: what waits, what needs a person, what patrons decided."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

import reflex as rx
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from upstage_crm.admin.dashboard.rows import (
    Counts,
    DecidedRow,
    NeedRow,
    Tile,
    alert_row,
    decided_rows,
    finding_row,
    mail_row,
    need_row,
    tiles,
)
from upstage_crm.admin.guard import AdminState
from upstage_crm.change_requests.lifecycle.mail_access import sights_of_mails
from upstage_crm.change_requests.limits import alerts
from upstage_crm.change_requests.limits.alerts import AlertView
from upstage_crm.change_requests.reads import dashboard, requests
from upstage_crm.change_requests.reads.dashboard import (
    VIEW_STATES,
    Need,
    View,
)
from upstage_crm.core import when
from upstage_crm.mail.delivery import MailState
from upstage_crm.mail.queries import MailSummary, health, mails
from upstage_crm.organisation.settings import details
from upstage_crm.pages.list_url import QUERY_LIMIT
from upstage_crm.pages.page_state import PageMixin
from upstage_crm.proof import integrity, naming
from upstage_crm.proof.integrity import StandingFinding
from upstage_crm.staff.roles import Permission, StaffMember, may
from upstage_crm.wiring import runtime

SOON = timedelta(hours=48)
WEEK = timedelta(days=7)
MAIL_TROUBLE = timedelta(days=14)  # an older failed mail is history: nobody can mend it any more
SHOWN_PER_NEED = 5
SHOWN_MAILS = 50
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Overview:
    """What was read for the page, in one snapshot."""

    tiles: list[Tile]
    needs: list[NeedRow]
    decided: list[DecidedRow]
    is_first_use: bool


class DashboardState(PageMixin, AdminState):
    """What the dashboard shows. `shown` is loading, first_use, overview or failed."""

    permission: ClassVar[Permission | None] = Permission.VIEW_REQUESTS
    is_live: ClassVar[bool] = True
    keeps: ClassVar[bool] = True

    shown: str = "loading"
    tiles: list[Tile] = []
    needs: list[NeedRow] = []
    decided: list[DecidedRow] = []

    @rx.event
    def search(self, form: dict[str, Any]) -> Any:
        """Look for a patron: the list takes over."""
        words = str(form.get("q", ""))[:QUERY_LIMIT] if isinstance(form, Mapping) else ""
        return rx.redirect(f"/patrons/?{urlencode({'q': words})}" if words else "/patrons/")

    async def _show(self) -> None:
        now, viewer = runtime().clock.now(), self._actor()
        try:
            found = await self._read(lambda session: _overview(session, now, viewer))
        except SQLAlchemyError:
            log.exception("the dashboard could not be read")
            self.shown = "failed"
            return
        self.tiles, self.needs, self.decided = found.tiles, found.needs, found.decided
        self.shown = "first_use" if found.is_first_use else "overview"


def _overview(session: Session, now: datetime, viewer: StaffMember) -> Overview:
    may_open_mail = may(viewer, Permission.VIEW_MAILBOX)
    by_state = requests.counts(session)
    zone = when.zone(details(session).time_zone)
    troubled = _troubled(session, now)
    counts = Counts(
        waiting=sum(by_state.get(state, 0) for state in VIEW_STATES[View.OPEN]),
        expiring=dashboard.expiring_count(session, before=now + SOON),
        ended=dashboard.ended_counts(session, since=now - WEEK),
        mail_waiting=health(session, now=now).queued,
        mail_troubled=len(troubled),
    )
    shown = troubled[:SHOWN_PER_NEED] if may_open_mail else []
    sights = sights_of_mails(session, shown, reader=viewer.role)
    findings = _findings(session, viewer)
    called = naming.names(session, findings)
    needs = [
        finding_row(each, name=called.get(each.ref, ""), now=now, time_zone=zone)
        for each in findings
    ]
    needs += [alert_row(alert, now=now, time_zone=zone) for alert in _alerts(session, viewer)]
    needs += [mail_row(mail, access=sights[mail.id], now=now, time_zone=zone) for mail in shown]
    for need in Need:
        standings = dashboard.needing(
            session,
            need,
            since=now - WEEK,
            until=now + SOON,
            limit=SHOWN_PER_NEED,
            reader=viewer.role,
        )
        needs += [need_row(need, each, now=now, time_zone=zone) for each in standings]
    return Overview(
        tiles=tiles(counts, may_open_mail=may_open_mail),
        needs=needs,
        decided=decided_rows(
            dashboard.recently_decided(session, reader=viewer.role), now=now, time_zone=zone
        ),
        is_first_use=not by_state,
    )


def _alerts(session: Session, viewer: StaffMember) -> list[AlertView]:
    """The open alerts that this viewer may do something about; nobody is shown the own one."""
    if not may(viewer, Permission.RELEASE_QUARANTINE):
        return []
    return [alert for alert in alerts.alerts_open(session) if alert.staff_id != viewer.id]


def _findings(session: Session, viewer: StaffMember) -> tuple[StandingFinding, ...]:
    """What was changed outside the CRM, for whoever may restore it."""
    if not may(viewer, Permission.RESTORE_ROWS):
        return ()
    return integrity.standing(session)[:SHOWN_PER_NEED]


def _troubled(session: Session, now: datetime) -> list[MailSummary]:
    """Mails of the last two weeks that failed or may not have left, the newest first."""
    found = [
        mail
        for state in (MailState.FAILED, MailState.UNCERTAIN)
        for mail in mails(session, state=state, size=SHOWN_MAILS).items
        if mail.created_at >= now - MAIL_TROUBLE
    ]
    return sorted(found, key=lambda mail: mail.id, reverse=True)
