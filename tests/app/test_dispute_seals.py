"""A dispute that plain SQL wrote or ended is found, shown to no one, and acted on by nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.app.test_row_seals import found
from tests.support.factories import Desk, unchanged
from tests.support.houses import seat
from tests.support.shop import open_shop
from upstage_crm.audit.errors import RowNotProven
from upstage_crm.payments import disputes, queries
from upstage_crm.payments.providers.provider import DisputeFacts
from upstage_crm.payments.views import DisputeState, PaymentView

pytestmark = pytest.mark.each_database

COLUMNS = "payment_id, amount, currency, state, due_at, opened_at, seal"


@pytest.fixture
def payment(desk: Desk) -> PaymentView:
    order = open_shop(desk).sold(seat("A", 1))
    return desk.read(lambda s: queries.of_order(s, order.id))[0]


@pytest.fixture
def facts(desk: Desk, payment: PaymentView) -> DisputeFacts:
    return DisputeFacts(
        reference="dp_1",
        capture_reference="",
        amount=payment.amount,
        currency=payment.currency,
        is_withheld=True,
        is_won=False,
        state=DisputeState.OPEN,
        due_at=desk.now + timedelta(days=9),
    )


def listed(desk: Desk) -> list[tuple[str, DisputeState]]:
    needed = desk.read(lambda s: disputes.needing(s, since=desk.now - timedelta(days=7)))
    return [(one.reference, one.state) for one in needed]


def test_a_dispute_has_its_seal_at_every_step(
    desk: Desk, payment: PaymentView, facts: DisputeFacts
) -> None:
    later = facts.due_at + timedelta(days=1) if facts.due_at else None
    for said in (
        facts,
        replace(facts, due_at=later),
        replace(facts, state=DisputeState.ANSWERED),
        replace(facts, state=DisputeState.LOST, due_at=None),
    ):
        desk.write(lambda s, said=said: disputes.keep(s, payment, said, now=desk.now))
        assert found(desk) == []

    assert listed(desk) == [("dp_1", DisputeState.LOST)]


def test_a_dispute_that_plain_sql_wrote_or_ended_does_nothing(
    desk: Desk, payment: PaymentView, facts: DisputeFacts
) -> None:
    desk.write(lambda s: disputes.keep(s, payment, facts, now=desk.now))
    desk.forge(
        f"INSERT INTO payment_dispute (id, {COLUMNS}) SELECT 'evil', {COLUMNS} FROM payment_dispute"
    )

    assert listed(desk) == [("dp_1", DisputeState.OPEN)]
    assert found(desk) == ["payment_dispute evil: seal"]

    desk.forge("UPDATE payment_dispute SET state = 'won', closed_at = opened_at WHERE id = 'dp_1'")

    assert listed(desk) == []
    assert found(desk) == ["payment_dispute dp_1: seal", "payment_dispute evil: seal"]
    lost = replace(facts, state=DisputeState.LOST, due_at=None)
    unchanged(
        desk,
        lambda: desk.write(lambda s: disputes.keep(s, payment, lost, now=desk.now)),
        RowNotProven,
    )
