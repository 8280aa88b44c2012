"""A real browser against the real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.support.browser import ARGUMENTS, NO_BROWSER, find_browser
from tests.support.journey import PATIENCE_MS, PHONE, PageOf, sign_in
from tests.support.project import copy_built, own_database
from tests.support.server import Server, running_server
from tests.support.stage import Stage, set_stage

Goto = Callable[[str], Page]

expect.set_options(timeout=PATIENCE_MS)  # as patient as the pages: a busy machine is no failure


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests; each test gets a context of its own."""
    path = find_browser()
    if not path:
        pytest.fail(NO_BROWSER, pytrace=False)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests that need nothing special."""
    with running_server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a new context. The test fails if the browser complained about anything in it."""
    context = browser.new_context(locale="en-GB", timezone_id="Europe/London")
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE_MS)
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # A refused resource is told once more by the test that expects it, by its status.
        if message.type == "error" and "Failed to load resource" not in message.text:
            complaints.append(message.text)

    opened.on("console", note)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert not complaints, f"the browser complained: {complaints}"


@pytest.fixture
def goto(page: Page, server: Server) -> Goto:
    """Open a path and wait until it can be used: a press before hydration is lost."""

    def open_path(path: str) -> Page:
        page.goto(server.url + path, wait_until="commit")
        page.locator("[data-hydrated=true]").first.wait_for(state="attached")
        return page

    return open_path


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Stage]]:
    """A server of a module's own, with staff and patrons, and its database for looking at.

    It is the demo's: only there do the links in the built-in mailbox work.
    """
    folder = tmp_path_factory.mktemp("house")
    project = copy_built(folder / "project")
    stage = set_stage(own_database(project))
    with running_server(folder, demo=project) as running:
        yield running, stage


@pytest.fixture
def page_of(browser: Browser, house: tuple[Server, Stage]) -> Iterator[PageOf]:
    """Opens a browser of its own: with a member signed in, or on a patron's phone for ""."""
    running, _stage = house
    contexts = []

    def meet(email: str) -> Page:
        context = browser.new_context() if email else browser.new_context(viewport=PHONE)
        contexts.append(context)
        opened = context.new_page()
        opened.set_default_timeout(PATIENCE_MS)
        if email:
            sign_in(opened, running, email)
        return opened

    yield meet
    for context in contexts:
        context.close()
