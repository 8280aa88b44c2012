"""What the sign-in page says: why we are here, where to go next, and the demo's own account.

Public: the form itself is a native POST (see `routes`), so nothing here signs a visitor in.
"""

import asyncio
from typing import Any, NamedTuple
from urllib.parse import quote

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.sign_in.routes import SECOND, own_path
from upstage_crm.http.session_cookie import signed_in_by_cookie
from upstage_crm.organisation.settings import details
from upstage_crm.staff import demo_account
from upstage_crm.staff.auth.sessions import Stage
from upstage_crm.ui.state.base import FeedbackMixin
from upstage_crm.wiring import runtime
from upstage_crm.wording.sentences import (
    SENTENCES,
    SIGNED_OUT,
    fill,
)

DONE = {
    "signed_out": SIGNED_OUT,
    "joined": "Your account is ready. Sign in with your new password.",
    "changed": "Your password was changed. Sign in with the new one.",
    "sent": "If that address has an account, an email with a link is on its way.",
}


class SignInState(FeedbackMixin, rx.State):
    """The sign-in page; `problem` and `done` say what the last press came to."""

    organisation: str = ""
    next_path: str = ""
    demo_email: str = ""
    demo_password: str = ""

    @rx.event
    async def load(self) -> Any:
        """Read the address; a staff member who is signed in goes on to their work."""
        asked = self.router.url.query_parameters
        target = own_path(asked.get("next", ""))
        held = await asyncio.to_thread(signed_in_by_cookie, self.router.headers.cookie)
        if held is not None:
            is_half_open = held.stage is Stage.NEEDS_FACTOR
            place = f"{SECOND}?next={quote(target)}" if is_half_open else target
            return rx.redirect(place, replace=True)
        self.next_path = target
        self.problem = SENTENCES["sign_in_refused"] if asked.get("refused") else ""
        if asked.get("wait", "").isdecimal():
            facts = {"minutes": int(asked["wait"][:3])}
            self.problem = fill(SENTENCES["too_many_tries"], facts)
        self.done = next((words for name, words in DONE.items() if asked.get(name)), "")
        if self.problem:
            self.done = ""
        welcome = await self._read(_welcome)
        self.organisation = welcome.organisation
        self.demo_email, self.demo_password = welcome.demo_email, welcome.demo_password
        return None


class _Welcome(NamedTuple):
    organisation: str
    demo_email: str = ""
    demo_password: str = ""


def _welcome(session: Session) -> _Welcome:
    name = details(session).name
    if runtime().settings.is_demo_allowed and demo_account.stands(session):
        return _Welcome(name, demo_account.EMAIL, demo_account.PASSWORD)
    return _Welcome(name)
