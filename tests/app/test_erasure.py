"""Erasure empties every row about a person, for two staff members together; the proof stays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from tests.support.factories import NEW, OLD, PROTECTED, Desk, days, unchanged
from tests.support.keyring import SECRET_KEYS
from tests.support.proof import verified, verified_after
from upstage_crm.audit.events import Action
from upstage_crm.audit.findings import Problem
from upstage_crm.change_requests.decisions.decide import Evidence
from upstage_crm.change_requests.desk import identify as at_desk
from upstage_crm.change_requests.disputes import freezing
from upstage_crm.change_requests.lifecycle.staff_commands import Proposed
from upstage_crm.change_requests.model.errors import (
    AlreadyWaiting,
    ErasureBlocked,
    NoteMissing,
    NothingWaits,
    OwnRecord,
    PatronInactive,
    SamePerson,
)
from upstage_crm.change_requests.model.rules import (
    Decision,
    DeskMethod,
    ReasonCode,
)
from upstage_crm.change_requests.reads import due, requests
from upstage_crm.core.errors import Forbidden, UpstageError
from upstage_crm.jobs import schedule
from upstage_crm.mail import blanking
from upstage_crm.patrons import commands as patrons
from upstage_crm.patrons import marks
from upstage_crm.patrons.errors import PatronErased
from upstage_crm.patrons.search import patron_list, search_index
from upstage_crm.patrons.tables import PatronStatus
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.privacy import erasure
from upstage_crm.privacy.erasure import BlockerKind
from upstage_crm.proof.verifying import Report
from upstage_crm.settings import Settings
from upstage_crm.staff.roles import Role, StaffMember
from upstage_crm.wiring import Runtime, build
from upstage_crm.wording import sentences

pytestmark = pytest.mark.each_database

# Everything that the story below tells of the person; none of it may be left anywhere.
WORDS = (
    *("quillfeather", "wilhelmina", "billie", "they/them", "12 larkspur", "larkspurville"),
    *("1961-03-04", "5550101", "5550199", "allergic to feathers", "front row"),
    *("her old provider", "not my number", "203.0.113", "lynx/2.9", "showed her passport"),
    *("looked like a relative", "her own second account", "asked by letter"),
)
ADDRESSES = (OLD, NEW, "third@example.org", "fourth@example.org")


class Story:
    """A long life of one record: changes, a rejection, a dispute, a desk, and then an end."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.lead = desk.staff("Amara", Role.PRIVACY_LEAD)
        self.second = desk.staff("Morgan", Role.OWNER)
        self.patron = desk.patron(
            given_name="Wilhelmina",
            family_name="Quillfeather",
            phone="+1 212 555 0101",
            address_line1="12 Larkspur Road",
            address_city="Larkspurville",
            address_postcode="LK12 9ZZ",
            address_country="US",
            date_of_birth="1961-03-04",
            free={
                "preferred_name": "Billie",
                "pronouns": "they/them",
                "note": "Allergic to feathers",
            },
            tags="front row",
        )
        self.other = desk.patron(email="other@example.com", given_name="Ola", family_name="Berg")

    def live(self) -> None:
        desk, evidence = self.desk, Evidence(ip_prefix="203.0.113.0/24", user_agent="Lynx/2.9")
        desk.propose(
            self.patron,
            changes={"phone": {"phone": "+1 212 555 0199"}},
            reason_code=ReasonCode.OTHER,
            reason_text="Her old provider is closing",
        )
        desk.decide(desk.claims(OLD), Decision.REJECT, comment="Not my number.", evidence=evidence)
        desk.propose(self.patron, NEW)
        desk.decide(desk.claims(NEW), evidence=evidence)
        desk.decide(desk.claims(OLD), Decision.OBJECT)
        for who, note in (
            (self.lead, "Looked like a relative"),
            (self.second, "Her own second account"),
        ):
            desk.act(who, freezing.clear, patron_id=self.patron.id, note=note)
        held = desk.act(
            desk.owner,
            at_desk.propose,
            patron_id=self.patron.id,
            changes={"email": {"email": "fourth@example.org"}},
            reason_code=ReasonCode.ASKED_AT_DESK,
            reason_text="",
            method=DeskMethod.IN_PERSON,
            note="Showed her passport",
            parsing=desk.context,
        )
        desk.withdraw(held)
        desk.propose(self.patron, "third@example.org")
        desk.clock.advance(days(8))
        for request_id in desk.read(lambda session: due.expiring(session, now=desk.now)):
            desk.expire(Proposed(request_id=request_id, reference="", is_new=True))
        desk.deliver()

    # --- the commands ---------------------------------------------------------------------------

    def ask(self, actor: StaffMember | None = None, reason: str = "Asked by letter") -> None:
        self.desk.act(
            actor or self.lead, erasure.request_erasure, patron_id=self.patron.id, reason=reason
        )

    def confirm(self, actor: StaffMember | None = None) -> None:
        self.desk.act(actor or self.second, erasure.confirm_erasure, patron_id=self.patron.id)

    def decline(self, actor: StaffMember | None = None, note: str = "Wrong person") -> None:
        self.desk.act(
            actor or self.second, erasure.decline_erasure, patron_id=self.patron.id, note=note
        )

    def sweep(self) -> int:
        """What the schedule does once mails have settled."""
        ids = self.desk.read(erasure.left_to_blank)
        return self.desk.write(lambda session: blanking.blank(session, patron_ids=ids))

    def runtime(self) -> Runtime:
        """The parts of a server over the same database and clock."""
        given = {"UPSTAGE_SECRET_KEYS": SECRET_KEYS, "UPSTAGE_DATABASE_URL": "sqlite:///var/no.db"}
        return build(Settings.load(given), database=self.desk.database, clock=self.desk.clock)

    def erase(self) -> None:
        self.ask(reason="She rang about her own second account")
        self.decline(note="Asked by letter, but unsigned")
        self.ask()
        self.confirm()
        self.desk.deliver()
        self.sweep()

    # --- what is there --------------------------------------------------------------------------

    def blockers(self) -> list[tuple[BlockerKind, str]]:
        found = self.desk.read(
            lambda session: erasure.blockers(session, self.patron.id, now=self.desk.now)
        )
        assert all("–" not in sentences.blocker_sentence(blocker, UTC) for blocker in found)
        return [(blocker.kind, blocker.reference) for blocker in found]

    def verified(self) -> Report:
        return verified(self.desk)

    def left(self) -> set[str]:
        """What of the person stands in any column of any table."""
        text = repr(self.desk.dump()).casefold()
        return {word for word in (*WORDS, *ADDRESSES) if word in text}


