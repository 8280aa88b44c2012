"""PostgreSQL's text of a snapshot says which transactions had ended."""

from __future__ import annotations

import pytest

from upstage_crm.audit.snapshots import Snapshot


@pytest.mark.parametrize(
    ("transaction", "is_shown"),
    [(9, True), (10, False), (11, True), (14, False), (19, True), (20, False), (21, False)],
)
def test_a_snapshot_shows_what_had_ended(transaction: int, is_shown: bool) -> None:
    assert is_shown is Snapshot.read("10:20:10,14").shows(transaction)


def test_a_snapshot_without_anybody_at_work_shows_all_before_it() -> None:
    snapshot = Snapshot.read("10:10:")

    assert snapshot.shows(9)
    assert not snapshot.shows(10)
