"""Whether a webhook was signed by the provider, for us, lately. Pure.

Standard Webhooks (Svix): HMAC-SHA256 over `id.timestamp.body`. The SDK's own check is not used: it
takes a malformed secret for an empty key, with which anyone can sign, reads the machine's clock,
and does not look at the version of a signature (SDK 2.52.0).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from upstage_crm.core.errors import Forbidden

TOLERANCE = timedelta(minutes=5)  # both ways, as the standard has it
_EVENT_ID = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_SECONDS = re.compile(r"\d{1,12}")
_MOST_SIGNATURES = 10


class SignatureRefused(Forbidden):
    """Not signed by the provider with a secret of ours, or too old, or ahead of time."""

    code = "webhook_refused"


def event_id(
    headers: Mapping[str, str], body: bytes, *, secrets: Sequence[bytes], now: datetime
) -> str:
    """Verify and return the id that the provider gave the event; the same on every retry.

    `headers` by lower-case name. Any of `secrets` may have signed, so that they can be rotated.

    Raises:
        SignatureRefused: for every flaw, without saying which.
    """
    name = headers.get("svix-id") or headers.get("webhook-id", "")
    stamp = headers.get("svix-timestamp") or headers.get("webhook-timestamp", "")
    given = headers.get("svix-signature") or headers.get("webhook-signature", "")
    if not _EVENT_ID.fullmatch(name) or not _SECONDS.fullmatch(stamp):
        raise SignatureRefused
    if abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
        raise SignatureRefused
    signed = b".".join((name.encode(), stamp.encode(), body))
    expected = [hmac.new(secret, signed, hashlib.sha256).digest() for secret in secrets if secret]
    offered = [_decoded(part) for part in given.split(" ")[:_MOST_SIGNATURES]]
    # Every pair is compared, so that time tells nothing of which one fits.
    fits = [hmac.compare_digest(one, other) for one in expected for other in offered]
    if not any(fits):
        raise SignatureRefused
    return name


def _decoded(part: str) -> bytes:
    version, _, encoded = part.partition(",")
    if version != "v1":
        return b""
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return b""