@pytest.fixture
def story(desk: Desk) -> Story:
    return Story(desk)


def test_the_story_leaves_everything_that_the_search_looks_for(story: Story) -> None:
    """The control: before the erasure every single word is found."""
    story.live()
    story.ask()

    assert {*WORDS, *ADDRESSES} == story.left()
    assert story.verified().is_clean


def test_nothing_of_the_person_is_left_in_any_table(story: Story) -> None:
    story.live()

    story.erase()

    assert set() == story.left()


def test_the_proof_survives(story: Story) -> None:
    """Property 6: the chain, every record and every receipt verify as before."""
    story.live()
    before = story.verified()
    story.erase()

    after = story.verified()

    assert after.is_clean, after
    assert (before.patrons, before.field_changes, before.receipts) == (
        after.patrons,
        after.field_changes,
        after.receipts,
    )
    assert after.receipts > 0
    assert story.desk.actions()[-2:] == [Action.ERASURE_REQUESTED, Action.PATRON_ERASED]
    assert all(not line.values for line in story.desk.lines(patron_id=story.patron.id))


def test_what_stays_is_the_number_and_what_happened(story: Story) -> None:
    story.live()
    before = story.desk.read(lambda session: requests.of_patron(session, story.patron.id))

    story.erase()

    record = story.desk.record(story.patron)
    assert (story.patron.id, story.patron.number) == (record.id, record.number)
    assert PatronStatus.ERASED.value == record.status
    assert f"Patron {record.number}" == record.name
    assert not any(record.values.values())
    after = story.desk.read(lambda session: requests.of_patron(session, story.patron.id))
    assert [(r.reference, r.state, r.cause) for r in before] == [
        (r.reference, r.state, r.cause) for r in after
    ]
    (line,) = story.desk.read(
        lambda session: patron_list.page(session, query=str(record.number))
    ).lines
    assert line.number == record.number
    assert story.desk.read(lambda session: patron_list.page(session, query="quill")).total == 0
    assert story.desk.read(lambda session: list(search_index.strays(session))) == []


