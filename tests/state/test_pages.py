"""The page kit: what a page and a dialog hold ends with the page, whatever arrives late.

The sample is a shelf of boxes. Every page of the CRM is made of the same parts.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, ClassVar

import pytest
import reflex as rx
from reflex_base.utils.format import format_event_handler
from sqlmodel import Session

from tests.support.pipeline import Client, Pipeline, finished
from upstage_crm.core.errors import Conflict
from upstage_crm.pages.dialog_state import OPENING, SUBJECT, DialogMixin
from upstage_crm.pages.page_state import PageMixin
from upstage_crm.pages.tab import TabMixin
from upstage_crm.wiring import Runtime
from upstage_crm.wording.sentences import SENTENCES

MOVED = SENTENCES["subject_moved"]
CONTENT = {"a": "apples", "b": "bricks"}


class Taken(Conflict):
    """The box is taken already; a code that has a sentence."""

    code = "conflict"


class Shelf:
    """What the sample pages read and change; a gate that is closed keeps its reader waiting."""

    def __init__(self) -> None:
        self.gates = {name: asyncio.Event() for name in CONTENT}
        self.asked = {name: asyncio.Event() for name in CONTENT}
        self.emptied: list[str] = []
        self.reads: list[str] = []
        self.refuses = False
        for gate in self.gates.values():
            gate.set()

    async def read(self, name: str) -> str:
        self.reads.append(name)
        self.asked[name].set()
        await self.gates[name].wait()
        return CONTENT[name]

    def empty(self, name: str) -> str:
        if self.refuses:
            raise Taken
        self.emptied.append(name)
        return name


SHELF: Shelf


class SampleTab(TabMixin, rx.State):
    """What `AdminState` is to the pages of the CRM."""


class BoxPage(PageMixin, SampleTab):
    """One box."""

    content: str = ""

    def _start(self) -> None:
        self.subject = self.router.url.path.strip("/").rpartition("/")[2]

    async def _show(self) -> None:
        self.content = await SHELF.read(self.subject)


class BoxDialog(DialogMixin, SampleTab):
    """May a box be emptied?"""

    dialogs: ClassVar[tuple[str, ...]] = ("empty",)
    page: ClassVar[type[BoxPage]] = BoxPage

    typed: str = ""

    @rx.event
    async def ask(self, subject: str) -> None:
        page = await self.get_state(BoxPage)
        if page._is_about(subject):
            await self._open("empty", subject=page.subject, about=page.content)

    @rx.event
    def write(self, text: str) -> None:
        self.typed = text

    @rx.event
    async def empty(self, form: dict[str, Any]) -> None:
        if self._accept("empty", form) is not None:
            subject = self.subject

            def command(_session: Session) -> str:
                return SHELF.empty(subject)

            await self._run(command, lambda name: f"{name} is empty.")


class ShelfPage(PageMixin, SampleTab):
    """All boxes."""


HANDLERS: tuple[Any, ...] = (
    *(BoxPage.load, BoxPage.refresh),
    *(BoxDialog.ask, BoxDialog.write, BoxDialog.empty, BoxDialog.turn),
    *(ShelfPage.load, ShelfPage.refresh),
)
PUBLIC = frozenset(format_event_handler(handler) for handler in HANDLERS)


@pytest.fixture
async def pipeline(made: Runtime) -> AsyncIterator[Pipeline]:
    """An app whose pages are the samples."""
    global SHELF  # noqa: PLW0603  # made in the loop of the test, as its gates belong to it
    SHELF = Shelf()
    async with Pipeline(PUBLIC) as running:
        for route, page in (("/boxes", ShelfPage), ("/boxes/[name]", BoxPage)):
            running.app.add_page(rx.fragment, route=route, on_load=page.load)
        yield running


@pytest.fixture
async def tab(pipeline: Pipeline) -> Client:
    opened = pipeline.client()
    await pipeline.connect(opened, "/", is_new_document=True)
    opened.deltas.clear()
    return opened


async def at(pipeline: Pipeline, tab: Client, path: str) -> None:
    """Turn to a page and wait until it is there."""
    turning = await pipeline.turn(tab, path)
    await finished(turning)


async def asked(pipeline: Pipeline, tab: Client, name: str) -> dict[str, str]:
    """Turn to a box and open its dialog; return what its form carries along."""
    await at(pipeline, tab, f"/boxes/{name}/")
    await pipeline.send(tab, BoxDialog.ask, subject=name)
    return await pipeline.drawn(tab, BoxDialog.empty)


async def problem(pipeline: Pipeline, tab: Client) -> str:
    return (await pipeline.state(tab, SampleTab)).problem


def sent(tab: Client, state: type[rx.State], name: str) -> list[Any]:
    """The values of a var that were sent to the tab, in order."""
    full, field = state.get_full_name(), f"{name}_rx_state_"
    return [delta[full][field] for delta in tab.deltas if field in delta.get(full, {})]


# --- pages --------------------------------------------------------------------------------------


async def test_a_page_goes_out_empty_before_anything_is_read(
    pipeline: Pipeline, tab: Client
) -> None:
    await at(pipeline, tab, "/boxes/a/")
    assert sent(tab, BoxPage, "content")[-1] == "apples"
    tab.deltas.clear()
    SHELF.gates["b"].clear()

    turning = await pipeline.turn(tab, "/boxes/b/")
    await asyncio.wait_for(SHELF.asked["b"].wait(), 10)
    assert sent(tab, BoxPage, "content") == [""]
    assert sent(tab, BoxPage, "path") == ["/boxes/b/"]

    SHELF.gates["b"].set()
    await finished(turning)
    assert sent(tab, BoxPage, "content") == ["", "bricks"]


async def test_a_page_that_is_overtaken_never_shows(pipeline: Pipeline, tab: Client) -> None:
    SHELF.gates["a"].clear()
    slow = await pipeline.turn(tab, "/boxes/a/")
    await asyncio.wait_for(SHELF.asked["a"].wait(), 10)

    await at(pipeline, tab, "/boxes/b/")
    SHELF.gates["a"].set()
    await finished(slow)

    page = await pipeline.state(tab, BoxPage)
    assert (page.subject, page.path, page.content) == ("b", "/boxes/b/", "bricks")
    assert "apples" not in sent(tab, BoxPage, "content")


async def test_a_page_that_was_left_is_not_read_again(pipeline: Pipeline, tab: Client) -> None:
    await at(pipeline, tab, "/boxes/a/")
    await at(pipeline, tab, "/boxes/")

    await pipeline.push(tab, BoxPage.refresh)

    page = await pipeline.state(tab, BoxPage)
    assert (SHELF.reads, page.content, page.subject) == (["a"], "", "")


# --- dialogs ------------------------------------------------------------------------------------


async def test_a_dialog_does_its_work_for_its_subject(pipeline: Pipeline, tab: Client) -> None:
    form = await asked(pipeline, tab, "a")
    dialog = await pipeline.state(tab, BoxDialog)
    assert (dialog.dialog, dialog.subject, dialog.about) == ("empty", "a", "apples")
    assert form == {SUBJECT: "a", OPENING: "1"}

    await pipeline.send(tab, BoxDialog.empty, form=form)

    assert SHELF.emptied == ["a"]
    assert (await pipeline.state(tab, SampleTab)).done == "a is empty."
    assert (await pipeline.state(tab, BoxDialog)).dialog == ""


@pytest.mark.parametrize("path", ["/boxes/b/", "/boxes/", "/boxes/a/"])
async def test_a_dialog_is_closed_and_empty_after_every_turn(
    pipeline: Pipeline, tab: Client, path: str
) -> None:
    """Forward, back, by a link, and to the very same page."""

    await asked(pipeline, tab, "a")
    await pipeline.send(tab, BoxDialog.write, text="half a sentence")

    await at(pipeline, tab, path)

    dialog = await pipeline.state(tab, BoxDialog)
    assert (dialog.dialog, dialog.subject, dialog.about, dialog.typed) == ("", "", "", "")


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({SUBJECT: "b"}, "/boxes/a/"),
        ({OPENING: "7"}, "/boxes/a/"),
        ({SUBJECT: ""}, "/boxes/a/"),
        ({SUBJECT: ["a"]}, "/boxes/a/"),
        ({}, "/boxes/b/"),
        ({}, "/boxes/"),
    ],
)
async def test_a_submission_for_another_subject_is_refused(
    pipeline: Pipeline, tab: Client, wrong: dict[str, Any], path: str
) -> None:
    form = await asked(pipeline, tab, "a")
    if path != "/boxes/a/":
        await at(pipeline, tab, path)

    await pipeline.send(tab, BoxDialog.empty, form={**form, **wrong})

    assert (SHELF.emptied, await problem(pipeline, tab)) == ([], MOVED)


async def test_a_submission_of_the_dialog_before_does_nothing_for_the_next_one(
    pipeline: Pipeline, tab: Client
) -> None:
    """Alice's form, sent while Gerald's dialog is open: neither of them is asked."""

    stale = await asked(pipeline, tab, "a")
    await asked(pipeline, tab, "b")

    await pipeline.send(tab, BoxDialog.empty, form=stale)

    assert (SHELF.emptied, await problem(pipeline, tab)) == ([], MOVED)


async def test_a_second_press_does_nothing_and_says_nothing(
    pipeline: Pipeline, tab: Client
) -> None:
    form = await asked(pipeline, tab, "a")
    presses = [await pipeline.start(tab, BoxDialog.empty, form=form) for _ in range(2)]
    await finished(*presses)

    assert SHELF.emptied == ["a"]
    state = await pipeline.state(tab, SampleTab)
    assert (state.problem, state.done) == ("", "a is empty.")


async def test_a_refusal_stays_in_the_dialog_which_can_be_sent_again(
    pipeline: Pipeline, tab: Client
) -> None:
    form = await asked(pipeline, tab, "a")
    SHELF.refuses = True
    await pipeline.send(tab, BoxDialog.empty, form=form)
    dialog = await pipeline.state(tab, BoxDialog)
    assert (dialog.dialog, dialog.refusal) == ("empty", SENTENCES["conflict"])

    SHELF.refuses = False
    await pipeline.send(tab, BoxDialog.empty, form=form)

    assert SHELF.emptied == ["a"]


@pytest.mark.parametrize(("subject", "said"), [("b", MOVED), ("", MOVED), (None, ""), (["a"], "")])
async def test_a_button_of_another_subject_opens_nothing(
    pipeline: Pipeline, tab: Client, subject: Any, said: str
) -> None:
    """What is no text comes from no page of ours: the guard drops it without a word."""

    await at(pipeline, tab, "/boxes/a/")

    await pipeline.send(tab, BoxDialog.ask, subject=subject)

    assert (await pipeline.state(tab, BoxDialog)).dialog == ""
    assert await problem(pipeline, tab) == said
