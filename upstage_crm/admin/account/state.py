"""One's own account: the password, the second factors, and where one is signed in."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import partial
from typing import Any, ClassVar, NamedTuple

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.sign_in.routes import reserve
from upstage_crm.change_requests.reads.second_person import too_early_for
from upstage_crm.core import when
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.http.browser_names import describe
from upstage_crm.http.session_cookie import source_of
from upstage_crm.organisation.settings import details
from upstage_crm.pages.dialog_state import SUBJECT
from upstage_crm.pages.forms import texts
from upstage_crm.pages.page_state import PageMixin
from upstage_crm.staff import accounts
from upstage_crm.staff.auth import (
    authenticator,
    devices,
    passkeys,
    passwords,
    second_factor,
    sessions,
)
from upstage_crm.staff.auth.devices import (
    Attempt,
    Source,
    Subject,
)
from upstage_crm.staff.auth.hashing import Lane
from upstage_crm.staff.auth.second_factor import Factors
from upstage_crm.staff.auth.sessions import (
    Browser,
    SignedIn,
    Stage,
)
from upstage_crm.staff.errors import PasswordsBusy, PasswordWrong, TooManyTries
from upstage_crm.staff.roles import Permission, may
from upstage_crm.team import password_reset
from upstage_crm.wiring import runtime
from upstage_crm.wording.sentences import sentence

ADDED = "Your passkey works from now on."
_ABOUT_THE_OLD = (PasswordWrong, PasswordsBusy, TooManyTries)


def _nothing() -> dict[str, str]:
    return dict.fromkeys(("old", "new"), "")


@dataclass(frozen=True)
class PasskeyRow:
    """A passkey as shown."""

    id: str = ""
    label: str = ""
    used: str = ""


@dataclass(frozen=True)
class BrowserRow:
    """A signed-in browser as shown."""

    id: str = ""
    words: str = ""
    place: str = ""
    seen: str = ""
    is_this: bool = False


class AccountState(PageMixin, AdminState):
    """What the page shows. `new_codes` and `secret` are shown once, and gone with the page.

    Its subject is the id of the account: another one may have signed in since the form was drawn.
    """

    fresh: ClassVar[frozenset[str]] = frozenset(
        {"begin_app", "end_one", "end_others", "prepare_passkey"}
    )
    may_enrol: ClassVar[bool] = True

    is_loaded: bool = False
    email: str = ""
    must_enrol: bool = False
    has_app: bool = False
    has_factor: bool = False
    second_from: str = ""
    codes_left: int = 0
    passkeys: rx.Field[list[PasskeyRow]] = rx.field(default_factory=list)
    browsers: rx.Field[list[BrowserRow]] = rx.field(default_factory=list)
    picture: str = ""
    secret: str = ""
    app_error: str = ""
    passkey_options: str = ""
    new_codes: rx.Field[list[str]] = rx.field(default_factory=list)
    errors: rx.Field[dict[str, str]] = rx.field(default_factory=_nothing)
    form: int = 0

    @rx.event
    async def change_password(self, form: dict[str, Any]) -> Any:
        """Set a new password for the staff member who knows the old one."""
        signed_in, given = self._session(), texts(form)
        if not self._is_about(given.get(SUBJECT)):
            return None
        source = source_of(self.router.session.client_ip, self.router.headers.cookie)
        old, new = given.get("old", ""), given.get("new", "")
        self._quiet()
        self.errors = _nothing()
        try:
            await _change_password(signed_in, source, old, new)
        except UpstageError as error:
            name = "old" if isinstance(error, _ABOUT_THE_OLD) else "new"
            self.errors = _nothing() | {name: sentence(error)}
            return self._focus(f"field-{name}")
        self.form += 1
        self._succeed("Your password was changed. Every other browser is signed out.")
        return await self._show()

    @rx.event
    async def begin_app(self) -> Any:
        """Show the QR code of a new authenticator app."""
        signed_in, parts = self._session(), runtime()
        now = parts.clock.now()
        try:
            self.secret = await self._command(
                lambda s: second_factor.start_app(s, signed_in, sealer=parts.sealer, now=now)
            )
        except UpstageError as error:
            return self._refuse(error)
        name = self.organisation or "UpStage CRM"
        address = authenticator.address(
            self.secret, account=signed_in.member.email_key, organisation=name
        )
        self.picture, self.app_error = authenticator.picture(address), ""
        return self._focus("field-code")

    @rx.event
    async def confirm_app(self, form: dict[str, Any]) -> Any:
        """Take the app into use once it shows the right code."""
        signed_in, parts = self._session(), runtime()
        code, now = texts(form).get("code", "")[:40], parts.clock.now()
        try:
            codes = await self._command(
                lambda s: second_factor.confirm_app(
                    s, signed_in, code=code, sealer=parts.sealer, now=now
                )
            )
        except UpstageError as error:
            self.app_error = sentence(error)
            return self._focus("field-code")
        self.picture = self.secret = self.app_error = ""
        self.new_codes = list(codes)
        self._succeed("Your authenticator app works from now on.")
        return await self._show()

    @rx.event
    def forget_codes(self) -> None:
        """Show the new recovery codes no longer: they are saved."""
        self.new_codes = []

    @rx.event
    def cancel_app(self) -> None:
        """Forget the app that was not confirmed."""
        self.picture = self.secret = self.app_error = ""

    @rx.event
    async def prepare_passkey(self) -> None:
        """Ask the browser for a new passkey: what it needs for it."""
        signed_in, parts = self._session(), runtime()
        now = parts.clock.now()
        challenge = await self._command(
            lambda s: second_factor.new_challenge(s, signed_in, now=now)
        )
        self.passkey_options = passkeys.creation_options(
            parts.site,
            staff_id=signed_in.member.id,
            account=signed_in.member.email_key,
            challenge=challenge,
            known=[row.id for row in self.passkeys],
        )

    @rx.event
    async def end_one(self, browser_id: str) -> None:
        """Sign one other browser out."""
        signed_in, now = self._session(), runtime().clock.now()
        await self._command(lambda s: sessions.end_one(s, signed_in, str(browser_id), now=now))
        self._succeed("That browser is signed out.")
        await self._show()

    @rx.event
    async def end_others(self) -> None:
        """Sign every other browser out."""
        signed_in, now = self._session(), runtime().clock.now()
        await self._command(lambda s: sessions.end_others(s, signed_in, now=now))
        self._succeed("Every other browser is signed out.")
        await self._show()

    def _start(self) -> None:
        self.subject = self._actor().id
        asked = self.router.url.query_parameters
        if asked.get("added"):
            self._succeed(ADDED)
        problem = asked.get("problem", "")
        if problem in ("passkey_refused", "too_many_passkeys"):
            self.problem = sentence(_named(problem))

    async def _show(self) -> None:
        signed_in, now = self._session(), runtime().clock.now()
        seen = await self._read(lambda s: _seen(s, signed_in, now))
        self.email = seen.email
        self.must_enrol = signed_in.stage is Stage.MUST_ENROL and seen.factors.count == 0
        self.has_app, self.codes_left = seen.factors.has_app, seen.factors.codes_left
        self.has_factor = seen.factors.count > 0
        self.second_from = sentence(seen.too_early) if seen.too_early else ""
        self.passkeys = [
            PasskeyRow(
                id=key.id,
                label=key.label,
                used=f"used {when.ago(key.last_used_at, now=now, time_zone=seen.zone)}"
                if key.last_used_at
                else "not used yet",
            )
            for key in seen.factors.passkeys
        ]
        self.browsers = [_browser(found, now, seen.zone) for found in seen.browsers]
        self.is_loaded = True


class _Seen(NamedTuple):
    email: str
    factors: Factors
    browsers: tuple[Browser, ...]
    zone: tzinfo
    too_early: UpstageError | None


def _seen(session: Session, signed_in: SignedIn, now: datetime) -> _Seen:
    return _Seen(
        accounts.get_row(session, signed_in.member.id).email,
        second_factor.of(session, signed_in.member.id),
        sessions.browsers(session, signed_in, now=now),
        details(session).zone,
        too_early_for(session, signed_in.member.id, now=now)
        if may(signed_in.member, Permission.DESK_CONFIRM)
        else None,
    )


def _browser(found: Browser, now: datetime, zone: tzinfo) -> BrowserRow:
    return BrowserRow(
        id=found.id,
        words=describe(found.user_agent),
        place=found.ip_prefix,
        seen=when.ago(found.last_seen_at, now=now, time_zone=zone),
        is_this=found.is_this,
    )


async def _change_password(signed_in: SignedIn, source: Source, old: str, new: str) -> None:
    hashing = runtime().hashing
    with hashing.queue(Lane.KNOWN, signed_in.session_id):
        asked = await to_writer_thread(_reserve, signed_in, source)
        if not await hashing.run(Lane.KNOWN, partial(passwords.matches, asked.stored, old)):
            raise PasswordWrong
        await to_writer_thread(_forgive, asked.attempt)
        hashed = await hashing.run(
            Lane.KNOWN, partial(passwords.hash_strong_password, new, about=asked.about)
        )
        await to_writer_thread(_store_password, signed_in, hashed)


class _Asked(NamedTuple):
    attempt: Attempt
    stored: str
    about: tuple[str, ...]


def _reserve(signed_in: SignedIn, source: Source) -> _Asked:
    """Count the attempt as wrong until the old password has been checked."""
    parts = runtime()
    with parts.database.transaction() as session:
        row = accounts.get_row(session, signed_in.member.id)
        attempt = devices.attempt(
            session, Subject.PROOF, name=row.id, staff_id=row.id, source=source
        )
        reserve(session, attempt, now=parts.clock.now())
        return _Asked(attempt, row.password_hash, (row.email, row.display_name, row.desk))


def _forgive(attempt: Attempt) -> None:
    with runtime().database.transaction() as session:
        devices.forgive(session, attempt)


def _store_password(signed_in: SignedIn, hashed: str) -> None:
    parts = runtime()
    with parts.database.transaction() as session:
        password_reset.change(parts.account_context(session), signed_in, password_hash=hashed)


def _named(code: str) -> UpstageError:
    """A refusal that came back in the address: its code alone is believed."""
    error = UpstageError(limit=second_factor.PASSKEYS)
    error.code = code
    return error
