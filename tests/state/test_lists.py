"""The list kit: what every list does with its address, its search, its order and its pages.

The sample is a list of boxes: a table of columns, its filters and one query.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

import pytest
import reflex as rx
from reflex_base.utils.format import format_event_handler
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from tests.support.pipeline import Client, Pipeline, finished
from upstage_crm.pages.list_page import (
    Column,
    list_dates,
    list_select,
    list_table,
    list_tools,
    list_waiting,
    when_chosen,
)
from upstage_crm.pages.list_state import ListMixin, ListPage, Query
from upstage_crm.pages.list_url import ListShape, ListUrl, one_of, text
from upstage_crm.pages.page_state import PageMixin
from upstage_crm.pages.periods import FILTERS
from upstage_crm.pages.tab import TabMixin
from upstage_crm.ui.components.feedback import empty_state
from upstage_crm.ui.components.records.table import lead_cell
from upstage_crm.wiring import Runtime

SHAPE = ListShape(
    path="/boxes/",
    filters={"colour": one_of(("red", "blue")), "label": text(), **FILTERS},
    lasting=frozenset({"colour"}),
    sorts={"name": False, "weight": True},
    subject="box",
)
PATIENCE_S = 60


@dataclass(frozen=True)
class Box:
    """One row."""

    name: str = ""
    colour: str = "red"
    weight: int = 1
    href: str = ""


class Store:
    """What the sample list reads; a gate that is closed keeps the reader of a search waiting."""

    def __init__(self) -> None:
        self.boxes: list[Box] = []
        self.gates: dict[str, threading.Event] = {}
        self.asked: dict[str, threading.Event] = {}
        self.reads: list[str] = []
        self.fails = False

    def add(self, *names: str, **what: Any) -> None:
        self.boxes += [Box(name, href=f"/boxes/{name}/", **what) for name in names]

    def close(self, search: str) -> None:
        self.gates[search], self.asked[search] = threading.Event(), threading.Event()

    def read(self, url: ListUrl, size: int) -> ListPage:
        self.reads.append(url.search)
        kept = [box for box in self.boxes if url.search in box.name]
        if url.search in self.gates:
            self.asked[url.search].set()
            assert self.gates[url.search].wait(PATIENCE_S)
        if self.fails:
            raise OperationalError("select", {}, RuntimeError("gone"))
        if url.chosen["colour"]:
            kept = [box for box in kept if box.colour == url.chosen["colour"]]
        kept.sort(key=lambda box: getattr(box, url.sort), reverse=url.is_descending)
        first = (url.page - 1) * size
        return ListPage(rows=kept[first : first + size], total=len(kept), extra=len(kept))


STORE: Store


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks at the lists."""

    id: str


class ListTab(TabMixin, rx.State):
    """What `AdminState` is to the lists of the CRM."""

    _name: str = "Dana"

    def _viewer(self) -> Reader:
        return Reader(self._name)


class BoxList(ListMixin, ListTab):
    """The sample."""

    shape: ClassVar[ListShape] = SHAPE
    nouns: ClassVar[tuple[str, str]] = ("box", "boxes")
    size: ClassVar[int] = 2

    rows: rx.Field[list[Box]] = rx.field(default_factory=list)
    extra: int = 0

    def _query(self) -> Query:
        size = self.size
        return lambda _session, url: STORE.read(url, size)

    def _take_extra(self, extra: Any) -> None:
        self.extra = extra


class KeyedList(ListMixin, ListTab):
    """A sample that is paged by key: numbers from 5 down."""

    shape: ClassVar[ListShape] = ListShape(path="/numbers/")
    rows: rx.Field[list[int]] = rx.field(default_factory=list)

    def _query(self) -> Query:
        return _numbers


def _numbers(_session: Session, url: ListUrl) -> ListPage:
    numbers = range(int(url.before or 6) - 1, 0, -1)
    return ListPage(rows=numbers[:2], after=str(numbers[1]) if len(numbers) > 2 else "")


class BoxRecord(PageMixin, ListTab):
    """Where a row leads."""


