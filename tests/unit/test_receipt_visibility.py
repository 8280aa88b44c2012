"""Who sees what of a receipt: a mailbox its own address, and no one what was erased."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.support.receipts import (
    DECIDED,
    EMAIL,
    KEY,
    LANTERN,
    NAME,
    NEW,
    OLD,
    PHONE,
    of_email,
    seen,
    shown,
)
from upstage_crm.receipts.facts import ReceiptEvent, hashed_link
from upstage_crm.receipts.shape import document
from upstage_crm.receipts.verifying import verify
from upstage_crm.receipts.visibility import (
    Reader,
    Shown,
)
from upstage_crm.receipts.words import words

BACK = replace(EMAIL, decision="revert", current=EMAIL.proposed, proposed=EMAIL.current)


def said(receipt: object) -> str:
    return json.dumps(receipt, ensure_ascii=False)


def test_the_proposed_address_reads_itself_and_recognises_the_other() -> None:
    receipt = shown(of_email(), Reader.PROPOSED)
    (field,) = receipt.fields

    assert (field.new.shown, field.new.text) == (Shown.FULL, NEW)
    assert (field.old.shown, field.old.proofs) == (Shown.MASKED, {})
    assert OLD not in said(document(receipt))
    assert OLD not in field.old.text
    assert "@example.com" in field.old.text
    assert verify(document(receipt), KEY.public_key)


def test_the_current_address_reads_itself_and_recognises_the_other() -> None:
    receipt = shown(DECIDED, Reader.CURRENT)
    email, phone, *_ = receipt.fields

    assert (email.old.shown, email.old.text) == (Shown.FULL, OLD)
    assert (email.new.shown, email.new.proofs) == (Shown.MASKED, {})
    assert (phone.new.shown, phone.new.text) == (Shown.FULL, "(212) 555-0199")
    assert NEW not in said(document(receipt))


def test_a_revert_turns_the_sides_around_and_not_the_eyes() -> None:
    """What is put back is the current address's own: it proposes what had been replaced."""
    back = of_email(
        "current",
        event=ReceiptEvent.REVERTED,
        fields=(replace(BACK, is_revert=True),),
    )
    (field,) = shown(back, Reader.CURRENT).fields

    assert (field.new.shown, field.new.text) == (Shown.FULL, OLD)
    assert Shown.MASKED is field.old.shown
    assert NEW not in said(document(shown(back, Reader.CURRENT)))


def test_a_mailbox_that_proved_nothing_reads_the_former_name_as_initials() -> None:
    """As in its mails and on its page."""
    named = replace(DECIDED, fields=(NAME,))
    (proven,) = shown(named, Reader.CURRENT).fields
    (unproven,) = shown(named, Reader.CURRENT, is_trusted=False).fields

    assert (proven.old.shown, proven.new.shown) == (Shown.FULL, Shown.FULL)
    assert (unproven.old.shown, unproven.new.shown) == (Shown.MASKED, Shown.FULL)
    assert unproven.old.proofs == {}
    assert '"Smith"' not in said(document(shown(named, Reader.CURRENT, is_trusted=False)))
    assert not words(shown(named, Reader.CURRENT, is_trusted=False)).is_masked


def test_staff_reads_everything() -> None:
    receipt = shown(DECIDED, Reader.STAFF)

    assert {Shown.FULL} == {
        side.shown for field in receipt.fields for side in (field.old, field.new)
    }
    assert {"notice_hash", "ip_prefix", "user_agent"} == {
        name for name, side in receipt.evidence.items() if side.shown is Shown.FULL
    }


@pytest.mark.parametrize("reviewer", ["proposed", "desk", "staff"])
def test_the_proposed_address_sees_no_receipt_about_another_field(reviewer: str) -> None:
    """The signed body names its fields, so there is nothing to cut out of it."""
    other = of_email(reviewer, fields=(EMAIL, PHONE))

    assert seen(other, Reader.PROPOSED) is None
    assert seen(of_email(reviewer), Reader.PROPOSED) is not None


def test_the_proposed_address_sees_no_decision_of_the_current_one() -> None:
    assert seen(of_email("current"), Reader.PROPOSED) is None


def test_only_whoever_decided_sees_which_browser_did() -> None:
    receipt = shown(of_email("proposed"), Reader.CURRENT)

    assert {Shown.WITHHELD} == {side.shown for side in receipt.evidence.values()}
    assert "192.0.2" not in said(document(receipt))
    own = shown(of_email("proposed"), Reader.PROPOSED)
    assert {Shown.FULL} == {side.shown for side in own.evidence.values()}


def test_what_was_erased_is_said_to_be_erased_and_still_verifies() -> None:
    receipt = shown(erased=True)

    assert receipt.is_erased
    assert not shown().is_erased
    assert {Shown.ERASED} == {
        side.shown for field in receipt.fields for side in (field.old, field.new)
    }
    assert verify(document(receipt), KEY.public_key)


def test_a_link_is_named_by_its_hash_alone() -> None:
    assert hashed_link("a jti") == DECIDED.link_id
    assert "a jti" not in said(document(shown()))


def test_an_empty_side_is_empty_and_not_erased() -> None:
    birth = shown().fields[-1]

    assert (birth.old.shown, birth.old.lines) == (Shown.FULL, ())


def test_the_organisation_is_as_it_was_then() -> None:
    assert shown().organisation == LANTERN
