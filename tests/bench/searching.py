"""The search of the patron list on the demo, in a real browser: from the last key to the rows.

The first letter is typed before, and its rows are awaited; so each figure is that of one key.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.bench.project import serving
from tests.bench.report import Figure, figure
from tests.support.browser import ARGUMENTS, find_browser
from upstage_crm.staff import demo_account

PAIRS = ("al", "jo", "ma", "el", "ha", "be", "gr", "ch")  # two letters find fewer than one
PATIENCE_MS = 30_000
LOOK_MS = 20
AREA = "patron search, demo"

# Notes when the key came, and when other rows were drawn, or the same ones of fewer patrons: the
# names that begin with "m" begin with "ma".
_WATCH = """
() => {
  const main = document.querySelector("#main");
  const rows = () => [...main.querySelectorAll(".u-row-link")].map(a => a.href).join()
    + main.innerText.match(/[0-9,]+[+]? patrons?/);
  const before = rows();
  window.benchTook = 0;
  let pressed = 0;
  document.addEventListener("keydown", () => { pressed = performance.now(); },
    {capture: true, once: true});
  const observer = new MutationObserver(() => {
    if (!pressed || window.benchTook || rows() === before) return;
    window.benchTook = performance.now() - pressed;
    observer.disconnect();
  });
  observer.observe(main, {subtree: true, childList: true,
    attributes: true, characterData: true});
}
"""


def measure(root: Path) -> Iterator[Figure]:
    """The figure of the built copy, with the demo's patrons."""
    with serving(root) as server, sync_playwright() as playwright:
        launch = playwright.chromium.launch
        with closing(launch(executable_path=find_browser(), args=list(ARGUMENTS))) as browser:
            page = browser.new_page()
            page.set_default_timeout(PATIENCE_MS)
            _sign_in(page, server.url)
            took = [_took(page, server.url, *pair) for pair in PAIRS]
    yield figure(AREA, "last key to rows", took, unit="ms", at_most=150)


def _sign_in(page: Page, url: str) -> None:
    _open(page, f"{url}/sign-in/")
    page.get_by_label("Email").fill(demo_account.EMAIL)
    page.get_by_label("Password").fill(demo_account.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()


def _took(page: Page, url: str, first: str, last: str) -> float:
    """Milliseconds from the second letter to the rows that are drawn for both."""
    _open(page, f"{url}/patrons/")
    expect(page.locator("#main .u-row-link").first).to_be_visible()
    _typed(page, first)
    expect(page).to_have_url(f"{url}/patrons/?q={first}")
    expect(page.locator("#main [aria-busy=true]")).to_have_count(0)
    return _typed(page, last)


def _typed(page: Page, letter: str) -> float:
    """Milliseconds from a key to the rows that it asks for."""
    page.evaluate(_WATCH)
    page.get_by_label("Search patrons").press(letter)
    for _ in range(PATIENCE_MS // LOOK_MS):
        if took := float(page.evaluate("window.benchTook")):
            return took
        page.wait_for_timeout(LOOK_MS)
    raise AssertionError(f"{letter}: no other rows were drawn")


def _open(page: Page, url: str) -> None:
    page.goto(url, wait_until="commit")
    page.locator("[data-hydrated=true]").first.wait_for(state="attached")
