"""The numbers and choices that a deployment runs with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from upstage_crm.change_requests.model.policy import (
    DEFAULT,
    LIMITS,
    Asked,
    FieldPolicy,
    Policy,
    before_shortening,
    from_json,
    resend_wait,
    to_json,
)
from upstage_crm.change_requests.model.reasons import REASONS
from upstage_crm.change_requests.model.rules import ReasonCode
from upstage_crm.core.text import redacted
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


def test_the_policy_survives_being_stored() -> None:
    chosen = Policy(
        link_life=timedelta(days=3),
        reminder_before=timedelta(),
        fields={"email": FieldPolicy(asked=Asked.BOTH, second_person=True)},
    )

    assert chosen == from_json(to_json(chosen))
    assert DEFAULT == from_json("{}") == from_json(to_json(DEFAULT))


def test_reminders_lie_between_sending_and_end() -> None:
    end = NOW + timedelta(days=7)

    assert (NOW + timedelta(days=3), NOW + timedelta(days=6)) == DEFAULT.reminders(
        sent_at=NOW, expires_at=end
    )
    short = Policy(link_life=timedelta(days=2))
    assert (NOW + timedelta(days=1),) == short.reminders(
        sent_at=NOW, expires_at=NOW + timedelta(days=2)
    )
    none = Policy(reminder_after=timedelta(), reminder_before=timedelta())
    assert none.reminders(sent_at=NOW, expires_at=end) == ()


def test_the_numbers_of_the_design() -> None:
    assert timedelta(days=7) == DEFAULT.link_life
    assert timedelta(hours=72) == DEFAULT.revert_window
    assert timedelta(hours=72) == DEFAULT.notice_period
    notice = next(limit for limit in LIMITS if limit.name == "notice_period")
    assert (notice.least, notice.most) == (24, 14 * 24)
    assert timedelta(minutes=5) == DEFAULT.resend_cooldown
    assert DEFAULT.resend_limit_per_day == 3
    assert timedelta(days=30) == DEFAULT.rejected_rest == DEFAULT.address_rest


def test_the_longer_of_an_old_and_a_new_time_to_stop_a_change_counts() -> None:
    short = replace(DEFAULT, notice_period=timedelta(hours=24), revert_window=timedelta(days=5))
    olds = {"notice_period": timedelta(days=3), "revert_window": timedelta(days=2)}

    kept = before_shortening(short, olds)

    assert timedelta(days=3) == kept.notice_period
    assert timedelta(days=5) == kept.revert_window


def test_the_wait_before_another_mail() -> None:
    assert timedelta(minutes=5) == resend_wait(DEFAULT, last_sent_at=NOW, now=NOW)
    assert timedelta() == resend_wait(DEFAULT, last_sent_at=NOW, now=NOW + timedelta(minutes=5))


def test_every_reason_has_words_that_name_nobody() -> None:
    assert set(ReasonCode) == set(REASONS)
    for reason in REASONS.values():
        assert reason.sentence.endswith(".")
        assert "{" not in reason.sentence


def test_only_who_may_propose_may_override() -> None:
    for role in Role:
        held = PERMISSIONS[role]
        if Permission.OVERRIDE_COOLING_OFF in held:
            assert Permission.PROPOSE_CHANGE in held
        if held & {Permission.WITHDRAW_REQUEST, Permission.RESEND_REQUEST}:
            assert Permission.VIEW_REQUESTS in held


def test_every_role_has_permissions_and_only_the_owner_all() -> None:
    assert set(Role) == set(PERMISSIONS)
    assert [r for r in Role if PERMISSIONS[r] == frozenset(Permission)] == [Role.OWNER]


@pytest.mark.parametrize(
    ("text", "secrets", "shown"),
    [
        ("Mara Smith called", ["Mara", "Smith"], "••• ••• called"),
        ("MARA called", ["Mara"], "••• called"),
        ("Maras sister", ["Mara"], "Maras sister"),
        ("mail mara@example.com now", ["mara@example.com", "mara"], "mail ••• now"),
        ("a.b.c", [".", "a", None, ""], "a.b.c"),
        ("(Zoë)", ["zoë"], "(•••)"),
        ("x+y@example.org.", ["x+y@example.org"], "•••."),
    ],
)
def test_what_a_stranger_must_not_read_is_hidden(
    text: str, secrets: list[str | None], shown: str
) -> None:
    assert shown == redacted(text, secrets)
