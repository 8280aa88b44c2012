"""The page of every component, a tool of developers: in both themes, and at 320 px."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, expect

from tests.support.accessibility import assert_accessible, assert_fits_narrow_screens
from tests.support.project import copy_with_kit
from tests.support.server import Server, running_server

pytestmark = pytest.mark.long  # the pages are made once more


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("kit")
    with running_server(folder, demo=copy_with_kit(folder / "project")) as running:
        yield running


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_component_can_be_read_by_everybody(
    browser: Browser, server: Server, theme: Literal["light", "dark"]
) -> None:
    context = browser.new_context(color_scheme=theme)
    page = context.new_page()
    page.goto(f"{server.url}/kit/", wait_until="commit")
    page.locator("[data-hydrated=true]").first.wait_for(state="attached")
    expect(page.get_by_role("heading", level=1, name="The kit")).to_be_visible()

    assert_accessible(page)
    assert_fits_narrow_screens(page)
    context.close()