def test_nobody_else_loses_anything(story: Story) -> None:
    desk = story.desk
    desk.decide(desk.asked(story.other, "ola.new@example.org")[1])
    story.live()
    others = list(desk.lines(patron_id=story.other.id))
    record = desk.record(story.other)
    mails = desk.mailbox.to("other@example.com")

    story.erase()

    assert others == list(desk.lines(patron_id=story.other.id))
    assert record == desk.record(story.other)
    assert mails
    count = desk.scalar(
        f"SELECT count(*) FROM mail_outbox WHERE subject = 'Erased' "
        f"AND patron_id <> '{story.patron.id}'"
    )
    assert count == 0


def test_the_person_is_told_by_a_last_mail_which_is_blanked_once_it_has_left(story: Story) -> None:
    story.live()
    story.ask()
    before = len(story.desk.mailbox.messages)
    story.confirm()
    assert {OLD} == story.left() - {"quillfeather"}  # it has to go somewhere

    (mail,) = story.desk.deliver()

    assert (mail.to, mail.tags["kind"]) == (OLD, "record_erased")
    assert "erased the personal data" in mail.text
    for word in WORDS:
        assert word not in mail.text.casefold()
    assert before + 1 == len(story.desk.mailbox.messages)
    assert story.sweep() == 1
    assert story.sweep() == 0
    assert set() == story.left()


def test_mails_keep_what_happened_to_them(story: Story) -> None:
    story.live()
    columns = "id, kind, state, created_at, settled_at, request_id"
    query = f"SELECT {columns} FROM mail_outbox WHERE kind <> 'record_erased' ORDER BY id"
    before = story.desk.read(lambda session: session.connection().exec_driver_sql(query).all())

    story.erase()

    after = story.desk.read(lambda session: session.connection().exec_driver_sql(query).all())
    assert before == after
    blank = story.desk.scalar(
        f"SELECT count(*) FROM mail_outbox WHERE patron_id = '{story.patron.id}' "
        "AND subject <> 'Erased'"
    )
    assert blank == 0


def test_a_patron_without_a_working_mailbox_is_erased_without_a_mail(story: Story) -> None:
    story.desk.arrange(
        "UPDATE patron SET email_bounced_at = created_at WHERE id = :id", {"id": story.patron.id}
    )
    story.erase()

    assert story.desk.mailbox.messages == []
    assert set() == story.left()


def test_unsent_mails_about_the_person_never_leave(story: Story) -> None:
    desk = story.desk
    request = desk.propose(story.patron, NEW)
    desk.deliver()
    desk.withdraw(request)  # the goodbyes wait in the outbox
    story.ask()
    story.confirm()

    assert [mail.tags["kind"] for mail in desk.deliver()] == ["record_erased"]
    story.sweep()
    assert set() == story.left()


# --- two people, and what stands in the way ------------------------------------------------------


def test_an_open_request_a_window_and_a_dispute_stand_in_the_way(story: Story) -> None:
    desk = story.desk
    assert story.blockers() == []
    open_request = desk.propose(story.patron, changes={"phone": {"phone": "+1 212 555 0199"}})
    assert [(BlockerKind.OPEN_REQUEST, open_request.reference)] == story.blockers()
    error = unchanged(desk, story.ask, ErasureBlocked)
    assert "listed" in sentences.sentence(error)
    desk.withdraw(open_request)
    applied, link = desk.asked(story.patron)
    desk.decide(link)
    assert [(BlockerKind.REVERT_WINDOW, applied.reference)] == story.blockers()
    unchanged(desk, story.ask, ErasureBlocked)
    desk.decide(desk.claims(OLD), Decision.OBJECT)
    assert story.blockers() == [(BlockerKind.FROZEN, "")]
    unchanged(desk, story.ask, ErasureBlocked)


def test_the_window_ends_by_itself(story: Story) -> None:
    desk = story.desk
    desk.decide(desk.asked(story.patron)[1])
    desk.clock.advance(days(3))

    assert story.blockers() == []
    story.erase()


def test_what_comes_in_the_way_later_stops_the_second_person(story: Story) -> None:
    desk = story.desk
    story.ask()
    request = desk.propose(story.patron)

    unchanged(desk, story.confirm, ErasureBlocked)

    desk.withdraw(request)
    story.confirm()


