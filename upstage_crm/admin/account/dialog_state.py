"""The questions before something of one's own account is taken away."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.account.state import AccountState
from upstage_crm.admin.guard import AdminState
from upstage_crm.pages.dialog_state import DialogMixin
from upstage_crm.pages.errors import SubjectMoved
from upstage_crm.staff.auth import second_factor
from upstage_crm.staff.auth.sessions import SignedIn
from upstage_crm.wiring import runtime

REMOVE_APP, REMOVE_PASSKEY, MAKE_CODES = "remove_app", "remove_passkey", "make_codes"


class AccountDialogState(DialogMixin, AdminState):
    """The dialogs. The subject is the account's id, or a passkey's where one is removed."""

    fresh: ClassVar[frozenset[str]] = frozenset({"make_codes", "remove_app", "remove_passkey"})
    may_enrol: ClassVar[bool] = True
    dialogs: ClassVar[tuple[str, ...]] = (REMOVE_APP, REMOVE_PASSKEY, MAKE_CODES)
    page: ClassVar[type[AccountState]] = AccountState

    @rx.event
    async def ask(self, dialog: str) -> None:
        """Open the dialog about the authenticator app or about the recovery codes."""
        page = await self.get_state(AccountState)
        if dialog in (REMOVE_APP, MAKE_CODES):
            await self._open(dialog, subject=page.subject, about=page.email)

    @rx.event
    async def ask_passkey(self, passkey_id: str) -> None:
        """Open the dialog about one passkey."""
        page = await self.get_state(AccountState)
        found = [row for row in page.passkeys if row.id == passkey_id]
        if not found:
            self._refuse(SubjectMoved())
            return
        await self._open(REMOVE_PASSKEY, subject=found[0].id, about=found[0].label)

    @rx.event
    async def remove_app(self, form: dict[str, Any]) -> Any:
        """Remove the authenticator app."""
        if self._accept(REMOVE_APP, form) is None:
            return None
        return await self._run(self._removal(None), "Removed.")

    @rx.event
    async def remove_passkey(self, form: dict[str, Any]) -> Any:
        """Remove one passkey."""
        if self._accept(REMOVE_PASSKEY, form) is None:
            return None
        return await self._run(self._removal(self.subject), "Removed.")

    @rx.event
    async def make_codes(self, form: dict[str, Any]) -> Any:
        """Make new recovery codes; the earlier ones stop working."""
        if self._accept(MAKE_CODES, form) is None:
            return None
        signed_in, now = self._session(), runtime().clock.now()
        page = await self.get_state(AccountState)

        def words(codes: tuple[str, ...]) -> str:
            page.new_codes = list(codes)
            return "The earlier codes no longer work."

        return await self._run(lambda s: second_factor.new_codes(s, signed_in, now=now), words)

    def _removal(self, passkey_id: str | None) -> Callable[[Session], object]:
        signed_in: SignedIn = self._session()
        now: datetime = runtime().clock.now()
        return lambda s: second_factor.remove(s, signed_in, passkey_id=passkey_id, now=now)
