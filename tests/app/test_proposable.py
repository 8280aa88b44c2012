"""What a record says can be proposed is what a proposal then accepts."""

from __future__ import annotations

import pytest
from sqlmodel import Session

from tests.app.test_disputes import objection
from tests.support.engine import Engine
from tests.support.factories import NEW, OLD
from upstage_crm.change_requests.lifecycle.preview import preview
from upstage_crm.change_requests.model import errors
from upstage_crm.change_requests.model.rules import Decision, ReasonCode, RequestPath
from upstage_crm.change_requests.reads.proposable import Obstacle, Proposable, proposable
from upstage_crm.links.claims import Reviewer
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.patrons.tables import PatronStatus
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.staff.roles import Role, StaffMember

WANTED = {
    "email": {"email": NEW},
    "phone": {"phone": "+1 212 555 0199"},
    "name": {"given_name": "Mary"},
    "address": {"address_line1": "1 High St", "address_city": "York", "address_country": "GB"},
    "date_of_birth": {"date_of_birth": "1990-01-01"},
}
REST = frozenset(FIELDS) - {"email"}


def told(engine: Engine, patron: PatronRecord, actor: StaffMember) -> Proposable:
    """What the record says, compared with what a proposal of each field answers."""
    said = engine.read(lambda session: proposable(session, patron.id, actor=actor))
    for key in FIELDS:
        assert accepts(engine, patron, actor, key, RequestPath.LINK) is (key in said.by_email), key
        if key in said.at_desk:
            assert accepts(engine, patron, actor, key, RequestPath.DESK), key
    return said


def accepts(
    engine: Engine, patron: PatronRecord, actor: StaffMember, key: str, path: RequestPath
) -> bool:
    def look(session: Session) -> bool:
        preview(
            engine.staff_context(session, actor),
            patron_id=patron.id,
            changes={key: WANTED[key]},
            reason_code=ReasonCode.ASKED_BY_PHONE,
            reason_text="",
            parsing=engine.context,
            path=path,
        )
        return True

    try:
        return engine.read(look)
    except (errors.NoMailbox, errors.PatronInactive, errors.PatronFrozen, errors.OwnRecord):
        return False


@pytest.fixture
def clerk(engine: Engine) -> StaffMember:
    return engine.staff("Ines", Role.BOX_OFFICE)


def test_a_working_mailbox_is_asked_about_everything(engine: Engine, clerk: StaffMember) -> None:
    said = told(engine, engine.patron(), clerk)

    assert said == Proposable(by_email=frozenset(FIELDS))


def test_without_an_address_only_a_new_one_is_asked_by_email(
    engine: Engine, clerk: StaffMember
) -> None:
    said = told(engine, engine.patron(""), clerk)

    assert said == Proposable(Obstacle.NO_EMAIL, frozenset({"email"}), REST)


def test_a_protected_patron_without_an_address_comes_to_the_desk(
    engine: Engine, clerk: StaffMember
) -> None:
    patron = engine.patron("")
    engine.protect(patron, engine.owner)

    said = told(engine, patron, clerk)

    assert said == Proposable(Obstacle.NO_EMAIL, frozenset(), frozenset(FIELDS))


@pytest.mark.parametrize("status", [PatronStatus.INACTIVE, PatronStatus.DECEASED])
def test_nobody_asks_a_patron_who_is_not_active(
    engine: Engine, clerk: StaffMember, status: PatronStatus
) -> None:
    patron = engine.patron()
    engine.set_status(patron, status)

    said = told(engine, patron, clerk)

    assert said == Proposable(Obstacle(status.value))


def test_a_record_in_dispute_offers_no_proposal(engine: Engine, clerk: StaffMember) -> None:
    patron = engine.patron()
    _request, link = engine.asked(patron)
    engine.decide(link)
    engine.decide(objection(engine, OLD), Decision.OBJECT)

    assert told(engine, patron, clerk) == Proposable(Obstacle.FROZEN)


def test_nobody_proposes_for_the_own_record(engine: Engine) -> None:
    member = engine.staff("Mara", Role.BOX_OFFICE, email="mara@desk.example")
    patron = engine.patron("mara@desk.example")

    assert told(engine, patron, member) == Proposable(Obstacle.OWN_RECORD)


def test_a_mailbox_that_bounced_once_is_still_asked(engine: Engine, clerk: StaffMember) -> None:
    patron = engine.patron()
    request = engine.propose(patron, changes={"phone": WANTED["phone"]})
    engine.deliver()
    engine.bounce(request, Reviewer.CURRENT)

    assert told(engine, patron, clerk) == Proposable(Obstacle.BOUNCED, frozenset(FIELDS))


def test_a_mailbox_that_is_lost_is_not_asked(engine: Engine, clerk: StaffMember) -> None:
    patron = engine.patron()
    engine.lose_mailbox(engine.propose(patron, changes={"phone": WANTED["phone"]}))

    assert told(engine, patron, clerk) == Proposable(
        Obstacle.MAILBOX_DEAD, frozenset({"email"}), REST
    )


def test_who_may_not_propose_learns_of_the_obstacle_alone(engine: Engine) -> None:
    auditor = engine.staff("Ana", Role.AUDITOR)

    said = engine.read(lambda s: proposable(s, engine.patron("").id, actor=auditor))

    assert said == Proposable(Obstacle.NO_EMAIL)
