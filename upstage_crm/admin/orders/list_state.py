"""The list of orders, the newest first."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.orders.order_rows import OrderRow, order_rows
from upstage_crm.admin.orders.url import PERFORMANCE, SHAPE
from upstage_crm.core import when
from upstage_crm.jobs.news import Topic
from upstage_crm.orders.records import order_list
from upstage_crm.orders.records.order_list import OrderFilter
from upstage_crm.organisation.settings import details, season_start
from upstage_crm.pages.list_state import ListMixin, ListPage, Query
from upstage_crm.pages.list_url import ListShape, ListUrl
from upstage_crm.pages.periods import span_of
from upstage_crm.programme import queries as programme
from upstage_crm.programme.prices.views import SaleChannel
from upstage_crm.staff.roles import Permission, Role
from upstage_crm.wiring import runtime

OFFERED = timedelta(days=42)  # the performances of the next weeks, to choose one of
BEHIND = timedelta(days=2)  # and those that were just performed


@dataclass(frozen=True, slots=True, kw_only=True)
class Besides:
    """What is read with the rows: the performances to choose from."""

    performances: list[tuple[str, str]]


class OrderListState(ListMixin, AdminState):
    """What the list shows. It is paged by the ids of the orders."""

    permission: ClassVar[Permission | None] = Permission.VIEW_ORDERS
    topics: ClassVar[frozenset[Topic]] = frozenset({Topic.ORDERS})
    shape: ClassVar[ListShape] = SHAPE
    nouns: ClassVar[tuple[str, str]] = ("order", "orders")
    numbers_pages: ClassVar[bool] = True

    rows: rx.Field[list[OrderRow]] = rx.field(default_factory=list)
    performances: rx.Field[list[tuple[str, str]]] = rx.field(default_factory=list)

    def _query(self) -> Query:
        return partial(_orders, reader=self._actor().role, size=self.size)

    def _take_extra(self, extra: Any) -> None:
        self.performances = extra.performances


def _orders(session: Session, url: ListUrl, *, reader: Role, size: int) -> ListPage:
    now, zone = runtime().clock.now(), details(session).zone
    span = span_of(url.chosen, now=now, time_zone=zone, season_start=season_start(session))
    chosen, channel = url.chosen.get(PERFORMANCE, ""), url.chosen.get("channel", "")
    wanted = OrderFilter(
        text=url.search,
        performance_id=chosen,
        channel=SaleChannel(channel) if channel else None,
        start=span.start,
        end=span.end,
    )
    found = order_list.page(session, wanted, before=url.before, size=size, reader=reader)
    return ListPage(
        rows=order_rows(session, found.lines, reader=reader, time_zone=zone),
        total=found.total,
        after=found.after,
        back=found.back,
        is_first=found.is_first,
        is_last=not found.after,
        extra=Besides(performances=_choices(session, chosen)),
    )


def _choices(session: Session, chosen: str) -> list[tuple[str, str]]:
    """The performances of these weeks, and the chosen one whenever it is."""
    now, country = runtime().clock.now(), details(session).country
    offered = programme.between(session, start=now - BEHIND, end=now + OFFERED)
    if chosen and chosen not in {one.id for one in offered}:
        offered = [*programme.performances(session, [chosen]), *offered]
    return [
        (one.id, f"{one.title}, {when.short(one.starts_at, when.zone(one.zone, country=country))}")
        for one in offered
    ]
