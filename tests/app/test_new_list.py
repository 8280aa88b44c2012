"""Adding a list page with a record is a query, a folder of the CRM and three edits: the table of
pages, the document that says what each page is for, and the table of who may call which handler.

A copy of the project gets them and runs in a process of its own: the menu, the gate, the guard, the
search, the filter, the order, the pages, and the record with its "no such" page work then.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.project import copy_tree, files_of, replace_once

FOLDER = "upstage_crm/admin/receipts"
NEW = {
    "upstage_crm/receipts/receipt_list.py": '''"""The list of receipts, as staff read it."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import table_of
from upstage_crm.receipts.tables import ReceiptRow

RECEIPT = table_of(ReceiptRow)
SORTS = {"id": RECEIPT.c.id, "event": RECEIPT.c.event}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptLine:
    """One receipt."""

    id: str = ""
    event: str = ""
    signature: str = ""


def search(
    session: Session, text: str, *, reviewer: str, sort: str, is_descending: bool
) -> list[ReceiptLine]:
    """The receipts whose number begins with `text`."""
    query = sa.select(RECEIPT.c.id, RECEIPT.c.event, RECEIPT.c.signature)
    query = query.where(RECEIPT.c.id.startswith(text, autoescape=True))
    if reviewer:
        query = query.where(RECEIPT.c.reviewer == reviewer)
    order = SORTS[sort].desc() if is_descending else SORTS[sort]
    rows = session.connection().execute(query.order_by(order))
    return [ReceiptLine(**row._mapping) for row in rows]


def get(session: Session, receipt_id: str) -> ReceiptLine | None:
    """One receipt, if there is one."""
    query = sa.select(RECEIPT.c.id, RECEIPT.c.event, RECEIPT.c.signature)
    found = session.connection().execute(query.where(RECEIPT.c.id == receipt_id)).first()
    return ReceiptLine(**found._mapping) if found else None
''',
    f"{FOLDER}/__init__.py": "",
    f"{FOLDER}/list_state.py": '''"""The list of receipts."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.links.claims import Reviewer
from upstage_crm.pages.list_state import ListMixin, ListPage, Query
from upstage_crm.pages.list_url import ListShape, ListUrl, one_of
from upstage_crm.receipts.receipt_list import search
from upstage_crm.staff.roles import Permission

SHAPE = ListShape(
    path="/receipts/",
    filters={"reviewer": one_of(Reviewer)},
    sorts={"id": False, "event": False},
    subject="receipt",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One receipt, as it is drawn."""

    id: str = ""
    event: str = ""
    href: str = ""


class ReceiptListState(ListMixin, AdminState):
    """What the list of receipts shows."""

    permission: ClassVar[Permission | None] = Permission.VIEW_RECEIPTS
    shape: ClassVar[ListShape] = SHAPE
    nouns: ClassVar[tuple[str, str]] = ("receipt", "receipts")

    rows: rx.Field[list[Row]] = rx.field(default_factory=list)

    def _query(self) -> Query:
        return partial(_receipts, size=self.size)


def _receipts(session: Session, url: ListUrl, *, size: int) -> ListPage:
    lines = search(
        session,
        url.search,
        reviewer=url.chosen["reviewer"],
        sort=url.sort,
        is_descending=url.is_descending,
    )
    first = (url.page - 1) * size
    rows = [
        Row(id=line.id, event=line.event, href=f"/receipts/{line.id}/")
        for line in lines[first : first + size]
    ]
    return ListPage(rows=rows, total=len(lines))
''',
    f"{FOLDER}/list_page.py": '''"""The page at `/receipts/`."""

import reflex as rx

from upstage_crm.admin.frame import framed
from upstage_crm.admin.receipts.list_state import ReceiptListState as State
from upstage_crm.admin.receipts.list_state import Row
from upstage_crm.links.claims import Reviewer
from upstage_crm.pages.list_page import Column, list_select, list_table, list_tools, list_waiting
from upstage_crm.ui.components.feedback import empty_state
from upstage_crm.ui.components.page import page_header, stack
from upstage_crm.ui.components.records.table import lead_cell

REVIEWERS = [("", "Anyone"), *((reviewer.value, reviewer.value) for reviewer in Reviewer)]
COLUMNS = [
    Column(
        heading="Receipt",
        sort="id",
        is_lead=True,
        cell=lambda row: lead_cell(row.id, href=row.href),
    ),
    Column(heading="Event", sort="event", cell=lambda row: row.event),
]


