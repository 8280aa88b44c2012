"""Tags are rows: one of each per patron, whatever its spelling, alike on every database."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.engines import owners
from tests.support.erasing import erase
from tests.support.factories import NEW, OLD, Desk, unchanged
from tests.support.keyring import attach
from upstage_crm.audit.events import Action
from upstage_crm.core import migrations
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database, make_engine
from upstage_crm.core.errors import Forbidden, UpstageError
from upstage_crm.core.text import InvalidText
from upstage_crm.patrons import edit_tags, tags
from upstage_crm.patrons.edit_tags import Tagged
from upstage_crm.patrons.errors import (
    EditedMeanwhile,
    PatronErased,
    TagMissing,
    TagsFull,
    TagTooLong,
    TooManyPatrons,
)
from upstage_crm.patrons.search import patron_list
from upstage_crm.patrons.search.list_filters import has_tag
from upstage_crm.patrons.search.patron_list import Narrowed, PatronPage
from upstage_crm.patrons.tags import Tag, TagCount
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role, StaffMember

THIRTY = ", ".join(f"tag {n:02}" for n in range(30))


def write(
    desk: Desk,
    patron: PatronRecord,
    text: str,
    *,
    began: str | None = None,
    actor: StaffMember | None = None,
) -> None:
    who = actor or desk.owner
    desk.write(
        lambda session: edit_tags.write(
            desk.staff_context(session, who), patron_id=patron.id, text=text, began=began
        )
    )


def add(desk: Desk, patrons: list[str], text: str, actor: StaffMember | None = None) -> Tagged:
    who = actor or desk.owner
    return desk.write(
        lambda session: edit_tags.add(
            desk.staff_context(session, who), patron_ids=patrons, text=text
        )
    )


def remove(desk: Desk, patrons: list[str], text: str) -> Tagged:
    return desk.write(
        lambda session: edit_tags.remove(
            desk.staff_context(session, desk.owner), patron_ids=patrons, text=text
        )
    )


def held(desk: Desk, patron: PatronRecord) -> tuple[str, ...]:
    return desk.record(patron).tags


def words(desk: Desk, begins: str = "") -> list[tuple[str, int]]:
    found = desk.read(lambda session: tags.vocabulary(session, begins=begins))
    return [(one.label, one.patrons) for one in found]


def erased(desk: Desk) -> PatronRecord:
    patron = desk.patron(email="gone@example.com")
    erase(desk, patron)
    return patron


# --- what a tag is ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        (" , ,", ()),
        ("donor", (Tag("donor", "donor"),)),
        (" front   row ,Donor, DONOR,", (Tag("front row", "front row"), Tag("donor", "Donor"))),
        ("Événement", (Tag("evenement", "Événement"),)),
        ("\u0301", (Tag("\u0301", "\u0301"),)),  # an accent alone folds to nothing
    ],
)
def test_a_text_is_read_as_tags(text: str, expected: tuple[Tag, ...]) -> None:
    assert tags.parse(text) == expected


@pytest.mark.parametrize(
    ("text", "kind"),
    [("x" * 51, TagTooLong), ("x" * 10_000, TagTooLong), ("two\nlines", InvalidText)],
)
def test_a_text_that_holds_no_tag_is_refused(
    desk: Desk, text: str, kind: type[UpstageError]
) -> None:
    patron = desk.patron()

    unchanged(desk, lambda: write(desk, patron, text), kind)
    unchanged(desk, lambda: add(desk, [patron.id], f"donor, {text}"), kind)


# --- one record ------------------------------------------------------------------------------


def test_the_tags_of_a_record_are_written_as_one_line(desk: Desk) -> None:
    patron = desk.patron(tags="Donor, school")

    write(desk, patron, "front row, donor", began="Donor, school")

    assert held(desk, patron) == ("Donor", "front row")
    (line,) = desk.lines(action=Action.PATRON_EDITED)
    assert line.facts["fields"] == "tags"
    assert line.values == {"tags.old": "Donor, school", "tags.new": "Donor, front row"}
    assert desk.record(patron).updated_at == desk.now


def test_the_same_tags_in_another_spelling_record_nothing(desk: Desk) -> None:
    patron = desk.patron(tags="Donor, school")
    before = desk.dump()

    write(desk, patron, "SCHOOL,  donor")

    assert before == desk.dump()


def test_tags_that_a_colleague_changed_meanwhile_are_not_overwritten(desk: Desk) -> None:
    patron = desk.patron(tags="donor")
    write(desk, patron, "donor, school", began="donor")

    refused = unchanged(desk, lambda: write(desk, patron, "member", began="donor"), EditedMeanwhile)

    assert refused.facts == {"now": "donor, school"}


def test_a_patron_has_at_most_thirty_tags(desk: Desk) -> None:
    patron = desk.patron(tags=THIRTY)

    unchanged(desk, lambda: write(desk, patron, f"{THIRTY}, one more"), TagsFull)
    unchanged(desk, lambda: desk.patron(NEW, tags=f"{THIRTY}, one more"), TagsFull)
    assert add(desk, [patron.id], "one more") == Tagged(full=1)
    assert len(held(desk, patron)) == 30


def test_a_tag_is_spelled_as_the_first_one_was(desk: Desk) -> None:
    desk.patron(tags="Front Row")
    other = desk.patron(NEW, tags="FRONT ROW")
    third = desk.patron("third@example.com")

    add(desk, [third.id], "front row")

    assert (held(desk, other), held(desk, third)) == (("Front Row",), ("Front Row",))


def test_only_those_who_may_edit_a_record_tag_it(desk: Desk) -> None:
    patron = desk.patron()
    for role in Role:
        member = desk.staff(f"M{role.value}", role)
        if Permission.EDIT_PATRON in PERMISSIONS[role]:
            continue
        unchanged(desk, lambda who=member: write(desk, patron, "x", actor=who), Forbidden)
        unchanged(desk, lambda who=member: add(desk, [patron.id], "x", who), Forbidden)


# --- many records ----------------------------------------------------------------------------


def test_many_patrons_get_and_lose_a_tag_at_once(desk: Desk) -> None:
    one, two = desk.patron(tags="donor"), desk.patron(NEW, tags="school, vip")
    gone = erased(desk)
    entries = desk.entries

    done = add(desk, [one.id, two.id, gone.id, "unknown"], "Donor")

    assert done == Tagged(changed=1, same=1, erased=1)
    assert held(desk, two) == ("donor", "school", "vip")
    assert desk.entries == entries + 1
    assert remove(desk, [one.id, two.id], "DONOR, vip") == Tagged(changed=2)
    assert (held(desk, one), held(desk, two)) == ((), ("school",))
    values = [line.values for line in desk.lines(action=Action.PATRON_EDITED)]
    assert {"tags.old": "donor", "tags.new": ""} in values
    assert {"tags.old": "donor, school, vip", "tags.new": "school"} in values
    assert desk.chain_is_whole()


def test_a_command_over_many_patrons_has_a_limit_and_needs_a_tag(desk: Desk) -> None:
    patron = desk.patron()
    many = [f"p{n}" for n in range(edit_tags.MOST_AT_ONCE + 1)]

    unchanged(desk, lambda: add(desk, many, "donor"), TooManyPatrons)
    unchanged(desk, lambda: add(desk, [patron.id], " , "), TagMissing)
    unchanged(desk, lambda: remove(desk, [patron.id], ""), TagMissing)


# --- what they find --------------------------------------------------------------------------


def test_a_tag_finds_its_patrons_in_every_spelling(desk: Desk) -> None:
    patron = desk.patron(tags="Événement")
    desk.patron(NEW, tags="evening")

    def having(tag: str) -> PatronPage:
        narrowed = Narrowed(conditions=(has_tag(tag),))
        return desk.read(lambda session: patron_list.page(session, narrowed=narrowed))

    found = having("EVENEMENT")

    assert [(line.id, line.tags) for line in found.lines] == [(patron.id, ("Événement",))]
    assert having("event").total == 0


def test_the_vocabulary_counts_the_patrons_of_each_tag(desk: Desk) -> None:
    assert words(desk) == []
    desk.patron(tags="Donor, school")
    patron = desk.patron(NEW, tags="donor, Doña")

    assert words(desk) == [("Doña", 1), ("Donor", 2), ("school", 1)]
    assert words(desk, begins="DO") == [("Doña", 1), ("Donor", 2)]
    assert desk.read(lambda session: tags.vocabulary(session, limit=1)) == (
        TagCount(key="dona", label="Doña", patrons=1),
    )
    remove(desk, [patron.id], "dona")
    assert words(desk, begins="don") == [("Donor", 2)]


# --- erasure, and the tags of before ---------------------------------------------------------


def test_tags_go_with_their_patron(desk: Desk) -> None:
    patron = desk.patron(tags="front row")

    erase(desk, patron)

    assert held(desk, patron) == ()
    assert words(desk) == []
    unchanged(desk, lambda: write(desk, patron, "back row"), PatronErased)


def test_the_tags_of_before_become_rows_and_a_text_again(
    blank_url: str, clock: FrozenClock
) -> None:
    engine = make_engine(blank_url)
    migrations.upgrade(engine)
    database = Database(engine)
    attach(database)
    desk = Desk(database, clock)
    patron, plain = desk.patron(OLD), desk.patron(NEW)
    migrations.downgrade(engine, "0016")
    with owners(engine).begin() as connection:
        text = f"Donor, Front Row,donor,{'long ' * 20}"
        connection.execute(
            sa.text("UPDATE patron SET tags = :text WHERE id = :id"),
            {"text": text, "id": patron.id},
        )

    migrations.upgrade(engine)

    assert held(desk, patron) == ("Donor", "Front Row", ("long " * 20).strip())
    assert held(desk, plain) == ()
    assert desk.scalar("SELECT count(*) FROM patron_term WHERE term LIKE 'tag:%'") == 0
    migrations.downgrade(engine, "0016")
    assert desk.column("SELECT tags FROM patron WHERE tags <> ''") == [
        f"Donor, Front Row, {('long ' * 20).strip()}"
    ]
    engine.dispose()
