"""What the sign-in page says: why we are here, where to go next, and the demo's own account.

Public: the form itself is a native POST (see `routes`), so nothing here signs anybody in.
"""

import asyncio
from typing import Any, NamedTuple

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.sign_in.routes import own_path
from upstage_crm.organisation.settings import details
from upstage_crm.staff import demo_account
from upstage_crm.ui.copy import SENTENCES, SIGNED_OUT
from upstage_crm.ui.state.base import FeedbackMixin
from upstage_crm.web.session_cookie import member_of_cookie
from upstage_crm.wiring import runtime


class SignInState(FeedbackMixin, rx.State):
    """The sign-in page; `problem` and `done` say what the last press came to."""

    organisation: str = ""
    next_path: str = ""
    demo_email: str = ""
    demo_password: str = ""

    @rx.event
    async def load(self) -> Any:
        """Read the address; somebody who is signed in goes on to their work."""
        asked = self.router.url.query_parameters
        target = own_path(asked.get("next", ""))
        if await asyncio.to_thread(member_of_cookie, self.router.headers.cookie):
            return rx.redirect(target, replace=True)
        self.next_path = target
        self.problem = SENTENCES["sign_in_refused"] if asked.get("refused") else ""
        self.done = SIGNED_OUT if asked.get("signed_out") and not self.problem else ""
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