def test_one_member_alone_erases_nothing(story: Story) -> None:
    desk, clerk = story.desk, story.desk.staff("Cleo", Role.BOX_OFFICE)
    unchanged(desk, story.confirm, NothingWaits)
    unchanged(desk, lambda: story.ask(clerk), Forbidden)
    unchanged(desk, lambda: story.ask(reason=" \n"), NoteMissing)
    story.ask()
    unchanged(desk, story.ask, AlreadyWaiting)
    unchanged(desk, lambda: story.ask(story.second), AlreadyWaiting)
    unchanged(desk, lambda: story.confirm(story.lead), SamePerson)
    unchanged(desk, lambda: story.confirm(clerk), Forbidden)
    unchanged(desk, lambda: story.decline(clerk), Forbidden)
    unchanged(desk, lambda: story.decline(note=""), NoteMissing)
    assert "Quillfeather" in story.desk.record(story.patron).name


def test_nobody_erases_the_own_record(story: Story) -> None:
    me = story.desk.staff("Wil", Role.PRIVACY_LEAD, email=OLD)

    unchanged(story.desk, lambda: story.ask(me), OwnRecord)
    story.ask()
    unchanged(story.desk, lambda: story.confirm(me), OwnRecord)


def test_an_erasure_can_be_declined_and_asked_for_again(story: Story) -> None:
    story.ask()
    story.decline()

    unchanged(story.desk, story.confirm, NothingWaits)
    unchanged(story.desk, story.decline, NothingWaits)
    assert story.desk.actions()[-1] == Action.ERASURE_DECLINED
    story.ask()
    story.decline(story.lead)  # the one who asked may take it back
    story.ask()
    story.confirm()


def test_an_erased_record_takes_nothing_any_more(story: Story) -> None:
    story.live()
    story.erase()
    desk = story.desk

    unchanged(desk, story.ask, PatronErased)
    unchanged(desk, lambda: desk.propose(story.patron), PatronInactive)
    unchanged(
        desk,
        lambda: desk.act(desk.owner, patrons.edit, patron_id=story.patron.id, free={"note": "x"}),
        PatronErased,
    )
    unchanged(
        desk,
        lambda: desk.act(desk.owner, marks.protect, patron_id=story.patron.id, reason="x"),
        PatronErased,
    )
    # An old link opens a calm page, and decides nothing.
    before = desk.dump()
    for token in (*desk.tokens(OLD), *desk.tokens(NEW)):
        claims = desk.codec.read(token)
        desk.review(claims)
        with suppress(UpstageError):
            desk.decide(claims, Decision.OBJECT)
    assert before == desk.dump()


def test_the_address_is_free_for_another_patron(story: Story) -> None:
    story.erase()

    assert story.desk.email(story.desk.patron(given_name="Another")) == OLD


# --- the guard's second path ---------------------------------------------------------------------


def forged(story: Story, *statements: str) -> None:
    """An attacker with SQL access forges both signatures, then runs the statements."""
    patron, first, second = story.patron.id, story.lead.id, story.second.id
    with story.desk.owned.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO erasure (id, patron_id, reason, requested_by, requested_label, "
            f"requested_at) SELECT 'x', '{patron}', 'r', '{first}', 'l', created_at FROM patron "
            f"WHERE id = '{patron}'"
        )
        connection.exec_driver_sql(
            f"UPDATE erasure SET confirmed_by = '{second}', confirmed_at = requested_at"
        )
        for statement in statements:
            connection.exec_driver_sql(statement)


def emptying(patron: PatronRecord) -> Iterator[str]:
    for columns in PROTECTED.values():
        nothing = ", ".join(f"{column} = NULL" for column in columns)
        yield f"UPDATE patron SET {nothing} WHERE id = '{patron.id}'"
    yield f"UPDATE patron SET status = 'erased' WHERE id = '{patron.id}'"
    for values in ("current_value = '{}'", "proposed_value = '{}'", "proposed_key = ''"):
        yield f"UPDATE field_change SET {values} WHERE patron_id = '{patron.id}'"
    yield "UPDATE review SET mailbox = ''"
    yield "UPDATE review SET comment = ''"
    yield "UPDATE change_request SET reason_text = ''"
    theirs = f"SELECT seq FROM audit_entry WHERE patron_id = '{patron.id}'"
    yield f"DELETE FROM audit_value WHERE seq IN ({theirs})"


def test_without_an_erasure_the_database_empties_nothing(story: Story) -> None:
    desk = story.desk
    desk.propose(
        story.patron,
        changes={"phone": {"phone": "+1 212 555 0199"}},
        reason_code=ReasonCode.OTHER,
        reason_text="Her old provider is closing",
    )
    desk.decide(desk.claims(OLD), Decision.REJECT, comment="Not my number.")
    before = desk.dump()
    for statement in emptying(story.patron):
        with pytest.raises(DBAPIError, match="upstage guard"):
            desk.arrange(statement)
    assert before == desk.dump()


