"""Takes back what was done last to performances, on the pages on which they are edited."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import reflex as rx

from upstage_crm.inventory import sale_steps
from upstage_crm.orders.cancellations import moving
from upstage_crm.pages.page_state import PageMixin
from upstage_crm.programme import performances
from upstage_crm.programme.performances import Place
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import StaffMember
from upstage_crm.wiring import SALE_CHECKS, runtime


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """How the last edit is taken back: what it paused, put on sale or moved. Empty: not at all."""

    put_on_sale: tuple[str, ...] = ()
    pause: tuple[str, ...] = ()
    places: Mapping[str, Place] = field(default_factory=dict[str, Place])
    versions: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def is_possible(self) -> bool:
        """Whether there is anything to take back."""
        return bool(self.put_on_sale or self.pause or self.places)

    def run(self, context: StaffContext[object]) -> None:
        """Take it back.

        Raises:
            UpstageError: a colleague did something else with it since.
        """
        if self.put_on_sale:
            sale_steps.put_on_sale(context, performance_ids=self.put_on_sale, checks=SALE_CHECKS)
        if self.pause:
            performances.pause(context, performance_ids=self.pause)
        if self.places:
            moving.move_back(context, places=self.places, versions=self.versions)


class UndoMixin(PageMixin, rx.State, mixin=True):
    """A page that offers to take the last edit of performances back, until the next press."""

    can_undo: bool = False

    _undo: Undo = Undo()

    if TYPE_CHECKING:
        _actor: Callable[[], StaffMember]  # `AdminState` has it

    @rx.event
    async def undo(self) -> Any:
        """Take the last edit of performances back."""
        undo, actor = self._undo, self._actor()
        self._offer(Undo())
        if not undo.is_possible:
            return None
        return await self._act(
            lambda session: undo.run(runtime().staff_context(session, actor)), "Undone."
        )

    def _succeed(self, words: str) -> None:
        super()._succeed(words)
        self._offer(Undo())

    def _offer(self, undo: Undo) -> None:
        """Offer to take back what was done last."""
        self._undo, self.can_undo = undo, undo.is_possible
