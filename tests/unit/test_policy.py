"""Who is asked, and the numbers that a deployment runs with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from upstage_crm.change_requests.masking import masked_name
from upstage_crm.change_requests.policy import (
    DEFAULT,
    Asked,
    FieldPolicy,
    Mailboxes,
    Policy,
    from_json,
    resend_wait,
    reviewers,
    to_json,
)
from upstage_crm.change_requests.reasons import REASONS
from upstage_crm.change_requests.rules import ReasonCode
from upstage_crm.core.text import redacted
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
OLD, NEW = "old@example.com", "new@example.org"


EMAIL, PHONE = FIELDS["email"], FIELDS["phone"]


def asked(policy: Policy = DEFAULT, *, ask_both: bool = False, **known: Any) -> list[str]:
    """Who is asked about an email: what is not said about the record is quiet and well."""
    boxes = Mailboxes(**{"current": OLD, "current_bounced": False, "proposed": NEW, **known})
    found = reviewers(policy.of(EMAIL), boxes, is_mailbox=True, ask_both=ask_both)
    return [reviewer.value for reviewer in found]


def test_the_proposed_address_decides_about_itself() -> None:
    assert ["proposed"] == asked()
    assert ["proposed"] == asked(current_proven=True)
    assert [] == asked(proposed=None)


@pytest.mark.parametrize(
    "known",
    [
        {"is_protected": True},
        {"in_revert_window": True},
        {"current_proven": True, "has_stake": True},
        {"ask_both": True},
    ],
)
def test_both_are_asked_when_there_is_something_to_lose(known: dict[str, Any]) -> None:
    """DESIGN §3: a protected patron, a fresh change, tickets or a balance, or staff's wish."""
    assert ["proposed", "current"] == asked(**known)


def test_a_stake_counts_for_a_proven_address_only() -> None:
    assert ["proposed"] == asked(has_stake=True)


@pytest.mark.parametrize("known", [{"current": None}, {"current_bounced": True}])
@pytest.mark.parametrize("choice", list(Asked))
def test_an_address_that_does_not_work_is_never_asked(known: dict[str, Any], choice: Asked) -> None:
    """A first address, or one whose mail came back: only the proposed one can answer."""
    policy = Policy(fields={"email": FieldPolicy(asked=choice)})

    assert ["proposed"] == asked(policy, is_protected=True, ask_both=True, **known)


def test_an_owner_chooses_who_is_asked() -> None:
    def chosen(choice: Asked) -> list[str]:
        return asked(Policy(fields={"email": FieldPolicy(asked=choice)}))

    assert ["proposed"] == chosen(Asked.PROPOSED)
    assert ["current"] == chosen(Asked.CURRENT)
    assert ["proposed", "current"] == chosen(Asked.BOTH)


@pytest.mark.parametrize("choice", list(Asked))
def test_any_other_field_is_the_current_addresss_to_decide(choice: Asked) -> None:
    """Case 28: a stranger at a proposed address never sees a phone or a name."""
    policy = Policy(fields={"phone": FieldPolicy(asked=choice)})
    for current, bounced, expected in (
        (OLD, False, ["current"]),
        (OLD, True, []),
        (None, False, []),
    ):
        boxes = Mailboxes(current=current, current_bounced=bounced, proposed=NEW)
        found = reviewers(policy.of(PHONE), boxes, is_mailbox=False, ask_both=True)
        assert expected == [reviewer.value for reviewer in found]


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
    assert () == none.reminders(sent_at=NOW, expires_at=end)


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
