"""The dependency audit fails for a known weakness, and for nothing else."""

from __future__ import annotations

import pytest

from tests.support.advisories import verdict

CLEAN = {"name": "good", "version": "1", "vulns": []}
WEAK = {"name": "bad", "version": "2", "vulns": [{"id": "PYSEC-1"}]}
UNKNOWN = {"name": "odd", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("found", "may_pass", "words"),
    [
        (None, True, "nobody could be asked"),
        ([UNKNOWN], True, "nothing is said"),
        ([CLEAN, UNKNOWN], True, "none against 1 of 2"),
        ([CLEAN, WEAK], False, "known weaknesses in bad 2"),
    ],
)
def test_the_verdict(found: list[dict[str, object]] | None, may_pass: bool, words: str) -> None:
    said, passes = verdict(found)

    assert (may_pass, True) == (passes, words in said)
