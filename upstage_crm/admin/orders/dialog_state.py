"""The dialogs of an order: take tickets back, give money back, issue tickets again."""

from collections.abc import Mapping
from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.orders.desk_seller import desk_seller
from upstage_crm.admin.orders.order_reading import TicketRow, tickets_in_words
from upstage_crm.admin.orders.order_state import OrderRecordState
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.ids import new_id
from upstage_crm.core.money import in_words, read_amount
from upstage_crm.orders import order_refunds, queries, returns
from upstage_crm.orders.errors import MoreThanOwed, ReasonMissing, RefundAboveLimit
from upstage_crm.orders.records import money_back, ticket_copies
from upstage_crm.orders.records.money_back import GivenBack
from upstage_crm.orders.returns import Returned
from upstage_crm.pages.dialog_state import DialogMixin
from upstage_crm.payments.errors import NothingToPay
from upstage_crm.staff.roles import Permission
from upstage_crm.wiring import runtime
from upstage_crm.wording.sales.payments import METHOD_WORDS
from upstage_crm.wording.sentences import sentence

RETURN, GIVE_BACK, REISSUE = "return_tickets", "give_money_back", "reissue_tickets"
TICKET, REASON, AMOUNT, MONEY = "ticket-", "reason", "amount", "money"
NOW, LATER = "now", "later"


