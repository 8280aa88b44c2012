"""Who has to wait after wrong passwords, and for how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from upstage_crm.staff.auth.throttle import (
    NAME_LIMIT,
    NETWORK_LIMIT,
    PAIR_LIMIT,
    WINDOW,
    Tries,
    wait,
)

NOW = datetime(2026, 11, 26, 19, 0, tzinfo=UTC)
NONE = timedelta()


def tries(pair: int = 0, network: int = 0, name: int = 0, ago_s: float = 0) -> Tries:
    last_at = NOW - timedelta(seconds=ago_s)
    return Tries(pair=pair, network=max(network, pair), name=max(name, pair), last_at=last_at)


@pytest.mark.parametrize("pair", range(PAIR_LIMIT))
def test_a_few_mistakes_cost_nothing(pair: int) -> None:
    assert wait(tries(pair), is_known_device=False, now=NOW) == NONE


def test_each_further_mistake_doubles_the_pause_up_to_the_window() -> None:
    pauses = [wait(tries(PAIR_LIMIT + n), is_known_device=False, now=NOW) for n in range(8)]

    assert [int(p.total_seconds()) for p in pauses] == [30, 60, 120, 240, 480, 900, 900, 900]
    assert pauses[-1] == WINDOW


def test_the_pause_runs_out() -> None:
    assert timedelta(seconds=1) == wait(tries(PAIR_LIMIT, ago_s=29), is_known_device=False, now=NOW)
    assert wait(tries(PAIR_LIMIT, ago_s=30), is_known_device=False, now=NOW) == NONE


def test_a_whole_office_behind_one_network_is_slowed_later_than_one_name() -> None:
    busy = tries(network=NETWORK_LIMIT - 1)
    assert wait(busy, is_known_device=False, now=NOW) == NONE
    assert wait(tries(network=NETWORK_LIMIT), is_known_device=False, now=NOW) != NONE


def test_guessing_from_everywhere_does_not_lock_the_owner_out() -> None:
    attacked = tries(name=NAME_LIMIT + 5)

    assert wait(attacked, is_known_device=False, now=NOW) != NONE
    assert wait(attacked, is_known_device=True, now=NOW) == NONE


def test_a_known_device_is_no_licence_to_guess() -> None:
    assert wait(tries(PAIR_LIMIT), is_known_device=True, now=NOW) != NONE
