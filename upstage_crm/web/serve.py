"""Serves pages, websocket and routes on one port.

Importing this module is cheap: Reflex is loaded only after the port was found free and the pages
were made.
"""

from __future__ import annotations

import asyncio
import errno
import gc
import importlib
import logging
import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from typing import Any

from upstage_crm.core.errors import UpstageError
from upstage_crm.settings import Settings
from upstage_crm.web import build, ready
from upstage_crm.web.environment import ROOT, tool_environment
from upstage_crm.web.request_log import configure_logging

# What the web server allows before our code sees anything; `visitor_limits` has the rest.
CONNECTIONS = 4_096  # of a worker at a time; further ones wait in the kernel's queue
HEAD_WITHIN_S = 5.0  # for the head of a request, and for the next request to begin
HEAD_BYTES = 65_536  # of a connection's buffer; our largest head is 16 kB of cookies
_OTHER_FILES = 256  # descriptors that are not connections

_log = logging.getLogger(__name__)


class PortUnusable(UpstageError):
    """We cannot listen there. Facts: `port`, `problem` (`taken`, `forbidden` or `unknown`)."""

    code = "port_unusable"


def serve(settings: Settings, *, prepare: Callable[[], str] | None = None) -> None:
    """Serve until told to stop (SIGTERM, SIGINT).

    `prepare` runs after the port was found free and before the pages are made: the place for
    migrations and demo data. What it returns is printed under the address once the server answers.
    It must leave no database connection open: workers may be forked from this process.

    Raises:
        PortUnusable: somebody else listens on the port, before anything else was done.
        BuildFailed: the pages could not be made.
    """
    check_port(settings)
    enter_project()
    hint = prepare() if prepare else ""
    if not build.is_current():
        _say("Making the pages. This happens when their sources changed and takes a few seconds.")
        build.ensure_built()
    ready.arm(
        host="127.0.0.1",
        port=settings.port,
        text="\n".join(["", f"UpStage CRM is ready: {settings.base_url}", *hint.splitlines()]),
    )
    configure_logging()
    _run(settings)


def check_port(settings: Settings) -> None:
    """Raise `PortUnusable` unless we could listen where `settings` says.

    On a laptop `localhost` may mean IPv6 first, so a stranger on that side counts as well.
    """
    places = [(socket.AF_INET, settings.bind_host)]
    if settings.bind_host == "127.0.0.1" and socket.has_ipv6:
        places.append((socket.AF_INET6, "::1"))
    for family, host in places:
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, settings.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortUnusable(port=settings.port, problem="taken") from None
            if family == socket.AF_INET6:
                continue  # no IPv6 here: nobody can stand in our way on it
            problem = "forbidden" if error.errno == errno.EACCES else "unknown"
            raise PortUnusable(port=settings.port, problem=problem) from None


def enter_project() -> None:
    """Make this process ready for Reflex, whatever the folder it was started in."""
    os.chdir(ROOT)
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    os.environ.update(tool_environment(os.environ))
    os.environ["REFLEX_ENV_MODE"] = "prod"  # read while Reflex is imported


def _run(settings: Settings) -> None:
    # What is imported from Reflex here is not public, which is why its version is pinned: the
    # public command always compiles and builds again (3 s, 600 MB), and its own start of the web
    # server leaves a half-sent request 30 s and lets 1,024 of them stop every other one.
    # `tests/e2e` starts this.
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels
    from reflex_base.config import get_config
    from reflex_base.environment import environment

    environment.REFLEX_SKIP_COMPILE.set(True)
    environment.REFLEX_MOUNT_FRONTEND_COMPILED_APP.set(True)
    # Spare the start the search for garbage among modules, of which none is.
    gc.disable()
    options: dict[str, Any] = {
        "address": settings.bind_host,
        "port": settings.port,
        "interface": Interfaces.ASGI,
        "http": HTTPModes.http1,  # who speaks HTTP/2 without TLS looks for its limits
        "http1_settings": HTTP1Settings(
            header_read_timeout=round(HEAD_WITHIN_S * 1_000), max_buffer_size=HEAD_BYTES
        ),
        "backpressure": _room_for_connections(),
        "log_level": LogLevels(get_config().loglevel.subprocess_level().value),
    }
    workers = _workers()
    if workers == 1:
        asyncio.run(_serve_here(options))
    else:
        _serve_by_workers(options, workers)


def _workers() -> int:
    """How many processes serve: one without Redis, else one for each core and at least two.

    More of them serve nothing faster: each wakes at a commit, and the cores are what they wait for.
    """
    from reflex.utils.processes import get_num_workers

    if chosen := os.environ.get("GRANIAN_WORKERS"):
        return int(chosen)
    return 1 if get_num_workers() == 1 else max(2, os.cpu_count() or 1)


async def _serve_here(options: Mapping[str, Any]) -> None:
    """Serve in this process: a supervisor of one worker would hold 40 MB, and end with it anyway.

    Raises:
        SystemExit: the app did not start.
    """
    from granian.log import LogLevels
    from granian.server.embed import Server
    from reflex.utils import prerequisites

    app = prerequisites.get_app().app()
    gc.freeze()  # what was loaded stays: the collector need not look at it
    gc.enable()
    # It warns at each start that this way of serving is young. `tests/e2e` is what we rely on.
    chosen: dict[str, Any] = {**options, "log_level": LogLevels.error}
    server: Any = Server(app, **chosen)
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, server.stop)
    await server.serve()
    if server.interrupt_children:
        raise SystemExit(1)


def _serve_by_workers(options: Mapping[str, Any], workers: int) -> None:
    """Serve by processes that share the pages of what was loaded before they were forked.

    What was loaded is frozen, so that their collectors do not touch it.
    """
    from granian.server import Server

    reflex_exec: Any = importlib.import_module("reflex.utils.exec")
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=gc.freeze, after_in_child=gc.enable)
    if multiprocessing.get_start_method() in ("fork", "forkserver"):
        multiprocessing.set_start_method("fork", force=True)
        if not reflex_exec._preload_for_fork(None):  # noqa: SLF001  # see `_run`
            multiprocessing.set_start_method("spawn", force=True)
    target = reflex_exec.get_app_instance_from_file()
    Server(target, factory=True, workers=workers, **options).serve()


def _room_for_connections() -> int:
    """How many connections a worker takes at a time: what we want, or what the system allows.

    Each needs a file descriptor, and the database and the pages need some, too.
    """
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return CONNECTIONS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return CONNECTIONS
    return max(_OTHER_FILES, min(CONNECTIONS, soft - _OTHER_FILES))


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  # for the person at the terminal
