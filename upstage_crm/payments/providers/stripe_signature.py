"""Whether a message was signed by Stripe, for us, lately. Pure.

HMAC-SHA256 over `time.body` under the whole text of the secret. Not the SDK's own check, which
reads the machine's clock and looks at one secret only: one can be replaced while both are valid.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime, timedelta

TOLERANCE = timedelta(minutes=5)  # both ways, as Stripe's libraries have it
_SECONDS = re.compile(r"\d{1,12}")
_MOST_SIGNATURES = 10


def is_signed(header: str, body: bytes, *, secrets: Sequence[str], now: datetime) -> bool:
    """Whether `header` signs `body` with one of the `secrets`, within five minutes of `now`."""
    parts = [part.strip().partition("=") for part in header.split(",")]
    stamp = next((value for name, _, value in parts if name == "t"), "")
    given = [value for name, _, value in parts if name == "v1"][:_MOST_SIGNATURES]
    if not _SECONDS.fullmatch(stamp):
        return False
    if abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
        return False
    signed = stamp.encode() + b"." + body
    expected = [hmac.new(one.encode(), signed, hashlib.sha256).hexdigest() for one in secrets]
    # Every pair is compared, so that time tells nothing of which one fits.
    fits = [
        hmac.compare_digest(one.encode(), other.encode()) for one in expected for other in given
    ]
    return any(fits)
