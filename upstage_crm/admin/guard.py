"""Who may do what in the CRM: one middleware for every event, deny by default.

A public method of any state can be called by anybody who opens a websocket, from any page and
with any arguments. So nothing is allowed unless the session cookie of the websocket's handshake
belongs to a live session, or the handler stands in `PUBLIC_HANDLERS`, which is reviewed by name.
"""

import asyncio
from datetime import datetime
from typing import ClassVar

import reflex as rx
from reflex.middleware.middleware import Middleware
from reflex.state import BaseState, StateUpdate
from reflex_base.event import Event
from reflex_base.registry import RegistrationContext
from sqlmodel import Session

from upstage_crm.admin.cookies import session_token
from upstage_crm.mail import gate
from upstage_crm.organisation.settings import details
from upstage_crm.staff import sessions
from upstage_crm.staff.roles import Permission, StaffMember, may
from upstage_crm.ui.copy import PAUSE_WORDS, ROLE_WORDS
from upstage_crm.ui.state.base import FeedbackMixin
from upstage_crm.wiring import runtime

# Reflex's own handlers that a page cannot start without. None of them reads or writes our data.
FRAMEWORK_HANDLERS = frozenset(
    {
        "reflex___state____state.hydrate",
        "reflex___state____state.hydrate_and_load",
        "reflex___state____state.set_is_hydrated",
        "reflex___state____state.reflex___state____on_load_internal_state.on_load_internal",
        "reflex___state____state.reflex___state____on_load_internal_state.set_is_hydrated",
        "reflex___state____state.reflex___state____update_vars_internal_state.update_vars_internal",
        "reflex___state____state.reflex___state____frontend_event_exception_state.handle_frontend_exception",
    }
)
_HYDRATE = frozenset({"hydrate", "hydrate_and_load"})


class AdminState(FeedbackMixin, rx.State):
    """Every state of the CRM derives from this one; it holds what the frame shows.

    `permission` is what a page's handlers ask for; commands ask again for what they do.
    """

    permission: ClassVar[Permission | None] = None

    organisation: str = ""
    user_name: str = ""
    user_role: str = ""
    user_initials: str = ""
    mail_banner: str = ""
    is_refused: bool = False

    _member: StaffMember | None = None

    def _actor(self) -> StaffMember:
        """The signed-in member; the middleware has put it there before any handler runs."""
        assert self._member is not None
        return self._member

    def _may(self, permission: Permission) -> bool:
        """Whether the signed-in member holds a permission; for showing, never for refusing."""
        return may(self._actor(), permission)

    async def _frame(self) -> None:
        """Load what the frame shows: whose CRM this is, who is signed in, whether mail leaves."""
        member, now = self._actor(), runtime().clock.now()
        name, paused = await self._read(
            lambda session: (details(session).name, _pause_reason(session, now))
        )
        self.organisation = name
        self.user_name = member.display_name
        self.user_role = ROLE_WORDS[member.role]
        self.user_initials = "".join(part[0] for part in member.display_name.split()[:2]).upper()
        if not runtime().settings.sends_real_mail:
            self.mail_banner = "Mail is not being sent. It is kept in the built-in mailbox."
        else:
            self.mail_banner = PAUSE_WORDS.get(paused, PAUSE_WORDS["other"]) if paused else ""


class Guard(Middleware):
    """Runs before every event: foreground, background, chained and on-load alike."""

    def __init__(self, public_handlers: frozenset[str]) -> None:
        self._public = public_handlers | FRAMEWORK_HANDLERS

    async def preprocess(self, app: rx.App, state: BaseState, event: Event) -> StateUpdate | None:
        """Let the event pass (None), or answer it here."""
        del app
        registered = RegistrationContext.get().event_handlers.get(event.name)
        owner = registered.states[0] if registered and registered.states else None
        is_public = event.name in self._public
        hydrates = event.name.rpartition(".")[2] in _HYDRATE
        if is_public and not hydrates:
            return None
        admin = await state.get_state(AdminState)
        member = await asyncio.to_thread(_member_of, _cookie_header(state))
        if hydrates:
            # A tab's token is readable by scripts: whoever reuses it must not see what the tab's
            # last owner had loaded.
            if admin._member is not None and admin._member != member:
                admin.reset()
            return None
        if member is None:
            admin.reset()
            return StateUpdate(events=Event.from_event_type(rx.redirect("/sign-in/")))
        if owner is None or not issubclass(owner, AdminState):
            return StateUpdate()
        if admin._member != member:
            admin.reset()
            admin._member = member
        admin.is_refused = owner.permission is not None and not may(member, owner.permission)
        if admin.is_refused:
            await admin._frame()
            root = admin._get_root_state()
            delta = root.get_delta()
            root._clean()
            return StateUpdate(delta=delta)
        return None


def _pause_reason(session: Session, now: datetime) -> str | None:
    standing = gate.read_gate(session)
    is_paused = standing.paused_until is not None and standing.paused_until > now
    return standing.paused_reason if is_paused else None


def _cookie_header(state: BaseState) -> str:
    headers = state.router_data.get("headers") or {}
    return str(headers.get("cookie", ""))


def _member_of(cookie_header: str) -> StaffMember | None:
    """The member whose session this cookie is; notes, at most once a minute, that it is used."""
    token = session_token(cookie_header)
    if not token:
        return None
    parts = runtime()
    now = parts.clock.now()
    with parts.database.reading() as session:
        signed_in = sessions.find(session, token, now=now)
    if signed_in is None:
        return None
    if signed_in.is_stale:
        with parts.database.transaction() as session:
            sessions.touch(session, signed_in.session_id, now=now)
    return signed_in.member
