"""What the pages behind a mailed link say: who is invited, or whose password is set.

Public: it tells a browser about the link that it holds, and changes nothing.
"""

import asyncio
from typing import Any, NamedTuple

import reflex as rx

from upstage_crm.admin.sign_in.link_routes import DEAD, JOIN, claims_in
from upstage_crm.links.claims import Purpose
from upstage_crm.organisation.settings import details
from upstage_crm.staff import names
from upstage_crm.staff.auth.passwords import (
    MAXIMUM_LENGTH,
    MINIMUM_LENGTH,
)
from upstage_crm.staff.errors import StaffLinkDead
from upstage_crm.team import invitations, password_reset
from upstage_crm.ui.state.base import FeedbackMixin
from upstage_crm.wiring import runtime
from upstage_crm.wording.sentences import (
    SENTENCES,
    fill,
)
from upstage_crm.wording.staff import ROLE_WORDS

_SAID = (
    "password_too_short",
    "password_too_long",
    "password_too_easy",
    "staff_name_missing",
    "text_too_long",
    DEAD,
)
_FACTS = {
    "minimum": MINIMUM_LENGTH,
    "maximum": MAXIMUM_LENGTH,
    "limit": names.LIMIT,
    "hint": "it is one of the known ones",
}


class StaffLinkState(FeedbackMixin, rx.State):
    """`is_alive` says that the link still works; the words are those of its account."""

    organisation: str = ""
    is_alive: bool = False
    name: str = ""
    email: str = ""
    role: str = ""
    invited_by: str = ""

    @rx.event
    async def load(self) -> Any:
        """Read the link that this browser holds."""
        purpose = Purpose.INVITATION
        if self.router.url.path.rstrip("/") != JOIN.rstrip("/"):
            purpose = Purpose.PASSWORD
        problem = self.router.url.query_parameters.get("problem", "")
        cookie = self.router.headers.cookie
        seen = await asyncio.to_thread(_seen, cookie, purpose)
        self._quiet()
        self.organisation, self.is_alive = seen.organisation, seen.is_alive
        self.name, self.email, self.role = seen.name, seen.email, seen.role
        self.invited_by = seen.invited_by
        if not seen.is_alive:
            self.problem = SENTENCES[DEAD]
        elif problem in _SAID:
            self.problem = fill(SENTENCES[problem], _FACTS)


class _Seen(NamedTuple):
    organisation: str
    is_alive: bool = False
    name: str = ""
    email: str = ""
    role: str = ""
    invited_by: str = ""


def _seen(cookie: str, purpose: Purpose) -> _Seen:
    parts = runtime()
    now = parts.clock.now()
    with parts.database.reading() as session:
        organisation = details(session).name
        try:
            claims = claims_in(cookie, purpose, parts)
            if purpose is Purpose.PASSWORD:
                member = password_reset.of_link(session, claims, now=now)
                return _Seen(organisation, True, member.display_name, member.email_key)
            invited = invitations.of_link(session, claims, now=now)
        except StaffLinkDead:
            return _Seen(organisation)
    return _Seen(
        organisation,
        True,
        invited.display_name,
        invited.email,
        ROLE_WORDS[invited.role],
        invited.invited_label,
    )
