"""What every page owes to people with other eyes, hands and screens than ours."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def assert_accessible(page: Page) -> None:
    """No violation of WCAG 2.2 A and AA, nor of axe's best practices."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def assert_fits_narrow_screens(page: Page) -> None:
    """At 320 px, as at 400 % zoom, nothing has to be scrolled sideways (WCAG 1.4.10)."""
    page.set_viewport_size({"width": 320, "height": 640})
    overflow = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    page.set_viewport_size({"width": 1280, "height": 800})
    assert overflow <= 0
