"""The audit trail: what happened, the newest first; and the check that nobody altered anything."""

import asyncio
import logging
from dataclasses import replace
from typing import Any, ClassVar, NamedTuple

import reflex as rx
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from upstage_crm.admin.audit.finding_rows import FindingRow, finding_row
from upstage_crm.admin.audit.rows import TrailRow, trail_row
from upstage_crm.admin.audit.url import (
    PLACE,
    TrailAddress,
    actor_of,
    group_of,
    read,
)
from upstage_crm.admin.guard import AdminState
from upstage_crm.audit import trail
from upstage_crm.audit.trail import AuditLine
from upstage_crm.jobs.news import Topic
from upstage_crm.organisation.settings import details
from upstage_crm.pages.list_state import ListMixin
from upstage_crm.patrons.numbers import numbers
from upstage_crm.patrons.queries import sights
from upstage_crm.patrons.visibility import FieldAccess
from upstage_crm.proof import integrity, naming
from upstage_crm.proof.verifying import verify
from upstage_crm.staff.roles import Permission, StaffMember, may
from upstage_crm.wiring import PROTECTED, runtime, signing_keys
from upstage_crm.wording.action_table import ACTIONS
from upstage_crm.wording.actions import (
    UNREADABLE,
    clean_words,
    finding_words,
)

PAGE_SIZE = 50
SHOWN_FINDINGS = 20
# An entry that somebody altered behind our back may not even be readable.
CANNOT_READ = (SQLAlchemyError, LookupError, ValueError)
log = logging.getLogger(__name__)


class Found(NamedTuple):
    """One page of the trail; `older` is the sequence number to go on from, 0 at the end."""

    rows: tuple[TrailRow, ...]
    findings: tuple[FindingRow, ...]
    older: int
    zone: str


class AuditState(ListMixin, AdminState):
    """What the trail shows. Texts are worded; `shown` names the state of the list."""

    permission: ClassVar[Permission | None] = Permission.VIEW_AUDIT
    topics: ClassVar[frozenset[Topic]] = frozenset({Topic.TRAIL, Topic.NEEDS})

    shown: str = "loading"  # loading, rows, nothing (no match), empty, failed
    rows: rx.Field[list[TrailRow]] = rx.field(default_factory=list)
    findings: rx.Field[list[FindingRow]] = rx.field(default_factory=list)
    wanted_actor: str = ""
    wanted_group: str = ""
    is_newest: bool = True
    newest_href: str = PLACE
    older_href: str = ""
    time_zone: str = ""
    is_checking: bool = False
    check_result: rx.Field[list[str]] = rx.field(default_factory=list)
    is_unbroken: bool = False

    _before: int = 0

    @rx.event
    async def refresh(self) -> Any:
        """Something was recorded: the newest page is read again, older ones never change."""
        return await self._show() if self.is_newest else None

    @rx.event(background=True, supersedes=True)
    async def fetch(self) -> None:
        """Read what is wanted; only the newest wish is ever shown."""
        async with self:
            wanted = self._address()
            viewer = self._actor()
        try:
            found = await asyncio.to_thread(_page, wanted, viewer)
        except CANNOT_READ:
            log.exception("the trail could not be read")
            found = None
        async with self:
            if wanted == self._address():
                self._take(found)

    @rx.event
    def choose_actor(self, name: str) -> Any:
        """Show what one kind of actor did, or everybody."""
        return self._go(replace(self._address(), actor=actor_of(str(name)), before=0))

    @rx.event
    def choose_group(self, name: str) -> Any:
        """Show one group of actions, or all."""
        return self._go(replace(self._address(), group=group_of(str(name)), before=0))

    @rx.event(background=True)
    async def check(self) -> None:
        """Check guards, chain, records and receipts, and say what was found; one at a time."""
        async with self:
            if self.is_checking:
                return
            self.is_checking, self.check_result = True, []
        is_unbroken, words = await asyncio.to_thread(_check)
        async with self:
            self.is_checking, self.is_unbroken, self.check_result = False, is_unbroken, words

    def _address(self) -> TrailAddress:
        return TrailAddress(
            actor=actor_of(self.wanted_actor),
            group=group_of(self.wanted_group),
            before=self._before,
        )

    def _asked(self) -> TrailAddress:
        return read(self.router.url.query_parameters)

    def _set(self, address: TrailAddress) -> None:
        self._before, self.is_newest = address.before, not address.before
        self.wanted_actor = address.actor.value if address.actor else ""
        self.wanted_group = address.group.value if address.group else ""
        self.newest_href = replace(address, before=0).href()

    def _empty_rows(self) -> None:
        self.rows, self.older_href, self.shown = [], "", "loading"

    def _take(self, found: Found | None) -> None:
        if found is None:
            self.shown = "failed"
            return
        self.rows, self.findings = list(found.rows), list(found.findings)
        self.time_zone = found.zone
        address = self._address()
        self.older_href = replace(address, before=found.older).href() if found.older else ""
        self.shown = "rows" if self.rows else ("nothing" if address.is_narrowed else "empty")


def _page(address: TrailAddress, viewer: StaffMember) -> Found:
    shows_values = may(viewer, Permission.VIEW_PATRONS)
    with runtime().database.reading() as session:
        lines = _lines(session, address)
        shown = lines[:PAGE_SIZE]
        patrons = {line.patron_id for line in shown if line.patron_id}
        known, seen = numbers(session, patrons), sights(session, patrons, reader=viewer.role)
        organisation, standing = details(session), integrity.standing(session)
        called = naming.names(session, standing)
    local = organisation.zone
    rows = tuple(
        trail_row(
            line,
            numbers=known,
            shows_values=shows_values,
            time_zone=local,
            access=seen.get(line.patron_id or "", FieldAccess(viewer.role)),
        )
        for line in shown
    )
    findings = tuple(
        finding_row(each, name=called.get(each.ref, ""), viewer=viewer, time_zone=local)
        for each in standing
    )
    return Found(
        rows, findings, shown[-1].seq if len(lines) > PAGE_SIZE else 0, organisation.time_zone
    )


def _lines(session: Session, address: TrailAddress) -> list[AuditLine]:
    """The entries of a page and one more, if there is one."""
    limit, before = PAGE_SIZE + 1, address.before or None
    if address.group is None:
        return list(trail.timeline(session, actor_kind=address.actor, before=before, limit=limit))
    found = [
        line
        for action, look in ACTIONS.items()
        if look.group is address.group
        for line in trail.timeline(
            session, action=action, actor_kind=address.actor, before=before, limit=limit
        )
    ]
    return sorted(found, key=lambda line: line.seq, reverse=True)[:limit]


def _check() -> tuple[bool, list[str]]:
    """Whether guards, chain, records and receipts agree, and the words for what was found."""
    parts = runtime()
    keys = {key.kid: key.public_key for key in signing_keys(parts.settings)}
    try:
        with parts.database.reading() as session:
            report = verify(session, protected=PROTECTED, public_keys=keys)
    except CANNOT_READ:
        log.exception("the trail could not be checked")
        return False, [UNREADABLE]
    if not report.is_clean:
        log.error("the check of the trail found %d problems", len(finding_words(report)))
        found = finding_words(report)
        more = [f"{len(found) - SHOWN_FINDINGS:,} more: run `audit verify` for all of them."]
        return False, found[:SHOWN_FINDINGS] + (more if len(found) > SHOWN_FINDINGS else [])
    return True, clean_words(report)
