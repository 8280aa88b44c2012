"""Reports as files: `GET /reports/files/sales.csv` and its like, with the query of the page.

The lines are those of the page, and all of them. That a member took them is an entry of the trail.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from upstage_crm.admin.reports import report_lines
from upstage_crm.admin.reports.entry_filters import wanted
from upstage_crm.admin.reports.report_rows import entry_rows
from upstage_crm.admin.reports.url import EXPORT, SHAPES
from upstage_crm.admin.sign_in.routes import back
from upstage_crm.admin.sign_in.second_routes import AGAIN
from upstage_crm.audit import trail
from upstage_crm.audit.events import Action, AuditEvent, Channel
from upstage_crm.core.money import exponent
from upstage_crm.http.origins import is_led_by_another_site
from upstage_crm.http.session_cookie import signed_in_by_cookie
from upstage_crm.organisation.currency import currency
from upstage_crm.organisation.settings import details
from upstage_crm.pages.list_export import csv_file, csv_line
from upstage_crm.pages.list_url import ListUrl
from upstage_crm.pages.sheet_export import MOST_ROWS, Cell, sheet, sheet_file
from upstage_crm.reporting import entries
from upstage_crm.staff.auth.sessions import Stage
from upstage_crm.staff.roles import Permission, StaffMember, may
from upstage_crm.wiring import runtime

AT_ONCE = 1_000  # entries read in one go
HEADINGS: Mapping[str, Sequence[str]] = {
    "sales": ("name", "detail", "sold", "returned", "tickets", "gross", "income", "fees", "tax"),
    "takings": ("name", "detail", "taken", "given back", "net", "payments", "refunds"),
    "deferred": ("performance", "day", "income", "fees", "deferred"),
    "entries": ("booked", "what", "who", "order", "account", "performance", "price", "amount"),
}


@dataclass(frozen=True, slots=True)
class Money:
    """How amounts of a currency are written: with so many decimals."""

    decimals: int

    def amount(self, minor: int) -> Decimal:
        """An amount in units of the currency."""
        return Decimal(minor).scaleb(-self.decimals)


async def export(request: Request) -> Response:
    """The file. A member who may not take reports out gets a 404, an old proof a question first."""
    cookie = request.headers.get("cookie", "")
    found = await asyncio.to_thread(signed_in_by_cookie, cookie)
    name, kind = request.path_params["name"], request.path_params["kind"]
    if (
        found is None
        or found.stage is not Stage.COMPLETE
        or not may_export(found.member)
        or name not in SHAPES
        or kind not in ("csv", "xlsx")
    ):
        return PlainTextResponse("There is no such report.\n", 404, {"cache-control": "no-store"})
    url = replace(SHAPES[name].read(request.query_params), before="", page=1)
    if is_led_by_another_site(request):
        # The trail would name a member who pressed nothing here.
        return RedirectResponse(SHAPES[name].href(url), 303, {"cache-control": "no-store"})
    if not found.is_fresh(runtime().clock.now()):
        return back(AGAIN, SHAPES[name].href(url))
    await asyncio.to_thread(_note, found.member, name, kind)
    if kind == "csv":
        return csv_file(f"{name}.csv", _csv(name, url))
    return sheet_file(f"{name}.xlsx", await asyncio.to_thread(_sheet, name, url))


def may_export(member: StaffMember) -> bool:
    """Whether a member may take reports out of the CRM."""
    return all(may(member, one) for one in (Permission.VIEW_REPORTS, Permission.EXPORT_DATA))


def _note(member: StaffMember, name: str, kind: str) -> None:
    event = AuditEvent(
        action=Action.REPORT_EXPORTED,
        actor=member.as_actor(),
        channel=Channel.CRM,
        facts={"report": name, "format": kind},
    )
    with runtime().database.transaction() as session:
        trail.record(session, [event], now=runtime().clock.now())


def _csv(name: str, url: ListUrl) -> Iterator[str]:
    yield csv_line(HEADINGS[name])
    for cells in _cells(name, url, _money()):
        yield csv_line([str(cell) for cell in cells])


def _sheet(name: str, url: ListUrl) -> bytes:
    money = _money()
    rows = (cells for cells, _ in zip(_cells(name, url, money), range(MOST_ROWS), strict=False))
    return sheet(name, HEADINGS[name], rows, decimals=money.decimals)


def _money() -> Money:
    with runtime().database.reading() as session:
        return Money(exponent(currency(session)))


def _cells(name: str, url: ListUrl, money: Money) -> Iterator[Sequence[Cell]]:
    if name == "entries":
        yield from _entries(url, money)
        return
    with runtime().database.reading() as session:
        found = _OF[name](session, url, money)
    yield from found


def _sales(session: Session, url: ListUrl, money: Money) -> list[Sequence[Cell]]:
    lines = report_lines.sales_lines(session, url, now=runtime().clock.now())
    return [
        (
            line.name,
            line.sub,
            line.amounts.sold,
            line.amounts.returned,
            line.amounts.tickets,
            money.amount(line.amounts.gross),
            money.amount(line.amounts.income),
            money.amount(line.amounts.fees),
            money.amount(line.amounts.tax),
        )
        for line in lines
    ]


def _takings(session: Session, url: ListUrl, money: Money) -> list[Sequence[Cell]]:
    lines = report_lines.takings_lines(session, url, now=runtime().clock.now())
    return [
        (
            line.name,
            line.sub,
            money.amount(line.amounts.taken),
            money.amount(line.amounts.given_back),
            money.amount(line.amounts.net),
            line.amounts.times,
            line.amounts.times_back,
        )
        for line in lines
    ]


def _deferred(session: Session, url: ListUrl, money: Money) -> list[Sequence[Cell]]:
    lines = report_lines.deferred_lines(session, url, now=runtime().clock.now())
    return [
        (
            line.name,
            line.sub,
            money.amount(line.amounts.income),
            money.amount(line.amounts.fees),
            money.amount(line.amounts.total),
        )
        for line in lines
    ]


_OF = {"sales": _sales, "takings": _takings, "deferred": _deferred}


def _entries(url: ListUrl, money: Money) -> Iterator[Sequence[Cell]]:
    before, now = "", runtime().clock.now()
    while True:
        with runtime().database.reading() as session:
            found = entries.entries(
                session, wanted(session, url, now=now), before=before, limit=AT_ONCE
            )
            code, zone = currency(session), details(session).zone
            rows = entry_rows(session, found, currency=code, zone=zone)
        for one, row in zip(found, rows, strict=True):
            yield (
                row.time_iso,
                row.what,
                row.who,
                row.order,
                row.account,
                row.about,
                row.price,
                money.amount(one.amount),
            )
        if len(found) < AT_ONCE:
            return
        before = found[-1].key


ROUTES = [Route(f"{EXPORT}{{name}}.{{kind}}", export, methods=["GET"])]
