"""What every page owes to people with other eyes, hands and screens than ours."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def assert_accessible(page: Page) -> None:
    """No violation of WCAG 2.2 A and AA, nor of axe's best practices."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


# A phone at 400 % zoom (WCAG 1.4.10), an upright tablet, and a laptop at 200 % and 125 % zoom.
NARROW = (320, 680, 768, 940)


def assert_fits_narrow_screens(page: Page) -> None:
    """Nothing has to be scrolled sideways."""
    overflow: dict[int, int] = {}
    for width in NARROW:
        page.set_viewport_size({"width": width, "height": 640})
        overflow[width] = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
    page.set_viewport_size({"width": 1280, "height": 800})
    assert {width: wide for width, wide in overflow.items() if wide > 0} == {}


# What still moves although a person asked for no motion; a spinner says that work goes on.
_MOVING = """() => matchMedia("(prefers-reduced-motion: reduce)").matches
    ? document.getAnimations().filter(one => one.playState === "running"
        && !one.effect.target.closest("[aria-busy=true]")).map(one => one.effect.target.className)
    : []"""


def assert_nothing_moves(page: Page) -> None:
    """For a person who asked for no motion, nothing but a spinner moves."""
    assert page.evaluate(_MOVING) == []
