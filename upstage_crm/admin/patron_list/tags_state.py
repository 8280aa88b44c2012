"""What staff do to several patrons of the list at once: tag them, take a tag from them."""

from collections.abc import Callable
from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.patron_list.bulk_propose_state import BulkProposeState
from upstage_crm.admin.patron_list.chosen import CHOSEN, PROPOSE, TAG, UNTAG, numbers_in
from upstage_crm.admin.patron_list.list_state import PatronListState
from upstage_crm.pages.dialog_state import DialogMixin
from upstage_crm.patrons import edit_tags, queries
from upstage_crm.staff.roles import Permission
from upstage_crm.wiring import runtime
from upstage_crm.wording.consequences import counted
from upstage_crm.wording.tags import chosen_words, tagged_words, untagged_words

TAGS = "tags"


class PatronTagsState(DialogMixin, AdminState):
    """The dialog over the list. `effect` says to how many of the chosen patrons it applies."""

    permission: ClassVar[Permission | None] = Permission.EDIT_PATRON
    dialogs: ClassVar[tuple[str, ...]] = (TAG, UNTAG)
    page: ClassVar[type[PatronListState]] = PatronListState

    effect: str = ""

    _patron_ids: tuple[str, ...] = ()

    @rx.event
    async def ask(self, act: str, numbers: list[str]) -> Any:
        """Ask for the tags of the chosen patrons; what else is done to them has its own dialog."""
        if act == PROPOSE:
            return BulkProposeState.ask(numbers)
        chosen = numbers_in(numbers)
        if act not in self.dialogs or not chosen:
            return None
        ids = await self._read(lambda session: queries.ids_that_take(session, chosen))
        if await self._open(act, subject=CHOSEN, about=f"{counted(len(chosen), 'patron')} chosen"):
            self._patron_ids = ids
            self.effect = chosen_words(chosen=len(chosen), applies=len(ids))
        return None

    @rx.event
    async def tag(self, form: dict[str, Any]) -> Any:
        """Give every chosen patron these tags."""
        return await self._change(TAG, form)

    @rx.event
    async def untag(self, form: dict[str, Any]) -> Any:
        """Take these tags from every chosen patron."""
        return await self._change(UNTAG, form)

    async def _change(self, act: str, form: dict[str, Any]) -> Any:
        given = self._accept(act, form)
        if given is None:
            return None
        actor, ids, text = self._actor(), self._patron_ids, given.get(TAGS, "")
        command: Callable[..., edit_tags.Tagged] = edit_tags.add if act == TAG else edit_tags.remove
        words = tagged_words if act == TAG else untagged_words

        def change(session: Session) -> edit_tags.Tagged:
            context = runtime().staff_context(session, actor)
            return command(context, patron_ids=ids, text=text)

        return await self._run(change, words)