HANDLERS: tuple[Any, ...] = (
    *(BoxList.load, BoxList.fetch, BoxList.refresh, BoxList.search, BoxList.find, BoxList.choose),
    *(BoxList.sort_by, BoxList.previous_page, BoxList.next_page, BoxList.clear),
    *(KeyedList.load, KeyedList.fetch, KeyedList.previous_page, KeyedList.next_page),
    BoxRecord.load,
)
PUBLIC = frozenset(format_event_handler(handler) for handler in HANDLERS)


@dataclass
class Scene:
    """A tab of an app whose pages are the samples."""

    pipeline: Pipeline
    tab: Client
    shown: list[str] = field(default_factory=list)

    async def at(self, path: str) -> None:
        await finished(await self.pipeline.turn(self.tab, path))

    async def press(self, handler: Any, **payload: Any) -> None:
        await self.pipeline.send(self.tab, handler, **payload)

    async def state(self) -> BoxList:
        return await self.pipeline.state(self.tab, BoxList)

    async def names(self) -> list[str]:
        return [box.name for box in (await self.state()).rows]

    async def until_asked(self, search: str) -> None:
        assert await asyncio.to_thread(STORE.asked[search].wait, PATIENCE_S)

    def sent(self, name: str) -> list[Any]:
        """The values of a var that were sent to the tab, in order."""
        full, var = BoxList.get_full_name(), f"{name}_rx_state_"
        return [each[full][var] for each in self.tab.deltas if var in each.get(full, {})]


@pytest.fixture
async def scene(made: Runtime) -> AsyncIterator[Scene]:
    global STORE  # noqa: PLW0603  # each test has its own
    STORE = Store()
    async with Pipeline(PUBLIC) as pipeline:
        for route, page in (
            ("/boxes", BoxList),
            ("/numbers", KeyedList),
            ("/boxes/[name]", BoxRecord),
        ):
            pipeline.app.add_page(rx.fragment, route=route, on_load=page.load)
        tab = pipeline.client()
        await pipeline.connect(tab, "/", is_new_document=True)
        tab.deltas.clear()
        yield Scene(pipeline, tab)


# --- the address --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        SHAPE.plain(),
        SHAPE.plain(colour="red", label="a b&c=d"),
        SHAPE.plain(when="season-2026"),
        ListUrl(
            search="näh & co",
            chosen={**SHAPE.plain(when="dates").chosen, "from": "2026-03-01"},
            sort="weight",
            is_descending=True,
            page=3,
            subject="7",
        ),
        ListUrl(chosen=SHAPE.plain().chosen, sort="name", before="77"),
    ],
)
def test_an_address_says_all_of_it(url: ListUrl) -> None:
    assert SHAPE.read(dict(parse_qsl(urlsplit(SHAPE.href(url)).query))) == url


@pytest.mark.parametrize(
    "parameters",
    [
        {"sort": "password", "desc": "yes", "page": "-4"},
        {"page": "²"},
        {"page": "0"},
        {"colour": "green", "when": "never", "from": "2026-13-01", "to": "0026-01-01"},
        {"drop": "table"},
    ],
)
def test_nonsense_in_an_address_reads_as_not_said(parameters: dict[str, str]) -> None:
    assert SHAPE.read(parameters) == SHAPE.plain()


def test_a_page_number_has_a_limit_that_the_database_can_count_to() -> None:
    assert SHAPE.read({"page": "9" * 30}).page == 100_000


def test_the_plain_list_is_its_path_alone() -> None:
    assert SHAPE.href(SHAPE.read({})) == "/boxes/"


# --- what is shown ------------------------------------------------------------------------------


async def test_the_address_says_what_is_shown(scene: Scene) -> None:
    STORE.add("ab", "ac", "ad", weight=1)
    STORE.add("ae", colour="blue")
    STORE.add("xx")

    await scene.at("/boxes/?q=a&colour=red&sort=name&desc=1&page=2")

    state = await scene.state()
    assert await scene.names() == ["ab"]
    assert (state.count, state.summary, state.has_next) == ("3 boxes", "3–3 of 3", False)
    assert (state.shown, state.extra, state.is_busy) == ("rows", 3, False)


