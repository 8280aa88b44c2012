"""Everything that is held about a patron is taken out as the role reads it, and recorded."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from tests.app.test_contacts import add as add_contact
from tests.app.test_disputes import objection
from tests.app.test_households import join, relate
from tests.app.test_preferences import NEWS, say
from tests.app.test_reveals import shown
from tests.app.test_teamwork import comment
from tests.support.called_off import CalledOff
from tests.support.engine import Engine
from tests.support.erasing import erase
from tests.support.factories import NEW, OLD, Desk, unchanged
from tests.support.houses import seat
from tests.support.shop import open_shop
from upstage_crm.audit.events import Action
from upstage_crm.change_requests.model.errors import PatronFrozen
from upstage_crm.change_requests.model.policy import DEFAULT
from upstage_crm.change_requests.model.rules import Decision
from upstage_crm.change_requests.reads import revert_windows
from upstage_crm.core.errors import Forbidden
from upstage_crm.households.rules import RelationKind
from upstage_crm.orders.transfers import giving
from upstage_crm.orders.views import Contact
from upstage_crm.patron_accounts import sessions
from upstage_crm.patrons import queries as patron_queries
from upstage_crm.patrons.details import notes
from upstage_crm.patrons.details.preferences import WORDING, Answer, Basis
from upstage_crm.patrons.errors import PatronErased, UnknownPatron
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.privacy import held_data
from upstage_crm.privacy.errors import ExportWaits
from upstage_crm.privacy.held_data import HeldData, Section
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role, StaffMember
from upstage_crm.waiting_list import joining

WORK, PHONE, BORN = "mara@work.example", "+12125550117", "1961-03-04"
NOTED, TOLD, PINNED = "Prefers the aisle", "She rings back on Monday", "Hard of hearing"
MAY = [role for role in Role if Permission.EXPORT_DATA in PERMISSIONS[role]]


@dataclass
class Full:
    """A patron about whom everything is held that can be, and another one."""

    desk: Desk
    patron: PatronRecord
    other: PatronRecord
    reference: str

    def export(self, actor: StaffMember | None = None) -> HeldData:
        who = actor or self.desk.owner
        return self.desk.act(who, held_data.export, patron_id=self.patron.id)


@pytest.fixture
def full(desk: Desk) -> Full:
    patron = desk.patron(
        phone=PHONE,
        date_of_birth=BORN,
        address_line1="1 Main Street",
        address_city="Springfield",
        address_country="US",
        tags="donor",
        free={"note": PINNED},
    )
    other = desk.patron("ola@example.com", "Ola", "Neighbour")
    add_contact(desk, patron, WORK)
    say(desk, patron, NEWS, Answer.YES, Basis.CONSENT)
    desk.act(desk.owner, notes.add, patron_id=patron.id, text=NOTED)
    join(desk, patron, other)
    relate(desk, patron, other, RelationKind.PARENT)
    request, link = desk.asked(patron)
    comment(desk, request, desk.owner, TOLD)
    desk.decide(link, Decision.REJECT)
    desk.deliver()
    shown(desk, desk.staff("Cleo", Role.BOX_OFFICE), patron)
    shop = open_shop(desk)
    contact = Contact(email="box@example.org", name="Mara at the desk", phone="+1 212 555 0142")
    filled = shop.filled(seat("A", 1), seat("A", 2), patron_id=patron.id)
    order = shop.order(shop.sell(filled, contact=contact).order_id)
    CalledOff(shop).do(
        lambda c: giving.offer(
            c,
            order_id=order.id,
            ticket_ids=[order.tickets[0].id],
            email="ben@example.org",
            language="en",
            in_window=lambda _session, _patron_id: False,
        )
    )
    wish = {"performance_id": shop.performance, "places": 2, "zone": "", "language": "en"}
    CalledOff(shop).do(lambda c: joining.join(c, email=OLD, **wish))
    shop.sold(seat("B", 1))  # somebody else's
    desk.write(
        lambda s: sessions.begin(
            s, patron_queries.lock(s, patron.id), browser="Firefox", now=desk.now
        )
    )
    return Full(desk, desk.record(patron), other, request.reference)


def test_every_section_holds_what_is_held(full: Full) -> None:
    held = full.export()

    assert list(held.sections) == list(Section)
    empty = [section for section, rows in held.sections.items() if not rows]
    assert empty == [Section.WAITING_LISTS], "a place is shown to a proven mailbox alone"
    details = {row["field"]: row["value"] for row in held.sections[Section.DETAILS]}
    assert details["email"] == OLD
    assert list(details) == list(FIELDS)
    (contact,) = held.sections[Section.OTHER_CONTACTS]
    assert contact["value"] == WORK
    (preference,) = held.sections[Section.PREFERENCES]
    assert (preference["answer"], preference["basis"], preference["source"]) == (
        *("yes", "consent"),
        "phone",
    )
    assert preference["wording"] == WORDING
    assert held.sections[Section.TAGS] == ({"tag": "donor"},)
    assert held.sections[Section.NOTES][0]["text"] == NOTED
    assert held.sections[Section.RECORD][0]["note"] == PINNED
    (change,) = held.sections[Section.CHANGES]
    assert (change["request"], change["proposed"], change["outcome"]) == (
        *(full.reference, NEW),
        "rejected",
    )
    (told,) = held.sections[Section.COMMENTS]
    assert (told["request"], told["text"]) == (full.reference, TOLD)
    assert {row["to"] for row in held.sections[Section.EMAILS]} >= {OLD, NEW}
    assert held.sections[Section.RECEIPTS][0]["request"] == full.reference
    (order,) = held.sections[Section.ORDERS]
    assert (order["name"], order["email"], order["total"]) == (
        *("Mara at the desk", "box@example.org"),
        "70.00",
    )
    tickets = held.sections[Section.TICKETS]
    assert [(one["order"], one["price"], one["ticket"]) for one in tickets] == [
        (order["order"], "35.00", "valid")
    ] * 2
    (given,) = held.sections[Section.TRANSFERS]
    assert "ben@example.org" not in given.values()
    (payment,) = held.sections[Section.PAYMENTS]
    assert (payment["order"], payment["paid_by"], payment["amount"]) == (
        *(order["order"], "terminal"),
        "70.00",
    )
    assert [row["action"] for row in held.sections[Section.LOOKS]] == [
        "patron.data_exported",
        "patron.value_revealed",
    ]


def test_other_people_are_in_it_by_number_alone(full: Full) -> None:
    held = full.export()

    assert {row["patron"] for row in held.sections[Section.HOUSEHOLD]} == {
        full.patron.number,
        full.other.number,
    }
    assert "Neighbour" not in json.dumps(held.as_json(), ensure_ascii=False)
    assert "ola@example.com" not in json.dumps(held.as_json(), ensure_ascii=False)


def test_what_is_masked_for_a_role_is_masked_in_it(full: Full) -> None:
    auditor = full.desk.staff("Ada", Role.AUDITOR)

    held = full.export(auditor)

    text = json.dumps(held.as_json(), ensure_ascii=False)
    secrets = (OLD, NEW, WORK, PHONE, BORN, "March 4, 1961", "1 Main Street", "555-0117")
    secrets += ("box@example.org", "+1 212 555 0142")
    assert [secret for secret in secrets if secret in text] == []
    assert not held.is_whole
    assert full.export().is_whole


def test_who_took_it_is_an_entry_of_the_trail_and_the_copy_stands_on_it(full: Full) -> None:
    held = full.export()

    line = full.desk.lines()[-1]
    assert (line.action, line.patron_id) == (Action.DATA_EXPORTED, full.patron.id)
    assert held.head is not None
    assert held.head[0] == line.seq
    assert held.as_json()["trail"] == {"entry": line.seq, "hash": held.head[1]}
    assert full.desk.chain_is_whole()


def test_the_whole_history_is_in_it_however_long(
    full: Full, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_data, "AT_ONCE", 2)

    history = full.export().sections[Section.HISTORY]

    lines = full.desk.lines(patron_id=full.patron.id)
    assert len({(row["at"], row["action"]) for row in history}) == len(
        {(line.at, line.action) for line in lines}
    )


@pytest.mark.parametrize("role", [role for role in Role if role not in MAY])
def test_other_roles_take_nothing_out(full: Full, role: Role) -> None:
    actor = full.desk.staff("Kit", role)

    unchanged(full.desk, lambda: full.export(actor), Forbidden)


def test_inside_a_revert_window_nothing_is_taken_out(desk: Desk) -> None:
    """The record may not be this person's: see `docs/rules.md`, *Windows*."""
    patron = desk.patron()
    request, link = desk.asked(patron)
    desk.decide(link)
    desk.take_effect(request)

    refusal = unchanged(
        desk, lambda: desk.act(desk.owner, held_data.export, patron_id=patron.id), ExportWaits
    )

    assert refusal.facts["reference"] == request.reference


