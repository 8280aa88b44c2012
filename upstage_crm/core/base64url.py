"""Bytes as base64url without padding (RFC 4648, 5): how keys and signatures are written down."""

from __future__ import annotations

import base64


def to_text(raw: bytes) -> str:
    """The one spelling of these bytes."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_text(text: str) -> bytes:
    """The bytes behind a text in that spelling; any other spelling is refused.

    Raises:
        ValueError: the text is not what `to_text` writes.
    """
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if to_text(raw) != text:  # the decoder forgives what is no base64url
        raise ValueError("not base64url")
    return raw
