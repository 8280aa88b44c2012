"""Judges one receipt with what the trail says of it. Pure: the same offline and at home."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from enum import Enum
from typing import Any

from upstage_crm.audit import signing
from upstage_crm.audit.chain import read_object

# What stands beside the body of a receipt as well as inside it.
_REPEATED = ("id", "request_id", "patron_id", "reviewer", "event", "language", "kid")


class Verdict(Enum):
    """What came of one receipt. UNKNOWN_KEY holds, but only the trail vouches for its key."""

    HOLDS = "holds"
    UNKNOWN_KEY = "unknown_key"
    FLAWED = "flawed"


def judge(
    receipt: Mapping[str, Any], *, issued: Mapping[str, Any], public_keys: Mapping[str, str]
) -> Verdict:
    """Check a receipt, its `at` as the hashes spell it, against the facts of its audit entry.

    A key that was taken out of the ring no longer stands in `public_keys`; then the signature is
    checked with the key that the receipt itself names, and the trail's hash covers that name.
    """
    body = str(receipt["body"])
    said = read_object(body)
    kid, named = str(receipt["kid"]), str(said.get("public_key"))
    if (
        issued.get("receipt") != receipt["id"]
        or issued.get("body") != hashlib.sha256(body.encode()).hexdigest()
        or any(said.get(name) != receipt[name] for name in _REPEATED)
        or said.get("decided_at") != receipt["at"]
        or public_keys.get(kid, named) != named
        or not signing.verify(named, body.encode(), str(receipt["signature"]))
    ):
        return Verdict.FLAWED
    return Verdict.HOLDS if kid in public_keys else Verdict.UNKNOWN_KEY
