"""A receipt is judged with its audit entry, and with the head that it stands on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.receipts import HEAD, KEY, NOW, shown
from upstage_crm.audit.chain import canonical, instant_text, read_object
from upstage_crm.proof.receipt_check import (
    Verdict,
    judge,
)
from upstage_crm.receipts.facts import hashed_body

KEYS = {KEY.kid: KEY.public_key}


def row(body: str) -> dict[str, Any]:
    said = read_object(body)
    same = ("id", "request_id", "patron_id", "reviewer", "event", "language", "kid")
    return {
        **{name: said[name] for name in same},
        "at": instant_text(NOW),
        "body": body,
        "signature": KEY.sign(body.encode()),
    }


def judged(body: str, hash_at: Callable[[int], str | None]) -> Verdict:
    receipt = row(body)
    issued = {"receipt": receipt["id"], "body": hashed_body(body)}
    return judge(receipt, issued=issued, public_keys=KEYS, hash_at=hash_at)


def test_a_receipt_holds_while_its_head_stands_in_the_trail() -> None:
    assert Verdict.HOLDS is judged(shown().body, lambda seq: HEAD[1] if seq == HEAD[0] else None)


@pytest.mark.parametrize("found", [None, "b2" * 32])
def test_a_trail_without_its_head_was_rewritten(found: str | None) -> None:
    assert Verdict.FLAWED is judged(shown().body, lambda _seq: found)


def test_a_receipt_older_than_heads_holds_without_one() -> None:
    said = read_object(shown().body)
    del said["trail"]

    assert Verdict.HOLDS is judged(canonical(said), lambda _seq: None)


@pytest.mark.parametrize("trail", [7, {}, {"seq": "x", "head": ""}, {"seq": 7}])
def test_a_head_of_another_shape_is_a_flaw(trail: object) -> None:
    said = read_object(shown().body) | {"trail": trail}

    assert Verdict.FLAWED is judged(canonical(said), lambda _seq: None)
