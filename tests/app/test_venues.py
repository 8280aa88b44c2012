"""Venues and halls: added, changed, refused, and what the trail says of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.support.factories import Desk, unchanged
from upstage_crm.audit.events import Action
from upstage_crm.core.errors import Forbidden, UpstageError
from upstage_crm.core.text import InvalidText
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role
from upstage_crm.venues import commands, queries
from upstage_crm.venues.errors import (
    HallNameTaken,
    UnknownHall,
    UnknownVenue,
    VenueChangedMeanwhile,
    VenueNameTaken,
    VenueTextMissing,
)

LANTERN = {"name": "Lantern Street Theatre", "address": "12 Lantern Street\nNew York"}
STUDIO = {"name": "Studio", "doors": "Through the bar."}
STRANGERS = [role for role in Role if Permission.EDIT_VENUES not in PERMISSIONS[role]]


def add_venue(desk: Desk, **texts: str) -> str:
    owner = desk.owner
    return desk.write(
        lambda s: commands.add_venue(desk.staff_context(s, owner), typed=LANTERN | texts)
    )


def add_hall(desk: Desk, venue_id: str, **texts: str) -> str:
    owner = desk.owner
    return desk.write(
        lambda s: commands.add_hall(
            desk.staff_context(s, owner), venue_id=venue_id, typed=STUDIO | texts
        )
    )


def change_venue(desk: Desk, venue_id: str, version: int, **texts: str) -> None:
    owner = desk.owner
    desk.write(
        lambda s: commands.change_venue(
            desk.staff_context(s, owner),
            venue_id=venue_id,
            version=version,
            typed=LANTERN | texts,
        )
    )


def venue_of(desk: Desk, venue_id: str) -> Any:
    return desk.read(lambda session: queries.venue(session, venue_id))


def test_a_venue_is_stored_clean_with_its_halls_and_told_in_the_trail(desk: Desk) -> None:
    venue_id = add_venue(desk, name="  Lantern \u202e Street  Theatre ", step_free="A lift.")
    add_hall(desk, venue_id)
    add_hall(desk, venue_id, name="Playhouse")

    venue = venue_of(desk, venue_id)
    assert venue.texts["name"] == "Lantern Street Theatre"
    assert venue.texts["step_free"] == "A lift."
    assert [hall.texts["name"] for hall in venue.halls] == ["Playhouse", "Studio"]
    assert venue.halls[1].texts["doors"] == "Through the bar."
    assert [line.facts["place"] for line in desk.lines(action=Action.HALL_ADDED)] == [
        "Studio, Lantern Street Theatre",
        "Playhouse, Lantern Street Theatre",
    ]


def test_a_change_is_told_with_what_was_before(desk: Desk) -> None:
    venue_id = add_venue(desk)

    change_venue(desk, venue_id, 1, doors="Door 3")

    assert venue_of(desk, venue_id).texts["doors"] == "Door 3"
    assert desk.lines(action=Action.VENUE_CHANGED)[0].facts == {
        "place": "Lantern Street Theatre",
        "doors.old": "",
        "doors.new": "Door 3",
    }
    before = desk.dump()
    change_venue(desk, venue_id, 1, doors="Door 3")  # the same again, of an older version
    assert before == desk.dump()


def test_a_hall_changes_alone(desk: Desk) -> None:
    venue_id = add_venue(desk)
    hall_id, owner = add_hall(desk, venue_id), desk.owner

    desk.write(
        lambda s: commands.change_hall(
            desk.staff_context(s, owner),
            hall_id=hall_id,
            version=1,
            typed={"name": "Black Box"},
        )
    )

    hall = desk.read(lambda session: queries.hall(session, hall_id))
    assert (hall.texts["name"], hall.texts["doors"], hall.version) == ("Black Box", "", 2)
    assert venue_of(desk, venue_id).version == 1


def test_what_a_colleague_changed_meanwhile_is_not_undone(desk: Desk) -> None:
    venue_id = add_venue(desk)
    change_venue(desk, venue_id, 1, doors="Door 3")

    unchanged(desk, lambda: change_venue(desk, venue_id, 1, doors="Door 4"), VenueChangedMeanwhile)


@pytest.mark.parametrize("name", ["LANTERN street theatre", "Lantern-Street Théatre"])
def test_two_venues_never_share_a_name(desk: Desk, name: str) -> None:
    add_venue(desk)
    other = add_venue(desk, name="The Barn")

    unchanged(desk, lambda: add_venue(desk, name=name), VenueNameTaken)
    unchanged(desk, lambda: change_venue(desk, other, 1, name=name), VenueNameTaken)


def test_two_halls_share_a_name_only_in_different_venues(desk: Desk) -> None:
    first, second = add_venue(desk), add_venue(desk, name="The Barn")
    add_hall(desk, first)
    add_hall(desk, second)

    unchanged(desk, lambda: add_hall(desk, first, name="STUDIO"), HallNameTaken)


@pytest.mark.parametrize(
    ("texts", "refusal"),
    [
        ({"name": " "}, VenueTextMissing),
        ({"address": ""}, VenueTextMissing),
        ({"name": "x" * 121}, InvalidText),
        ({"name": "two\nlines"}, InvalidText),
        ({"access_notes": "x" * 601}, InvalidText),
    ],
)
def test_a_text_that_cannot_be_used_is_refused(
    desk: Desk, texts: dict[str, str], refusal: type[UpstageError]
) -> None:
    assert desk.owner
    unchanged(desk, lambda: add_venue(desk, **texts), refusal)


def test_a_name_whose_key_is_longer_than_itself_is_stored(desk: Desk) -> None:
    venue_id = add_venue(desk, name="\ufdfa" * 120)  # one sign, eighteen letters

    assert len(venue_of(desk, venue_id).texts["name"]) == 120


def test_what_is_not_there_is_refused(desk: Desk) -> None:
    assert desk.owner
    unchanged(desk, lambda: add_hall(desk, "nowhere"), UnknownVenue)
    unchanged(desk, lambda: change_venue(desk, "nowhere", 1), UnknownVenue)
    with pytest.raises(UnknownHall):
        desk.read(lambda session: queries.hall(session, "nowhere"))


@pytest.mark.parametrize("role", STRANGERS)
def test_a_role_without_the_permission_changes_nothing(desk: Desk, role: Role) -> None:
    venue_id = add_venue(desk)
    hall_id = add_hall(desk, venue_id)
    member = replace(desk.owner, role=role)

    for command in (
        lambda s: commands.add_venue(desk.staff_context(s, member), typed=LANTERN),
        lambda s: commands.change_venue(
            desk.staff_context(s, member), venue_id=venue_id, version=1, typed=LANTERN
        ),
        lambda s: commands.add_hall(desk.staff_context(s, member), venue_id=venue_id, typed=STUDIO),
        lambda s: commands.change_hall(
            desk.staff_context(s, member), hall_id=hall_id, version=1, typed=STUDIO
        ),
    ):
        unchanged(desk, lambda command=command: desk.write(command), Forbidden)


def test_a_search_looks_through_names_addresses_and_halls(desk: Desk) -> None:
    add_hall(desk, add_venue(desk))
    add_venue(desk, name="The Barn", address="Field Lane\nNew York")

    def found(text: str, *, is_descending: bool = False) -> list[str]:
        lines = desk.read(
            lambda session: queries.venues(session, text, is_descending=is_descending)
        )
        return [line.name for line in lines]

    assert found("") == ["Lantern Street Theatre", "The Barn"]
    assert found("", is_descending=True) == ["The Barn", "Lantern Street Theatre"]
    assert found("stúdio") == ["Lantern Street Theatre"]
    assert found("york barn") == ["The Barn"]
    assert found("york studio barn") == []