def test_a_forged_erasure_writes_nothing_but_emptiness(story: Story) -> None:
    """And only of its own patron; what it emptied is found by `audit verify`."""
    desk = story.desk
    desk.decide(desk.asked(story.patron)[1], Decision.REJECT)
    mine, theirs = f"id = '{story.patron.id}'", f"id = '{story.other.id}'"
    before = desk.dump()
    for field, columns in PROTECTED.items():
        for column in columns:
            rest = "".join(f", {c} = NULL" for c in columns if c != column)
            for where in (mine, theirs):
                with pytest.raises(DBAPIError, match=f"patron {field.replace('_', ' ')}"):
                    forged(story, f"UPDATE patron SET {column} = 'ZZ'{rest} WHERE {where}")
        nothing = ", ".join(f"{column} = NULL" for column in columns)
        if any(desk.scalar(f"SELECT {c} FROM patron WHERE {theirs}") for c in columns):
            with pytest.raises(DBAPIError, match="upstage guard"):
                forged(story, f"UPDATE patron SET {nothing} WHERE {theirs}")
    for statement in (
        'UPDATE field_change SET proposed_value = \'{"email":"evil@example.org"}\'',
        "UPDATE field_change SET proposed_key = 'evil@example.org'",
        "UPDATE review SET mailbox = 'evil@example.org'",
        "UPDATE review SET comment = 'evil'",
        "UPDATE review SET decision = 'approve'",
        "UPDATE change_request SET reason_text = 'evil'",
        "UPDATE audit_value SET value = 'evil'",
        "DELETE FROM audit_value",
        "DELETE FROM audit_entry",
        f"UPDATE patron SET status = 'erased' WHERE {theirs}",
        "UPDATE erasure SET reason = 'evil'",
    ):
        with pytest.raises(DBAPIError, match="upstage guard"):
            forged(story, statement)
    assert before == desk.dump()

    forged(story, f"UPDATE patron SET email = NULL, email_key = NULL WHERE {mine}")

    report = story.verified()
    assert [(d.problem, d.field) for d in report.differences] == [(Problem.VALUE, "email")]


def test_one_person_cannot_forge_both_signatures_of_an_erasure(story: Story) -> None:
    story.ask()
    for statement in (
        "UPDATE erasure SET confirmed_by = requested_by, confirmed_at = requested_at",
        "UPDATE erasure SET confirmed_at = requested_at",
        "UPDATE erasure SET done_at = requested_at",
        "DELETE FROM erasure",
    ):
        with pytest.raises(DBAPIError, match="upstage guard"):
            story.desk.arrange(statement)


def test_an_erasure_that_was_undone_by_hand_is_found(story: Story) -> None:
    """An attacker with no guard writes a value back into an erased record, or into its requests."""
    story.live()
    story.erase()
    where = f"WHERE patron_id = '{story.patron.id}'"
    for statement in (
        f"UPDATE patron SET email = '{OLD}' WHERE id = '{story.patron.id}'",
        f"UPDATE patron SET note = 'x' WHERE id = '{story.patron.id}'",
        f"INSERT INTO patron_tag (patron_id, key, label) VALUES ('{story.patron.id}', 'x', 'x')",
        f"UPDATE patron SET status = 'active' WHERE id = '{story.patron.id}'",
        f"UPDATE field_change SET proposed_key = '{OLD}' {where}",
    ):
        report = verified_after(story.desk, statement)
        assert Problem.ERASURE_INCOMPLETE in {d.problem for d in report.differences}, statement


# --- the file ------------------------------------------------------------------------------------


def test_nothing_of_the_person_is_left_in_the_bytes_of_the_file(story: Story) -> None:
    """SQLite keeps what was deleted until it needs the place; so does its log."""
    if story.desk.database.engine.dialect.name != "sqlite":
        pytest.skip("Postgres' files are the business of its own vacuum")
    story.live()
    path = Path(story.desk.database.engine.url.database or "")
    assert _in_files(path) >= {"quillfeather", OLD}

    story.ask()
    story.confirm()
    story.desk.deliver()
    assert schedule.blank_erased(story.runtime()) == 1

    assert set() == _in_files(path)


def _in_files(path: Path) -> set[str]:
    files = [path, path.with_name(f"{path.name}-wal")]
    raw = b"".join(file.read_bytes() for file in files if file.exists()).lower()
    return {word for word in (*WORDS, *ADDRESSES) if word.encode() in raw}
