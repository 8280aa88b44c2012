"""Who may do what in the CRM: one middleware for every event, deny by default.

A public method of any state can be called by anybody who opens a websocket, from any page and
with any arguments. So nothing is allowed unless the session cookie of the websocket's handshake
belongs to a live session, or the handler stands in `PUBLIC_HANDLERS`, which is reviewed by name.
"""

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from inspect import Signature, signature
from typing import ClassVar

import reflex as rx
from reflex.middleware.middleware import Middleware
from reflex.state import BaseState, EventHandlerSetVar, StateUpdate
from reflex_base.event import Event, EventHandler
from reflex_base.event.context import EventContext
from reflex_base.registry import RegistrationContext
from sqlmodel import Session

from upstage_crm.mail import gate
from upstage_crm.organisation.settings import details
from upstage_crm.staff import sessions
from upstage_crm.staff.roles import Permission, StaffMember, may
from upstage_crm.ui.copy import PAUSE_WORDS, ROLE_WORDS
from upstage_crm.ui.state.base import FeedbackMixin
from upstage_crm.web.session_cookie import session_token
from upstage_crm.wiring import runtime

# Reflex's own handlers that a page cannot start without, and nothing more: what a browser sends
# when it connects, when it turns to another page and when a script failed, and what the server
# adds. None of them reads or writes our data.
_CONNECT = "reflex___state____state.hydrate_and_load"
_ON_LOAD = "reflex___state____state.reflex___state____on_load_internal_state"
_FAILED = "reflex___state____state.reflex___state____frontend_event_exception_state"
FRAMEWORK_HANDLERS = frozenset(
    {
        _CONNECT,
        f"{_ON_LOAD}.on_load_internal",
        f"{_ON_LOAD}.set_is_hydrated",
        f"{_FAILED}.handle_frontend_exception",
    }
)


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
        if registered is None or not _fits(registered.handler, event.payload):
            return StateUpdate()
        if event.name in FRAMEWORK_HANDLERS and not _is_as_sent(event.payload):
            return StateUpdate()
        connects = event.name == _CONNECT
        if event.name in self._public and not connects:
            return None
        member = await asyncio.to_thread(_member_of, _cookie_header(state), is_used=_is_sent())
        admin = await state.get_state(AdminState)
        if member is None or admin._member != member:
            # A tab's token is readable by scripts: whoever reuses it must not see what the tab's
            # last owner had loaded.
            await _forget(admin)
        if connects:
            return None
        if member is None:
            return StateUpdate(events=Event.from_event_type(rx.redirect("/sign-in/")))
        return await _enter(admin, member, registered.states)


async def _enter(
    admin: AdminState, member: StaffMember, owners: tuple[type[BaseState], ...]
) -> StateUpdate | None:
    """Let a member's event pass to a page that the role includes; else say that it does not."""
    owner = owners[0] if owners else None
    if owner is None or not issubclass(owner, AdminState):
        return StateUpdate()
    is_refused = owner.permission is not None and not may(member, owner.permission)
    # Assigning marks a var as changed, and what is changed is sent: once, not with every event.
    if admin._member != member:
        admin._member = member
    if admin.is_refused != is_refused:
        admin.is_refused = is_refused
    if not is_refused:
        return None
    await admin._frame()
    root = admin._get_root_state()
    delta = root.get_delta()
    root._clean()
    return StateUpdate(delta=delta)


def _fits(handler: EventHandler, payload: object) -> bool:
    """Whether the handler takes these arguments by name; what they hold is its own to judge.

    Half a character (a lone surrogate, which JSON can say and UTF-8 cannot) is no text at all and
    would end in a failure wherever it is stored. Nobody may set a var by its name.
    """
    if not isinstance(payload, dict) or isinstance(handler, EventHandlerSetVar):
        return False
    try:
        json.dumps(payload, ensure_ascii=False).encode()
        _signature(handler.fn).bind(None, **payload)
    except (TypeError, ValueError):
        return False
    return True


def _is_as_sent(payload: dict[str, object]) -> bool:
    """Whether a handler of Reflex's own gets what its pages send; it would not look, but fail.

    We keep nothing in a browser's storage, so there is never a var to restore from there.
    """
    hashes = payload.get("hashes") or []
    texts = (payload.get("info", ""), payload.get("component_stack", ""))
    return (
        not payload.get("vars")
        and isinstance(hashes, list)
        and all(isinstance(text, str) for text in (*hashes, *texts))
        and isinstance(payload.get("value", True), bool)
    )


@cache
def _signature(function: Callable[..., object]) -> Signature:
    return signature(function)


def _is_sent() -> bool:
    """Whether a browser sent the event, or the one it follows from; the hub's are our own.

    A live update must not keep the session of somebody who has left the desk alive.
    """
    return bool(EventContext.get().router_data)


async def _forget(admin: AdminState) -> None:
    """Empty every state of the CRM in this tab.

    A tab in which nobody was signed in costs a comparison only. With Redis just the states that an
    event needs are loaded, so each one is asked for: the others would keep what they hold.
    """
    states: list[AdminState] = [await admin.get_state(kind) for kind in _family(AdminState)]
    if any(_holds_something(state) for state in states):
        admin.reset()


def _family(kind: type[AdminState]) -> Iterator[type[AdminState]]:
    yield kind
    for below in kind.get_substates():
        if issubclass(below, AdminState):  # as all of them are; the framework's hint does not know
            yield from _family(below)


def _holds_something(state: AdminState) -> bool:
    kind = type(state)
    own = ((name, field) for name, field in kind.get_fields().items() if field._owner is kind)
    return any(getattr(state, name) != field.default_value() for name, field in own)


def _pause_reason(session: Session, now: datetime) -> str | None:
    standing = gate.read_gate(session)
    is_paused = standing.paused_until is not None and standing.paused_until > now
    return standing.paused_reason if is_paused else None


def _cookie_header(state: BaseState) -> str:
    headers = state.router_data.get("headers") or {}
    return str(headers.get("cookie", ""))


def _member_of(cookie_header: str, *, is_used: bool) -> StaffMember | None:
    """The member whose session this cookie is; notes, at most once a minute, that it is used."""
    parts = runtime()
    token = session_token(cookie_header, is_https=parts.settings.is_https)
    if not token:
        return None
    now = parts.clock.now()
    with parts.database.reading() as session:
        signed_in = sessions.find(session, token, now=now)
    if signed_in is None:
        return None
    if signed_in.is_stale and is_used:
        with parts.database.transaction() as session:
            sessions.touch(session, signed_in.session_id, now=now)
    return signed_in.member
