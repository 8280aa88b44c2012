"""When the mail on the day of a performance leaves, and to which mailbox."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from upstage_crm.orders.letters.letter_rules import Mailbox, due_at, mailboxes

LONDON, SANTIAGO = ZoneInfo("Europe/London"), ZoneInfo("America/Santiago")


def local(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=LONDON)


@pytest.mark.parametrize(
    ("starts", "due"),
    [
        # An evening: nine o'clock on its day.
        (local(2026, 12, 4, 19, 30), local(2026, 12, 4, 9)),
        # A matinee: four hours before its doors.
        (local(2026, 12, 4, 13), local(2026, 12, 4, 8)),
        # A morning: that would be at night, so the evening before.
        (local(2026, 12, 4, 10, 30), local(2026, 12, 3, 18)),
        # What begins after midnight belongs to the evening before.
        (local(2026, 12, 5, 0, 30), local(2026, 12, 4, 9)),
        # On the days on which the clocks change.
        (local(2027, 3, 28, 10, 30), local(2027, 3, 27, 18)),
        (local(2026, 10, 25, 10, 30), local(2026, 10, 24, 18)),
        (local(2026, 10, 25, 19, 30), local(2026, 10, 25, 9)),
    ],
)
def test_the_mail_leaves_in_the_morning_and_wakes_no_one(starts: datetime, due: datetime) -> None:
    assert due_at(starts.astimezone(UTC), LONDON) == due


def test_a_zone_that_skips_midnight_has_its_morning() -> None:
    starts = datetime(2026, 9, 6, 15, tzinfo=SANTIAGO)

    assert due_at(starts.astimezone(UTC), SANTIAGO) == datetime(2026, 9, 6, 9, tzinfo=SANTIAGO)


def test_instants_are_subtracted_and_not_times_of_a_clock() -> None:
    """On the day on which the clocks went forward, five hours before noon it was 07:00."""
    starts = datetime(2027, 3, 28, 12, tzinfo=LONDON)

    assert due_at(starts.astimezone(UTC), LONDON) == local(2027, 3, 28, 7)


BOUGHT, OWN = "a@example.org", "b@example.org"


@pytest.mark.parametrize(
    ("bought", "own", "in_window", "expected"),
    [
        (BOUGHT, "", False, [(BOUGHT, True)]),
        ("", "", False, []),
        (BOUGHT, OWN, False, [(OWN, True)]),
        (BOUGHT, OWN, True, [(BOUGHT, True), (OWN, False)]),
        (OWN, OWN, True, [(OWN, True)]),
        ("", OWN, True, [(OWN, False)]),
        ("", OWN, False, [(OWN, True)]),
    ],
)
def test_tickets_go_to_the_mailbox_that_may_have_them(
    bought: str, own: str, in_window: bool, expected: list[tuple[str, bool]]
) -> None:
    found = mailboxes(bought, own, in_window=in_window)

    assert found == tuple(Mailbox(address=a, has_tickets=t) for a, t in expected)