@pytest.mark.parametrize(
    ("boxes", "path", "shown"),
    [
        ((), "/boxes/", "empty"),
        (("a",), "/boxes/?q=z", "nothing"),
        (("a",), "/boxes/?page=9", "nothing"),
    ],
)
async def test_no_row_is_not_the_same_as_no_row_that_fits(
    scene: Scene, boxes: tuple[str, ...], path: str, shown: str
) -> None:
    STORE.add(*boxes)
    await scene.at(path)

    assert (await scene.state()).shown == shown


async def test_a_list_that_cannot_be_read_shows_no_rows_and_no_count_of_before(
    scene: Scene,
) -> None:
    STORE.add("a")
    await scene.at("/boxes/")
    STORE.fails = True
    await scene.press(BoxList.search, text="a")
    state = await scene.state()
    assert (state.shown, state.rows, state.count, state.is_busy) == ("failed", [], "", False)

    STORE.fails = False
    await scene.press(BoxList.fetch)

    assert await scene.names() == ["a"]


async def test_a_list_that_was_never_opened_is_the_plain_one(scene: Scene) -> None:
    """So it is after the server has forgotten the tab, and for who sends events by hand."""

    STORE.add("a")
    for handler in (BoxList.fetch, BoxList.next_page, BoxList.previous_page, BoxList.clear):
        await scene.press(handler)

    assert await scene.names() == ["a"]
    assert scene.tab.redirects() == []


async def test_pages_go_on_and_back_within_the_rows(scene: Scene) -> None:
    STORE.add("a", "b", "c")
    await scene.at("/boxes/")
    for _ in range(2):
        await scene.press(BoxList.next_page)
        assert await scene.names() == ["c"]
    await scene.press(BoxList.previous_page)
    await scene.press(BoxList.previous_page)

    assert await scene.names() == ["a", "b"]
    assert scene.tab.redirects() == ["/boxes/?page=2", "/boxes/"]


async def test_a_list_that_is_paged_by_key_goes_on_from_the_last_row(scene: Scene) -> None:
    shown: list[list[int]] = []
    await scene.at("/numbers/")
    for step in (KeyedList.next_page, KeyedList.next_page, KeyedList.next_page):
        shown.append(list((await scene.pipeline.state(scene.tab, KeyedList)).rows))
        await scene.press(step)
    await scene.press(KeyedList.previous_page)

    assert shown == [[5, 4], [3, 2], [1]]
    assert list((await scene.pipeline.state(scene.tab, KeyedList)).rows) == [5, 4]
    assert scene.tab.redirects() == ["/numbers/?before=4", "/numbers/?before=2", "/numbers/"]


async def test_a_column_orders_the_list_and_turns_it_at_the_second_press(scene: Scene) -> None:
    STORE.add("a", weight=1)
    STORE.add("b", weight=2)
    await scene.at("/boxes/")
    shown: list[list[str]] = []
    for column in ("weight", "weight", "name", "name", "no such column"):
        await scene.press(BoxList.sort_by, column=column)
        shown.append(await scene.names())

    assert shown == [["b", "a"], ["a", "b"], ["a", "b"], ["b", "a"], ["b", "a"]]
    assert scene.tab.redirects()[0] == "/boxes/?sort=weight&desc=1"


async def test_a_filter_narrows_the_list_from_its_first_page(scene: Scene) -> None:
    STORE.add("a", "b", "c")
    STORE.add("d", colour="blue")
    await scene.at("/boxes/?page=2")
    await scene.press(BoxList.choose, name="colour", value="blue")
    assert await scene.names() == ["d"]
    await scene.press(BoxList.choose, name="colour", value="no such colour")
    assert await scene.names() == ["a", "b"]
    await scene.press(BoxList.choose, name="no such filter", value="blue")

    assert scene.tab.redirects() == ["/boxes/?colour=blue", "/boxes/"]


