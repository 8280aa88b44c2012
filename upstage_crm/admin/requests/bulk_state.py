"""What staff do to several requests of the queue at once: send again, withdraw, release."""

from typing import Any, ClassVar

import reflex as rx

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.requests.queue_state import RequestQueueState
from upstage_crm.change_requests.lifecycle import bulk
from upstage_crm.change_requests.lifecycle.bulk import BulkAct
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.ids import REFERENCE_LENGTH
from upstage_crm.pages.dialog_state import DialogMixin
from upstage_crm.pages.list_state import PAGE_SIZE
from upstage_crm.staff.roles import Permission
from upstage_crm.wiring import runtime
from upstage_crm.wording.bulk import done_words, left_words, preview_words
from upstage_crm.wording.consequences import counted

CHOSEN = "chosen"  # what the dialog calls its subject


class RequestBulkState(DialogMixin, AdminState):
    """The dialog over the queue. `lines` say what the press will do, `applies` to how many."""

    permission: ClassVar[Permission | None] = Permission.VIEW_REQUESTS
    fresh: ClassVar[frozenset[str]] = frozenset({"release"})
    dialogs: ClassVar[tuple[str, ...]] = tuple(BulkAct)
    page: ClassVar[type[RequestQueueState]] = RequestQueueState

    lines: rx.Field[list[str]] = rx.field(default_factory=list)
    applies: int = 0

    _references: tuple[str, ...] = ()

    @rx.event
    async def ask(self, act: str, references: list[str]) -> None:
        """Say what would be done to the chosen requests, before it is done."""
        chosen = _clean(references)
        if act not in self.dialogs or not chosen:
            return
        actor, parts = self._actor(), runtime()
        found = await self._read(
            lambda s: bulk.preview(parts.staff_context(s, actor), BulkAct(act), chosen)
        )
        about = f"{counted(len(chosen), 'request')} chosen"
        if await self._open(act, subject=CHOSEN, about=about):
            self.lines = preview_words(BulkAct(act), found, chosen=len(chosen))
            self.applies, self._references = len(found.applies), found.applies

    @rx.event
    async def resend(self, form: dict[str, Any]) -> Any:
        """Send the question of each request again."""
        return await self._do_each(BulkAct.RESEND, form)

    @rx.event
    async def withdraw(self, form: dict[str, Any]) -> Any:
        """Withdraw each request."""
        return await self._do_each(BulkAct.WITHDRAW, form)

    @rx.event
    async def release(self, form: dict[str, Any]) -> Any:
        """Let each request go to its patron."""
        return await self._do_each(BulkAct.RELEASE, form)

    async def _do_each(self, act: BulkAct, form: dict[str, Any]) -> Any:
        """Run the command once for each request: one that is refused stops no other."""
        if self._accept(act, form) is None:
            return None
        page, actor, parts = await self.get_state(self.page), self._actor(), runtime()
        left_out: dict[str, UpstageError] = {}
        for reference in self._references:
            try:
                await self._command(
                    lambda s, one=reference: bulk.COMMANDS[act](
                        parts.staff_context(s, actor), reference=one
                    )
                )
            except UpstageError as error:
                left_out[reference] = error
        done = len(self._references) - len(left_out)
        if not done:
            self.refusal = " ".join(left_words(left_out))
            return await page._show()
        self._finish()
        page._succeed(done_words(act, done=done, left_out=left_out))
        return await page._show()


def _clean(references: object) -> list[str]:
    """The references among what a browser sent, as many as a page has rows."""
    given = references if isinstance(references, list) else []
    texts = [one for one in given if isinstance(one, str) and len(one) <= REFERENCE_LENGTH + 1]
    return list(dict.fromkeys(texts))[:PAGE_SIZE]
