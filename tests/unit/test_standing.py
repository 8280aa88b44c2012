"""What mails and dates say of a mailbox and of a record."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from upstage_crm.change_requests.model.reviewers import (
    Holdings,
    has_stake,
    is_dead,
    is_trusted,
)

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("bounces", "deliveries", "dead"),
    [
        ([], [], False),
        ([0], [], False),
        ([0, 23], [], False),  # one bad day of a provider
        ([0, 24], [], True),
        ([24, 0], [], True),
        ([0, 24], [25], False),
        ([0, 24], [12], False),
        ([0, 24, 36], [12], False),
        ([0, 24, 48], [12], True),
        ([0, 48], [-5], True),
    ],
)
def test_dead_is_two_bounces_a_day_apart_and_nothing_delivered_since(
    bounces: list[int], deliveries: list[int], dead: bool
) -> None:
    found = is_dead(
        bounces=[NOW + hours * HOUR for hours in bounces],
        deliveries=[NOW + hours * HOUR for hours in deliveries],
    )

    assert found is dead


@pytest.mark.parametrize(("age", "stake"), [(30 * DAY, False), (30 * DAY + HOUR, True)])
def test_until_orders_are_kept_here_an_old_record_has_a_stake(age: timedelta, stake: bool) -> None:
    assert has_stake(Holdings(), created_at=NOW - age, now=NOW) is stake


@pytest.mark.parametrize(
    ("created", "kept", "stake"),
    [
        (100, 99, True),  # what was bought before cannot be seen
        (100, 100, False),
        (31, 20, True),
        (30, 20, False),
        (800, 730, True),
        (800, 731, False),  # every order of two years would be here
    ],
)
def test_what_was_bought_before_orders_were_kept_here_may_be_at_stake(
    created: int, kept: int, stake: bool
) -> None:
    found = Holdings(kept_since=NOW - kept * DAY)
    assert has_stake(found, created_at=NOW - created * DAY, now=NOW) is stake


@pytest.mark.parametrize(
    ("holdings", "stake"),
    [
        (Holdings(), False),
        (Holdings(has_future_tickets=True), True),
        (Holdings(has_balance=True), True),
        (Holdings(has_membership=True), True),
        (Holdings(last_order_at=NOW - 730 * DAY), True),
        (Holdings(last_order_at=NOW - 731 * DAY), False),
    ],
)
def test_with_orders_it_is_what_the_patron_holds(holdings: Holdings, stake: bool) -> None:
    since = replace(holdings, kept_since=NOW - 3000 * DAY)
    assert has_stake(since, created_at=NOW - 2000 * DAY, now=NOW) is stake


@pytest.mark.parametrize(
    ("proven_at", "trusted"),
    [(None, False), (NOW, True), (NOW - 730 * DAY, True), (NOW - 731 * DAY, False)],
)
def test_a_proof_is_trusted_for_two_years(proven_at: datetime | None, trusted: bool) -> None:
    assert is_trusted(proven_at, now=NOW) is trusted
