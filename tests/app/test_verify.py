"""`audit verify` finds what was written with the guards dropped, and says where, never what."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from tests.support.factories import NEW, OLD, PROTECTED, Desk
from tests.support.keyring import OTHER_RING, rotate
from tests.support.proof import OTHER, verified, verified_after
from upstage_crm.audit.chain import Broken
from upstage_crm.audit.findings import Problem
from upstage_crm.audit.signing import KeyRing
from upstage_crm.change_requests.desk import identify as at_desk
from upstage_crm.change_requests.model.policy import DEFAULT
from upstage_crm.change_requests.model.rules import (
    Decision,
    DeskMethod,
    ReasonCode,
)
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.proof import reconcile_patrons as patron_reconciling
from upstage_crm.proof import verifying
from upstage_crm.proof.verifying import Report, verify
from upstage_crm.staff.roles import Role
from upstage_crm.tables import metadata
from upstage_crm.wording.actions import difference_words

pytestmark = pytest.mark.each_database

NO_RECEIPT = ((Problem.RECEIPT_MISSING, "email"),)
COLUMNS = {column: key for key, columns in PROTECTED.items() for column in columns}


@dataclass
class House:
    """Mara, whose new address was applied and whose phone is asked for; Ole, who rejected."""

    desk: Desk
    mara: PatronRecord
    ole: PatronRecord
    applied: str
    open: str

    def clean(self) -> Report:
        report = verified(self.desk)
        assert report.is_clean, report
        return report

    def after(self, *statements: str, guarded: bool = True) -> Report:
        """What `verify` finds after SQL by the owner of the database; then all of it is undone."""
        return verified_after(self.desk, *statements, guarded=guarded)

    def finds(
        self,
        problem: Problem,
        *statements: str,
        field: str | None = None,
        besides: tuple[tuple[Problem, str | None], ...] = (),
    ) -> Report:
        """One difference in this field, `besides` and no more; no sentence holds a value."""
        report = self.after(*statements)
        assert not report.is_clean
        found = [(d.problem, d.field) for d in report.differences]
        assert found == [(problem, field), *besides], statements
        words = " ".join(difference_words(one) for one in report.differences)
        for value in (OLD, NEW, "evil", "Main Street", "+1212"):
            assert value not in words
        return report


@pytest.fixture
def house(desk: Desk) -> House:
    mara = desk.patron(
        phone="+1 212 555 0101",
        address_line1="1 Main Street",
        address_city="Springfield",
        address_country="US",
        date_of_birth="1961-03-04",
    )
    ole = desk.patron(email="ole@example.com", given_name="Ole", family_name="")
    request, link = desk.asked(mara)
    desk.decide(link)
    _rejected, link = desk.asked(ole, "ole.new@example.org")
    desk.decide(link, Decision.REJECT)
    waiting = desk.propose(mara, changes={"phone": {"phone": "+1 212 555 0199"}})
    changes = [desk.view(r).fields[0].id for r in (request, waiting)]
    return House(desk, mara, ole, *changes)


def test_an_honest_house_is_clean(house: House) -> None:
    report = house.clean()

    assert (report.patrons, report.field_changes) == (2, 3)
    assert report.entries == house.desk.entries


def test_every_overwritten_column_is_named(house: House) -> None:
    """Protected and derived, to another value and to nothing; also one that was never known."""
    where = f"WHERE id = '{house.mara.id}'"
    for column, field in COLUMNS.items():
        problem = Problem.VALUE if column in FIELDS[field].columns else Problem.DERIVED
        evil = "'ZZ'" if column == "address_country" else "'evil'"
        for value in (evil, "NULL"):
            held = house.desk.scalar(f"SELECT {column} FROM patron {where}")
            if value == "NULL" and held is None:
                continue
            report = house.finds(
                problem, f"UPDATE patron SET {column} = {value} {where}", field=field
            )
            assert house.mara.number == report.differences[0].number
    house.clean()


def test_a_value_swapped_with_its_keys_is_named_with_its_entry(house: House) -> None:
    """The back door that fits: value and key agree, only the trail knows better."""
    evil = "email = 'evil@example.org', email_key = 'evil@example.org'"
    report = house.finds(
        Problem.VALUE, f"UPDATE patron SET {evil} WHERE id = '{house.mara.id}'", field="email"
    )

    applied = house.desk.lines(action="field.applied")[-1]
    assert applied.seq == report.differences[0].seq
    assert (
        f"Patron {house.mara.number}, email address: the record does not hold what entry "
        f"{applied.seq} of the trail wrote."
    ) == difference_words(report.differences[0])


def test_what_stood_before_the_last_entry_is_no_excuse(house: House) -> None:
    """The address that the record held before the approved change."""
    back = f"email = '{OLD}', email_key = '{OLD}'"
    house.finds(
        Problem.VALUE, f"UPDATE patron SET {back} WHERE id = '{house.mara.id}'", field="email"
    )


def test_an_approval_forged_by_raw_sql_is_found(house: House) -> None:
    """The guards let it pass, because it looks like the commands' own work; the trail does not."""
    key = "+12125550199"
    report = house.after(
        f"UPDATE review SET decision = 'approve' WHERE field_change_id = '{house.open}'",
        f"UPDATE field_change SET outcome = 'approved' WHERE id = '{house.open}'",
        f"UPDATE patron SET phone = '{key}', phone_key = '{key}' WHERE id = '{house.mara.id}'",
        f"UPDATE field_change SET outcome = 'applied' WHERE id = '{house.open}'",
    )

    found = {(d.problem, d.number, d.field) for d in report.differences}
    assert {
        (Problem.VALUE, house.mara.number, "phone"),
        (Problem.CHANGE_OUTCOME, house.mara.number, "phone"),
        (Problem.RECEIPT_MISSING, house.mara.number, "phone"),
    } == found


