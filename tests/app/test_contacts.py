"""Other emails and phones of a patron: they find the record, and never decide anything."""

from __future__ import annotations

import pytest

from tests.support.engine import Engine
from tests.support.erasing import erase
from tests.support.factories import NEW, OLD, Desk, days, unchanged
from upstage_crm.audit.events import Action
from upstage_crm.change_requests.model.rules import Decision
from upstage_crm.change_requests.notifications.link_mailboxes import mailboxes_of
from upstage_crm.core.email_address import InvalidEmail
from upstage_crm.core.errors import Forbidden, UpstageError
from upstage_crm.patrons.details import contacts, edit_contacts
from upstage_crm.patrons.errors import (
    AddressSuppressed,
    ContactsFull,
    ContactThere,
    InvalidValue,
    PatronErased,
    UnknownContact,
    UnknownField,
)
from upstage_crm.patrons.search import patron_list
from upstage_crm.patrons.views import ContactPlace, PatronRecord
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role, StaffMember

WORK, SHARED = "mara@work.example", "family@example.org"
PHONE, MOBILE = "+12125550117", "+12125550199"


@pytest.fixture
def engine(desk: Desk) -> Engine:
    return Engine(desk.database, desk.clock)


def add(
    desk: Desk,
    patron: PatronRecord,
    value: str,
    field: str = "email",
    actor: StaffMember | None = None,
) -> None:
    who = actor or desk.owner
    desk.write(
        lambda session: edit_contacts.add(
            desk.staff_context(session, who),
            patron_id=patron.id,
            field=field,
            raw={field: value},
            parsing=desk.context,
        )
    )


def remove(desk: Desk, patron: PatronRecord, key: str, field: str = "email") -> None:
    desk.write(
        lambda session: edit_contacts.remove(
            desk.staff_context(session, desk.owner), patron_id=patron.id, field=field, key=key
        )
    )


def held(desk: Desk, patron: PatronRecord) -> list[tuple[str, str]]:
    found = desk.read(lambda session: contacts.of_patron(session, patron.id))
    return [(one.value, one.place.value) for one in found]


def found(desk: Desk, query: str, reader: Role = Role.OWNER) -> list[int]:
    """Who is found by these words as they are; none by words that were corrected."""
    page = desk.read(lambda session: patron_list.page(session, query=query, reader=reader))
    return [] if page.words else [line.number for line in page.lines]


# --- what staff keep -------------------------------------------------------------------------


def test_a_secondary_contact_is_kept_found_and_removed(desk: Desk) -> None:
    patron = desk.patron()
    add(desk, patron, "Mara@Work.example")
    add(desk, patron, "(212) 555-0199", "phone")

    assert sorted(held(desk, patron)) == [(MOBILE, "secondary"), ("Mara@work.example", "secondary")]
    for query in (WORK, "work.example", "212 555 0199", "5550199"):
        assert found(desk, query) == [patron.number], query
    line = desk.lines(action=Action.PATRON_EDITED)[-1]
    assert (line.facts["fields"], line.values["other_contacts.new"]) == ("other_contacts", MOBILE)
    remove(desk, patron, WORK)

    assert held(desk, patron) == [(MOBILE, "secondary")]
    assert found(desk, WORK) == []
    unchanged(desk, lambda: remove(desk, patron, WORK), UnknownContact)


def test_a_family_shares_a_secondary_address(desk: Desk) -> None:
    one, two = desk.patron(), desk.patron(NEW)

    for patron in (one, two):
        add(desk, patron, SHARED)

    assert sorted(found(desk, SHARED)) == sorted([one.number, two.number])


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("email", OLD.upper(), ContactThere),
        ("email", WORK, ContactThere),
        ("email", "no address", InvalidEmail),
        ("phone", "12", InvalidValue),
        ("name", "Mara", UnknownField),
        ("date_of_birth", "1961-03-04", UnknownField),
    ],
)
def test_what_is_no_other_contact_is_refused(
    desk: Desk, field: str, value: str, kind: type[UpstageError]
) -> None:
    patron = desk.patron()
    add(desk, patron, WORK)

    unchanged(desk, lambda: add(desk, patron, value, field), kind)


def test_a_patron_has_at_most_twenty_others(desk: Desk) -> None:
    patron = desk.patron()
    for n in range(edit_contacts.MOST_CONTACTS):
        add(desk, patron, f"mara{n}@work.example")

    unchanged(desk, lambda: add(desk, patron, WORK), ContactsFull)


