"""The dialog that gives the filters of the patron list a name."""

from typing import Any, ClassVar

import reflex as rx

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.patron_list.list_state import PatronListState
from upstage_crm.admin.patron_list.view_tabs import address_of
from upstage_crm.admin.patrons.url import SHAPE
from upstage_crm.pages.dialog_state import SUBJECT, DialogMixin
from upstage_crm.staff import saved_views
from upstage_crm.staff.roles import Permission
from upstage_crm.wiring import runtime

SAVE = "save"
NAME, SHARED = "name", "shared"


class SaveViewState(DialogMixin, AdminState):
    """The dialog. Its subject is what the view keeps of the list's address."""

    permission: ClassVar[Permission | None] = Permission.VIEW_PATRONS
    dialogs: ClassVar[tuple[str, ...]] = (SAVE,)
    page: ClassVar[type[PatronListState]] = PatronListState

    @rx.event
    async def open(self) -> None:
        """Open the dialog for the filters that are chosen now."""
        shown = await self.get_state(PatronListState)
        await self._open(SAVE, subject=address_of(shown._url()), about="")

    @rx.event
    async def save(self, form: dict[str, Any]) -> Any:
        """Save the view; a refusal stays in the dialog."""
        given = self._accept(SAVE, form)
        if given is None:
            return None
        actor = self._actor()
        return await self._run(
            lambda session: saved_views.save(
                runtime().staff_context(session, actor),
                list_path=SHAPE.path,
                name=given.get(NAME, ""),
                address=given.get(SUBJECT, ""),
                is_shared=bool(given.get(SHARED)),
            ),
            "The view is saved.",
        )
