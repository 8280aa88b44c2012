"""What becomes of a change that is contested: put back when nothing has to be guessed, else
frozen for two people."""

from __future__ import annotations

from datetime import timedelta

from tests.support.engine import Engine
from tests.support.factories import NEW, OLD, days, unchanged
from upstage_crm.change_requests.model.errors import (
    NoteMissing,
    PatronFrozen,
    RevertWindowOver,
    SamePerson,
)
from upstage_crm.change_requests.model.policy import DEFAULT
from upstage_crm.change_requests.model.rules import (
    Decision,
    RequestState,
)
from upstage_crm.core.errors import Forbidden
from upstage_crm.links.claims import LinkClaims, Purpose
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.staff.roles import Role, StaffMember

SECOND = "mallory@evil.example.org"


def objection(engine: Engine, to: str, which: int = -1) -> LinkClaims:
    """An objection link that `to` got."""
    engine.deliver()
    found = [engine.codec.read(token) for token in engine.tokens(to)]
    return [claims for claims in found if claims.purpose is Purpose.OBJECTION][which]


def decision(engine: Engine, to: str) -> LinkClaims:
    """The newest link to decide that `to` got."""
    engine.deliver()
    found = [engine.codec.read(token) for token in engine.tokens(to)]
    return [claims for claims in found if claims.purpose is Purpose.DECISION][-1]


def is_frozen(engine: Engine, patron: PatronRecord) -> bool:
    return (
        engine.scalar(
            "SELECT count(*) FROM patron_freeze WHERE cleared_at IS NULL "
            f"AND patron_id = '{patron.id}'"
        )
        == 1
    )


def test_an_objection_inside_the_window_puts_back_and_freezes(
    engine: Engine, rosa: StaffMember
) -> None:
    """Case 39: everybody is told, and nothing is proposed before two members have looked."""
    clerk = engine.staff("Vic", Role.BOX_OFFICE)
    patron = engine.patron()
    request, link = engine.asked(patron)
    engine.decide(link)
    engine.clock.advance(DEFAULT.revert_window - timedelta(seconds=1))

    assert RequestState.REVERTED is engine.decide(objection(engine, OLD), Decision.OBJECT)

    assert engine.email(patron) == OLD
    told = engine.told(request)
    assert {("change_reverted", OLD), ("change_reverted", NEW)} < set(told)
    assert ("record_frozen", "rosa@staff.example.org") in told
    unchanged(engine, lambda: engine.propose(patron, "other@example.org"), PatronFrozen)
    assert not engine.clear(patron, rosa)
    unchanged(engine, lambda: engine.clear(patron, rosa), SamePerson)
    unchanged(engine, lambda: engine.clear(patron, engine.owner, note=" "), NoteMissing)
    unchanged(engine, lambda: engine.clear(patron, clerk), Forbidden)
    assert engine.clear(patron, engine.owner)
    assert RequestState.PENDING is engine.state(engine.propose(patron, "other@example.org"))


def test_an_objection_after_the_window_opens_a_dispute_and_undoes_nothing(engine: Engine) -> None:
    """Case 39: two people look; guessing after so long would take a mailbox from its owner."""
    patron = engine.patron()
    request, link = engine.asked(patron)
    engine.decide(link)
    claims = objection(engine, OLD)
    engine.clock.advance(DEFAULT.revert_window)
    unchanged(engine, lambda: engine.revert(request, engine.owner), RevertWindowOver)

    assert engine.decide(claims, Decision.OBJECT) is RequestState.APPROVED

    assert engine.email(patron) == NEW
    assert is_frozen(engine, patron)
    unchanged(engine, lambda: engine.propose(patron, "other@example.org"), PatronFrozen)


def test_an_address_taken_meanwhile_is_not_put_back(engine: Engine) -> None:
    """Another patron has the old address by now: two people look, and nothing is lost."""
    patron = engine.patron()
    _request, link = engine.asked(patron)
    engine.decide(link)
    claims = objection(engine, OLD)
    engine.patron(OLD, "Another")

    engine.decide(claims, Decision.OBJECT)

    assert engine.email(patron) == NEW
    assert is_frozen(engine, patron)


