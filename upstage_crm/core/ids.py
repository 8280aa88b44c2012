"""Identifiers: row ids, the reference that a patron can read out, and how bytes are written."""

from __future__ import annotations

import base64
import itertools
import os
import secrets
from datetime import datetime

# Crockford base32: no I, L, O, U, so that a code survives a telephone line.
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CONFUSED = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V"})
REFERENCE_LENGTH = 5
_drawn = itertools.count()


def new_id(now: datetime) -> str:
    """Return a fresh row id: a UUIDv7 as 32 hex digits, ordered by `now` (milliseconds).

    Ids that one process draws in one millisecond are in the order in which they were drawn: 24
    bits count (RFC 9562, 6.2), 50 are random.
    """
    stamp, number = int(now.timestamp() * 1000), next(_drawn)
    high, low = number >> 12 & 0xFFF, number & 0xFFF
    chance = int.from_bytes(os.urandom(7), "big") & ((1 << 50) - 1)
    value = (stamp << 80) | (0x7 << 76) | (high << 64) | (0x2 << 62) | (low << 50) | chance
    return f"{value:032x}"


def first_id(at: datetime) -> str:
    """Return what comes before every row id drawn at `at` or later, and after all earlier ones."""
    return f"{int(at.timestamp() * 1000) << 80:032x}"


def new_reference() -> str:
    """Return a fresh reference such as `K7-2FQ`; 32^5 (33 million) values.

    The row's unique index is what makes it unique; a caller draws again on a collision.
    """
    drawn = "".join(secrets.choice(CROCKFORD) for _ in range(REFERENCE_LENGTH))
    return f"{drawn[:2]}-{drawn[2:]}"


def parse_reference(text: str) -> str:
    """Return the reference that a person typed or read out, in its stored form.

    Case, blanks and the hyphen do not matter; O is read as 0, I and L as 1. The result is not
    checked against the database and may have any length.
    """
    plain = plain_code(text)
    return f"{plain[:2]}-{plain[2:]}" if len(plain) > 2 else plain


def plain_code(text: str) -> str:
    """Crockford characters as a person typed or read them out, without case, blanks, hyphens."""
    return "".join(ch for ch in text.upper() if ch.isalnum()).translate(_CONFUSED)


def to_base64url(raw: bytes) -> str:
    """Bytes as base64url without padding (RFC 4648, 5), as keys and signatures are written."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """The bytes behind a text in that spelling; any other spelling is refused.

    Raises:
        ValueError: the text is not what `to_base64url` writes.
    """
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if to_base64url(raw) != text:  # the decoder forgives what is no base64url
        raise ValueError("not base64url")
    return raw
