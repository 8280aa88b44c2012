"""The dependency audit fails for a known weakness; without an answer it is loud and remembers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from tests.support.advisories import KEPT, LOCK, Answer, answer_of, judge, locked

TODAY = date(2026, 11, 30)
CLEAN = {"name": "good", "version": "1", "vulns": []}
WEAK = {"name": "bad", "version": "2", "vulns": [{"id": "PYSEC-1"}, {"id": "PYSEC-2"}]}
UNKNOWN = {"name": "odd", "skip_reason": "not found"}
LOCKED = {"good": "1", "bad": "2", "odd": "3"}
NEVER = Answer()


def answer(*found: Mapping[str, Any], days_ago: int = 0) -> Answer:
    made = answer_of(list(found), today=TODAY - timedelta(days=days_ago))
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("asked", "may_pass", "words"),
    [
        (answer(CLEAN, UNKNOWN), True, "Advisories: none against 1 of 3 packages."),
        (
            answer(CLEAN, WEAK),
            False,
            "Advisories: known weaknesses in bad 2 (PYSEC-1, PYSEC-2).",
        ),
    ],
    ids=["clean", "weak"],
)
def test_an_answer_of_now_decides(asked: Answer, may_pass: bool, words: str) -> None:
    verdict = judge(asked, answer(WEAK, days_ago=1), lock=LOCKED, today=TODAY)

    assert (verdict.words, verdict.may_pass) == (words, may_pass)


def test_a_mirror_that_knows_nothing_is_no_answer() -> None:
    assert answer_of([UNKNOWN, UNKNOWN], today=TODAY) is None
    assert answer_of([], today=TODAY) is None


def test_without_an_answer_the_last_one_decides_loudly() -> None:
    weak = judge(None, answer(CLEAN, WEAK, days_ago=9), lock=LOCKED, today=TODAY)
    clean = judge(None, answer(CLEAN, days_ago=1), lock=LOCKED, today=TODAY)

    assert not weak.may_pass
    assert clean.may_pass
    for verdict, days in ((weak, 9), (clean, 1)):
        lines = verdict.words.splitlines()
        assert lines[0] == lines[-1] == "!" * 80
        assert lines[1] == "ADVISORIES: NOBODY COULD BE ASKED."
        assert f", {days} days ago." in lines[2]
        assert verdict.worth_keeping is None
    assert "known weaknesses in bad 2" in weak.words
    assert "none against 1 of 3 packages" in clean.words


def test_an_old_answer_says_nothing_of_a_version_that_came_since() -> None:
    kept = answer(CLEAN, WEAK, days_ago=9)

    verdict = judge(None, kept, lock=LOCKED | {"bad": "3"}, today=TODAY)

    assert verdict.may_pass
    assert "none against 1 of 3 packages" in verdict.words


def test_where_nobody_was_ever_asked_that_is_said() -> None:
    verdict = judge(None, NEVER, lock=LOCKED, today=TODAY)

    assert verdict.may_pass
    assert "NO EARLIER ANSWER IS KEPT" in verdict.words
    assert "Nothing is known of any package." in verdict.words


def test_an_answer_is_kept_when_it_says_something_new_or_once_a_week() -> None:
    asked = answer(CLEAN)
    for kept, is_kept in (
        (NEVER, True),
        (answer(CLEAN, WEAK, days_ago=1), True),
        (answer(CLEAN, days_ago=6), False),
        (answer(CLEAN, days_ago=7), True),
    ):
        verdict = judge(asked, kept, lock=LOCKED, today=TODAY)
        assert verdict.worth_keeping == (asked if is_kept else None)


def test_what_is_kept_comes_back() -> None:
    for kept in (NEVER, answer(CLEAN, WEAK)):
        assert Answer.read(kept.to_json()) == kept


def test_the_repository_keeps_an_answer_in_this_form() -> None:
    text = KEPT.read_text("utf-8")

    assert Answer.read(text).to_json() == text
    assert len(locked(LOCK.read_text("utf-8"))) > 50