def test_a_record_from_nowhere_and_a_record_that_went_are_found(house: House) -> None:
    columns = [column.name for column in metadata.tables["patron"].columns]
    new = {"id": "'f'", "number": "99", "email": "NULL", "email_key": "NULL"}
    copied = ", ".join(new.get(name, name) for name in columns)
    insert = (
        f"INSERT INTO patron ({', '.join(columns)}) "
        f"SELECT {copied} FROM patron WHERE id = '{house.ole.id}'"
    )
    assert house.finds(Problem.NEVER_ADDED, insert).differences[0].number == 99
    lonely = house.desk.patron(email="lonely@example.com")
    report = house.finds(
        Problem.RECORD_GONE,
        f"DELETE FROM patron_term WHERE patron_number = {lonely.number}",
        f"DELETE FROM patron WHERE id = '{lonely.id}'",
        besides=((Problem.ROW_GONE, None),),
    )
    added = house.desk.lines(action="patron.added", patron_id=lonely.id)[0]
    assert added.seq == report.differences[0].seq
    house.clean()


def test_an_altered_field_change_is_named(house: House) -> None:
    where = f"WHERE id = '{house.applied}'"
    evil = f"replace(proposed_value, '{NEW}', 'evil@example.org')"
    house.finds(
        Problem.CHANGE_VALUE,
        f"UPDATE field_change SET proposed_value = {evil} {where}",
        field="email",
        besides=NO_RECEIPT,
    )
    house.finds(
        Problem.CHANGE_VALUE,
        f"UPDATE field_change SET current_value = '{{}}' {where}",
        field="email",
        besides=NO_RECEIPT,
    )
    key = '"email_key":"{}"'
    house.finds(
        Problem.CHANGE_KEY,
        f"UPDATE field_change SET proposed_value = replace(proposed_value, "
        f"'{key.format(NEW)}', '{key.format('evil@example.org')}') {where}",
        field="email",
    )
    house.finds(
        Problem.CHANGE_KEY, f"UPDATE field_change SET proposed_key = 'x' {where}", field="email"
    )
    house.finds(
        Problem.CHANGE_OUTCOME,
        f"UPDATE field_change SET outcome = 'rejected' {where}",
        field="email",
    )
    house.finds(
        Problem.CHANGE_UNAPPROVED,
        f"UPDATE review SET decision = 'reject' WHERE field_change_id = '{house.applied}'",
        field="email",
    )
    house.finds(
        Problem.CHANGE_OUTCOME,
        f"UPDATE field_change SET outcome = 'nonsense' {where}",
        field="email",
    )
    report = house.finds(
        Problem.CHANGE_VALUE,
        f"UPDATE field_change SET proposed_value = 'no JSON' {where}",
        field="email",
        besides=NO_RECEIPT,
    )
    assert house.mara.number == report.differences[0].number
    assert report.differences[0].reference is not None
    house.clean()


