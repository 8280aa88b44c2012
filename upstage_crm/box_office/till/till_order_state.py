"""An order at the till: found and handed out, printed again, exchanged, returned."""

from collections.abc import Callable
from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.box_office.sale import found_orders
from upstage_crm.box_office.sale.found_orders import FoundOrder
from upstage_crm.box_office.sale.till_refunds import Back, given_back
from upstage_crm.box_office.sale.till_rows import OrderTicket, Suggested
from upstage_crm.box_office.sale.till_sales import seller_at
from upstage_crm.box_office.sale.till_words import printed
from upstage_crm.box_office.till.till_state import TillState
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.ids import new_id
from upstage_crm.orders import returns
from upstage_crm.orders.errors import NothingToReturn
from upstage_crm.orders.records import handing_out, ticket_copies
from upstage_crm.pages.dialog_state import DialogMixin
from upstage_crm.pages.list_url import QUERY_LIMIT
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission
from upstage_crm.tills import shifts
from upstage_crm.wiring import runtime
from upstage_crm.wording.consequences import counted

RETURN, REASON = "return_tickets", "reason"
LONGEST = 400  # characters of what is scanned or typed


class TillOrderState(AdminState):
    """The order that is looked at, `order_id` "" for none; what was found for `asked`."""

    permission: ClassVar[Permission | None] = Permission.RUN_TILLS

    asked: str = ""
    found: rx.Field[list[Suggested]] = rx.field(default_factory=list)
    order_id: str = ""
    reference: str = ""
    name: str = ""
    total: str = ""
    tickets: rx.Field[list[OrderTicket]] = rx.field(default_factory=list)
    is_out: bool = False

    @rx.event
    async def ask(self, words: str) -> None:
        """Find orders; without words, forget what was found."""
        asked = words.strip()[:QUERY_LIMIT] if isinstance(words, str) else ""
        reader = self._actor().role
        may_look = self._may(Permission.VIEW_ORDERS)
        self.asked, self.found = asked, []
        if asked and may_look:
            self.found = await self._read(lambda s: found_orders.suggested(s, asked, reader=reader))

    @rx.event
    async def pick(self, name: str, words: str) -> Any:
        """Look at an order; tickets that wait for a performance of today are handed out."""
        del words
        self.asked, self.found = "", []
        await self._look(str(name), "")

    @rx.event
    async def scan(self, text: str) -> Any:
        """Look at the order of a ticket that was scanned, or of a reference."""
        given, keys = str(text)[:LONGEST], runtime().ticket_keys
        page = await self.get_state(TillState)
        page._quiet()
        try:
            order_id, ticket_id = await self._read(lambda s: found_orders.scanned(s, given, keys))
        except UpstageError as error:
            page._refuse(error)
            return
        await self._look(order_id, ticket_id)

    @rx.event
    async def choose_ticket(self, ticket_id: str) -> None:
        """Choose a ticket, or leave it out."""
        chosen = {one.id for one in self.tickets if one.is_chosen} ^ {str(ticket_id)}
        await self._read_again(chosen)

    @rx.event
    async def hand_out(self, is_out: bool) -> None:
        """Note that the tickets were collected, or were not after all."""
        await self._hand_out(is_out=is_out is True)

    @rx.event
    async def print_again(self) -> None:
        """Print the tickets once more, marked as duplicates."""
        order_id, page = self.order_id, await self.get_state(TillState)
        try:
            order = await self._staff(
                lambda context: ticket_copies.print_again(context, order_id=order_id)
            )
        except UpstageError as error:
            page._refuse(error)
            return
        keys = runtime().ticket_keys
        page.printed = await self._read(
            lambda s: printed(s, order.reference, order.valid, keys, is_duplicate=True)
        )

    @rx.event
    async def act(self, name: str) -> Any:
        """Do what a key means for the chosen tickets: exchange them, or return them."""
        if name == "exchange":
            await self._exchange()
        elif name == "return" and self.order_id:
            dialog = await self.get_state(TillReturnState)
            await dialog._ask(self.order_id, self.reference, len(self._chosen()))

    @rx.event
    async def shut(self) -> None:
        """Look at no order any more."""
        self._forget()
        page = await self.get_state(TillState)
        page._focus("till-typed")

    @rx.event
    async def step(self, name: str) -> None:
        """Look at no order any more where the sale is cleared."""
        if name == "clear":
            self._forget()

    async def _exchange(self) -> None:
        page, chosen = await self.get_state(TillState), self._chosen()
        order_id, now = self.order_id, runtime().clock.now()
        if not order_id:
            return
        found = await self._read(lambda s: found_orders.shown(s, order_id, chosen=chosen, now=now))
        old = found_orders.old_tickets(found.order, chosen)
        if not old.ticket_ids:
            page._refuse(NothingToReturn())
            return
        self._forget()
        await page._begin_exchange(old, found.order.currency)

    async def _look(self, order_id: str, ticket_id: str) -> None:
        page = await self.get_state(TillState)
        page._forget_sold()
        self.order_id = order_id
        found = await self._read_again({ticket_id} if ticket_id else set())
        if found is not None and found.waits and not ticket_id:
            await self._hand_out(is_out=True)
        page._focus("till-typed")

    async def _hand_out(self, *, is_out: bool) -> None:
        order_id, page = self.order_id, await self.get_state(TillState)
        command = handing_out.hand_out if is_out else handing_out.hand_back
        try:
            count = await self._staff(lambda context: command(context, order_id=order_id))
        except UpstageError as error:
            page._refuse(error)
            return
        words = f"{counted(count, 'ticket')} handed out." if is_out else "Not handed out."
        page._succeed(words)
        await self._read_again({one.id for one in self.tickets if one.is_chosen})

    async def _read_again(self, chosen: set[str]) -> FoundOrder | None:
        order_id, now = self.order_id, runtime().clock.now()
        page = await self.get_state(TillState)
        try:
            found = await self._read(
                lambda s: found_orders.shown(s, order_id, chosen=chosen, now=now)
            )
        except UpstageError as error:
            self._forget()
            page._refuse(error)
            return None
        if not chosen:
            found = await self._read(
                lambda s: found_orders.shown(
                    s, order_id, chosen={one.id for one in found.order.valid}, now=now
                )
            )
        self.reference, self.name, self.total = found.order.reference, found.name, found.total
        self.tickets = found.tickets
        self.is_out = any(one.collected_at is not None for one in found.order.valid)
        return found

    def _chosen(self) -> set[str]:
        return {one.id for one in self.tickets if one.is_chosen and one.is_valid}

    def _forget(self) -> None:
        self.order_id, self.reference, self.name, self.total = "", "", "", ""
        self.tickets, self.is_out = [], False

    async def _staff(self, command: Callable[[StaffContext[object]], Any]) -> Any:
        actor = self._actor()

        def run(session: Session) -> Any:
            return command(runtime().staff_context(session, actor))

        return await self._command(run)