class OrderDialogState(DialogMixin, AdminState):
    """The dialogs. `lines` say what the press will do, `choices` are the tickets to choose from."""

    permission: ClassVar[Permission | None] = Permission.VIEW_ORDERS
    dialogs: ClassVar[tuple[str, ...]] = (RETURN, GIVE_BACK, REISSUE)
    drafted: ClassVar[frozenset[str]] = frozenset({RETURN, GIVE_BACK, REISSUE})
    page: ClassVar[type[OrderRecordState]] = OrderRecordState

    lines: rx.Field[list[str]] = rx.field(default_factory=list)
    choices: rx.Field[list[TicketRow]] = rx.field(default_factory=list)
    owed: str = ""
    reason_error: str = ""
    amount_error: str = ""

    _order_id: str = ""
    _key: str = ""  # the same for every press of one opening: a double one does nothing twice

    @rx.event
    async def open_return(self) -> None:
        """Open the dialog that takes tickets back."""
        await self._begin_with(RETURN)

    @rx.event
    async def open_give_back(self) -> None:
        """Open the dialog that gives back what is owed."""
        await self._begin_with(GIVE_BACK)

    @rx.event
    async def open_reissue(self) -> None:
        """Open the dialog that gives tickets new codes."""
        await self._begin_with(REISSUE)

    @rx.event
    async def take_back(self, form: dict[str, Any]) -> Any:
        """Take the chosen tickets back."""
        typed = self._accept(RETURN, form)
        if typed is None:
            return None
        actor, order_id, key = self._actor(), self._order_id, self._key
        reason, chosen = typed.get(REASON, ""), self._chosen(typed)

        def command(session: Session) -> Returned:
            if chosen and not reason.strip():
                raise ReasonMissing
            return returns.return_tickets(
                runtime().staff_context(session, actor),
                desk_seller(session, actor),
                order_id=order_id,
                ticket_ids=chosen,
                reason=reason,
                key=key,
                is_refunded=typed.get(MONEY) == NOW,
            )

        currency = await self._currency()
        return await self._send(command, lambda done: _returned(done, len(chosen), currency))

    @rx.event
    async def give_back(self, form: dict[str, Any]) -> Any:
        """Give back a part of what is owed."""
        typed = self._accept(GIVE_BACK, form)
        if typed is None:
            return None
        actor, order_id, key = self._actor(), self._order_id, self._key
        currency = await self._currency()

        def command(session: Session) -> GivenBack:
            return money_back.give_back(
                runtime().staff_context(session, actor),
                desk_seller(session, actor),
                order_id=order_id,
                amount=read_amount(typed.get(AMOUNT, ""), currency),
                reason=typed.get(REASON, ""),
                key=key,
            )

        return await self._send(command, lambda done: _given(done, currency))

    @rx.event
    async def reissue(self, form: dict[str, Any]) -> Any:
        """Give the chosen tickets new codes."""
        typed = self._accept(REISSUE, form)
        if typed is None:
            return None
        actor, order_id, key = self._actor(), self._order_id, self._key
        chosen = self._chosen(typed)

        def command(session: Session) -> int:
            return ticket_copies.reissue(
                runtime().staff_context(session, actor),
                desk_seller(session, actor),
                order_id=order_id,
                ticket_ids=chosen,
                reason=typed.get(REASON, ""),
                key=key,
            )

        return await self._send(
            command, lambda count: f"{tickets_in_words(count)} issued with a new code."
        )

    async def _begin_with(self, dialog: str) -> None:
        page = await self.get_state(OrderRecordState)
        record = page.record
        if page.shown != "order":
            return
        if not await self._open(dialog, subject=page.subject, about=page._about()):
            return
        self._order_id, self.owed = record.order_id, record.owed_typed
        self._key = new_id(runtime().clock.now())
        open_ones = [one for one in record.tickets if one.is_valid]
        self.choices = [one for one in open_ones if one.can_return or dialog != RETURN]
        await self._look(self.draft or self._preset())

    def _preset(self) -> dict[str, str]:
        """What the form begins with: a single ticket is chosen."""
        return {f"{TICKET}{one.id}": "on" for one in self.choices if len(self.choices) == 1}

    async def _look(self, typed: dict[str, str]) -> None:
        """Say what would go back, and to which tenders, before it is done."""
        if self.dialog != RETURN:
            return
        order_id, chosen = self._order_id, set(self._chosen(typed))
        if not chosen:
            self.lines = []
            return

        def preview(session: Session) -> list[str]:
            order = queries.order(session, order_id)
            amount = sum(one.amount for one in order.valid if one.id in chosen)
            said = f"{tickets_in_words(len(chosen))}: {in_words(amount, order.currency)}"
            if typed.get(MONEY) == LATER or not amount:
                return [f"{said}, which stays owed." if amount else f"{said}."]
            parts = order_refunds.shares(session, order_id, amount)
            told = [
                f"{METHOD_WORDS[part.payment.method]} {in_words(part.amount, order.currency)}"
                for part in parts
            ]
            return [f"{said} goes back.", f"To: {', '.join(told)}."]

        try:
            self.lines = await self._read(preview)
        except UpstageError as error:
            self.lines = [sentence(error)]

    async def _send(self, command: Any, words: Any) -> Any:
        """Run a dialog's command; a refusal is told at the input that it is about."""
        self.refusal = self.reason_error = self.amount_error = ""
        page = await self.get_state(OrderRecordState)
        try:
            said = words(await self._command(command))
        except ReasonMissing as error:
            self.reason_error = sentence(error)
            return self._focus(f"{self.dialog}-{REASON}")
        except (MoreThanOwed, NothingToPay, RefundAboveLimit) as error:
            if self.dialog != GIVE_BACK:
                self.refusal = sentence(error)
                return None
            self.amount_error = sentence(error)
            return self._focus(f"{self.dialog}-{AMOUNT}")
        except UpstageError as error:
            if error.code.startswith("amount_"):
                self.amount_error = sentence(error)
                return self._focus(f"{self.dialog}-{AMOUNT}")
            self.refusal = sentence(error)
            return None
        self._finish()
        page._succeed(said)
        return await page._show()

    def _chosen(self, typed: Mapping[str, str]) -> list[str]:
        """The tickets whose boxes are ticked, of those that are offered."""
        return [one.id for one in self.choices if f"{TICKET}{one.id}" in typed]

    async def _currency(self) -> str:
        page = await self.get_state(OrderRecordState)
        return page.record.currency


def _returned(done: Returned, count: int, currency: str) -> str:
    said = f"{tickets_in_words(count)} taken back."
    if not done.amount:
        return said
    money = in_words(done.amount, currency)
    return f"{said} {money} goes back." if done.refunded else f"{said} {money} is owed."


def _given(done: GivenBack, currency: str) -> str:
    said = f"{in_words(done.amount, currency)} given back."
    if not done.on_its_way:
        return said
    return f"{in_words(done.amount, currency)} goes back through the payment provider."
