"""The demo shows every way that a request can go, and it was made by the rules."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.factories import ANOTHER, Desk
from tests.support.pipeline import installed
from upstage_crm.audit.events import Action
from upstage_crm.change_requests.limits import alerts
from upstage_crm.change_requests.model.rules import (
    HeldFor,
    RequestState,
)
from upstage_crm.change_requests.reads import requests
from upstage_crm.change_requests.reads.needs import Need, needing
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.demo import seed, unusual
from upstage_crm.demo.scenarios import STORIES
from upstage_crm.demo.season import order_changes
from upstage_crm.jobs import card_payments
from upstage_crm.orders.cancellations import progress
from upstage_crm.patrons.quality import quality
from upstage_crm.patrons.views import ContactPlace
from upstage_crm.proof.verifying import verify
from upstage_crm.wiring import PROTECTED, Runtime, signing_keys

pytestmark = pytest.mark.story


def test_the_demo_has_every_state_and_every_second_step(
    database: Database, clock: FrozenClock
) -> None:
    with installed(database, clock) as parts:
        seed.seed(parts, count=260)
        with parts.database.reading() as session:
            counts = requests.counts(session)
            keys = {key.kid: key.public_key for key in signing_keys(parts.settings)}
            report = verify(session, protected=PROTECTED, public_keys=keys)
            needs = {
                need: needing(session, need, viewer=ANOTHER, since=clock.now(), limit=5).total
                for need in (Need.FROZEN, Need.SECOND_PERSON, Need.ERASURE, Need.NOTICE_STOPPED)
            }

    assert set(RequestState) == {state for state, count in counts.items() if count}
    # Two stories have a second request, and one member proposed more than is usual.
    assert len(STORIES) + 2 + len(unusual.PLACES) == sum(counts.values())
    assert all(needs.values())
    assert counts[RequestState.WAITING] == 6
    assert report.is_clean
    desk = Desk(database, clock)
    for table in ("patron_note", "contact_preference", "patron_contact", "household_member"):
        assert desk.scalar(f"SELECT count(*) FROM {table}") > 0, table  # our own
    assert desk.read(quality).twins >= 2  # one person with two records
    assert desk.scalar("SELECT count(*) FROM patron WHERE note <> ''") > 0
    assert desk.scalar("SELECT count(DISTINCT place) FROM patron_contact") == len(ContactPlace)
    held = desk.scalar("SELECT count(DISTINCT held_for) FROM change_request WHERE state = 'held'")
    assert len(set(HeldFor) - {HeldFor.COOLING}) == held  # what cools down goes out by itself
    assert [a.staff_label for a in desk.read(alerts.alerts_open)] == ["Luis, box office"]
    assert {Action.REQUEST_REMINDED, Action.PATRON_PROTECTED} <= set(desk.actions())
    assert desk.scalar("SELECT counted_cash - expected_cash FROM till_shift") == -1_40
    _is_half_way(desk)
    _owes_what_closed_cards_refused(desk, parts)


def _is_half_way(desk: Desk) -> None:
    """A performance is cancelled, its buyers are told, and some have answered."""
    cancelled = desk.scalar("SELECT performance_id FROM disruption")
    far = desk.read(lambda s: progress.of_performance(s, cancelled))
    assert far is not None
    assert 0 < far.answered < far.told
    assert 0 < far.settled < far.orders
    assert min(far.owed, far.pending, far.rebooked) > 0


def _owes_what_closed_cards_refused(desk: Desk, parts: Runtime) -> None:
    """The money of three exchanges comes back a minute later, and is owed at the desk."""
    exchanged = "SELECT count(*) FROM order_step WHERE kind = 'exchange' AND staff_id <> ''"
    assert desk.scalar(exchanged) == order_changes.EXCHANGES
    card_payments.do_what_is_due(parts, is_minute=True)
    desk.clock.advance(timedelta(minutes=2))
    card_payments.do_what_is_due(parts, is_minute=True)
    failed = "SELECT count(*) FROM refund WHERE state = 'failed' AND cause = 'exchanged'"
    assert desk.scalar(failed) == order_changes.EXCHANGES
    assert desk.scalar("SELECT count(*) FROM refund WHERE state = 'done'") > 0
