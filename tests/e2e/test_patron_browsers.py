"""A patron's browser translates, refuses and zooms, and the page stays calm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.support.accessibility import assert_accessible
from tests.support.journey import PATIENCE_MS, PHONE, hydrated
from tests.support.links import decision_url
from tests.support.server import running_server
from tests.support.slow_line import SlowLine, slow_line
from tests.support.stage import set_stage
from upstage_crm.change_requests.lifecycle import staff_commands
from upstage_crm.change_requests.model.rules import ReasonCode
from upstage_crm.confirm import closed_copy, fixed_copy
from upstage_crm.patrons.queries import get_by_number

Link = Callable[[], str]

# What the translation of a browser does: each text moves into elements of the browser's own.
TRANSLATE = """() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    const texts = []
    while (walker.nextNode()) texts.push(walker.currentNode)
    for (const text of texts) {
        if (!text.data.trim() || ["SCRIPT", "STYLE"].includes(text.parentElement.tagName)) continue
        const outer = document.createElement("font")
        const inner = document.createElement("font")
        inner.textContent = text.data
        outer.append(inner)
        text.replaceWith(outer)
    }
}"""
NO_STORAGE = """
for (const name of ["sessionStorage", "localStorage"])
    Object.defineProperty(window, name, {
        configurable: true,
        get() { throw new DOMException("no", "SecurityError") },
    })
