"""A copy of the project in a folder of its own, with its own `var/`.

Our own database stands beside the code. So a test of the demo, which is nothing but the server over
that database, needs a copy of the code: it must not touch the developer's own.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from upstage_crm.http.patron_paths import BUILT_PAGES
from upstage_crm.web.build import STAMP, ensure_built

ROOT = Path(__file__).resolve().parents[2]

_SOURCES = ("upstage_crm", "assets", "alembic", "reflex.lock")
_FILES = ("pyproject.toml", "rxconfig.py", "bunfig.toml", ".npmrc")
_TREE = ("upstage_crm", "alembic", "tests", "docs")


def copy_sources(root: Path) -> Path:
    """Copy what the server is made of to `root`, without the pages; return it."""
    root.mkdir()
    ignored = shutil.ignore_patterns("__pycache__", "external")
    for name in _SOURCES:
        shutil.copytree(ROOT / name, root / name, ignore=ignored)
    for name in _FILES:
        if (ROOT / name).exists():
            shutil.copy2(ROOT / name, root / name)
    (root / "var").mkdir()
    return root


def copy_built(root: Path) -> Path:
    """Copy the server and the pages that were made already to `root`; return it."""
    ensure_built()
    copy_sources(root)
    shutil.copytree(ROOT / BUILT_PAGES, root / BUILT_PAGES)
    shutil.copy2(ROOT / STAMP, root / STAMP)
    return root


def copy_with_kit(root: Path) -> Path:
    """Copy what the server is made of, and the page of every component, to `root`; return it."""
    copy_sources(root)
    shutil.copytree(ROOT / "tests" / "kit", root / "tests" / "kit")
    with (root / "rxconfig.py").open("a", encoding="utf-8") as file:
        file.write('config.app_module_import = "tests.kit.app"\n')
    return root


def own_database(root: Path) -> str:
    """The address of the database that the copy takes without being given one."""
    return f"sqlite:///{root / 'var' / 'upstage.db'}"


def copy_tree(root: Path) -> Path:
    """Copy code, tests and documents to `root`, for a test that plays a developer; return it."""
    ignored = shutil.ignore_patterns("__pycache__", "node_modules")
    for name in _TREE:
        shutil.copytree(ROOT / name, root / name, ignore=ignored)
    for path in (ROOT / "pyproject.toml", *ROOT.glob("*.md")):
        shutil.copy(path, root)
    return root


def files_of(root: Path) -> dict[str, bytes]:
    """Every file below `root` by its path, without what Python compiled."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def replace_once(path: Path, place: str, text: str) -> None:
    """Write `text` over the one `place` in a file; fail when it is not there, or there twice."""
    source = path.read_text("utf-8")
    assert source.count(place) == 1, f"{path.name} has changed: {place!r}"
    path.write_text(source.replace(place, text), "utf-8")
