"""The bytes of a webhook as they were signed."""

from __future__ import annotations

from starlette.requests import Request

MAX_BYTES = 256 * 1024  # the providers' events are below 20 kB


async def raw_body(request: Request) -> bytes | None:
    """The raw body, which the signature covers; None when it is longer than any event."""
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > MAX_BYTES:
            return None
    return bytes(found)
