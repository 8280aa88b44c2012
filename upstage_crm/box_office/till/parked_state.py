"""Sales that were put aside at a till, each under a few words, and taken up again."""

from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.box_office.sale.till_rows import ParkedSale
from upstage_crm.box_office.till.till_state import TillState
from upstage_crm.core import when
from upstage_crm.core.errors import UpstageError
from upstage_crm.orders import basket_reading
from upstage_crm.orders.errors import BasketOver
from upstage_crm.orders.views import BasketState, BasketView
from upstage_crm.organisation.settings import details
from upstage_crm.programme.prices.views import SaleChannel
from upstage_crm.staff.roles import Permission
from upstage_crm.wiring import runtime
from upstage_crm.wording.consequences import counted

UNNAMED = "Parked"


class TillParkedState(AdminState):
    """What is put aside and still holds its seats; a training keeps its own in the tab."""

    permission: ClassVar[Permission | None] = Permission.RUN_TILLS

    parked: rx.Field[list[ParkedSale]] = rx.field(default_factory=list)

    _aside: tuple[BasketView, ...] = ()  # of a training

    @rx.event
    async def park(self, label: str) -> None:
        """Put the sale aside; it keeps its seats as long as they are held.

        Without a sale the oldest one that is parked is taken up again.
        """
        page = await self.get_state(TillState)
        basket, words = page._basket, str(label).strip()[:80] or page.patron or UNNAMED
        page._quiet()
        page.turn += 1
        if basket is None or not basket.lines:
            await self._recall("")
            return
        if page._old is not None:
            return
        sales = page._sales()
        try:
            aside = await page._hold(lambda context: sales.park(context, basket, words[:80]))
        except UpstageError as error:
            page._refuse(error)
            return
        if page.is_training:
            self._aside = (*self._aside, aside)
        page._forget_sale()
        page._succeed(f"Parked: {words}.")
        await page._look()
        await self._list()

    @rx.event
    async def recall(self, basket_id: str) -> None:
        """Take a sale up again, once the one at hand is done with."""
        await self._recall(str(basket_id))

    @rx.event
    async def look(self) -> None:
        """Read again what is put aside."""
        await self._list()

    async def _recall(self, basket_id: str) -> None:
        page = await self.get_state(TillState)
        page._quiet()
        page.turn += 1
        await self._list()
        wanted = basket_id or (self.parked[0].id if self.parked else "")
        if not wanted or (page._basket is not None and page._basket.lines):
            return
        try:
            sales, found = page._sales(), await self._found(wanted)
            page._basket = await page._hold(lambda context: sales.park(context, found, ""))
            page._patron_id = found.patron_id
        except UpstageError as error:
            page._refuse(error)
        self._aside = tuple(one for one in self._aside if one.id != wanted)
        page._forget_sold()
        await page._look()
        await self._list()

    async def _found(self, basket_id: str) -> BasketView:
        for one in self._aside:
            if one.id == basket_id:
                return one
        now = runtime().clock.now()
        found = await self._read(lambda s: basket_reading.read(s, basket_id, now=now))
        is_ours = found.channel is SaleChannel.BOX_OFFICE and found.state is BasketState.OPEN
        if not is_ours:
            raise BasketOver(state=found.state.value)
        return found

    async def _list(self) -> None:
        page, now = await self.get_state(TillState), runtime().clock.now()

        def stored(session: Session) -> list[ParkedSale]:
            zone = details(session).zone
            found = self._aside if page.is_training else basket_reading.parked(session, now=now)
            return [_row(one, zone) for one in found if one.channel is SaleChannel.BOX_OFFICE]

        self.parked = await self._read(stored)


def _row(one: BasketView, zone: Any) -> ParkedSale:
    return ParkedSale(
        id=one.id,
        label=one.label,
        tickets=counted(len(one.lines), "ticket"),
        until=when.weekday(one.until, zone)[1] if one.until else "",
    )