def test_a_field_change_that_went_or_came_is_found(house: House) -> None:
    report = house.after(
        f"DELETE FROM review WHERE field_change_id = '{house.applied}'",
        f"DELETE FROM field_change WHERE id = '{house.applied}'",
    )
    assert {Problem.CHANGE_GONE, Problem.ROW_ALTERED} == {d.problem for d in report.differences}
    house.finds(
        Problem.CHANGE_UNKNOWN,
        "INSERT INTO field_change (id, request_id, patron_id, field, kind, current_value, "
        "proposed_value, proposed_key, outcome, settled_at) SELECT 'x', request_id, patron_id, "
        "'name', kind, current_value, proposed_value, proposed_key, 'lapsed', settled_at "
        f"FROM field_change WHERE id = '{house.open}'",
        field="name",
    )


def test_an_altered_a_forged_and_a_missing_receipt_are_named(house: House) -> None:
    desk, where = house.desk, "WHERE event = 'approved'"
    issued = next(line.seq for line in desk.lines(action="receipt.issued"))
    other = f"SELECT signature FROM receipt {where.replace('approved', 'rejected')}"
    for change in (
        "body = replace(body, 'approved', 'rejected')",
        "event = 'rejected'",
        "reviewer = 'staff'",
        f"patron_id = '{house.ole.id}'",
        f"signature = ({other})",
        f"kid = '{OTHER.kid}'",
        "at = '2001-01-01 00:00:00.000000'",
        "body = '['",
    ):
        besides = NO_RECEIPT if change == "body = '['" else ()
        report = house.finds(
            Problem.RECEIPT, f"UPDATE receipt SET {change} {where}", besides=besides
        )
        assert issued == report.differences[0].seq
    gone = house.finds(Problem.RECEIPT_GONE, f"DELETE FROM receipt {where}", besides=NO_RECEIPT)
    assert issued == gone.differences[0].seq
    columns = [column.name for column in metadata.tables["receipt"].columns]
    copied = ", ".join("'x'" if name == "id" else name for name in columns)
    house.finds(
        Problem.RECEIPT_UNKNOWN,
        f"INSERT INTO receipt ({', '.join(columns)}) SELECT {copied} FROM receipt {where}",
    )
    house.clean()


def test_a_receipt_of_a_key_that_the_trail_does_not_name_is_a_finding(house: House) -> None:
    house.desk.room = replace(house.desk.room, signer=OTHER)
    _request, link = house.desk.asked(house.ole, "ole.third@example.org")
    house.desk.decide(link, Decision.REJECT)

    report = verified(house.desk)

    assert [d.problem for d in report.differences] == [Problem.RECEIPT_KEY]


def test_receipts_and_rows_of_a_key_that_was_replaced_hold_without_it(house: House) -> None:
    """The trail names the key, and the key that replaced it is known."""
    rotate(house.desk.database, to=OTHER_RING, now=house.desk.now)
    rotate(house.desk.database, to=KeyRing([("other", b"o" * 32)]), now=house.desk.now)
    keys = {OTHER.kid: OTHER.public_key}

    report = house.desk.read(lambda session: verify(session, protected=PROTECTED, public_keys=keys))

    assert report.is_clean, report
    assert report.receipts == 2


def test_a_trail_under_a_key_that_nobody_trusts_is_broken(house: House) -> None:
    report = house.desk.read(lambda session: verify(session, protected=PROTECTED, public_keys={}))

    assert report.broken == Broken(1, "unknown_key")


def test_removed_evidence_is_named(house: House) -> None:
    """Who overwrites a value may delete what it was compared with: that alone is a finding."""
    entry = house.desk.lines(action="field.applied")[-1]
    report = house.after(
        f"DELETE FROM audit_value WHERE seq = {entry.seq} AND name = 'email.new'",
        f"UPDATE patron SET email = 'evil@example.org', email_key = 'evil@example.org' "
        f"WHERE id = '{house.mara.id}'",
    )

    assert report.broken is None
    assert {(Problem.EVIDENCE_GONE, "email", entry.seq)} == {
        (d.problem, d.field, d.seq) for d in report.differences
    }


