"""Who may do what in the CRM: one middleware for every event, deny by default.

A public method of any state can be called by any visitor who opens a websocket, from any page and
with any arguments. So nothing is allowed unless the session cookie of the websocket's handshake
belongs to a live session, or the handler stands in `PUBLIC_HANDLERS`, which is reviewed by name.
"""

import asyncio
import json
import logging
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from inspect import Signature, signature
from typing import Any, ClassVar
from urllib.parse import quote, unquote

import reflex as rx
from reflex.middleware.middleware import Middleware
from reflex.state import BaseState, EventHandlerSetVar, StateUpdate
from reflex_base.event import Event, EventHandler
from reflex_base.event.context import EventContext
from reflex_base.registry import RegistrationContext
from sqlmodel import Session

from upstage_crm.http.session_cookie import session_token
from upstage_crm.mail.sending import send_gate
from upstage_crm.organisation.seasons import Season
from upstage_crm.organisation.settings import details, season_start
from upstage_crm.pages.event_errors import forget_trouble
from upstage_crm.pages.periods import season_value, season_year
from upstage_crm.pages.registry import registry
from upstage_crm.pages.tab import TabMixin
from upstage_crm.staff.auth import sessions
from upstage_crm.staff.auth.sessions import (
    SignedIn,
    Stage,
)
from upstage_crm.staff.roles import Permission, StaffMember, may
from upstage_crm.wiring import runtime
from upstage_crm.wording.sentences import (
    MAIL_MODE_WORDS,
    PAUSE_WORDS,
)
from upstage_crm.wording.staff import ROLE_WORDS

# Reflex's own handlers that a page cannot start without, and nothing more: what a browser sends
# when it connects, when it turns to another page and when a script failed, and what the server
# adds. None of them reads or writes our data.
_CONNECT = "reflex___state____state.hydrate_and_load"
_ON_LOAD = "reflex___state____state.reflex___state____on_load_internal_state"
_FAILED = "reflex___state____state.reflex___state____frontend_event_exception_state"
_TURNS = f"{_ON_LOAD}.on_load_internal"
SEASONS_OFFERED = 5  # of a list: that of today and those before it
LOAD = "load"  # the handler with which every page opens
FRAMEWORK_HANDLERS = frozenset(
    {
        _CONNECT,
        _TURNS,
        f"{_ON_LOAD}.set_is_hydrated",
        f"{_FAILED}.handle_frontend_exception",
    }
)


_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")  # as JSON writes one

_log = logging.getLogger(__name__)


class AdminState(TabMixin, rx.State):
    """Every state of the CRM derives from this one; it holds what the frame shows.

    `permission` is what a page's handlers ask for; commands ask again for what they do. `fresh`
    names the handlers that want a recent proof of who presses, `may_enrol` opens the page to a
    staff member whose role asks for a second factor that the account has not got yet.
    `menu` holds the keys of the menu entries that the role includes, `refused_at` is the path of
    the page that it does not include.
    """

    permission: ClassVar[Permission | None] = None
    fresh: ClassVar[frozenset[str]] = frozenset()
    may_enrol: ClassVar[bool] = False

    organisation: str = ""
    user_name: str = ""
    user_role: str = ""
    user_initials: str = ""
    mail_banner: str = ""
    menu: rx.Field[list[str]] = rx.field(default_factory=list)
    refused_at: str = ""

    _member: StaffMember | None = None
    _signed_in: SignedIn | None = None
    _season: Season | None = None  # the one of today, once a page has been loaded

    def _actor(self) -> StaffMember:
        """The signed-in member; the middleware has put it there before any handler runs."""
        assert self._member is not None
        return self._member

    def _viewer(self) -> StaffMember | None:
        return self._member

    def _session(self) -> SignedIn:
        """The session of the signed-in member, as the middleware found it for this event."""
        assert self._signed_in is not None
        return self._signed_in

    def _proof_first(self) -> Any:
        """The way to a fresh proof of who presses; None when there was one lately.

        For a handler that needs one in some cases only; `fresh` names those that always do.
        """
        if self._session().is_fresh(runtime().clock.now()):
            return None
        return rx.redirect(_proof_page(_path(self)))

    def _may(self, permission: Permission) -> bool:
        """Whether the signed-in member holds a permission; for showing, never for refusing."""
        return may(self._actor(), permission)

    def _season_choices(self, chosen: str) -> list[tuple[str, str]]:
        if self._season is None:
            return []
        offered = [self._season.moved(-earlier) for earlier in range(SEASONS_OFFERED)]
        year = season_year(chosen)
        if year is not None and year not in [season.year for season in offered]:
            offered.append(Season(year, self._season.start))
        return [(season_value(season.year), season.name) for season in offered]

    async def _frame(self) -> None:
        """Load what the frame shows: whose CRM this is, who is signed in, whether mail leaves."""
        member, now = self._actor(), runtime().clock.now()
        whose, start, paused = await self._read(
            lambda session: (details(session), season_start(session), _pause_reason(session, now))
        )
        self.organisation = whose.name
        self._season = start.season_of(now.astimezone(whose.zone).date())
        self.user_name = member.display_name
        self.user_role = ROLE_WORDS[member.role]
        self.menu = [page.key for page in registry.menu if self._may(page.permission)]
        self.user_initials = "".join(part[0] for part in member.display_name.split()[:2]).upper()
        self.mail_banner = MAIL_MODE_WORDS[runtime().mail_mode]
        if paused and not self.mail_banner:
            self.mail_banner = PAUSE_WORDS.get(paused, PAUSE_WORDS["other"])


