"""Who is asked, and the numbers that a deployment runs with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from upstage_crm.change_requests.masking import masked_name, redacted
from upstage_crm.change_requests.policy import DEFAULT, Mailboxes, resend_wait, reviewers
from upstage_crm.change_requests.reasons import REASONS
from upstage_crm.change_requests.rules import ReasonCode
from upstage_crm.links.claims import Reviewer
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
OLD, NEW = "old@example.com", "new@example.org"


@pytest.mark.parametrize(
    ("default", "current", "bounced", "proposed", "asked"),
    [
        ("proposed", OLD, False, NEW, ["proposed"]),
        ("proposed", OLD, True, NEW, ["proposed"]),
        ("proposed", None, False, NEW, ["proposed"]),
        ("proposed", OLD, False, None, []),
        ("current", OLD, False, None, ["current"]),
        ("current", OLD, False, NEW, ["current"]),
        ("current", OLD, True, None, []),
        ("current", None, False, NEW, []),
    ],
)
def test_who_is_asked(
    default: str, current: str | None, bounced: bool, proposed: str | None, asked: list[str]
) -> None:
    """A mailbox that does not work is never asked; the new one never decides another field."""
    mailboxes = Mailboxes(current=current, current_bounced=bounced, proposed=proposed)

    assert asked == [reviewer.value for reviewer in reviewers(Reviewer(default), mailboxes)]


def test_the_numbers_of_the_design() -> None:
    assert timedelta(days=7) == DEFAULT.link_life
    assert timedelta(hours=72) == DEFAULT.revert_window
    assert timedelta(minutes=5) == DEFAULT.resend_cooldown
    assert 3 == DEFAULT.resend_limit_per_day
    assert timedelta(days=30) == DEFAULT.rejected_rest == DEFAULT.address_rest


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
    assert [Role.OWNER] == [r for r in Role if PERMISSIONS[r] == frozenset(Permission)]


@pytest.mark.parametrize(
    ("name", "masked"),
    [("Mara Smith", "M••• S•••"), ("Ole", "O•••"), ("Ann Lee Ek", "A••• L••• E•••"), ("", "")],
)
def test_a_masked_name_is_its_initials(name: str, masked: str) -> None:
    assert masked == masked_name(name)


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
