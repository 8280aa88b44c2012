"""Notes of staff about a patron: who writes, changes and removes them, and how they end."""

from __future__ import annotations

import pytest

from tests.support.erasing import erase
from tests.support.factories import Desk, days, unchanged
from upstage_crm.audit.events import Action
from upstage_crm.core.errors import Forbidden, UpstageError
from upstage_crm.core.text import InvalidText
from upstage_crm.patrons.details import notes
from upstage_crm.patrons.details.notes import Note
from upstage_crm.patrons.errors import (
    EditedMeanwhile,
    PatronErased,
    PatronNoteMissing,
    UnknownNote,
    UnknownPatron,
)
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role, StaffMember


def add(desk: Desk, patron: PatronRecord, text: str, actor: StaffMember | None = None) -> str:
    who = actor or desk.owner
    return desk.write(
        lambda session: notes.add(desk.staff_context(session, who), patron_id=patron.id, text=text)
    )


def change(desk: Desk, note: str, text: str, began: str, actor: StaffMember | None = None) -> None:
    who = actor or desk.owner
    desk.write(
        lambda session: notes.change(
            desk.staff_context(session, who), note_id=note, text=text, began=began
        )
    )


def remove(desk: Desk, note: str, actor: StaffMember | None = None) -> None:
    who = actor or desk.owner
    desk.write(lambda session: notes.remove(desk.staff_context(session, who), note_id=note))


def read(desk: Desk, patron: PatronRecord) -> tuple[Note, ...]:
    return desk.read(lambda session: notes.of_patron(session, patron.id))


def test_notes_are_kept_with_their_author_and_time_the_newest_first(desk: Desk) -> None:
    patron = desk.patron()
    sam = desk.staff("Sam", Role.BOX_OFFICE)

    add(desk, patron, " Rang about\nrow F ")
    desk.clock.advance(days(1))
    add(desk, patron, "Came to collect", sam)

    assert [(note.text, note.author, note.author_id) for note in read(desk, patron)] == [
        ("Came to collect", sam.label, sam.id),
        ("Rang about\nrow F", desk.owner.label, desk.owner.id),
    ]
    line = desk.lines(action=Action.PATRON_EDITED)[-1]
    assert (line.facts["fields"], line.values) == (
        "notes",
        {"notes.old": "", "notes.new": "Came to collect"},
    )


def test_an_author_and_whoever_leads_change_a_note_and_no_colleague_does(desk: Desk) -> None:
    patron = desk.patron()
    sam, kim = desk.staff("Sam", Role.BOX_OFFICE), desk.staff("Kim", Role.BOX_OFFICE)
    lead = desk.staff("Lee", Role.MANAGER)
    note = add(desk, patron, "one", sam)

    unchanged(desk, lambda: change(desk, note, "two", "one", kim), Forbidden)
    unchanged(desk, lambda: remove(desk, note, kim), Forbidden)
    change(desk, note, "two", "one", sam)
    change(desk, note, "three", "two", lead)
    assert [(one.text, one.changed_at) for one in read(desk, patron)] == [("three", desk.now)]
    remove(desk, note, lead)

    assert read(desk, patron) == ()
    line = desk.lines(action=Action.PATRON_EDITED)[-1]
    assert line.values == {"notes.old": "three", "notes.new": ""}
    unchanged(desk, lambda: remove(desk, note), UnknownNote)
    unchanged(desk, lambda: change(desk, note, "x", "three"), UnknownNote)


def test_a_note_that_a_colleague_changed_meanwhile_is_not_overwritten(desk: Desk) -> None:
    note = add(desk, desk.patron(), "one")
    change(desk, note, "two", "one")

    refused = unchanged(desk, lambda: change(desk, note, "three", "one"), EditedMeanwhile)

    assert refused.facts == {"now": "two"}
    before = desk.dump()
    change(desk, note, " two ", "one")  # says the same
    assert before == desk.dump()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (" \n ", PatronNoteMissing),
        ("x" * 4_001, InvalidText),
        ("Card 4242 4242 4242 4242", InvalidText),
    ],
)
def test_a_text_that_is_no_note_is_refused(desk: Desk, text: str, kind: type[UpstageError]) -> None:
    patron = desk.patron()
    note = add(desk, patron, "one")

    unchanged(desk, lambda: add(desk, patron, text), kind)
    unchanged(desk, lambda: change(desk, note, text, "one"), kind)


def test_only_those_who_may_edit_a_record_write_notes(desk: Desk) -> None:
    patron = desk.patron()
    for role in Role:
        member = desk.staff(f"M{role.value}", role)
        if Permission.EDIT_PATRON not in PERMISSIONS[role]:
            unchanged(desk, lambda who=member: add(desk, patron, "x", who), Forbidden)


def test_notes_go_with_their_patron(desk: Desk) -> None:
    patron = desk.patron()
    note = add(desk, patron, "Allergic to feathers")

    erase(desk, patron)

    assert read(desk, patron) == ()
    assert "feathers" not in repr(desk.dump())
    unchanged(desk, lambda: add(desk, patron, "x"), PatronErased)
    unchanged(desk, lambda: remove(desk, note), UnknownNote)


def test_there_is_no_note_about_a_patron_who_is_not_there(desk: Desk) -> None:
    record = desk.patron()

    def command() -> None:
        desk.write(
            lambda session: notes.add(
                desk.staff_context(session, desk.owner), patron_id=record.id[::-1], text="x"
            )
        )

    unchanged(desk, command, UnknownPatron)