class TillReturnState(DialogMixin, AdminState):
    """The dialog that takes tickets back. The subject is the order's id."""

    permission: ClassVar[Permission | None] = Permission.RUN_TILLS
    dialogs: ClassVar[tuple[str, ...]] = (RETURN,)
    drafted: ClassVar[frozenset[str]] = frozenset()
    page: ClassVar[type[TillState]] = TillState

    tickets: str = ""

    _key: str = ""

    @rx.event
    async def give_back(self, form: dict[str, Any]) -> Any:
        """Take the chosen tickets back, and give back what was paid to the tenders it came from."""
        typed = self._accept(RETURN, form)
        if typed is None:
            return None
        shown = await self.get_state(TillOrderState)
        page = await self.get_state(TillState)
        order_id, actor, key = self.subject, self._actor(), self._key
        chosen, shift, code = shown._chosen(), page._shift, page._currency

        def command(session: Session) -> Back:
            context = runtime().staff_context(session, actor)
            assert shift is not None
            shifts.ensure_open(session, shift.id)
            done = returns.return_tickets(
                context,
                seller_at(shift, actor),
                order_id=order_id,
                ticket_ids=chosen,
                reason=typed.get(REASON, ""),
                key=key,
            )
            return given_back(session, order_id, step_id=done.step_id)

        def words(back: Back) -> str:
            told = back.in_words(code)
            return f"Returned. To give back: {told}." if told else "Returned."

        if shift is None or shift.is_training:
            self._finish()
            page._succeed("A training returns nothing.")
            return None
        following = await self._run(command, words)
        if not self.dialog:
            await shown._read_again(set())
        return following

    async def _ask(self, order_id: str, reference: str, count: int) -> None:
        if await self._open(RETURN, subject=order_id, about=reference):
            self.tickets = counted(count, "ticket")
            self._key = new_id(runtime().clock.now())