class Guard(Middleware):
    """Runs before every event: foreground, background, chained and on-load alike."""

    def __init__(self, public_handlers: frozenset[str]) -> None:
        self._public = public_handlers | FRAMEWORK_HANDLERS

    async def preprocess(self, app: rx.App, state: BaseState, event: Event) -> StateUpdate | None:
        """Let the event pass (None), or answer it here."""
        del app
        registered = RegistrationContext.get().event_handlers.get(event.name)
        if registered is None or not _is_sound(event, registered.handler):
            return StateUpdate()
        connects = event.name == _CONNECT
        if connects or event.name == _TURNS:
            await forget_trouble(state)
        if event.name in self._public and not connects:
            return None
        found = await asyncio.to_thread(_session_of, _cookie_header(state), is_used=_is_sent())
        admin = await state.get_state(AdminState)
        is_in = found is not None and found.stage is not Stage.NEEDS_FACTOR
        if found is None or not is_in or admin._member != found.member:
            # A tab's token is readable by scripts: a thief who has it must not see what the tab's
            # last owner had loaded.
            await _forget(admin)
        if connects:
            await _turn_up(admin, is_new_document="hashes" in event.payload)
            return None
        if found is None or not is_in:
            door = "/sign-in/" if found is None else "/sign-in/second/"
            return _sent_to(f"{door}?next={quote(_path(state))}")
        owner = registered.states[0] if registered.states else None
        if owner is None or not issubclass(owner, AdminState):
            return StateUpdate()
        handler = event.name.rpartition(".")[2]
        way = _detour(found, owner, handler, state)
        return _sent_to(way) if way else await _enter(admin, found, owner, handler)


def is_signed_in(root: BaseState) -> bool:
    """Whether a member was signed in at a tab's last event. `root` is the tab's whole state."""
    admin = root.get_substate(AdminState.get_full_name().split("."))
    return isinstance(admin, AdminState) and admin._member is not None


def _detour(found: SignedIn, owner: type[AdminState], handler: str, state: BaseState) -> str | None:
    """Where a signed-in member must go before this handler may run; None for nowhere."""
    if "\0" in unquote(_address(state).partition("?")[0]):
        return "/"  # no page of ours, and PostgreSQL refuses a NUL in every text
    if found.stage is Stage.MUST_ENROL and not owner.may_enrol:
        return "/account/"
    if handler in owner.fresh and not found.is_fresh(runtime().clock.now()):
        return _proof_page(_path(state))
    return None


def _proof_page(back_to: str) -> str:
    return f"/sign-in/again/?next={quote(back_to)}"


def _sent_to(path: str) -> StateUpdate:
    return StateUpdate(events=Event.from_event_type(rx.redirect(path)))


async def _turn_up(admin: AdminState, *, is_new_document: bool) -> None:
    """Prepare the tab for a browser that connects, before it is sent what the tab holds.

    A document that was just loaded (a typed address, Reload) names the states that it was built
    with, and begins empty. One whose connection was lost and came back goes on where it was, and
    keeps what the staff member is typing.
    """
    if is_new_document:
        await _forget(admin)
    elif admin._page:
        admin._resumes = True


