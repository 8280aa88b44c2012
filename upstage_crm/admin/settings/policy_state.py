"""The rules of requests: read, and changed by who may."""

from typing import Any, ClassVar

import reflex as rx

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.settings.policy_form import NAMES, blamed, parsed, shown
from upstage_crm.change_requests.model import policy_store
from upstage_crm.core.errors import UpstageError
from upstage_crm.staff.roles import Permission
from upstage_crm.wiring import runtime
from upstage_crm.wording.sentences import sentence

SAVED = "Saved. Requests that run already keep the rules they began with."
LOOK = "Not saved. Fix the highlighted fields."


def _nothing() -> dict[str, str]:
    return dict.fromkeys(NAMES, "")


class PolicyState(AdminState):
    """The policy as stored (`shown`), and the sentence of each input refused (`errors`)."""

    permission: ClassVar[Permission | None] = Permission.VIEW_SETTINGS
    fresh: ClassVar[frozenset[str]] = frozenset({"save"})

    is_loaded: bool = False
    may_edit: bool = False
    shown: rx.Field[dict[str, str]] = rx.field(default_factory=_nothing)
    errors: rx.Field[dict[str, str]] = rx.field(default_factory=_nothing)
    form_number: int = 0  # a new number draws the form anew, with the stored numbers in it

    @rx.event
    async def save(self, form: dict[str, Any]) -> Any:
        """Store the policy, or say at each input why not; what was typed stays as it is."""
        actor = self._actor()
        self._quiet()
        proposed, problems = parsed(form, await self._read(policy_store.current))
        self.errors = _nothing() | problems
        if problems:
            return self._point_out()
        try:
            stored = await self._command(
                lambda session: policy_store.change(
                    runtime().staff_context(session, actor), proposed=proposed
                )
            )
        except UpstageError as error:
            return self._blame(error)
        self._draw(shown(stored))
        self._succeed(SAVED)
        return None

    async def _show(self) -> None:
        """Show what is stored; the page does so when it opens."""
        self.may_edit = self._may(Permission.EDIT_POLICY)
        self._draw(shown(await self._read(policy_store.current)))

    def _draw(self, texts: dict[str, str]) -> None:
        self.shown = texts
        self.form_number += 1
        self.is_loaded = True

    def _blame(self, error: UpstageError) -> Any:
        name = blamed(error)
        if not name:
            self._refuse(error)
            return None
        self.errors = _nothing() | {name: sentence(error)}
        return self._point_out()

    def _point_out(self) -> Any:
        """Say that something is marked, and put the cursor into the first such input."""
        self.problem = LOOK
        return self._focus(f"field-{next(name for name in NAMES if self.errors[name])}")
