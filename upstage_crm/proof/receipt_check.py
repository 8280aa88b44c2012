"""Judges one receipt with what the trail says of it. Pure: the same offline and at home."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from upstage_crm.audit import signing
from upstage_crm.audit.chain import GENESIS, read_object
from upstage_crm.receipts.facts import head_of

# What stands beside the body of a receipt as well as inside it.
_REPEATED = ("id", "request_id", "patron_id", "reviewer", "event", "language", "kid")


class Verdict(Enum):
    """What came of one receipt. UNKNOWN_KEY holds, but only the trail vouches for its key."""

    HOLDS = "holds"
    UNKNOWN_KEY = "unknown_key"
    FLAWED = "flawed"


def judge(
    receipt: Mapping[str, Any],
    *,
    issued: Mapping[str, Any],
    public_keys: Mapping[str, str],
    hash_at: Callable[[int], str | None],
) -> Verdict:
    """Check a receipt, its `at` as the hashes spell it, against the facts of its audit entry.

    `hash_at` gives the hash of the entry with a number, None when the trail has none: the head
    that a receipt stands on must still be in the trail.

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
        or not _stands(said, hash_at)
        or public_keys.get(kid, named) != named
        or not signing.verify(named, body.encode(), str(receipt["signature"]))
    ):
        return Verdict.FLAWED
    return Verdict.HOLDS if kid in public_keys else Verdict.UNKNOWN_KEY


def _stands(said: Mapping[str, Any], hash_at: Callable[[int], str | None]) -> bool:
    try:
        named = head_of(said)
    except (KeyError, TypeError, ValueError):
        return False
    return named is None or named == (0, GENESIS) or hash_at(named[0]) == named[1]
