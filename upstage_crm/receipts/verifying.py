"""Checks a receipt's JSON with the public key alone, offline. Pure.

It trusts nothing in the document: not the key that stands there, not the readable copy of what was
signed. A later version may word a receipt differently; what is signed stays what it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from upstage_crm.audit import signing
from upstage_crm.audit.chain import commitment
from upstage_crm.receipts.facts import FORMAT

# Where the readable copies of signed facts stand, and what they are called in the signed body.
_COPIES = (
    (("header", "record_id"), "id"),
    (("header", "pii_principal_id"), "patron_id"),
    (("pii_processing", "language"), "language"),
    (("event", "event_state"), "event"),
    (("event", "entity_id"), "reviewer"),
    (("kantara", "consentReceiptID"), "id"),
    (("kantara", "piiPrincipalId"), "patron_id"),
    (("x_upstage", "request_reference"), "reference"),
    (("x_upstage", "request_id"), "request_id"),
    (("x_upstage", "request_state"), "state"),
    (("x_upstage", "event"), "event"),
    (("x_upstage", "reviewer"), "reviewer"),
    (("x_upstage", "channel"), "channel"),
    (("x_upstage", "proposer"), "proposer"),
    (("x_upstage", "reason_code"), "reason_code"),
    (("x_upstage", "asked_at"), "asked_at"),
    (("x_upstage", "decided_at"), "decided_at"),
    (("x_upstage", "link_id"), "link_id"),
    (("x_upstage", "kid"), "kid"),
    (("x_upstage", "public_key"), "public_key"),
)


def verify(document: object, public_key: str) -> bool:
    """Whether the owner of `public_key` signed what this receipt says. Never raises.

    The signature covers the signed body; every fact that is repeated beside it is the same, and
    every value that is shown is the one that was committed to. Erased, masked and withheld
    values are no flaw: they are simply not shown.
    """
    try:
        return _holds(cast("dict[str, Any]", document), public_key)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return False  # it has not even the shape of a receipt


def _holds(document: dict[str, Any], public_key: str) -> bool:
    extension = document["x_upstage"]
    body: str = extension["signed_body"]
    if not signing.verify(public_key, body.encode(), extension["signature"]):
        return False
    said: dict[str, Any] = json.loads(body)
    decided = datetime.fromisoformat(said["decided_at"]).replace(microsecond=0)
    return (
        said["format"] == extension["format"] == FORMAT
        and said["public_key"] == public_key
        and all(document[part][name] == said[signed] for (part, name), signed in _COPIES)
        and extension.get("trail") == said.get("trail")
        and extension["actor"] == said["actor"]["label"]
        and datetime.fromisoformat(document["event"]["event_time"]) == decided
        and document["kantara"]["consentTimestamp"] == int(decided.timestamp())
        and document["party_identification"][0]["party_name"] == said["organisation"]["name"]
        and _fields_hold(extension["fields"], said["fields"])
        and _evidence_holds(extension["evidence"], said["evidence"])
    )


def _fields_hold(shown: list[dict[str, Any]], said: list[dict[str, Any]]) -> bool:
    return len(shown) == len(said) and all(
        all(one[name] == other[name] for name in ("field", "decision", "outcome", "kind"))
        and all(_side_holds(one[side], other[side], suffix=f".{side}") for side in ("old", "new"))
        for one, other in zip(shown, said, strict=True)
    )


def _evidence_holds(shown: dict[str, Any], said: dict[str, str]) -> bool:
    return set(shown) == set(said) and all(
        _side_holds(side, {name: said[name]}, suffix="") for name, side in shown.items()
    )


def _side_holds(shown: dict[str, Any], said: Mapping[str, str], *, suffix: str) -> bool:
    values: dict[str, str | None] = shown.get("values", {})
    salts: dict[str, str] = shown.get("salts", {})
    return (
        shown["commitments"] == said
        and set(values) == set(salts)
        and all(
            said[name] == commitment(salts[name], f"{name}{suffix}", value)
            for name, value in values.items()
        )
    )
