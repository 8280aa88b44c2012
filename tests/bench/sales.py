"""Whole sales, from the hold to the books, against the bare statements of one in turns.

The bare sale is the eleven statements that a sale cannot do without, with ready-made rows, in one
transaction; on PostgreSQL also under one advisory lock, as shops with one lock an event do it.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from tests.bench.report import Figure, figure, ratios
from tests.conftest import START
from tests.support.factories import Desk
from tests.support.keyring import opened
from tests.support.postgres import Postgres
from tests.support.shop import ADULT, INA, Shop, open_shop
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database, table_of
from upstage_crm.core.ids import new_id, new_reference
from upstage_crm.demo.season.venues import PLANS
from upstage_crm.ledger.tables import LedgerTransactionRow
from upstage_crm.ledger.views import PostingKind
from upstage_crm.orders import basket_lines, baskets, sale
from upstage_crm.orders.order_contacts import CONTACT
from upstage_crm.orders.steps import ORDER, ORDER_LINE, STEP, TICKET
from upstage_crm.orders.views import StepKind, Tender, TicketState
from upstage_crm.payments.payment_rows import PAYMENT
from upstage_crm.payments.views import Method, PaymentState
from upstage_crm.programme.prices.views import SaleChannel

CALLERS, SALES, ROUNDS = 16, 100, 4  # the first round warms caches up and does not count
CROWD = 64
_LEDGER = table_of(LedgerTransactionRow)
_HOLD = sa.text(
    "UPDATE seat_state SET state = 'held', holder = :who, expires_at = changed_at "
    "WHERE performance_id = :performance AND seat_id IN (:one, :other) AND state = 'free'"
)
_SELL = sa.text(
    "UPDATE seat_state SET state = 'sold', expires_at = NULL "
    "WHERE performance_id = :performance AND seat_id IN (:one, :other) AND holder = :who"
)


def measure(folder: Path, server: Postgres) -> list[Figure]:
    """Figures of both databases; PostgreSQL waits for its disk as in production."""
    database = opened(f"sqlite:///{folder / 'sales.db'}")
    figures = _sales("SQLite", Desk(database, FrozenClock(START)), at_least=0.3)
    database.dispose()
    with server.fresh(template="template0") as url:
        database = opened(url)
        figures += _sales("Postgres", Desk(database, FrozenClock(START)), at_least=0.4)
        database.dispose()
    return figures


def _sales(name: str, desk: Desk, *, at_least: float) -> list[Figure]:
    shop = open_shop(desk, PLANS["Concert Hall"])
    seats = iter([one.id for one in shop.made.house().seats])
    is_sqlite = desk.database.engine.dialect.name == "sqlite"
    ours: list[float] = []
    bare: list[float] = []
    locked: list[float] = []
    for turn in range(ROUNDS):
        if turn:
            shop.made.performance = shop.another_performance()
            seats = iter([one.id for one in shop.made.house().seats])
        pairs = [(next(seats), next(seats)) for _ in range(3 * SALES)]
        rate, _ = _crowd(lambda number: _whole(shop, pairs[number]), SALES)  # noqa: B023
        rate_bare, _ = _crowd(lambda number: _bare(shop, pairs[SALES + number]), SALES)  # noqa: B023
        rate_locked = rate
        if not is_sqlite:
            rate_locked, _ = _crowd(
                lambda number: _bare(shop, pairs[2 * SALES + number], is_locked=True),  # noqa: B023
                SALES,
            )
        if turn:
            ours.append(rate)
            bare.append(rate_bare)
            locked.append(rate_locked)
    area = f"Whole sales, 16 callers, {name}"
    waits = _at_once(shop)
    figures = [
        figure(area, "a sale of two seats", ours, unit="/s"),
        figure(
            area,
            "a sale of two seats",
            ratios(ours, bare),
            against="its bare statements",
            at_least=at_least,
        ),
        figure(f"64 sales at once, {name}", "p95", [waits[0]], unit="ms", at_most=300),
        figure(f"64 sales at once, {name}", "longest wait", [waits[1]], unit="ms", at_most=1_000),
    ]
    if not is_sqlite:
        figures.append(
            figure(area, "bare statements", ratios(bare, locked), against="under one advisory lock")
        )
    return figures


def _whole(shop: Shop, pair: tuple[str, str]) -> None:
    """Hold and sell, as every channel does: two transactions."""
    desk = shop.desk

    def hold(session: Any) -> str:
        context = desk.command_context(session)
        basket = baskets.open_basket(context, shop.seller)
        basket_lines.add_seats(
            context,
            shop.seller,
            basket,
            performance_id=shop.performance,
            seats=dict.fromkeys(pair, shop.adult),
        )
        return basket

    basket = desk.database.attempt(hold, is_recorded=False)
    paid = [Tender(method=Method.TERMINAL, amount=2 * ADULT)]
    desk.database.attempt(
        lambda s: sale.sell(
            desk.command_context(s), shop.seller, basket_id=basket, contact=INA, tenders=paid
        ),
        is_recorded=False,
    )


def _bare(shop: Shop, pair: tuple[str, str], *, is_locked: bool = False) -> None:
    """The statements of one sale, with nothing looked up and nothing proven."""
    now = shop.desk.now
    order, step, lines = new_id(now), new_id(now), [new_id(now), new_id(now)]
    seat = {"performance": shop.performance, "one": pair[0], "other": pair[1], "who": order}
    rows = _rows(shop, order, step, lines, pair)

    def run(connection: Connection) -> None:
        if is_locked:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7)")
        assert connection.execute(_HOLD, seat).rowcount == 2
        assert connection.execute(_SELL, seat).rowcount == 2
        for statement, values in rows:
            connection.execute(statement, values)

    _in_transaction(shop.desk.database, run)


def _rows(
    shop: Shop, order: str, step: str, lines: list[str], pair: tuple[str, str]
) -> list[tuple[Any, Any]]:
    now, total = shop.desk.now, 2 * ADULT
    common = {"performance_id": shop.performance, "zone": "A", "type_id": shop.adult}
    legs = [["terminal_clearing", total, "", ""], ["deferred_income", -total, "", ""]]
    return [
        (
            _ORDERS,
            {
                "id": order,
                "reference": new_reference(),
                "basket_id": order,
                "channel": SaleChannel.BOX_OFFICE,
                "staff_id": "",
                "shift_id": "",
                "currency": "USD",
                "total": total,
                "tax_mode": "line",
                "created_at": now,
            },
        ),
        (
            _CONTACTS,
            {
                "order_id": order,
                "email": INA.email,
                "email_key": INA.email,
                "name": INA.name,
                "name_key": INA.name,
                "phone": "",
                "language": "en",
            },
        ),
        (
            _STEPS,
            {
                "id": step,
                "order_id": order,
                "n": 1,
                "kind": StepKind.SALE,
                "key": order,
                "total": total,
                "staff_id": "",
                "shift_id": "",
                "reason": "",
                "created_at": now,
            },
        ),
        (
            _LINES,
            [
                {
                    "id": line,
                    "order_id": order,
                    "step_id": step,
                    "kind": "ticket",
                    "price_id": "",
                    "window_id": "",
                    "amount": ADULT,
                    "fees": "[]",
                    "fee_amount": 0,
                    "tax": 583,
                    "tax_basis_points": 2_000,
                    "steps": "[]",
                    "reverses": "",
                    **common,
                }
                for line in lines
            ],
        ),
        (
            _TICKETS,
            [
                {
                    "id": line,
                    "order_id": order,
                    "line_id": line,
                    "seat_id": seat,
                    "pool_id": "",
                    "place": seat,
                    "amount": ADULT,
                    "state": TicketState.VALID,
                    "code_version": 1,
                    "salt": line,
                    "created_at": now,
                    **common,
                }
                for line, seat in zip(lines, pair, strict=True)
            ],
        ),
        (
            _PAYMENTS,
            {
                "id": order,
                "basket_id": order,
                "order_id": order,
                "method": Method.TERMINAL,
                "state": PaymentState.CAPTURED,
                "amount": total,
                "currency": "USD",
                "refunded": 0,
                "public_name": order,
                "shift_id": "",
                "note": "",
                "created_at": now,
                "settled_at": now,
            },
        ),
        (
            _BOOKS,
            {
                "id": step,
                "kind": PostingKind.SALE,
                "booked_at": now,
                "legs": json.dumps(legs),
                "order_id": order,
                "salt": step,
            },
        ),
    ]


_ORDERS, _CONTACTS, _STEPS, _LINES, _TICKETS, _PAYMENTS, _BOOKS = map(
    sa.insert, (ORDER, CONTACT, STEP, ORDER_LINE, TICKET, PAYMENT, _LEDGER)
)


def _in_transaction(database: Database, run: Callable[[Connection], None]) -> None:
    if database.engine.dialect.name == "sqlite":
        with database.writing() as connection:
            run(connection)
        return
    with database.engine.begin() as connection:
        run(connection)


def _at_once(shop: Shop) -> tuple[float, float]:
    """The p95 and the longest of 64 sales that begin together, in ms."""
    shop.made.performance = shop.another_performance()
    seats = [one.id for one in shop.made.house().seats]
    pairs = [(seats[at], seats[at + 1]) for at in range(0, 2 * CROWD, 2)]
    _, waits = _crowd(lambda number: _whole(shop, pairs[number]), CROWD, callers=CROWD)
    return 1_000 * statistics.quantiles(waits, n=20)[-1], 1_000 * max(waits)


def _crowd(
    act: Callable[[int], None], count: int, *, callers: int = CALLERS
) -> tuple[float, list[float]]:
    """Acts a second, and the seconds of each."""

    def timed(number: int) -> float:
        begun = time.perf_counter()
        act(number)
        return time.perf_counter() - begun

    with ThreadPoolExecutor(callers) as pool:
        begun = time.perf_counter()
        waits = list(pool.map(timed, range(count)))
        return count / (time.perf_counter() - begun), waits
