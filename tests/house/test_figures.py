"""The figures of the documents are the code's."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from upstage_crm.change_requests.model.policy import DEFAULT
from upstage_crm.change_requests.model.reviewers import OLD_RECORD, YOUNG
from upstage_crm.change_requests.model.thresholds import (
    BLINK,
    HOUR,
    PACE,
)
from upstage_crm.demo.second_steps import POLICY as DEMO
from upstage_crm.staff import names
from upstage_crm.staff.account_history import REST
from upstage_crm.wording.policy import NUMBER_WORDS

ROOT = Path(__file__).resolve().parents[2]
T = DEFAULT.thresholds
MINUTE = timedelta(minutes=1)
PACE_MIN, COOLING_MIN = PACE // MINUTE, T.cooling // MINUTE
CLOSER = (
    f"{T.alone_at_once} within {PACE_MIN} minutes go out, the next wait {COOLING_MIN} minutes, "
    f"the {T.alone_per_hour + 1}th within an hour is held"
)
TOUR = (
    f"the {DEMO.thresholds.alone_at_once + 1}rd within {PACE_MIN} minutes waits {COOLING_MIN} "
    f"minutes, the {DEMO.thresholds.alone_per_hour + 1}th within an hour is held"
)
LIMITS = (
    f"({T.attempts} an hour for a member, {T.per_patron} a day for a patron, "
    f"{T.per_address} for an address)"
)
SAID = {
    "README.md": [
        f"of more than {T.at_speed} proposals within {BLINK.seconds} seconds the rest is held",
        TOUR,
    ],
    "docs/decisions/0010-mail-assumes-a-stranger.md": [
        f"letters and what joins them, {names.LIMIT} at most",
    ],
    "docs/decisions/0020-tripwires.md": [
        CLOSER,
        f"younger than {YOUNG // HOUR} hours",
        f"a busy desk has {T.at_once} and {T.burst}",
        LIMITS,
        f"the burst ({T.burst} in ten minutes)",
    ],
    "docs/rules.md": [
        f"younger than {YOUNG // HOUR} hours",
        f"unchanged for {REST.days} days",
        f"sent again after {DEFAULT.resend_cooldown // MINUTE} minutes",
        f"at most {DEFAULT.resend_limit_per_day} times a day",
        f"a short code has {DEFAULT.code_tries} tries",
        f"proposed for someone else rest for {DEFAULT.address_rest.days} days",
        f"a record older than the first order, and than {OLD_RECORD.days} days, has a stake",
    ],
    "docs/security.md": [
        f"of more than {T.at_speed} proposals within {BLINK.seconds} seconds the rest is held",
        CLOSER.replace(" within 10", " proposals within 10", 1),
        f"names are letters, {names.LIMIT} at most",
        f"no second person for {REST.days} days after it was made or changed",
    ],
}


@pytest.mark.parametrize(
    ("document", "words"), [(name, words) for name, found in SAID.items() for words in found]
)
def test_what_the_documents_say_is_what_the_code_does(document: str, words: str) -> None:
    text = " ".join((ROOT / document).read_text("utf-8").split())

    assert words in text


def test_the_settings_page_names_the_spans_that_are_counted() -> None:
    """The spans are no settings: the words of the numbers say them."""
    assert timedelta(seconds=3) == BLINK
    assert timedelta(minutes=10) == PACE
    assert "three seconds" in NUMBER_WORDS["at_speed"][0]
    for name in ("at_once", "burst", "alone_at_once"):
        assert "ten minutes" in " ".join(NUMBER_WORDS[name]), name