async def test_clearing_forgets_the_search_and_keeps_what_lasts(scene: Scene) -> None:
    STORE.add("a", "b")
    await scene.at("/boxes/?q=z&colour=red&label=x&sort=weight&page=2")
    before = (await scene.state()).search_box
    await scene.press(BoxList.clear)

    assert await scene.names() == ["a", "b"]
    assert scene.tab.redirects() == ["/boxes/?colour=red&sort=weight"]
    assert (await scene.state()).search_box == before + 1


@pytest.mark.parametrize(
    ("search", "leads"), [("only", ["/boxes/?q=only", "/boxes/only/"]), ("o", ["/boxes/?q=o"])]
)
async def test_enter_opens_the_only_row(scene: Scene, search: str, leads: list[str]) -> None:
    STORE.add("only", "other")
    await scene.at("/boxes/")
    await scene.press(BoxList.find, form={"q": search})
    await scene.press(BoxList.refresh)

    assert scene.tab.redirects() == leads


@pytest.mark.parametrize(
    ("handler", "payload"),
    [
        (BoxList.search, {"text": {"$gt": ""}}),
        (BoxList.search, {"text": None}),
        (BoxList.find, {"form": {"q": ["a"]}}),
        (BoxList.find, {"form": 7}),
        (BoxList.choose, {"name": ["colour"], "value": "red"}),
        (BoxList.choose, {"name": "colour", "value": 7}),
        (BoxList.sort_by, {"column": ["name"]}),
        (BoxList.search, {"text": "a", "more": 1}),
    ],
)
async def test_nonsense_over_the_wire_changes_nothing(
    scene: Scene, handler: Any, payload: dict[str, Any]
) -> None:
    STORE.add("a", "b")
    await scene.at("/boxes/")
    await scene.press(handler, **payload)

    assert await scene.names() == ["a", "b"]
    assert scene.tab.redirects() == []


# --- what arrives late --------------------------------------------------------------------------


async def test_the_latest_search_wins_however_slow_the_earlier_one_is(scene: Scene) -> None:
    STORE.add("anna", "jane")
    await scene.at("/boxes/")
    STORE.close("anna")
    first = await scene.pipeline.start(scene.tab, BoxList.search, text="anna")
    await scene.until_asked("anna")
    second = await scene.pipeline.start(scene.tab, BoxList.search, text="jane")
    await finished(second)
    assert await scene.names() == ["jane"]

    STORE.gates["anna"].set()
    await finished(first)
    # The browser arrives at both addresses, at the older one after the newer search.
    for path in ("/boxes/?q=anna", "/boxes/?q=jane"):
        await scene.at(path)
        assert await scene.names() == ["jane"]

    shown = [[box.name for box in rows] for rows in scene.sent("rows")]
    assert shown == [["anna", "jane"], ["jane"]]


async def test_many_commits_do_not_keep_a_slow_reading_from_being_shown(scene: Scene) -> None:
    """Each would end the reading before it, and the list would show what it showed before."""

    STORE.add("anna", "jane")
    await scene.at("/boxes/")
    STORE.close("jane")
    reads = len(STORE.reads)
    searching = await scene.pipeline.start(scene.tab, BoxList.search, text="jane")
    await scene.until_asked("jane")
    for _ in range(5):
        await scene.pipeline.push(scene.tab, BoxList.refresh)
    STORE.add("jane the second")
    STORE.gates["jane"].set()
    await finished(searching)

    assert await scene.names() == ["jane", "jane the second"]
    assert STORE.reads[reads:] == ["jane", "jane"]


async def test_what_was_read_for_one_viewer_is_not_shown_to_another(scene: Scene) -> None:
    STORE.add("for Dana")
    await scene.at("/boxes/")
    STORE.close("Dana")
    searching = await scene.pipeline.start(scene.tab, BoxList.search, text="Dana")
    await scene.until_asked("Dana")
    (await scene.pipeline.state(scene.tab, ListTab))._name = "Eve"
    (await scene.state()).rows = []
    STORE.gates["Dana"].set()
    await finished(searching)

    assert await scene.names() == []


