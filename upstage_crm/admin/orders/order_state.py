"""One order: its contact, its tickets, what happened to it, and its money."""

from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.orders import order_reading
from upstage_crm.admin.orders.order_reading import OrderRecord
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.ids import parse_reference
from upstage_crm.jobs.news import Topic
from upstage_crm.orders.transfers import moving_seats
from upstage_crm.pages.page_state import PageMixin
from upstage_crm.staff.roles import Permission
from upstage_crm.wiring import runtime


class OrderRecordState(PageMixin, AdminState):
    """What the page shows; `shown` is loading, order or missing. Its subject is the reference."""

    permission: ClassVar[Permission | None] = Permission.VIEW_ORDERS
    is_live: ClassVar[bool] = True
    topics: ClassVar[frozenset[Topic]] = frozenset({Topic.ORDERS, Topic.PROGRAMME})

    shown: str = "loading"
    title: str = ""
    record: rx.Field[OrderRecord] = rx.field(default_factory=OrderRecord)
    may_refund: bool = False
    may_sell: bool = False
    may_view_patrons: bool = False
    can_return: bool = False
    can_move: bool = False
    has_valid: bool = False
    has_ended: bool = False

    _revealed: dict[str, str] = {}  # Reflex copies a state's defaults

    @rx.event
    async def hide(self, field: str, subject: str) -> None:
        """Mask a value again that was revealed."""
        if field in self._revealed and self._is_about(subject):
            self._revealed = {k: text for k, text in self._revealed.items() if k != field}
            await self._show()

    @rx.event
    async def withdraw_seat(self, offer_id: str, subject: str) -> Any:
        """Withdraw the proposal of another seat."""
        if not self._is_about(subject):
            return None
        actor, order_id = self._actor(), self.record.order_id

        def command(session: Session) -> None:
            moving_seats.withdraw(
                runtime().staff_context(session, actor),
                runtime().order_mailer,
                order_id=order_id,
                offer_id=offer_id,
            )

        return await self._act(command, "Withdrawn. The ticket keeps its seat.")

    async def _reveal(self, key: str, value: str) -> None:
        """Show a value that the member gave a reason for, until the page is left."""
        self._revealed = {**self._revealed, key: value}
        await self._show()

    def _start(self) -> None:
        last = self.router.url.path.rstrip("/").rpartition("/")[2]
        self.subject = parse_reference(last)

    async def _show(self) -> Any:
        reference, viewer, revealed = self.subject, self._actor(), dict(self._revealed)
        now = runtime().clock.now()
        self.may_refund = self._may(Permission.REFUND_ORDERS)
        self.may_sell = self._may(Permission.SELL_TICKETS)
        self.may_view_patrons = self._may(Permission.VIEW_PATRONS)
        try:
            self.record = await self._read(
                lambda session: order_reading.read(
                    session, reference, viewer=viewer, revealed=revealed, now=now
                )
            )
        except UpstageError:
            self.shown, self.title = "missing", f"No such order · {self.organisation}"
            return
        self.shown = "order"
        self.title = f"Order {self.record.reference} · {self.organisation}"
        self.has_valid = bool(self.record.valid)
        self.has_ended = not self.has_valid
        self.can_move = any(one.can_move for one in self.record.tickets)
        self.can_return = any(one.can_return for one in self.record.tickets)

    def _about(self) -> str:
        """How a dialog names the order."""
        return self.record.heading
