"""From when an account may be a second person."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from upstage_crm.staff.account_history import REST, AccountHistory, settled_at

MADE = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
INVITED = AccountHistory(made_at=MADE, by_operator=False)
BY_OPERATOR = AccountHistory(made_at=MADE, by_operator=True)
INSTANTS = ("enabled_at", "address_at", "role_at", "password_at", "factors_at")


def test_the_rest_is_a_week() -> None:
    assert timedelta(days=7) == REST


def test_an_invited_account_counts_after_the_rest() -> None:
    assert settled_at(INVITED) == MADE + REST


def test_an_account_of_the_operator_counts_at_once() -> None:
    assert settled_at(BY_OPERATOR) == MADE


@pytest.mark.parametrize("history", [INVITED, BY_OPERATOR])
@pytest.mark.parametrize("name", INSTANTS)
def test_every_change_begins_the_rest_again(history: AccountHistory, name: str) -> None:
    changed = MADE + timedelta(days=40)

    assert settled_at(replace(history, **{name: changed})) == changed + REST


def test_the_newest_change_counts() -> None:
    changes = {name: MADE + timedelta(days=n) for n, name in enumerate(INSTANTS)}

    assert settled_at(replace(INVITED, **changes)) == max(changes.values()) + REST


def test_a_change_never_makes_an_account_count_earlier() -> None:
    early = replace(INVITED, role_at=MADE - timedelta(days=30))

    assert settled_at(early) == MADE + REST