def test_what_staff_put_back_has_a_window_too(engine: Engine) -> None:
    patron = engine.patron()
    request, _link = engine.asked(patron)
    engine.decide(engine.claims(NEW))
    engine.clock.advance(DEFAULT.revert_window / 2)
    engine.revert(request, engine.owner)
    assert engine.email(patron) == OLD

    def taken() -> object:
        return engine.act(engine.owner, held_data.export, patron_id=patron.id)

    refusal = unchanged(engine, taken, ExportWaits)
    assert refusal.facts["until"] == engine.now + DEFAULT.revert_window
    assert engine.read(lambda s: revert_windows.patrons(s, now=engine.now)) == {patron.id}
    engine.clock.advance(DEFAULT.revert_window)
    assert not engine.read(lambda s: revert_windows.patrons(s, now=engine.now))
    taken()


def test_of_a_record_in_dispute_nothing_is_taken_out(engine: Engine) -> None:
    """Who asks for the copy may be who took the record over."""
    patron = engine.patron()
    engine.asked(patron)
    engine.decide(engine.claims(NEW))
    engine.clock.advance(DEFAULT.revert_window * 2)
    engine.decide(objection(engine, OLD), Decision.OBJECT)

    unchanged(
        engine,
        lambda: engine.act(engine.owner, held_data.export, patron_id=patron.id),
        PatronFrozen,
    )


def test_an_erased_record_and_none_hold_nothing(desk: Desk) -> None:
    patron = desk.patron()
    erase(desk, patron)

    for patron_id, kind in ((patron.id, PatronErased), ("none", UnknownPatron)):
        unchanged(
            desk,
            lambda one=patron_id: desk.act(desk.owner, held_data.export, patron_id=one),
            kind,
        )
