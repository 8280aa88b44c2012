"""Serves an ASGI app of ours to a real browser from this process, without a build or a database.

Enough for routes that answer with whole documents; pages of Reflex need the real server.
"""

from __future__ import annotations

import asyncio
import http.server
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import httpx

_OURS_ALONE = ("transfer-encoding", "connection", "content-length", "content-encoding")


@contextmanager
def serving_app(app: Any, port: int) -> Generator[str]:
    """Serve `app` on `port` of this machine for the length of the block; give its address."""
    transport = httpx.ASGITransport(app=app)
    origin = f"http://localhost:{port}"

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _go(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = [(n, v) for n, v in self.headers.items() if n.lower() != "accept-encoding"]

            async def ask() -> httpx.Response:
                async with httpx.AsyncClient(transport=transport, base_url=origin) as client:
                    request = client.build_request(
                        self.command, f"{origin}{self.path}", headers=headers, content=body
                    )
                    return await client.send(request)

            answer = asyncio.run(ask())
            self.send_response(answer.status_code)
            for name, value in answer.headers.multi_items():
                if name.lower() not in _OURS_ALONE:
                    self.send_header(name, value)
            self.send_header("content-length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = _go  # noqa: N815  # the server's names

        def log_message(self, *_arguments: Any) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield origin
    finally:
        server.shutdown()
        server.server_close()
