"""The table of the tripwires: what is counted, what is allowed, what becomes of the next one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.support.thresholds import STRICT
from upstage_crm.change_requests.model.policy import (
    DEFAULT,
    from_json,
    to_json,
    with_numbers,
)
from upstage_crm.change_requests.model.thresholds import (
    Counts,
    Ruling,
    Verdict,
    Wire,
    is_night,
    judge,
    night_began,
)

GO, COOLING = Verdict.GO, Verdict.COOLING
QUARANTINE, REFUSED = Verdict.QUARANTINE, Verdict.REFUSED
LIMITS = replace(STRICT, at_speed=2, alone_at_once=2, alone_per_hour=5)
NOON, MIDNIGHT = 12, 0
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("counts", "hour", "verdict", "wire"),
    [
        (Counts(), NOON, GO, None),
        (Counts(recent=2), NOON, GO, None),
        (Counts(recent=3), NOON, COOLING, Wire.AT_ONCE),
        (Counts(recent=5), NOON, COOLING, Wire.AT_ONCE),
        (Counts(recent=6), NOON, QUARANTINE, Wire.BURST),
        (Counts(blink=2), NOON, GO, None),
        (Counts(blink=3), NOON, QUARANTINE, Wire.AT_SPEED),
        (Counts(replacing=1), NOON, GO, None),
        (Counts(recent=2, replacing=2), NOON, COOLING, Wire.REPLACING),
        (Counts(alone=2, alone_hour=5), NOON, GO, None),
        (Counts(alone=3, alone_hour=5), NOON, COOLING, Wire.ALONE_AT_ONCE),
        (Counts(alone=1, alone_hour=6), NOON, QUARANTINE, Wire.ALONE_PER_HOUR),
        (Counts(recent=2, hour=20), NOON, GO, None),
        (Counts(hour=21), NOON, QUARANTINE, Wire.PER_HOUR),
        (Counts(domain=2), NOON, GO, None),
        (Counts(domain=3), NOON, QUARANTINE, Wire.PER_DOMAIN),
        (Counts(domain=9, is_common_domain=True), NOON, GO, None),
        (Counts(domain=10, is_common_domain=True), NOON, QUARANTINE, Wire.PER_DOMAIN),
        (Counts(high_value=2), NOON, GO, None),
        (Counts(high_value=3), NOON, QUARANTINE, Wire.HIGH_VALUE),
        (Counts(night=3), NOON, GO, None),
        (Counts(night=2), MIDNIGHT, GO, None),
        (Counts(night=3), MIDNIGHT, QUARANTINE, Wire.AT_NIGHT),
        (Counts(has_alert=True), NOON, QUARANTINE, Wire.ALERT_OPEN),
        (Counts(attempts=60), NOON, GO, None),
        (Counts(attempts=61), NOON, REFUSED, Wire.ATTEMPTS),
        (Counts(patron=5), NOON, GO, None),
        (Counts(patron=6), NOON, REFUSED, Wire.PER_PATRON),
        (Counts(address=5), NOON, GO, None),
        (Counts(address=6), NOON, REFUSED, Wire.PER_ADDRESS),
        # The gravest reason counts.
        (Counts(recent=6, domain=3, patron=6), NOON, REFUSED, Wire.PER_PATRON),
        (Counts(recent=3, high_value=3), NOON, QUARANTINE, Wire.HIGH_VALUE),
        (Counts(recent=6, has_alert=True), NOON, QUARANTINE, Wire.ALERT_OPEN),
    ],
)
def test_the_next_one_after_the_limit_trips(
    counts: Counts, hour: int, verdict: Verdict, wire: Wire | None
) -> None:
    ruling = judge(counts, LIMITS, local_hour=hour)

    assert (verdict, wire) == (ruling.verdict, ruling.wire)


def test_a_ruling_says_how_much_was_counted_and_allowed() -> None:
    assert Ruling(verdict=QUARANTINE, wire=Wire.BURST, count=9, limit=5) == judge(
        Counts(recent=9), LIMITS, local_hour=NOON
    )


def test_only_a_new_quarantine_opens_an_alert() -> None:
    found = {
        wire: judge(counts, LIMITS, local_hour=NOON).trips
        for wire, counts in {
            "none": Counts(),
            "pause": Counts(recent=3),
            "burst": Counts(recent=6),
            "open": Counts(has_alert=True),
            "refused": Counts(patron=6),
        }.items()
    }

    assert {"burst"} == {wire for wire, trips in found.items() if trips}


def test_a_night_goes_over_midnight_or_not() -> None:
    assert sorted(
        (hour for hour in range(24) if is_night(hour, LIMITS)), key=lambda h: (h < 12, h)
    ) == [23, 0, 1, 2, 3, 4, 5]
    early = replace(LIMITS, night_from=24, night_until=5)
    assert [hour for hour in range(24) if is_night(hour, early)] == [0, 1, 2, 3, 4]
    assert not any(is_night(hour, replace(LIMITS, night_until=23)) for hour in range(24))


@pytest.mark.parametrize(
    ("local", "began"),
    [
        (datetime(2026, 3, 2, 23, 0, tzinfo=BERLIN), datetime(2026, 3, 2, 23, 0, tzinfo=BERLIN)),
        (datetime(2026, 3, 3, 5, 59, tzinfo=BERLIN), datetime(2026, 3, 2, 23, 0, tzinfo=BERLIN)),
        # The clocks go forward in this night: it is an hour shorter, and begins at 23:00.
        (datetime(2026, 3, 29, 4, 0, tzinfo=BERLIN), datetime(2026, 3, 28, 23, 0, tzinfo=BERLIN)),
    ],
)
def test_a_night_began_at_its_hour_at_the_organisation(local: datetime, began: datetime) -> None:
    assert began == night_began(local, LIMITS)


def test_the_policy_keeps_the_thresholds() -> None:
    changed = with_numbers(
        DEFAULT, {"at_once": 4, "cooling": timedelta(minutes=9), "link_life": timedelta(days=9)}
    )

    assert changed == from_json(to_json(changed))
    assert (4, timedelta(minutes=9)) == (changed.thresholds.at_once, changed.thresholds.cooling)
    assert timedelta(days=9) == changed.link_life
    assert from_json("{}") == DEFAULT
