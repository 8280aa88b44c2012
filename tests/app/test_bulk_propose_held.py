"""One value for many patrons trips the wires of single proposals, and the preview says so."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.app.test_bulk_propose import living, previewed, proposed
from tests.support.engine import Engine
from upstage_crm.change_requests.model.rules import HeldFor
from upstage_crm.staff.roles import StaffMember


@pytest.fixture
def engine(watched_engine: Engine) -> Engine:
    return watched_engine


def test_what_the_preview_says_is_held_is_held(engine: Engine, vic: StaffMember) -> None:
    patrons = living(engine, 6)
    told = previewed(engine, patrons, actor=vic)

    made = [proposed(engine, patron, actor=vic) for patron in patrons]

    held = Counter(request.held_for for request in made if request.held_for is not None)
    assert held[HeldFor.QUARANTINE] > 0
    assert held == told.held
    assert len(made) == len(told.applies)


def test_a_lone_patron_is_asked_at_once(engine: Engine, vic: StaffMember) -> None:
    told = previewed(engine, living(engine, 1), actor=vic)

    assert (len(told.applies), sum(told.held.values()), told.refused) == (1, 0, 0)
