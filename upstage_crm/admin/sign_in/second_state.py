"""What the pages say that ask for a second factor, or once more for the password.

Public, because no one is signed in yet: it tells a browser about its own session and nothing else.
"""

import asyncio
from typing import Any, NamedTuple

import reflex as rx

from upstage_crm.admin.sign_in.routes import SECOND, own_path
from upstage_crm.http.session_cookie import signed_in_by_cookie
from upstage_crm.organisation.settings import details
from upstage_crm.staff.auth import passkeys, second_factor
from upstage_crm.staff.auth.sessions import (
    SignedIn,
    Stage,
)
from upstage_crm.ui.state.base import FeedbackMixin
from upstage_crm.wiring import runtime
from upstage_crm.wording.sentences import (
    SENTENCES,
    fill,
)


class SecondState(FeedbackMixin, rx.State):
    """`wants` is what the session can be proven with: a code, a passkey or the password."""

    organisation: str = ""
    next_path: str = ""
    wants_code: bool = False
    wants_password: bool = False
    passkey_options: str = ""
    is_again: bool = False

    @rx.event
    async def load(self) -> Any:
        """Read the session of this browser; a visitor without one goes to sign in."""
        asked = self.router.url.query_parameters
        target = own_path(asked.get("next", ""))
        signed_in = await asyncio.to_thread(signed_in_by_cookie, self.router.headers.cookie)
        if signed_in is None:
            return rx.redirect(f"/sign-in/?next={target}", replace=True)
        self.is_again = signed_in.stage is not Stage.NEEDS_FACTOR
        if self.is_again and self.router.url.path.rstrip("/") == SECOND.rstrip("/"):
            return rx.redirect(target, replace=True)
        self.next_path = target
        self._quiet()
        if asked.get("wait", "").isdecimal():
            facts = {"minutes": int(asked["wait"][:3])}
            self.problem = fill(SENTENCES["too_many_tries"], facts)
        elif asked.get("refused"):
            wrong = "second_factor_refused" if signed_in.has_factor else "password_wrong"
            self.problem = SENTENCES[wrong]
        ways = await asyncio.to_thread(_ways, signed_in)
        self.organisation = ways.organisation
        self.wants_code, self.passkey_options = ways.has_code, ways.options
        self.wants_password = not signed_in.has_factor
        return None


class _Ways(NamedTuple):
    organisation: str
    has_code: bool
    options: str


def _ways(signed_in: SignedIn) -> _Ways:
    parts = runtime()
    with parts.database.reading() as session:
        name = details(session).name
        held = second_factor.of(session, signed_in.member.id)
    if not held.passkeys:
        return _Ways(name, signed_in.has_factor, "")
    with parts.database.transaction() as session:
        challenge = second_factor.new_challenge(session, signed_in, now=parts.clock.now())
    known = [passkey.id for passkey in held.passkeys]
    options = passkeys.request_options(parts.site, challenge=challenge, known=known)
    return _Ways(name, held.has_app or held.codes_left > 0, options)
