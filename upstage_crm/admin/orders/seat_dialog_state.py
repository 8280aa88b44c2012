"""The dialog that proposes another seat to the holder of a ticket."""

from collections.abc import Mapping
from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.orders.order_reading import TicketRow
from upstage_crm.admin.orders.order_state import OrderRecordState
from upstage_crm.core.errors import UpstageError
from upstage_crm.inventory import queries as seating
from upstage_crm.inventory.errors import SeatsTaken, SeatUnknown
from upstage_crm.orders import queries
from upstage_crm.orders.errors import ReasonMissing
from upstage_crm.orders.transfers import moving_seats
from upstage_crm.pages.dialog_state import DialogMixin
from upstage_crm.staff.roles import Permission
from upstage_crm.wiring import runtime
from upstage_crm.wording.sentences import sentence

PROPOSE = "propose_seat"
TICKET, SEAT, REASON = "ticket", "seat", "reason"
CHOOSE_SEAT = "Choose a seat."


class SeatDialogState(DialogMixin, AdminState):
    """The dialog. `tickets` are those that have a seat, `seats` what is free for the chosen one."""

    permission: ClassVar[Permission | None] = Permission.VIEW_ORDERS
    dialogs: ClassVar[tuple[str, ...]] = (PROPOSE,)
    drafted: ClassVar[frozenset[str]] = frozenset({PROPOSE})
    page: ClassVar[type[OrderRecordState]] = OrderRecordState

    tickets: rx.Field[list[TicketRow]] = rx.field(default_factory=list)
    seats: rx.Field[list[tuple[str, str]]] = rx.field(default_factory=list)
    seat_error: str = ""
    reason_error: str = ""

    _order_id: str = ""
    _looked_at: str = ""  # the ticket whose seats are shown

    @rx.event
    async def open_propose(self) -> None:
        """Open the dialog."""
        page = await self.get_state(OrderRecordState)
        if page.shown != "order":
            return
        if not await self._open(PROPOSE, subject=page.subject, about=page._about()):
            return
        self._order_id = page.record.order_id
        self.tickets = [one for one in page.record.tickets if one.can_move]
        await self._look(self.draft)

    @rx.event
    async def propose(self, form: dict[str, Any]) -> Any:
        """Hold the seat and ask the holder."""
        typed = self._accept(PROPOSE, form)
        if typed is None:
            return None
        self.refusal = self.seat_error = self.reason_error = ""
        actor, order_id, ticket_id = self._actor(), self._order_id, self._chosen(typed)
        seat_id, reason = typed.get(SEAT, ""), typed.get(REASON, "")
        if not seat_id:
            self.seat_error = CHOOSE_SEAT
            return self._focus(f"{PROPOSE}-{SEAT}")

        def command(session: Session) -> str:
            return moving_seats.propose(
                runtime().staff_context(session, actor),
                runtime().order_mailer,
                order_id=order_id,
                ticket_id=ticket_id,
                seat_id=seat_id,
                reason=reason,
            )

        try:
            await self._command(command)
        except ReasonMissing as error:
            self.reason_error = sentence(error)
            return self._focus(f"{PROPOSE}-{REASON}")
        except (SeatsTaken, SeatUnknown) as error:
            self.seat_error = sentence(error)
            return self._focus(f"{PROPOSE}-{SEAT}")
        except UpstageError as error:
            self.refusal = sentence(error)
            return None
        self._finish()
        page = await self.get_state(OrderRecordState)
        page._succeed("The holder is asked by email. Nothing changes before a yes.")
        return await page._show()

    async def _begin(self) -> None:
        await self._look(self.draft)

    async def _look(self, typed: dict[str, str]) -> None:
        """Read which seats are free for the chosen ticket."""
        ticket_id, order_id = self._chosen(typed), self._order_id
        if not ticket_id or ticket_id == self._looked_at:
            return
        now = runtime().clock.now()

        def free(session: Session) -> list[tuple[str, str]]:
            order = queries.order(session, order_id)
            ticket = next(one for one in order.tickets if one.id == ticket_id)
            found = seating.free_seats(session, ticket.performance_id, now=now)
            places = seating.places_of(session, ticket.performance_id)
            # Those of the same price zone first, each part as the plan has it.
            there = sorted(
                ((key, place) for key, place in places.items() if key in found),
                key=lambda one: one[1].zone != ticket.zone,
            )
            return [
                (key, place.words if place.zone == ticket.zone else f"{place.words} · {place.zone}")
                for key, place in there
            ]

        self.seats = await self._read(free)
        self._looked_at = ticket_id

    def _chosen(self, typed: Mapping[str, str]) -> str:
        """The ticket that is chosen, of those that are offered: the first one, if none is."""
        ids = [one.id for one in self.tickets]
        chosen = typed.get(TICKET, "")
        return chosen if chosen in ids else next(iter(ids), "")
