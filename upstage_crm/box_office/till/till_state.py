"""The screen of a till: what is for sale, what is held, what is to be paid."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar, TypeVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.box_office.errors import NoShift
from upstage_crm.box_office.sale import gift_sales, till_words
from upstage_crm.box_office.sale.till_reading import Wish, read_screen
from upstage_crm.box_office.sale.till_refunds import Back, would_go_back
from upstage_crm.box_office.sale.till_rows import (
    NoteChoice,
    PaidLine,
    PerformanceChoice,
    PrintedTicket,
    SaleLine,
    Screen,
    TillChoice,
    TypeChoice,
    ZoneChoice,
)
from upstage_crm.box_office.sale.till_sales import (
    OldTickets,
    RealSales,
    Tickets,
    TillSales,
    sales_of,
)
from upstage_crm.box_office.sale.typed_tickets import alike, beside, read_typed
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.money import in_words, read_amount
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.jobs.news import Topic
from upstage_crm.orders.views import BasketView, Tender
from upstage_crm.organisation.currency import currency
from upstage_crm.pages.page_state import PageMixin
from upstage_crm.payments.views import Method
from upstage_crm.pricing.errors import CompNotAllowed
from upstage_crm.programme.prices.views import CompReason
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission
from upstage_crm.tills import gifts
from upstage_crm.tills import queries as tills
from upstage_crm.tills.views import ShiftView
from upstage_crm.wiring import runtime
from upstage_crm.wording.consequences import counted

T = TypeVar("T")
NAME = "Box office"
AT_THE_TILL = (Method.CASH, Method.TERMINAL, Method.INVOICE)
_NO_TYPES: dict[str, str] = {}


class TillState(PageMixin, AdminState):
    """What a till shows; `shown` is loading, closed or open.

    `turn` is another number after each press that the server answered. What a sale holds is read
    from the database each time; a training keeps it here, and nowhere else.
    """

    permission: ClassVar[Permission | None] = Permission.RUN_TILLS
    is_live: ClassVar[bool] = True
    topics: ClassVar[frozenset[Topic]] = frozenset({Topic.PROGRAMME, Topic.SEATS, Topic.TILLS})

    shown: str = "loading"
    tills: rx.Field[list[TillChoice]] = rx.field(default_factory=list)
    till: str = ""
    shift_id: str = ""
    is_training: bool = False
    may_manage: bool = False
    performances: rx.Field[list[PerformanceChoice]] = rx.field(default_factory=list)
    chosen: str = ""
    title: str = ""
    zones: rx.Field[list[ZoneChoice]] = rx.field(default_factory=list)
    zone: str = ""
    types: rx.Field[list[TypeChoice]] = rx.field(default_factory=list)
    is_on_sale: bool = False
    rows: str = ""
    backdrop: str = ""
    codes: str = ""
    turn: int = 0
    lines: rx.Field[list[SaleLine]] = rx.field(default_factory=list)
    paid: rx.Field[list[PaidLine]] = rx.field(default_factory=list)
    total: str = ""
    due: str = ""
    notes: rx.Field[list[NoteChoice]] = rx.field(default_factory=list)
    patron: str = ""
    alerts: rx.Field[list[str]] = rx.field(default_factory=list)
    sold: str = ""  # the reference of what was sold last
    change: str = ""
    is_back: bool = False  # whether an exchange gives back what is due
    settles: str = ""  # what Enter does with what is due
    deed: str = ""  # what became of the tickets: sold, or exchanged
    back: str = ""  # which way an exchange gives money back; once it has, without cash
    exchange: str = ""  # what is exchanged, in words; "" for a sale
    printed: rx.Field[list[PrintedTicket]] = rx.field(default_factory=list)

    _shift: ShiftView | None = None
    _basket: BasketView | None = None
    _patron_id: str | None = None
    _old: OldTickets | None = None
    _tenders: tuple[Tender, ...] = ()
    _type_ids: dict[str, str] = _NO_TYPES
    _first_type: str = ""
    _seat_ids: list[str] = []
    _plan_id: str = ""
    _pools: frozenset[str] = frozenset()
    _currency: str = ""

    @rx.event
    async def choose(self, performance_id: str) -> None:
        """Sell for another performance; what is held stays."""
        self.chosen, self.zone = str(performance_id), ""
        await self._look()

    @rx.event
    async def choose_zone(self, key: str) -> None:
        """Take seats of one zone from now on, or places without numbers."""
        self.zone = str(key)
        await self._look()

    @rx.event
    async def add(self, typed: str, marked: str, reason: str) -> None:
        """Hold what was typed or marked."""
        self._quiet()
        self.turn += 1
        try:
            wanted = self._wanted(str(typed), str(marked), str(reason))
            sales, before = self._sales(), self._basket
            if wanted.comp_reason and not self._gives_alone(wanted):
                await self._ask_second(sales, wanted)
            else:
                self._basket = await self._hold(lambda context: sales.add(context, before, wanted))
        except UpstageError as error:
            self._refuse(error)
        else:
            self._forget_sold()
        await self._look()

    @rx.event
    async def remove(self, key: str) -> None:
        """Let go of one ticket."""
        await self._take_out([str(key)])

    @rx.event
    async def pay(self, typed: str, method: str, note: str) -> None:
        """Pay what was typed, or all that is due; the sale is made when nothing is due any more."""
        self._quiet()
        self.turn += 1
        if self._basket is None or not self._basket.lines or method not in list(AT_THE_TILL):
            return
        try:
            await self._pay(Method(method), str(typed), str(note)[:80])
        except UpstageError as error:
            self._refuse(error)
        await self._look()

    @rx.event
    async def step(self, name: str) -> None:
        """Do what a key means: another performance or zone, or something of the sale undone."""
        if name == "clear":
            await self._clear()
        elif name == "remove_last" and self._tenders:
            self._tenders = self._tenders[:-1]
            self._tell()
        elif name == "remove_last" and self._basket and self._basket.lines:
            await self._take_out([self.lines[-1].key])
        elif name in ("earlier", "later"):
            ids = [one.id for one in self.performances]
            self.chosen, self.zone = beside(ids, self.chosen, 1 if name == "later" else -1), ""
            await self._look()
        elif name in ("zone_before", "zone_after"):
            keys = [one.key for one in self.zones]
            self.zone = beside(keys, self.zone, 1 if name == "zone_after" else -1)
            await self._look()

    async def _show(self) -> Any:
        actor = self._actor()
        self.title = self.title or NAME
        self.may_manage = self._may(Permission.MANAGE_TILLS)
        self._shift = await self._read(lambda session: tills.open_of(session, actor.id))
        if self._shift is None:
            self.tills = till_words.till_choices(await self._read(tills.tills))
            self.shown, self.shift_id = "closed", ""
            self._forget_sale()
            self._forget_sold()
            return
        self.shown, self.till, self.shift_id = "open", self._shift.till, self._shift.id
        self.is_training = self._shift.is_training
        await self._look()

    async def _look(self) -> None:
        """Read the screen again."""
        wish = Wish(
            performance_id=self.chosen,
            zone=self.zone,
            mine=[line.seat_id for line in self._lines() if line.performance_id == self.chosen],
            known_plan=self._plan_id,
            may_comp=True,  # who may not give them alone asks a second person
        )
        now, old, due = runtime().clock.now(), self._old, self._due()

        def stored(session: Session) -> tuple[Screen, list[SaleLine], str, str]:
            code, screen = currency(session), read_screen(session, wish, now=now)
            told = till_words.sale_lines(session, self._lines(), screen.chosen)
            back = would_go_back(session, old.order_id, -due) if old and due < 0 else Back()
            return screen, told, code, back.in_words(code)

        screen, self.lines, self._currency, back = await self._read(stored)
        if self._lines():
            self.back = back
        self._fill(screen)
        self._tell()

    def _fill(self, screen: Screen) -> None:
        self.performances, self.chosen, self.title = (
            screen.performances,
            screen.chosen,
            screen.title or NAME,
        )
        self.zones, self.zone, self.types = screen.zones, screen.zone, screen.types
        self.is_on_sale, self.codes = screen.is_on_sale, screen.codes
        if screen.plan_id != self._plan_id:
            self.rows, self.backdrop = screen.rows, screen.backdrop
        self._plan_id, self._seat_ids = screen.plan_id, screen.seat_ids
        self._type_ids, self._first_type = screen.type_ids, screen.first_type
        self._pools = screen.pool_ids

    def _tell(self) -> None:
        """Say what is to be paid."""
        total, due = self._basket.total if self._basket else 0, self._due()
        self.total = in_words(total, self._currency) if self._lines() else ""
        self.due = in_words(abs(due), self._currency) if self._lines() else ""
        self.is_back = due < 0
        is_exchange = self._old is not None
        self.settles = till_words.settle_words(due, self._currency, is_exchange=is_exchange)
        self.paid = till_words.paid_lines(self._tenders, self._currency)
        self.notes = till_words.note_choices(due, self._currency)

    async def _pay(self, method: Method, typed: str, note: str) -> None:
        assert self._basket is not None
        due = self._due()
        given = read_amount(typed, self._currency) if typed.strip() else max(due, 0)
        amount = min(given, due)
        tenders = self._tenders
        if amount > 0:
            tenders = (*tenders, Tender(method=method, amount=amount, note=note.strip()))
        if amount < due:
            self._tenders = tenders
            return
        sales, basket = self._sales(), self._basket
        done = await self._sell(lambda context: sales.sell(context, basket, tenders), basket)
        self.deed = "Sold" if self._old is None else "Exchanged"
        self._forget_sale()
        self.sold = done.reference
        change = given - amount if method is Method.CASH and due > 0 else done.back.cash
        self.change = in_words(change, self._currency) if change else ""
        self.back = done.back.in_words(self._currency, with_cash=False)
        keys = runtime().ticket_keys
        pieces = basket.lines if self.is_training else done.tickets
        self.printed = await self._read(
            lambda session: till_words.printed(session, done.reference, pieces, keys)
        )

    async def _serve(self, patron_id: str | None, words: str, alerts: list[str]) -> None:
        """Say whose order the sale is, and what to know of them; None for nobody in particular."""
        self._quiet()
        basket = self._basket
        if basket is not None:
            sales = self._sales()
            self._basket = await self._hold(
                lambda context: sales.choose_patron(context, basket, patron_id)
            )
        self._patron_id, self.patron, self.alerts = patron_id, words, alerts
        self._forget_sold()
        self._focus("till-typed")

    async def _begin_exchange(self, old: OldTickets, code: str) -> None:
        """Hold the new seats of an exchange from now on; what a sale held is let go."""
        await self._clear()
        if self.is_training:
            self._succeed("A training exchanges nothing.")
            return
        self._old = old
        tickets = counted(len(old.ticket_ids), "ticket")
        self.exchange = f"{old.reference}: {tickets}, {in_words(old.carried, code)} paid"
        self._focus("till-typed")

    async def _clear(self) -> None:
        """Let everything go; without anything held, forget what was sold last."""
        self._quiet()
        basket = self._basket
        if basket is not None and basket.lines:
            sales = self._sales()
            try:
                await self._hold(lambda context: sales.let_go(context, basket))
            except UpstageError as error:
                self._refuse(error)
        self._forget_sale()
        self._forget_sold()
        await self._look()

    async def _take_out(self, keys: Sequence[str]) -> None:
        self._quiet()
        self.turn += 1
        before = self._basket
        if before is None:
            return
        sales = self._sales()
        try:
            self._basket = await self._hold(lambda context: sales.remove(context, before, keys))
        except UpstageError as error:
            self._refuse(error)
        self._tenders = ()
        await self._look()

    def _wanted(self, typed: str, marked: str, reason: str) -> Tickets:
        """What was typed or marked; marked seats without a number are one ticket each."""
        places = [int(one) for one in marked.split() if one.isdecimal() and len(one) < 6]
        seat_ids = [self._seat_ids[at] for at in places if at < len(self._seat_ids)]
        text = typed.strip() or str(len(seat_ids))
        if self._old is not None and text == "0":
            choices = dict(self._old.types)
        else:
            choices = read_typed(text, self._type_ids, self._first_type)
        count = sum(choices.values())
        if seat_ids and count != len(seat_ids):
            choices = read_typed(alike(choices, len(seat_ids), self._type_ids), self._type_ids, "")
        return Tickets(
            performance_id=self.chosen,
            choices=choices,
            zone="" if self.zone in self._pools else self.zone,
            seat_ids=seat_ids,
            pool_id=self.zone if self.zone in self._pools and not seat_ids else "",
            comp_reason=CompReason(reason) if reason in list(CompReason) else None,
            patron_id=self._patron_id,
        )

    def _gives_alone(self, wanted: Tickets) -> bool:
        given = sum(1 for line in self._lines() if line.comp_reason is not None)
        return gifts.may_give_alone(self._actor(), given + len(wanted.types))

    async def _ask_second(self, sales: TillSales, wanted: Tickets) -> None:
        """Park complimentary tickets, with their seats, until a second person has decided."""
        before, held_as = self._basket, self._first_type
        if not isinstance(sales, RealSales):
            raise CompNotAllowed
        about = await self._run(
            lambda context: gift_sales.ask(context, sales, before, wanted, held_as=held_as),
            is_recorded=True,
        )
        self._forget_sale()
        given = counted(len(wanted.types), "complimentary ticket")
        self._succeed(f"A second person is asked for {given}: {about}.")

    def _lines(self) -> Sequence[Any]:
        return self._basket.lines if self._basket else ()

    def _sales(self) -> TillSales:
        if self._shift is None:
            raise NoShift
        return sales_of(self._shift, self._actor(), self._old)

    def _due(self) -> int:
        """What is still to be paid; below zero, what an exchange gives back."""
        total = self._basket.total if self._basket else 0
        carried = self._old.carried if self._old else 0
        return total - carried - sum(one.amount for one in self._tenders)

    async def _hold(self, command: Callable[[StaffContext[object]], T]) -> T:
        """Run a command of holds alone, which nothing vouches for."""
        return await self._run(command, is_recorded=False)

    async def _sell(self, command: Callable[[StaffContext[object]], T], basket: BasketView) -> T:
        is_gift = any(line.comp_reason is not None for line in basket.lines)
        return await self._run(command, is_recorded=is_gift or self._old is not None)

    async def _run(self, command: Callable[[StaffContext[object]], T], *, is_recorded: bool) -> T:
        actor = self._actor()
        attempt = partial(runtime().database.attempt, is_recorded=is_recorded)

        def run(session: Session) -> T:
            return command(runtime().staff_context(session, actor))

        return await to_writer_thread(attempt, run)

    def _forget_sale(self) -> None:
        self._basket, self._tenders, self._patron_id, self._old = None, (), None, None
        self.patron, self.alerts, self.exchange = "", [], ""

    def _forget_sold(self) -> None:
        self.sold, self.change, self.back, self.printed = "", "", "", []