def test_each_field_is_put_back_by_itself(engine: Engine) -> None:
    """Case 39: what has moved on since stays, what still stands comes back."""
    patron = engine.patron(phone="+1 212 555 0100")
    name = {"name": {"given_name": "Maren", "family_name": "Smith"}}
    request = engine.propose(patron, changes={"phone": {"phone": "+1 212 555 0199"}} | name)
    engine.decide(decision(engine, OLD))
    engine.propose(patron, changes={"phone": {"phone": "+1 212 555 0111"}})
    engine.decide(decision(engine, OLD))

    assert RequestState.REVERTED is engine.revert(request, engine.owner)

    values = engine.record(patron).values
    assert (values["given_name"], values["phone"]) == ("Mara", "+12125550111")
    assert is_frozen(engine, patron)


def test_an_objection_while_pending_flags_and_asks_both_from_then_on(engine: Engine) -> None:
    """A record in question is treated as a protected one."""
    patron = engine.patron()
    request = engine.propose(patron, changes={"phone": {"phone": "+1 212 555 0199"}})
    assert RequestState.REJECTED is engine.decide(decision(engine, OLD), Decision.OBJECT)
    assert RequestState.REJECTED is engine.state(request)

    again = engine.propose(patron, "other@example.org")

    (field,) = engine.view(again).fields
    assert len(field.reviewers) == 2
    assert engine.decide(decision(engine, "other@example.org")) is RequestState.PENDING
    engine.clock.advance(days(6))  # silence is a no
    assert not engine.take_effect(again)
    assert engine.email(patron) == OLD


def test_the_desk_is_stopped_by_the_current_address(engine: Engine, rosa: StaffMember) -> None:
    """During the wait one press ends it; nothing is written, and the proposer hears of it."""
    patron = engine.patron()
    request = engine.identify(patron, engine.owner)
    engine.vouch(request, rosa)
    engine.decide(decision(engine, NEW))

    assert engine.decide(decision(engine, OLD), Decision.REJECT) is RequestState.REJECTED

    assert not engine.take_effect(request, after=days(4))
    assert engine.email(patron) == OLD
    assert ("staff_outcome", "dana@staff.example.org") in engine.told(request)


def test_a_change_of_the_desk_can_be_put_back(engine: Engine, rosa: StaffMember) -> None:
    """The mail that tells of it reaches the mailbox that was silent: it can still object."""
    patron = engine.patron()
    request = engine.identify(patron, engine.owner)
    engine.vouch(request, rosa)
    assert engine.decide(decision(engine, NEW)) is RequestState.WAITING
    assert engine.take_effect(request, after=DEFAULT.desk_wait)
    assert engine.email(patron) == NEW
    engine.clock.advance(timedelta(hours=1))

    assert RequestState.REVERTED is engine.decide(objection(engine, OLD), Decision.OBJECT)
    assert engine.email(patron) == OLD


def test_an_address_taken_during_the_wait_ends_the_desks_change(
    engine: Engine, rosa: StaffMember
) -> None:
    patron = engine.patron()
    request = engine.identify(patron, engine.owner)
    engine.vouch(request, rosa)
    engine.decide(decision(engine, NEW))
    engine.patron(NEW, "Another")

    assert engine.take_effect(request, after=DEFAULT.desk_wait)

    assert RequestState.WITHDRAWN is engine.state(request)
    assert engine.email(patron) == OLD


def test_a_declined_identification_ends_the_request(engine: Engine, rosa: StaffMember) -> None:
    patron = engine.patron()
    request = engine.identify(patron, engine.owner)
    unchanged(engine, lambda: engine.decline(request, rosa, note=""), NoteMissing)

    engine.decline(request, rosa)

    assert RequestState.WITHDRAWN is engine.state(request)
    assert [mail for mail in engine.queued() if mail[1] in (OLD, NEW)] == []
