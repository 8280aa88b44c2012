"""A copy of the project with one blank page more, and the servers that serve it.

The blank page is built by the same build, so whatever the two pages differ by is ours. It answers
to a press, as the patron's page does: a page that never connects would be no peer.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.processes import Leashed, free_port, without_settings
from tests.support.project import ROOT, copy_sources
from tests.support.server import answers
from upstage_crm.web.build import ensure_built

PATIENCE_S = 120

_BLANK = """

def _blank() -> rx.Component:
    return rx.el.main(
        rx.el.button("Press", on_click=rx.State.set_is_hydrated(True)),
        custom_attrs={"data-hydrated": rx.cond(rx.State.is_hydrated, "true", "false")},
    )


app.add_page(_blank, route="/blank", title="Blank")
"""
_BARE_CONFIG = """import os
from upstage_crm.web.environment import tool_environment
os.environ.update(tool_environment(os.environ))
import reflex as rx
from upstage_crm.web.plugins import SameOriginPlugin
config = rx.Config(
    app_name="bare",
    telemetry_enabled=False,
    show_built_with_reflex=False,
    plugins=[SameOriginPlugin()],
    disable_plugins=[rx.plugins.SitemapPlugin, rx.plugins.RadixThemesPlugin],
)
"""
_BARE_APP = f"import reflex as rx\n\napp = rx.App(toaster=None)\n{_BLANK}"


@dataclass(frozen=True, slots=True)
class Started:
    """A server that answers. `seconds` is what passed until then."""

    url: str
    seconds: float
    process: Leashed


def copy_with_blank(folder: Path) -> Path:
    """Copy the project into `folder`, add the page `/blank`, build it, and return its root."""
    root = copy_sources(folder / "project")
    with (root / "upstage_crm" / "upstage_crm.py").open("a", encoding="utf-8") as app:
        app.write(_BLANK)
    ensure_built(root)
    return root


def copy_bare(folder: Path) -> Path:
    """Make an app with nothing but the blank page, with the same plugins; return its root."""
    root = folder / "bare"
    (root / "bare").mkdir(parents=True)
    (root / "var").mkdir()
    (root / "bare" / "__init__.py").touch()
    (root / "bare" / "bare.py").write_text(_BARE_APP, "utf-8")
    (root / "rxconfig.py").write_text(_BARE_CONFIG, "utf-8")
    shutil.copytree(ROOT / "reflex.lock", root / "reflex.lock")
    ensure_built(root)
    return root


@contextmanager
def serving(
    root: Path,
    command: Sequence[str] = ("-m", "upstage_crm", "serve"),
    *,
    settings: Mapping[str, str] | None = None,
) -> Generator[Started]:
    """Start a Python command in the copy and wait until it answers; `{port}` stands for its port.

    Without `settings` it is what `make run` starts: the copy's own database, with the demo.
    """
    port = free_port()
    environ = without_settings() | {"PORT": str(port), **(settings or {})}
    arguments = [part.format(port=port) for part in command]
    begun = time.perf_counter()
    process = Leashed(
        [sys.executable, *arguments], environ=environ, log=root / "var" / "log", cwd=root
    )
    url = f"http://localhost:{port}"
    try:
        health = f"http://127.0.0.1:{port}/health"
        process.wait_until(lambda: answers(health), within_s=PATIENCE_S)
        yield Started(url, time.perf_counter() - begun, process)
    finally:
        process.stop()
