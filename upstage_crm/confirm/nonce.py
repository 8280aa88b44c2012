"""The plain form's nonce: proof that the patron was shown the page before the answer. Pure.

It is keyed by the link's token, which only our own page's visitor holds: nothing is stored, and a
nonce of one link, one purpose or one hour is worth nothing for another.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta

LIFE = timedelta(hours=1)
_PURPOSE = "upstage plain form"


def nonce(token: str, *, now: datetime) -> str:
    """Return a nonce for the form that is shown at `now`."""
    issued = int(now.timestamp())
    return f"{issued}.{_mac(token, issued)}"


def is_fresh(text: str, token: str, *, now: datetime) -> bool:
    """Whether `text`, which may be anything, is a nonce given for this token within `LIFE`."""
    issued, _, mac = text.partition(".")
    if not (issued.isascii() and issued.isdigit() and len(issued) <= len("9999999999")):
        return False
    age = now.timestamp() - int(issued)
    # A second of grace: the instant was cut to whole seconds, and workers' clocks differ.
    is_young = -1 <= age <= LIFE.total_seconds()
    return is_young and hmac.compare_digest(mac.encode(), _mac(token, int(issued)).encode())


def _mac(token: str, issued: int) -> str:
    message = f"{_PURPOSE}|{issued}".encode()
    return hmac.new(token.encode(), message, hashlib.sha256).hexdigest()