def page() -> rx.Component:
    """Return the page."""
    return framed(
        State,
        page_header("Receipts"),
        stack(
            list_tools(
                State,
                list_select(State, "reviewer", "Reviewer", REVIEWERS),
                label="Search receipts",
                placeholder="Number",
            ),
            list_table(
                State,
                Row,
                COLUMNS,
                label="Receipts",
                empty=empty_state("No receipts yet"),
                nothing=empty_state("No receipt fits"),
            ),
        ),
        active="receipts",
        waiting=stack(page_header("Receipts"), list_waiting(State, COLUMNS, label="Receipts")),
    )
''',
    f"{FOLDER}/receipt_state.py": '''"""One receipt."""

from typing import Any, ClassVar

import reflex as rx

from upstage_crm.admin.guard import AdminState
from upstage_crm.pages.page_state import PageMixin
from upstage_crm.receipts.receipt_list import get
from upstage_crm.staff.roles import Permission


class ReceiptRecordState(PageMixin, AdminState):
    """What the page of one receipt shows. `shown` is loading, receipt or missing."""

    permission: ClassVar[Permission | None] = Permission.VIEW_RECEIPTS

    shown: str = "loading"
    title: str = ""
    signature: str = ""

    def _start(self) -> None:
        self.subject = self.router.url.path.rstrip("/").rpartition("/")[2]

    async def _show(self) -> Any:
        receipt_id = self.subject
        found = await self._read(lambda session: get(session, receipt_id))
        self.shown = "receipt" if found else "missing"
        self.title = f"{receipt_id if found else 'No such receipt'} · {self.organisation}"
        self.signature = found.signature if found else ""
''',
    f"{FOLDER}/receipt_page.py": '''"""The page at `/receipts/[receipt]/`."""

import reflex as rx

from upstage_crm.admin.frame import framed
from upstage_crm.admin.receipts.receipt_state import ReceiptRecordState as State
from upstage_crm.ui.components.feedback import empty_state, skeleton_lines
from upstage_crm.ui.components.page import card, page_header, stack
from upstage_crm.ui.components.text import breadcrumbs


def page() -> rx.Component:
    """Return the page."""
    return framed(
        State,
        rx.match(
            State.shown,
            ("receipt", stack(_header(), card(rx.el.p(State.signature)))),
            ("missing", empty_state("No such receipt")),
            skeleton_lines(4),
        ),
        active="receipts",
        waiting=stack(page_header("Receipt"), skeleton_lines(4)),
        title=State.title,
    )


def _header() -> rx.Component:
    return page_header(
        "Receipt", crumbs=breadcrumbs(("Receipts", "/receipts/"), here=State.subject)
    )