async def test_a_list_is_there_at_once_when_the_tab_comes_back(scene: Scene) -> None:
    STORE.add("a")
    STORE.add("b", colour="blue")
    await scene.at("/boxes/?colour=red")
    await scene.at("/boxes/a/")
    kept = await scene.state()
    assert (await scene.names(), kept.places) == (["a"], ["/boxes/?colour=red"])

    scene.tab.deltas.clear()
    await scene.at("/boxes/?colour=blue")

    assert [[box.name for box in rows] for rows in scene.sent("rows")] == [[], ["b"]]


async def test_a_record_knows_the_rows_it_was_opened_from(scene: Scene) -> None:
    """Search, filters, order and page; not the row that is open."""
    STORE.add("a", "ab", "abc")
    await scene.at("/boxes/?q=a&sort=weight&page=2&box=7")
    await scene.press(BoxList.choose, name="colour", value="red")

    await scene.at("/boxes/a/")

    assert scene.sent("list_href") == [
        "/boxes/?q=a&sort=weight&page=2",
        "/boxes/?q=a&colour=red&sort=weight",
    ]
    assert (await scene.state()).list_href == "/boxes/?q=a&colour=red&sort=weight"


async def test_what_a_person_chooses_in_a_list_is_not_emptied_on_the_way(scene: Scene) -> None:
    STORE.add("a")
    STORE.add("b", colour="blue")
    await scene.at("/boxes/?colour=red")
    scene.tab.deltas.clear()
    await scene.press(BoxList.choose, name="colour", value="blue")
    assert (await scene.state()).places == ["/boxes/?colour=red", "/boxes/?colour=blue"]

    await scene.at("/boxes/?colour=blue")

    assert [[box.name for box in rows] for rows in scene.sent("rows")] == [["b"]]


async def test_a_search_that_comes_late_does_not_pull_the_tab_back(scene: Scene) -> None:
    await scene.at("/boxes/?colour=red")
    await scene.at("/boxes/a/")

    await scene.press(BoxList.search, text="blue")
    await scene.press(BoxList.find, form={"q": "blue"})

    assert scene.tab.redirects() == []
    assert (await scene.state()).query == ""


async def test_what_is_committed_is_read_again_and_the_same_address_too(scene: Scene) -> None:
    await scene.at("/boxes/")
    STORE.add("a")
    await scene.pipeline.push(scene.tab, BoxList.refresh)
    assert await scene.names() == ["a"]

    STORE.add("b")
    await scene.at("/boxes/")

    assert await scene.names() == ["a", "b"]


# --- how it is drawn ----------------------------------------------------------------------------


def test_a_new_list_is_a_table_of_columns_its_filters_and_one_query() -> None:
    columns = [
        Column(
            heading="Name",
            sort="name",
            is_lead=True,
            cell=lambda row: lead_cell(row.name, href=row.href),
        ),
        Column(heading="Weight", sort="weight", cell=lambda row: row.weight),
        Column(heading="Colour", label="Shade", cell=lambda row: row.colour),
    ]
    drawn = str(
        rx.fragment(
            list_tools(
                BoxList,
                list_select(BoxList, "colour", "Colour", [("", "Any"), ("red", "Red")]),
                list_dates(BoxList, "Packed"),
                when_chosen(BoxList, "label", "labelled"),
                label="Search boxes",
                placeholder="Name",
            ),
            list_table(
                BoxList,
                Box,
                columns,
                label="Boxes",
                empty=empty_state("No boxes"),
                nothing=empty_state("No box fits"),
            ),
            list_waiting(BoxList, columns, label="Boxes"),
        ).render()
    )

    for words in ("No boxes", "No box fits", "The boxes could not be loaded", "Search boxes"):
        assert words in drawn
    assert drawn.count('"columnheader"') == 2 * len(columns)
    with pytest.raises(AssertionError, match="size"):
        list_select(BoxList, "size", "Size", [])