async def _enter(
    admin: AdminState, found: SignedIn, owner: type[AdminState], handler: str
) -> StateUpdate | None:
    """Let a member's event pass to a page that the role includes; else say that it does not."""
    member = found.member
    is_refused = owner.permission is not None and not may(member, owner.permission)
    refused_at = admin._browser_path() if is_refused else ""
    # Assigning marks a var as changed, and what is changed is sent: once, not with every event.
    if admin._member != member:
        admin._member = member
    admin._signed_in = found
    if admin.refused_at != refused_at:
        admin.refused_at = refused_at
    if not is_refused:
        return None
    said = {"event": "role_refused", "staff": member.id, "state": owner.__name__}
    _log.warning("a role does not include this page", extra=said)
    if handler == LOAD:
        await admin._turn_to("")
    await admin._frame()
    root = admin._get_root_state()
    delta = root.get_delta()
    root._clean()
    return StateUpdate(delta=delta)


def _is_sound(event: Event, handler: EventHandler) -> bool:
    """Whether the handler can take what came; Reflex's own take only what its pages send."""
    is_own = event.name in FRAMEWORK_HANDLERS
    return _fits(handler, event.payload) and (not is_own or _is_as_sent(event.payload))


def _fits(handler: EventHandler, payload: object) -> bool:
    """Whether the handler takes these arguments by name, and gets a text where it says `str`; what
    they hold is its own to judge.

    Half a character (a lone surrogate, which JSON can say and UTF-8 cannot) is no text at all and
    would end in a failure wherever it is stored; so does a NUL in whatever PostgreSQL is asked. No
    client may set a var by its name.
    """
    if not isinstance(payload, dict) or isinstance(handler, EventHandlerSetVar):
        return False
    try:
        sent = json.dumps(payload, ensure_ascii=False)
        sent.encode()
        taken = _signature(handler.fn)
        taken.bind(None, **payload)
    except (TypeError, ValueError):
        return False
    kinds = {name: one.annotation for name, one in taken.parameters.items()}
    texts = [said for name, said in payload.items() if kinds.get(name) in (str, "str")]
    return all(isinstance(said, str) for said in texts) and not _NUL.search(sent)


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

    A live update must not keep the session of a staff member who has left the desk alive.
    """
    return bool(EventContext.get().router_data)


async def _forget(admin: AdminState) -> None:
    """Empty every state of the CRM in this tab, except the drafts of its last member.

    The drafts are sent to a browser only when the same member opens the same form again.

    A tab in which no one was signed in costs a comparison only. With Redis just the states that an
    event needs are loaded, so each one is asked for: the others would keep what they hold.
    """
    states: list[AdminState] = [await admin.get_state(kind) for kind in _family(AdminState)]
    drafts, whose = admin._drafts, admin._drafts_by
    if any(_holds_something(state) for state in states):
        admin.reset()
        admin._drafts, admin._drafts_by = drafts, whose


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
    standing = send_gate.read_gate(session)
    is_paused = standing.paused_until is not None and standing.paused_until > now
    return standing.paused_reason if is_paused else None


def _cookie_header(state: BaseState) -> str:
    headers = state.router_data.get("headers") or {}
    return str(headers.get("cookie", ""))


def _path(state: BaseState) -> str:
    """The address of the page that sent the event; the page that it comes back to checks it."""
    return _address(state)[:500]


def _address(state: BaseState) -> str:
    return str(state.router_data.get("asPath") or "/")


def _session_of(cookie_header: str, *, is_used: bool) -> SignedIn | None:
    """The session that this cookie opens; notes, at most once a minute, that it is used."""
    parts = runtime()
    token = session_token(cookie_header, is_https=parts.settings.is_https)
    if not token:
        return None
    now = parts.clock.now()
    with parts.database.reading() as session:
        signed_in = sessions.find_any(session, token, now=now)
    if signed_in is None:
        return None
    if signed_in.is_stale and is_used and signed_in.stage is not Stage.NEEDS_FACTOR:
        with parts.database.transaction() as session:
            sessions.touch(session, signed_in.session_id, now=now)
    return signed_in
