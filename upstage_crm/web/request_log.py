"""Log lines: one JSON object each, with a request id, and never a token or an address in clear.

Paths are logged without their query. The formatter masks whatever looks like a token or a mail
address in any message or traceback, from whatever code: Reflex, for one, logs the payload of events
it does not know.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import sys
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MESSAGE_LIMIT = 8_000  # characters; a hostile event name cannot flood the log

_request_id: ContextVar[str] = ContextVar("request_id", default="")
_log = logging.getLogger("upstage_crm.request")

# A JWT; our prefixed secrets; the path of a link; a mail address. Each starts only where a run of
# its letters starts, so that a long hostile text costs linear time.
_MASKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?<![\w-])eyJ[\w-]+\.[\w-]+(\.[\w-]*)?"), "[token]"),
    (re.compile(r"(?<!\w)(re|whsec)_[\w+/=-]{6,}"), "[secret]"),
    (re.compile(r"(/c/)[^\s\"'?#]+"), r"\1*"),
    (
        re.compile(r"(?<![\w.!#$%&'*+/=?^`{|}~-])[\w.!#$%&'*+/=?^`{|}~-]+(@|%40)[\w-]+(\.[\w-]+)+"),
        "[address]",
    ),
)
_SILENT_PREFIXES = ("/assets/", "/fonts/")
_SILENT_PATHS = ("/health",)
_ID_SEGMENT = 40  # characters; nothing of ours in a path is longer, a token always is
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def mask(text: str) -> str:
    """Return `text` with tokens, secrets and mail addresses masked."""
    for pattern, stand_in in _MASKS:
        text = pattern.sub(stand_in, text)
    return text


def safe_path(path: str) -> str:
    """Return a request path fit for the log: links and odd segments masked."""
    if path.startswith("/c/"):
        return "/c/*"
    segments = path.split("/")
    return "/".join("*" if len(part) > _ID_SEGMENT else mask(part) for part in segments)


def request_id() -> str:
    """Return the id of the request being answered, empty outside of one."""
    return _request_id.get()


class JsonFormatter(logging.Formatter):
    """Writes a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; fields given by `extra` stand beside the usual ones."""
        milliseconds = int(record.msecs)
        instant = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, Any] = {
            "at": f"{instant}.{milliseconds:03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": mask(record.getMessage()[:MESSAGE_LIMIT]),
        }
        if request := request_id():
            line["request"] = request
        for name, value in vars(record).items():
            if name not in _STANDARD and isinstance(value, str | int | float | bool):
                line[name] = mask(value[:MESSAGE_LIMIT]) if isinstance(value, str) else value
        if record.exc_info and record.exc_info[0]:
            line["error"] = mask(self.formatException(record.exc_info)[-MESSAGE_LIMIT:])
        return json.dumps(line, ensure_ascii=False)


def configure_logging(level: int = logging.INFO) -> None:
    """Send every record of this process to standard error as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in ("httpx", "httpcore", "engineio", "socketio", "watchfiles", "fontTools", "fpdf"):
        logging.getLogger(name).setLevel(logging.WARNING)


class RequestLog:
    """Gives each request an id, tells it in `X-Request-Id`, and logs one line at its end."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; a failure is logged with its traceback and raised again."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        own_id = secrets.token_hex(8)
        token = _request_id.set(own_id)
        started = time.perf_counter()
        status = 0

        async def send_noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                message["headers"] = [
                    *message.get("headers", []),
                    (b"x-request-id", own_id.encode()),
                ]
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        finally:
            if scope["type"] == "http" and _is_worth_a_line(scope["path"], status):
                _log.info(
                    "request",
                    extra={
                        "method": scope["method"],
                        "path": safe_path(scope["path"]),
                        "status": status,
                        "ms": round((time.perf_counter() - started) * 1000, 1),
                    },
                )
            _request_id.reset(token)


def _is_worth_a_line(path: str, status: int) -> bool:
    if status >= 400 or status == 0:
        return True
    return not path.startswith(_SILENT_PREFIXES) and path not in _SILENT_PATHS
