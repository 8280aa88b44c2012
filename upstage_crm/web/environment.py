"""What Reflex, bun and node find in their environment; set before any of them is imported."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOCKET_MESSAGE_LIMIT = 262_144  # bytes; our largest event is a form of a few kilobytes

# How long a connection may leave the question "are you there?" unanswered. Reflex's own two minutes
# are also how long a closed connection keeps its memory.
SOCKET_TIMEOUT = "20s"
# The web server's own allocator: each websocket has buffers of 128 kB, and what a closed one leaves
# goes back to the system at once.
WEB_SERVER_MEMORY = "dirty_decay_ms:0,muzzy_decay_ms:0"


def tool_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what must be set on top of `environ` so that nothing outside is asked or used.

    bun and node come as wheels and stand beside this interpreter. Its path is not resolved: in a
    virtual environment `python` is a link, and its target's folder holds neither of them.
    """
    beside = str(Path(sys.executable).parent)
    path = environ.get("PATH", "")
    cache = cache_folder(environ)
    return {
        "PATH": path if path.split(os.pathsep)[0] == beside else os.pathsep.join([beside, path]),
        "REFLEX_USE_SYSTEM_BUN": "1",  # else a bun in the user's home folder wins
        "REFLEX_CHECK_LATEST_VERSION": "0",  # else every start asks the package index
        "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_DIR": str(cache / "reflex"),
        "REFLEX_SOCKET_MAX_HTTP_BUFFER_SIZE": str(SOCKET_MESSAGE_LIMIT),
        "REFLEX_SOCKET_TIMEOUT": SOCKET_TIMEOUT,
        "_RJEM_MALLOC_CONF": WEB_SERVER_MEMORY,
        "BUN_INSTALL_CACHE_DIR": environ.get("BUN_INSTALL_CACHE_DIR", str(cache / "bun")),
        "DO_NOT_TRACK": "1",
    }


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Return our folder in the user's cache, or one in the project where there is none to use."""
    base = environ.get("XDG_CACHE_HOME") or (
        str(Path(environ["HOME"]) / ".cache") if environ.get("HOME") else ""
    )
    folder = Path(base) / "upstage-crm"
    if not base or not folder.is_absolute():
        return ROOT / "var" / "cache"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return ROOT / "var" / "cache"
    return folder if os.access(folder, os.W_OK) else ROOT / "var" / "cache"