''',
}
APP, DOCUMENT = "upstage_crm/upstage_crm.py", "docs/operations.md"
PERMISSIONS = "tests/state/test_permissions.py"
IMPORTS = """from upstage_crm.admin.receipts import list_page as receipts
from upstage_crm.admin.receipts import receipt_page as receipt
from upstage_crm.admin.receipts.list_state import ReceiptListState
from upstage_crm.admin.receipts.receipt_state import ReceiptRecordState
from upstage_crm.admin.requests import detail_page as request"""
PAGES = """    Page(
        route="/receipts",
        name="Receipts",
        view=receipts.page,
        state=ReceiptListState,
        icon="copy",
    ),
    Page(
        route="/receipts/[receipt]", name="Receipt", view=receipt.page, state=ReceiptRecordState
    ),
    Page(route="/mailbox", """
ROWS = """    "ReceiptListState": Row(P.VIEW_RECEIPTS, LISTED),
    "ReceiptRecordState": Row(P.VIEW_RECEIPTS, PAGE),
    "RevealState": """
DOCUMENTED = """| `/receipts`, `/receipts/[receipt]` | receipts: the list, one receipt |
| `/audit` |"""
TEST = """
import pytest

from tests.support.factories import Desk
from tests.support.pipeline import sign_in
from upstage_crm.admin.receipts import list_page, receipt_page
from upstage_crm.admin.receipts.list_state import ReceiptListState
from upstage_crm.admin.receipts.receipt_state import ReceiptRecordState
from upstage_crm.pages.registry import registry
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role
from upstage_crm.upstage_crm import STAFF_PLACES

HIDDEN_FROM = [role for role in Role if Permission.VIEW_RECEIPTS not in PERMISSIONS[role]]


@pytest.fixture
def receipt(made, clock) -> str:
    desk = Desk(made.database, clock)
    desk.decide(desk.asked(desk.patron())[1])
    return desk.column("SELECT id FROM receipt ORDER BY id")[0]


def owner(made, pipeline, role=Role.OWNER):
    return pipeline.client(sign_in(made.database, role, at=made.clock.now()))


async def test_the_list_finds_filters_sorts_and_says_what_is_not_there(made, pipeline, receipt):
    tab = owner(made, pipeline)

    async def shown(path):
        await pipeline.send(tab, ReceiptListState.load, path)
        state = await pipeline.state(tab, ReceiptListState)
        return state.shown, [row.id for row in state.rows]

    assert (await shown("/receipts/"))[0] == "rows"
    assert (await shown(f"/receipts/?q={receipt}")) == ("rows", [receipt])
    assert await shown("/receipts/?q=none") == ("nothing", [])
    by_proposed = await shown("/receipts/?reviewer=proposed")
    assert receipt in by_proposed[1]
    assert await shown("/receipts/?reviewer=current") == ("nothing", [])
    ids = (await shown("/receipts/?sort=id"))[1]
    assert (await shown("/receipts/?sort=-id"))[1] == ids[::-1]


async def test_the_record_shows_one_or_says_that_there_is_none(made, pipeline, receipt):
    tab = owner(made, pipeline)
    for key, expected in ((receipt, "receipt"), ("none", "missing")):
        await pipeline.send(tab, ReceiptRecordState.load, f"/receipts/{key}/")
        state = await pipeline.state(tab, ReceiptRecordState)
        assert (state.subject, state.shown, bool(state.signature)) == (
            key,
            expected,
            expected == "receipt",
        )


@pytest.mark.parametrize("role", HIDDEN_FROM)
async def test_a_role_without_the_permission_reads_nothing(made, pipeline, receipt, role):
    tab = owner(made, pipeline, role)
    await pipeline.send(tab, ReceiptListState.load, "/receipts/")
    assert (await pipeline.state(tab, ReceiptListState)).rows == []


def test_the_menu_and_the_gate_know_it():
    assert "/receipts/" in [page.href for page in registry.menu]
    assert "receipts" in STAFF_PLACES
    assert "No receipts yet" in str(list_page.page().render())
    assert "No such receipt" in str(receipt_page.page().render())
"""


def test_a_list_with_a_record_is_a_folder_and_three_edits(tmp_path: Path) -> None:
    copy = copy_tree(tmp_path / "copy")
    before = files_of(copy)
    (copy / FOLDER).mkdir()
    for name, text in NEW.items():
        (copy / name).write_text(text, "utf-8")
    requests = "from upstage_crm.admin.requests import detail_page as request"
    replace_once(copy / APP, requests, IMPORTS)
    replace_once(copy / APP, '    Page(route="/mailbox", ', PAGES)
    replace_once(copy / PERMISSIONS, '    "RevealState": ', ROWS)
    replace_once(copy / DOCUMENT, "| `/audit` |", DOCUMENTED)
    after = files_of(copy)
    (copy / "tests/state/test_the_new_list.py").write_text(TEST, "utf-8")

    wanted = (
        "the_list_finds or the_record_shows or without_the_permission or menu_and_the_gate or"
        " every_handler_has_its_row or code_asks_for_what or every_page_and or import_contracts or"
        " made_of_words or one_name_only or test_states"
    )
    files = (
        *("tests/house/test_documents.py", "tests/house/test_names.py"),
        *("tests/house/test_shape.py", "tests/house/test_states.py"),
        *("tests/state/test_permissions.py", "tests/state/test_the_new_list.py"),
    )
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", wanted, *files],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert ran.returncode == 0, ran.stdout[-3_000:]
    new = {name for name in after if name not in before}
    assert new == set(NEW)
    assert len(new) <= 6
    edited = {name for name in before if after[name] != before[name]}
    assert edited == {APP, DOCUMENT, PERMISSIONS}