def test_an_altered_value_of_the_trail_breaks_the_chain(house: House) -> None:
    entry = house.desk.lines(action="field.applied")[-1]
    evil = "'evil@example.org'"
    report = house.after(
        f"UPDATE audit_value SET value = {evil} WHERE seq = {entry.seq} AND name = 'email.new'",
        f"UPDATE patron SET email = {evil}, email_key = {evil} WHERE id = '{house.mara.id}'",
    )

    assert report.broken is not None
    assert (entry.seq, "value") == (report.broken.seq, report.broken.reason)


def test_nonsense_in_the_trail_is_a_finding_and_no_crash(house: House) -> None:
    entry = house.desk.lines(action="field.applied")[-1]
    for column in ("facts", "commitments"):
        report = house.after(f"UPDATE audit_entry SET {column} = '[' WHERE seq = {entry.seq}")
        assert report.broken is not None
        assert entry.seq == report.broken.seq


def test_nonsense_in_a_record_is_a_finding_and_no_crash(house: House) -> None:
    for column in ("status", "kind"):
        report = house.after(f"UPDATE patron SET {column} = 'nonsense'")
        assert report.broken is None
    lonely = house.desk.patron(email="lonely@example.com")
    erased = f"UPDATE patron SET status = 'erased' WHERE id = '{lonely.id}'"
    assert lonely.number == house.finds(Problem.ERASURE_UNTOLD, erased).differences[0].number


def test_a_missing_guard_is_a_finding(house: House) -> None:
    assert house.after(guarded=False).missing_guards


def test_batches_hide_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A million patrons are read a thousand at a time: here two at a time."""
    desk = house.desk
    patrons = [desk.patron(email=f"p{i}@example.com", given_name=f"P{i}") for i in range(5)]
    monkeypatch.setattr(patron_reconciling, "BATCH", 2)
    assert house.clean().patrons == 7
    for patron in patrons:
        where = f"WHERE id = '{patron.id}'"
        report = house.finds(
            Problem.VALUE, f"UPDATE patron SET given_name = 'evil' {where}", field="name"
        )
        assert patron.number == report.differences[0].number
        house.finds(
            Problem.RECORD_GONE,
            f"DELETE FROM patron_term WHERE patron_number = {patron.number}",
            f"DELETE FROM patron {where}",
            besides=((Problem.ROW_GONE, None),),
        )


def test_many_differences_are_counted_and_the_first_are_named(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "SHOWN", 3)

    report = house.after("UPDATE patron SET phone = '1', date_of_birth = '1900-01-01'")

    assert (len(report.differences), report.found) == (3, 4)


def test_a_revert_and_a_change_at_the_desk_are_proven_like_any_other(house: House) -> None:
    report = house.clean()
    _objected_afterwards(house.desk)
    _at_the_desk(house)

    after = house.clean()

    assert report.field_changes + 2 == after.field_changes
    (change,) = house.desk.read(
        lambda session: (
            session.connection()
            .exec_driver_sql("SELECT id FROM field_change WHERE kind = 'revert'")
            .scalars()
            .all()
        )
    )
    house.finds(
        Problem.CHANGE_VALUE,
        f"UPDATE field_change SET current_value = '{{}}' WHERE id = '{change}'",
        field="email",
        besides=NO_RECEIPT,
    )
    house.finds(
        Problem.CHANGE_OUTCOME,
        f"UPDATE field_change SET outcome = 'pending' WHERE id = '{change}'",
        field="email",
    )


def _objected_afterwards(desk: Desk) -> None:
    """The mailbox that Mara had before says that it was not her: the change is put back."""
    desk.decide(desk.claims(OLD), Decision.OBJECT)


def _at_the_desk(house: House) -> None:
    """Two members vouch for Ole, and the change is made after its wait."""
    desk = house.desk
    second = desk.staff("Sam", Role.OWNER)
    proposed = desk.act(
        desk.owner,
        at_desk.propose,
        patron_id=house.ole.id,
        changes={"email": {"email": "ole.third@example.org"}},
        reason_code=ReasonCode.ASKED_AT_DESK,
        reason_text="",
        method=DeskMethod.IN_PERSON,
        note="Passport",
        parsing=desk.context,
    )
    desk.act(second, at_desk.confirm, reference=proposed.reference)
    desk.decide(desk.claims("ole.third@example.org"))
    assert desk.take_effect(proposed, after=DEFAULT.desk_wait)
    assert desk.email(house.ole) == "ole.third@example.org"
