"""Reads the scans that a device sends, and writes the answers as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast

from upstage_crm.door.errors import ScanUnreadable
from upstage_crm.door.rules import Direction, Verdict
from upstage_crm.door.views import SentScan

MOST_AT_ONCE = 100
CODE_LIMIT = 400  # characters: a code has 212, and what is longer is none


def read(body: bytes) -> tuple[str, list[SentScan]]:
    """The device, and its scans in their order.

    Raises:
        ScanUnreadable: it is no JSON of our form, or there are too many of them.
    """
    try:
        given = json.loads(body)
    except ValueError:
        raise ScanUnreadable(part="body") from None
    if not isinstance(given, dict):
        raise ScanUnreadable(part="body")
    sent = cast("dict[str, object]", given)
    scans = sent.get("scans")
    if not isinstance(scans, list) or len(cast("list[object]", scans)) > MOST_AT_ONCE:
        raise ScanUnreadable(part="scans")
    return _text(sent, "device"), [_scan(each) for each in cast("list[object]", scans)]


def scan_of(values: Mapping[str, str]) -> SentScan:
    """The scan that a form without a script sends: it is made now.

    Raises:
        ScanUnreadable: a part of it is none of its values.
    """
    return SentScan(
        nonce=values.get("nonce", ""),
        code=values.get("code", "")[:CODE_LIMIT],
        direction=_direction(values.get("direction")),
        age=timedelta(),
        shown=None,
    )


def _scan(given: object) -> SentScan:
    if not isinstance(given, dict):
        raise ScanUnreadable(part="scan")
    scan = cast("dict[str, Any]", given)
    age, shown = scan.get("age_ms"), scan.get("shown")
    if isinstance(age, bool) or not isinstance(age, int) or not 0 <= age < 10**12:
        raise ScanUnreadable(part="age_ms")
    try:
        verdict = None if shown is None else Verdict(shown)
    except ValueError:
        raise ScanUnreadable(part="shown") from None
    return SentScan(
        nonce=_text(scan, "nonce"),
        code=_text(scan, "code")[:CODE_LIMIT],
        direction=_direction(scan.get("direction")),
        age=timedelta(milliseconds=age),
        shown=verdict,
    )


def _direction(given: object) -> Direction:
    try:
        return Direction(given)
    except ValueError:
        raise ScanUnreadable(part="direction") from None


def _text(given: Mapping[str, object], name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not is_storable(value):
        raise ScanUnreadable(part=name)
    return value


def is_storable(text: str) -> bool:
    """Whether a database stores it: PostgreSQL takes no NUL, and none takes half a character."""
    return "\0" not in text and text.encode("utf-8", "replace").decode() == text
