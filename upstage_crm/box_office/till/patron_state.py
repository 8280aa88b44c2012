"""Whose order a sale will be: found by a few letters or a phone number, with alerts."""

from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.palette.rows import patron_found
from upstage_crm.box_office.sale.till_rows import Suggested
from upstage_crm.box_office.till.till_state import TillState
from upstage_crm.change_requests.reads import evidence
from upstage_crm.core.errors import UpstageError
from upstage_crm.pages.list_url import QUERY_LIMIT
from upstage_crm.patrons import queries as patrons
from upstage_crm.patrons.search.patron_list import best
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.staff.roles import Permission, Role

MOST = 8


class TillPatronState(AdminState):
    """What was found for `asked`. The browser shows it under exactly those words."""

    permission: ClassVar[Permission | None] = Permission.RUN_TILLS

    asked: str = ""
    found: rx.Field[list[Suggested]] = rx.field(default_factory=list)

    @rx.event
    async def ask(self, words: str) -> None:
        """Find patrons; without words, forget what was found."""
        asked = words.strip()[:QUERY_LIMIT] if isinstance(words, str) else ""
        reader = self._actor().role
        found = await self._read(lambda s: _suggested(s, asked, reader)) if asked else []
        self.asked, self.found = asked, found

    @rx.event
    async def pick(self, name: str, words: str) -> Any:
        """Sell to this patron."""
        del words
        self.asked, self.found = "", []
        page = await self.get_state(TillState)
        number = int(name) if isinstance(name, str) and name.isdecimal() else 0
        try:
            record, alerts = await self._read(lambda session: _known(session, number))
        except UpstageError as error:
            page._refuse(error)
            return
        await page._serve(record.id, f"{record.name} ({record.number})", alerts)

    @rx.event
    async def leave_out(self) -> None:
        """Sell to nobody in particular."""
        page = await self.get_state(TillState)
        await page._serve(None, "", [])


def _suggested(session: Session, words: str, reader: Role) -> list[Suggested]:
    lines = best(session, words, most=MOST, reader=reader)
    found = [(line, patron_found(line)) for line in lines]
    return [
        Suggested(name=str(line.number), group="Patrons", words=one.words, detail=one.detail)
        for line, one in found
    ]


def _known(session: Session, number: int) -> tuple[PatronRecord, list[str]]:
    """A patron with what a clerk should know before selling.

    Raises:
        UpstageError: there is no such patron.
    """
    record = patrons.get_by_number(session, number)
    alerts = [
        words
        for holds, words in (
            (evidence.is_frozen(session, record.id), "In dispute"),
            (record.status == "inactive", "Inactive"),
            (record.is_protected, "Protected record"),
            (record.is_flagged, "Flagged"),
            (record.email_bounced_at is not None, "The email address does not work"),
        )
        if holds
    ]
    return record, alerts
