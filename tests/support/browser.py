"""Finds a Chromium to test with, or says in one sentence that there is none.

`python -m tests.support.browser` goes further than the tests do: it installs one when it may.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--no-sandbox",  # containers run as root
    "--disable-gpu",
    "--disable-background-networking",  # no update checks, no telemetry
    "--disable-dev-shm-usage",  # containers have 64 MB there
)
NO_BROWSER = (
    "No Chromium was found and none could be installed: put chromium or google-chrome on the PATH, "
    "then run this again."
)


def find_browser() -> str:
    """Return the path of a Chromium that runs, empty when there is none.

    First what stands on the PATH, then Playwright's own.
    """
    return next((path for path in _candidates() if _runs(path)), "")


def ensure_browser() -> str:
    """Return the path of a Chromium that runs, installing one where that is possible."""
    path = find_browser()
    for install in (_install_from_debian, _install_from_playwright):
        if path:
            break
        if install():
            path = find_browser()
    return path


def _candidates() -> Iterator[str]:
    for name in NAMES:
        if path := shutil.which(name):
            yield path
    from playwright.sync_api import sync_playwright  # starts a process: only when needed

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    if Path(own).exists():
        yield own


def _runs(path: str) -> bool:
    """Whether `path` is a browser and not a stub that asks for another package."""
    return _succeeds([path, "--version", "--no-sandbox"], quiet=True)


def _install_from_debian() -> bool:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    print("Installing chromium with apt-get", flush=True)
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", "chromium"]
    _succeeds(["apt-get", "update", "--quiet"], environ=environ)
    return _succeeds(install, environ=environ)


def _install_from_playwright() -> bool:
    print("Installing Playwright's own chromium", flush=True)
    return _succeeds([sys.executable, "-m", "playwright", "install", "chromium"])


def _succeeds(
    command: list[str], *, quiet: bool = False, environ: dict[str, str] | None = None
) -> bool:
    output = subprocess.DEVNULL if quiet else None
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environ,
            check=False,
            timeout=900,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def main(ensure: Callable[[], str] = ensure_browser) -> int:
    """Make sure that there is a browser; return 0, or 1 after one sentence."""
    if ensure():
        return 0
    print(NO_BROWSER, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
