"""The pages of reports, and their files."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from zipfile import ZipFile

import pytest
from starlette.requests import Request

from tests.support.factories import Desk
from tests.support.houses import seat
from tests.support.pipeline import Client, Pipeline, sign_in
from tests.support.shop import ADULT, Shop, open_shop
from upstage_crm.admin.reports import report_files
from upstage_crm.admin.reports.report_state import (
    DeferredReportState,
    EntriesReportState,
    SalesReportState,
    TakingsReportState,
)
from upstage_crm.audit.events import Action
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.money import read_amount
from upstage_crm.pages.list_export import csv_line
from upstage_crm.pages.sheet_export import sheet
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role
from upstage_crm.wiring import Runtime

KINDS: dict[str, Any] = {
    "/reports/": SalesReportState,
    "/reports/takings/": TakingsReportState,
    "/reports/deferred/": DeferredReportState,
    "/reports/entries/": EntriesReportState,
}


@dataclass
class Scene:
    """Three tickets were sold and one of them returned."""

    parts: Runtime
    pipeline: Pipeline
    shop: Shop
    cookies: dict[Role, str] = field(default_factory=dict)

    def tab(self, role: Role = Role.OWNER) -> Client:
        if role not in self.cookies:
            now = self.parts.clock.now()
            self.cookies[role] = sign_in(self.parts.database, role, at=now)
        return self.pipeline.client(self.cookies[role])

    async def at(self, tab: Client, href: str) -> Any:
        kind = KINDS[urlsplit(href).path]
        await self.pipeline.send(tab, kind.load, href)
        return await self.pipeline.state(tab, kind)


@pytest.fixture
def scene(made: Runtime, pipeline: Pipeline, clock: FrozenClock) -> Scene:
    shop = open_shop(Desk(made.database, clock))
    order = shop.sold(seat("A", 1), seat("A", 2))
    shop.sold(seat("B", 1))
    shop.take_back(order, order.tickets[0].id)
    return Scene(made, pipeline, shop)


def units(words: str) -> int:
    amount = read_amount(words.lstrip("-−").replace("$", "").replace(",", ""), "USD")
    return -amount if words[0] in "-−" else amount


async def test_sales_are_shown_with_their_sums(scene: Scene) -> None:
    shown = await scene.at(scene.tab(), "/reports/")

    (row,) = shown.rows
    assert (row.name, row.tickets.words, row.returned) == ("Hamlet", "2", "1 returned")
    assert units(row.gross.words) == 2 * ADULT
    assert [one.label for one in shown.totals] == ["Tickets", "Gross", "Income", "Fees", "Tax"]
    assert shown.totals[1].words == row.gross.words


@pytest.mark.parametrize(
    "query", ["", "?by=performance", "?by=zone", "?by=type", "?by=channel", "?by=day"]
)
async def test_each_number_of_sales_opens_its_entries(scene: Scene, query: str) -> None:
    tab = scene.tab()
    shown = await scene.at(tab, f"/reports/{query}")
    for row in list(shown.rows):
        for number in (row.gross, row.income, row.fees, row.tax):
            opened = await scene.at(tab, number.href)
            assert opened.shown == "rows", number
            assert -summed(opened) == units(number.words)


async def test_a_line_of_sales_opens_its_parts(scene: Scene) -> None:
    tab = scene.tab()
    by_event = await scene.at(tab, "/reports/")
    by_performance = await scene.at(tab, by_event.rows[0].href)
    assert (by_performance.by, by_performance.narrowed) == ("Performance", "Hamlet")

    by_type = await scene.at(tab, by_performance.rows[0].href)

    assert by_type.by == "Price type"
    assert by_type.narrowed.startswith("Hamlet, ")
    assert [row.name for row in by_type.rows] == ["Adult"]


@pytest.mark.parametrize("by", ["", "till", "person", "shift", "day"])
async def test_each_number_of_takings_opens_its_entries(scene: Scene, by: str) -> None:
    tab = scene.tab()
    shown = await scene.at(tab, f"/reports/takings/?by={by}")
    assert shown.rows
    for row in list(shown.rows):
        opened = await scene.at(tab, row.net.href)
        assert summed(opened) == units(row.net.words)


async def test_deferred_income_opens_its_entries(scene: Scene) -> None:
    tab = scene.tab()
    shown = await scene.at(tab, "/reports/deferred/")

    (row,) = list(shown.rows)
    opened = await scene.at(tab, row.total.href)

    assert -summed(opened) == units(row.total.words)
    before = await scene.at(tab, "/reports/deferred/?until=2020-01-01")
    assert (before.shown, before.rows) == ("nothing", [])


def summed(shown: Any) -> int:
    return sum(units(row.amount) for row in shown.rows)


async def test_lines_are_searched_and_sorted(scene: Scene) -> None:
    tab = scene.tab()
    assert (await scene.at(tab, "/reports/?q=hamlet")).shown == "rows"
    assert (await scene.at(tab, "/reports/?q=macbeth")).shown == "nothing"
    await scene.at(tab, "/reports/?by=zone")
    await scene.pipeline.send(tab, SalesReportState.sort_by, column="name")
    assert (await scene.pipeline.state(tab, SalesReportState)).sort == "name"


@pytest.mark.parametrize("path", KINDS)
@pytest.mark.parametrize("role", Role)
async def test_who_may_not_see_reports_sees_none(scene: Scene, role: Role, path: str) -> None:
    shown = await scene.at(scene.tab(role), path)

    assert (shown.shown == "rows") is (Permission.VIEW_REPORTS in PERMISSIONS[role])


# --- files ----------------------------------------------------------------------------------------


async def taken(
    scene: Scene, name: str, kind: str, query: str = "", role: Role = Role.OWNER, **headers: str
) -> tuple[int, bytes]:
    tab = scene.tab(role)
    cookie = headers.pop("cookie", tab.cookie)
    sent = {"cookie": cookie, **{key.replace("_", "-"): value for key, value in headers.items()}}
    request = Request(
        {
            "type": "http",
            "method": "GET",
            "path": f"/reports/files/{name}.{kind}",
            "query_string": query.encode(),
            "headers": [(key.encode(), value.encode()) for key, value in sent.items()],
            "path_params": {"name": name, "kind": kind},
        }
    )
    answer = await report_files.export(request)
    chunks = getattr(answer, "body_iterator", None)
    if chunks is None:
        return answer.status_code, bytes(answer.body)
    body = "".join([str(chunk) async for chunk in chunks])
    return answer.status_code, body.encode()


@pytest.mark.parametrize("name", ["sales", "takings", "deferred", "entries"])
async def test_a_report_is_taken_out_as_a_file(scene: Scene, name: str) -> None:
    status, text = await taken(scene, name, "csv")
    assert status == 200
    assert len(text.decode().splitlines()) > 1

    status, book = await taken(scene, name, "xlsx")

    assert status == 200
    assert "xl/worksheets/sheet1.xml" in ZipFile(io.BytesIO(book)).namelist()
    told = scene.shop.desk.lines(action=Action.REPORT_EXPORTED)
    assert [one.facts for one in told] == [
        {"report": name, "format": kind} for kind in ("csv", "xlsx")
    ]


async def test_a_file_says_what_the_page_says(scene: Scene) -> None:
    _, text = await taken(scene, "sales", "csv", "by=day")

    lines = text.decode().splitlines()
    assert lines[0] == "name,detail,sold,returned,tickets,gross,income,fees,tax"
    assert lines[1].endswith(",3,1,2,70.00,56.68,1.66,11.66")


async def test_a_role_that_may_not_gets_no_file(scene: Scene) -> None:
    for role in Role:
        may = {Permission.VIEW_REPORTS, Permission.EXPORT_DATA} <= PERMISSIONS[role]
        status, _ = await taken(scene, "sales", "csv", role=role)
        assert (status == 200) is may, role
    assert (await taken(scene, "sales", "csv", cookie=""))[0] == 404
    assert (await taken(scene, "sales", "pdf"))[0] == 404
    assert (await taken(scene, "everything", "csv"))[0] == 404
    assert (await taken(scene, "sales", "csv", sec_fetch_site="cross-site"))[0] == 303


def test_no_cell_of_a_file_is_a_formula() -> None:
    evil = "=1+1"
    book = ZipFile(io.BytesIO(sheet("Sales", ["name"], [(evil,), ("@x",), (-5,)], decimals=2)))

    page = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in page
    assert evil in book.read("xl/sharedStrings.xml").decode()
    assert "<v>-5</v>" in page
    line = csv_line([evil, "-12.50", "-12.50+1", "+1 212"])
    assert line.strip() == "'=1+1,-12.50,'-12.50+1,'+1 212"
