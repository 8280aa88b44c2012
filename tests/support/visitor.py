"""A browser without scripts: asks an app over HTTP in this process, and keeps its cookies."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

OURS = "http://localhost:3000"


class Visitor:
    """Asks `app` (ASGI) as a browser at our own address does; follows no redirect."""

    def __init__(self, app: Any, *, cookie: str = "") -> None:
        self._transport = httpx.ASGITransport(app=app)
        self.cookies: dict[str, str] = {}
        if cookie:
            name, _, value = cookie.partition("=")
            self.cookies[name] = value

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Open an address."""
        return self._ask("GET", path, headers=headers)

    def post(
        self, path: str, form: Mapping[str, str] | None = None, *, origin: str = OURS
    ) -> httpx.Response:
        """Press a form's button on a page of `origin`."""
        return self._ask("POST", path, data=form, headers={"origin": origin})

    def _ask(self, method: str, path: str, **how: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(
                transport=self._transport, base_url=OURS, cookies=self.cookies
            ) as client:
                answer = await client.request(method, f"{OURS}{path}", **how)
                self.cookies = {cookie.name: str(cookie.value) for cookie in client.cookies.jar}
                return answer

        return asyncio.run(ask())