def test_only_those_who_may_edit_a_record_add_contacts(desk: Desk) -> None:
    patron = desk.patron()
    for role in Role:
        member = desk.staff(f"M{role.value}", role)
        if Permission.EDIT_PATRON not in PERMISSIONS[role]:
            unchanged(desk, lambda who=member: add(desk, patron, WORK, actor=who), Forbidden)


# --- what a change replaces ------------------------------------------------------------------


def test_an_approved_change_keeps_what_it_replaces(desk: Desk) -> None:
    patron = desk.patron(phone=PHONE)
    desk.decide(desk.asked(patron, NEW)[1])
    desk.clock.advance(days(4))  # inside the revert window a further change would wait
    desk.propose(patron, changes={"phone": {"phone": MOBILE}})
    desk.decide(desk.claims(NEW))

    assert sorted(held(desk, patron)) == [(PHONE, "previous"), (OLD, "previous")]
    assert found(desk, OLD) == [patron.number]
    assert found(desk, "5550117") == [patron.number]


def test_what_comes_onto_the_record_is_no_other_contact_any_more(desk: Desk) -> None:
    patron = desk.patron()
    add(desk, patron, NEW)

    desk.decide(desk.asked(patron, NEW)[1])

    assert held(desk, patron) == [(OLD, "previous")]


def test_a_change_that_is_undone_leaves_no_trace_of_the_mailbox_it_brought(desk: Desk) -> None:
    """The address of the thief who took the record over is not the patron's."""
    patron = desk.patron()
    desk.decide(desk.asked(patron, NEW)[1])
    assert held(desk, patron) == [(OLD, "previous")]

    desk.decide(desk.claims(OLD), Decision.OBJECT)

    assert desk.email(patron) == OLD
    assert held(desk, patron) == []


# --- they decide nothing ---------------------------------------------------------------------


def test_no_mail_and_no_link_ever_goes_to_another_contact(engine: Engine) -> None:
    """At the reviewers' door and at the dispatcher's: through a whole life of requests."""
    desk = engine
    patron = desk.patron(phone=PHONE)
    add(desk, patron, WORK)
    add(desk, patron, SHARED)
    desk.decide(desk.asked(patron, NEW)[1])
    previous = OLD

    desk.clock.advance(days(4))
    first = desk.propose(patron, changes={"phone": {"phone": MOBILE}})
    desk.deliver()
    desk.clock.advance(days(1))
    desk.resend(first)
    desk.deliver()
    desk.decide(desk.claims(NEW))
    second = desk.propose(patron, "third@example.com", ask_both=True)
    desk.deliver()
    asked = [desk.claims(to) for to in (NEW, "third@example.com") if desk.tokens(to)]
    assert len(asked) == 2
    for claims in asked:
        mailboxes = desk.read(lambda session, claims=claims: mailboxes_of(session, claims))
        assert not mailboxes & {WORK, SHARED, previous}
    desk.withdraw(second)
    desk.deliver()

    since = [message.to for message in desk.mailbox.messages]
    assert not {WORK, SHARED} & set(since)
    addresses = desk.column("SELECT DISTINCT mailbox FROM review")
    assert not {WORK, SHARED} & set(addresses)


def test_a_suppressed_address_is_no_contact_and_a_known_one_is_marked(desk: Desk) -> None:
    patron, other = desk.patron(), desk.patron("other@example.com")
    add(desk, other, NEW)
    desk.decide(desk.asked(patron, NEW)[1], Decision.OBJECT)

    unchanged(desk, lambda: add(desk, patron, NEW), AddressSuppressed)
    (known,) = desk.read(lambda session: contacts.of_patron(session, other.id))
    assert known.is_suppressed


# --- masks and erasure -----------------------------------------------------------------------


def test_a_masked_role_finds_another_contact_by_the_whole_value_only(desk: Desk) -> None:
    patron = desk.patron()
    add(desk, patron, WORK)

    assert found(desk, "work.example", Role.AUDITOR) == []
    assert found(desk, WORK, Role.AUDITOR) == [patron.number]


def test_contacts_go_with_their_patron(desk: Desk) -> None:
    patron = desk.patron()
    add(desk, patron, WORK)

    erase(desk, patron)

    assert held(desk, patron) == []
    assert "work.example" not in repr(desk.dump())
    unchanged(desk, lambda: add(desk, patron, WORK), PatronErased)


def test_secondary_contacts_come_before_previous_ones(desk: Desk) -> None:
    patron = desk.patron()
    desk.decide(desk.asked(patron, NEW)[1])
    add(desk, patron, WORK)

    assert [place for _value, place in held(desk, patron)] == [
        ContactPlace.SECONDARY.value,
        ContactPlace.PREVIOUS.value,
    ]