"""
NO_SOCKET = """
window.WebSocket = class { constructor() { throw new DOMException("no", "SecurityError") } }
"""
LOST_NODE = """() => {
    const removeChild = Node.prototype.removeChild
    Node.prototype.removeChild = () => {
        Node.prototype.removeChild = removeChild
        throw new DOMException("no", "NotFoundError")
    }
}"""


@pytest.fixture(scope="module")
def line() -> Iterator[SlowLine]:
    """The line between the browser and the server."""
    with slow_line() as opened:
        yield opened


@pytest.fixture(scope="module")
def link(tmp_path_factory: pytest.TempPathFactory, line: SlowLine) -> Iterator[Link]:
    """Ask a new patron about a new telephone number, and return the link of the mail."""
    public_url = f"http://localhost:{line.port}"
    folder = tmp_path_factory.mktemp("patrons")
    database_url = f"sqlite:///{folder / 'upstage.db'}"
    stage = set_stage(database_url)
    numbers = iter(range(100, 200))

    settings = {"UPSTAGE_PUBLIC_URL": public_url}
    with running_server(folder, database_url=database_url, settings=settings) as server:
        line.target = int(server.url.rpartition(":")[2])

        def ask() -> str:
            parts, digits = stage.parts, next(numbers)
            number = stage.add(f"patron{digits}@example.org")
            with parts.database.transaction() as session:
                proposed = staff_commands.propose(
                    parts.staff_context(session, stage.owner),
                    patron_id=get_by_number(session, number).id,
                    changes={"phone": {"phone": f"+1 212 555 0{digits}"}},
                    reason_code=ReasonCode.ASKED_BY_PHONE,
                    reason_text="Rang this morning, 10:30.",
                    parsing=parts.context(),
                )
            return decision_url(parts, proposed.request_id, public_url)[1]

        yield ask


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport=PHONE)
    opened.set_default_timeout(PATIENCE_MS)
    yield opened
    opened.close()


def visit(context: BrowserContext, link: str) -> Page:
    page = context.new_page()
    page.goto(link, wait_until="commit")
    hydrated(page)
    return page


def refuse(context: BrowserContext, pattern: str) -> None:
    def abort(route: Route) -> None:
        route.abort()

    context.route(pattern, abort)


def assert_calm(page: Page) -> None:
    """The page says nothing of scripts, and offers the page that needs none."""
    text = page.locator("body").inner_text()
    for word in ("Error", "error occurred", "Unexpected", " at ", "undefined", "null"):
        assert word not in text
    page.get_by_role("link", name=fixed_copy.SIMPLE_PAGE).first.click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text(fixed_copy.BROKEN_TITLE)
    expect(page.get_by_role("contentinfo")).to_contain_text(fixed_copy.QUESTIONS)


APPROVED = closed_copy.ENDINGS["approved"].title
MISSING = closed_copy.ENDINGS["missing"].title


@pytest.mark.parametrize("answer", [fixed_copy.APPROVE, fixed_copy.REJECT])
def test_an_answer_on_a_translated_page(context: BrowserContext, link: Link, answer: str) -> None:
    page = visit(context, link())
    page.evaluate(TRANSLATE)

    page.get_by_role("button", name=answer, exact=True).click()

    title = page.get_by_role("heading", level=1)
    expect(title).not_to_have_text(fixed_copy.LOADING_TITLE)
    expect(title).to_have_text(
        APPROVED if answer == fixed_copy.APPROVE else closed_copy.ENDINGS["rejected"].title
    )
    expect(page.locator("#title")).to_be_focused()


def test_a_broken_page_shows_the_way_to_the_simple_one(context: BrowserContext, link: Link) -> None:
    page = visit(context, link())
    page.evaluate(LOST_NODE)

    page.get_by_role("button", name=fixed_copy.APPROVE, exact=True).click()

    expect(page.get_by_role("heading", level=1)).to_have_text(fixed_copy.BROKEN_TITLE)
    assert_calm(page)
    expect(page.get_by_role("heading", level=1)).to_have_text(APPROVED)


def test_refused_storage(context: BrowserContext, link: Link) -> None:
    context.add_init_script(NO_STORAGE)
    page = visit(context, link())

    page.get_by_role("button", name=fixed_copy.APPROVE, exact=True).click()

    expect(page.get_by_role("heading", level=1)).to_have_text(APPROVED)


def test_refused_sockets(context: BrowserContext, link: Link) -> None:
    refuse(context, "**/_event/**")
    context.add_init_script(NO_SOCKET)
    page = context.new_page()
    page.goto(link(), wait_until="networkidle")

    assert_calm(page)
    expect(page.get_by_role("radio").first).to_be_visible()


def test_a_connection_that_is_lost_on_the_page(
    context: BrowserContext, link: Link, line: SlowLine
) -> None:
    page = visit(context, link())

    line.cut()
    expect(page.get_by_text(fixed_copy.OFFLINE)).to_be_visible()
    line.mend()

    assert_calm(page)


def test_refused_fonts_styles_and_icons(context: BrowserContext, link: Link) -> None:
    refuse(context, "**/*.{woff2,css,svg}")
    page = visit(context, link())

    page.get_by_role("button", name=fixed_copy.APPROVE, exact=True).click()

    expect(page.get_by_role("heading", level=1)).to_have_text(APPROVED)


def test_refused_cookies(context: BrowserContext, link: Link) -> None:
    page = visit(context, link())
    context.clear_cookies()
    page.reload(wait_until="commit")

    expect(page.get_by_role("heading", level=1)).to_have_text(MISSING)
    expect(page.get_by_label(fixed_copy.CODE, exact=True)).to_be_visible()


@pytest.mark.parametrize("height", [640, 740])
def test_the_answers_are_within_the_first_screen(browser: Browser, link: Link, height: int) -> None:
    view: Any = {"width": 360, "height": height}
    context = browser.new_context(viewport=view)
    page = visit(context, f"{link()}?choice=approve")

    for name in (fixed_copy.APPROVE, fixed_copy.REJECT):
        box = page.get_by_role("button", name=name, exact=True).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= height
    assert_accessible(page)
    context.close()


@pytest.mark.parametrize("width", [320, 240])
def test_a_zoomed_page_does_not_scroll_sideways(browser: Browser, link: Link, width: int) -> None:
    view: Any = {"width": width, "height": 480}
    context = browser.new_context(viewport=view)
    page = visit(context, link())
    page.get_by_text(fixed_copy.MORE).click()

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_the_document_has_a_title_of_its_own(context: BrowserContext, link: Link) -> None:
    page = visit(context, link())

    assert page.title().startswith("May we change your details? · ")


def test_the_code_page_is_headed_as_what_it_is(context: BrowserContext, link: Link) -> None:
    page = visit(context, link().partition("/c/")[0] + "/confirm/")

    expect(page.get_by_role("heading", level=1)).to_have_text("Enter your code")
    page.get_by_label(fixed_copy.CODE_REFERENCE, exact=True).fill("K7-2FQ")
    page.get_by_label(fixed_copy.CODE, exact=True).fill("7QK2-M9XD")
    page.get_by_role("button", name=fixed_copy.CODE_OPEN).click()

    expect(page.get_by_role("alert")).to_have_text(fixed_copy.CODE_REFUSED)
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter your code")
