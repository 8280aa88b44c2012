"""The audit trail: what happened, the newest first; and the check that nothing was altered."""

import asyncio
import logging
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

import reflex as rx
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from upstage_crm.admin.audit.export import may_export
from upstage_crm.admin.audit.finding_rows import FindingRow, finding_row
from upstage_crm.admin.audit.lines import page_of
from upstage_crm.admin.audit.rows import TrailRow
from upstage_crm.admin.audit.url import EXPORT, SHAPE
from upstage_crm.admin.guard import AdminState
from upstage_crm.core import when
from upstage_crm.jobs.news import Topic
from upstage_crm.organisation.settings import details
from upstage_crm.pages.list_state import ListMixin, ListPage, Query
from upstage_crm.pages.list_url import ListShape, ListUrl
from upstage_crm.proof import integrity, naming
from upstage_crm.proof.verifying import verify
from upstage_crm.staff.roles import Permission, StaffMember
from upstage_crm.wiring import PROTECTED, runtime, signing_keys
from upstage_crm.wording.actions import (
    UNREADABLE,
    clean_words,
    finding_words,
)

SHOWN_FINDINGS = 20
# An entry that was altered behind our back may not even be readable.
CANNOT_READ = (SQLAlchemyError, LookupError, ValueError)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Besides:
    """What is read with the entries."""

    findings: list[FindingRow]
    clock: str


class AuditState(ListMixin, AdminState):
    """What the trail shows. It is paged by the numbers of its entries."""

    permission: ClassVar[Permission | None] = Permission.VIEW_AUDIT
    topics: ClassVar[frozenset[Topic]] = frozenset({Topic.TRAIL, Topic.NEEDS})
    shape: ClassVar[ListShape] = SHAPE
    nouns: ClassVar[tuple[str, str]] = ("entry", "entries")
    failures: ClassVar[tuple[type[Exception], ...]] = CANNOT_READ

    rows: rx.Field[list[TrailRow]] = rx.field(default_factory=list)
    findings: rx.Field[list[FindingRow]] = rx.field(default_factory=list)
    is_newest: bool = True
    may_export: bool = False
    export_href: str = ""
    clock: str = ""
    is_checking: bool = False
    check_result: rx.Field[list[str]] = rx.field(default_factory=list)
    is_unbroken: bool = False

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

    def _follows(self) -> bool:
        """The newest page is read again; what is older never changes."""
        return self.is_newest

    def _set(self, url: ListUrl) -> None:
        super()._set(url)
        self.is_newest = not url.before
        query = self.shape.href(replace(url, before="")).removeprefix(self.shape.path)
        self.export_href = f"{EXPORT}{query}"

    async def _show(self) -> Any:
        self.may_export = may_export(self._actor())
        return await super()._show()

    def _query(self) -> Query:
        return partial(_entries, viewer=self._actor(), size=self.size)

    def _take_extra(self, extra: Any) -> None:
        self.findings, self.clock = extra.findings, extra.clock


def _entries(session: Session, url: ListUrl, *, viewer: StaffMember, size: int) -> ListPage:
    rows, older = page_of(session, url, viewer=viewer, size=size)
    zone, standing = details(session).zone, integrity.standing(session)
    called = naming.names(session, standing)
    findings = [
        finding_row(each, name=called.get(each.ref, ""), viewer=viewer, time_zone=zone)
        for each in standing
    ]
    return ListPage(
        rows=rows, after=older, extra=Besides(findings=findings, clock=when.clock_in_words(zone))
    )


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
