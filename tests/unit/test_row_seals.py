"""The arithmetic of seals over many rows."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from upstage_crm.audit.guards.frozen_columns import FIXED
from upstage_crm.ledger.row_seals import LEDGER, Leaf, is_ours, packed, root_of, unpacked
from upstage_crm.ledger.views import PostingKind
from upstage_crm.proof.reconcile_seals import SUBJECTS

LIVES_ON = {
    "ledger_transaction": {"seal_id"},
    "ticket": {"seal_id", "state", "holder_id", "code_version", "collected_at"},
}
ROW: dict[Any, Any] = dict.fromkeys(LEDGER.frozen, None) | {"id": "a", "salt": "s"}


def leaf(number: int) -> Leaf:
    return Leaf(bytes([number]) * 16, hashlib.sha256(bytes([number])).digest())


def test_what_the_guards_keep_is_what_is_sealed() -> None:
    for subject in SUBJECTS:
        assert sorted(subject.frozen) == sorted(FIXED[subject.table])
        assert set(subject.rows.c.keys()) - set(subject.frozen) == LIVES_ON[subject.table]


def test_a_root_depends_on_every_leaf_and_on_their_order() -> None:
    leaves = [leaf(n) for n in range(7)]
    roots = {root_of(leaves[:count]) for count in range(8)}

    assert len(roots) == 8
    assert root_of(leaves[::-1]) not in roots
    assert root_of([]) == ""
    assert root_of([leaf(1)]) == leaf(1).digest.hex()
    doubled = [*leaves[:3], leaves[2]]
    assert root_of(doubled) != root_of(leaves[:3])  # one without a partner is not doubled


def test_leaves_come_back_as_they_were_kept() -> None:
    leaves = [leaf(n) for n in range(3)]

    assert list(unpacked(packed(leaves))) == leaves


def test_a_row_is_hashed_alike_however_the_database_gives_it() -> None:
    at = datetime(2026, 12, 4, 19, 30, tzinfo=UTC)
    there = at.astimezone(timezone(timedelta(hours=2)))

    one = LEDGER.digest(ROW | {"booked_at": at, "kind": PostingKind.SALE})

    assert one == LEDGER.digest(ROW | {"booked_at": there, "kind": "sale"})
    assert one != LEDGER.digest(ROW | {"booked_at": at, "kind": "sale", "salt": "t"})
    assert one != LEDGER.digest(ROW | {"booked_at": at, "kind": "sale", "order_id": ""})


def test_our_ids_are_known() -> None:
    assert is_ours("0" * 32)
    for other in ("", "0" * 31, "0" * 33, "A" * 32, "0" * 31 + "g", "0" * 32 + "\n"):
        assert not is_ours(other)
