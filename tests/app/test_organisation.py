"""The organisation's details, which every mail and patron page shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.factories import Desk, together, unchanged
from tests.support.office import Office
from upstage_crm.audit.events import Action
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.core.email_address import InvalidEmail
from upstage_crm.core.errors import Forbidden, UpstageError
from upstage_crm.core.text import InvalidText
from upstage_crm.mail.message import MailMessage
from upstage_crm.organisation import settings
from upstage_crm.organisation.details import OrganisationDetails
from upstage_crm.organisation.errors import (
    DetailMissing,
    UnknownCountry,
    UnknownLanguage,
    UnknownTimeZone,
)
from upstage_crm.organisation.seasons import SeasonStart
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role, StaffMember
from upstage_crm.team import contact

LANTERN = OrganisationDetails(
    name="Lantern Theatre",
    desk_phone="+1 212 555 0100",
    reply_to="box@lantern.example",
    postal_address="1 Main Street\nNew York, NY",
    website="https://lantern.example",
    time_zone="America/New_York",
    language="en",
)


def change(
    desk: Desk, proposed: OrganisationDetails, actor: StaffMember | None = None
) -> OrganisationDetails:
    who = actor or desk.owner
    return desk.act(who, settings.change, proposed=proposed)


def test_changed_details_are_cleaned_stored_and_in_the_trail(desk: Desk) -> None:
    typed = replace(LANTERN, name="  Lantern\u202e  Theatre ", reply_to=" Box@LANTERN.example ")

    stored = change(desk, typed)

    assert replace(LANTERN, reply_to="Box@lantern.example") == stored
    assert stored == desk.read(settings.details)
    line = desk.lines(action=Action.ORGANISATION_CHANGED)[0]
    assert (
        line.facts["name.old"],
        line.facts["name.new"],
    ) == ("Your organisation", "Lantern Theatre")
    assert "language.new" not in line.facts


def test_the_same_details_again_record_nothing(desk: Desk) -> None:
    change(desk, LANTERN)
    before = desk.dump()

    change(desk, LANTERN)

    assert before == desk.dump()


@pytest.mark.parametrize(
    ("country", "zone", "home"),
    [
        ("FR", "Europe/London", "FR"),
        ("", "Europe/London", "GB"),
        ("", "Australia/Sydney", "AU"),
        ("", "US/Eastern", "US"),  # an alias
        ("", "UTC", "US"),  # a new deployment
    ],
)
def test_the_country_is_the_one_that_was_chosen_or_the_time_zones(
    desk: Desk, country: str, zone: str, home: str
) -> None:
    stored = change(desk, replace(LANTERN, country=country, time_zone=zone))

    assert stored.home == home
    assert desk.read(settings.home) == home


def test_mails_write_a_phone_as_the_country_does(desk: Desk) -> None:
    change(desk, replace(LANTERN, country="GB"))
    patron = desk.patron(phone="+442079460958")

    desk.propose(patron, changes={"phone": {"phone": "+442079460959"}})

    texts = [mail.text for mail in desk.deliver()]
    assert texts
    assert all("020 7946 0959" in text and "+44" not in text for text in texts)


def test_mails_show_the_new_details(desk: Desk) -> None:
    change(desk, LANTERN)

    desk.propose(desk.patron())

    for mail in desk.deliver():
        assert mail.reply_to == "box@lantern.example"
        for part in (mail.text, mail.html):
            assert "Lantern Theatre" in part
            assert "+1 212 555 0100" in part
        assert "(New York time)" in mail.text  # the organisation's zone, when the patron has none


NO_DETAILS: list[tuple[str, str, type[UpstageError]]] = [
    ("name", " \u200b ", DetailMissing),
    ("desk_phone", "", DetailMissing),
    ("postal_address", "\n\n", DetailMissing),
    ("name", "x" * 121, InvalidText),
    ("name", "Lantern\r\nBcc: evil@example.org", InvalidText),
    ("reply_to", "box", InvalidEmail),
    ("reply_to", "box@lantern.example\r\nBcc: evil@example.org", InvalidEmail),
    ("reply_to", "box@lantern.example, evil@example.org", InvalidEmail),
    ("time_zone", "Mars/Olympus", UnknownTimeZone),
    ("time_zone", "", UnknownTimeZone),
    ("time_zone", "../../etc/passwd", UnknownTimeZone),
    ("language", "tlh", UnknownLanguage),
    ("country", "UK", UnknownCountry),
    ("country", "<b>", UnknownCountry),
]


def test_a_detail_that_cannot_stand_is_refused(desk: Desk) -> None:
    """Case 25: nothing of the organisation can add a header or a recipient."""
    assert desk.owner
    for name, value, kind in NO_DETAILS:
        proposed = replace(LANTERN, **{name: value})
        error = unchanged(desk, lambda proposed=proposed: change(desk, proposed), kind)

        if kind is DetailMissing:
            assert name == error.facts["detail"]


def test_a_role_without_the_permission_changes_nothing(desk: Desk) -> None:
    """Case 42."""
    for role in Role:
        if Permission.EDIT_SETTINGS not in PERMISSIONS[role]:
            member = desk.staff(role.value.replace("_", "-"), role)
            unchanged(desk, lambda member=member: change(desk, LANTERN, member), Forbidden)


def test_two_changes_at_one_moment_are_told_in_order(desk: Desk) -> None:
    """What the trail calls old is what the change replaced."""
    assert desk.owner
    names = [f"Lantern {n}" for n in range(4)]

    together(*[lambda n=n: change(desk, replace(LANTERN, name=n)) for n in names])

    lines = desk.lines(action=Action.ORGANISATION_CHANGED)
    told = [(line.facts["name.old"], line.facts["name.new"]) for line in lines]
    assert [new for _old, new in told[:-1]] == [old for old, _new in told[1:]]
    assert told[0][0] == "Your organisation"
    assert told[-1][1] == desk.read(settings.details).name


def test_patron_numbers_are_never_given_twice(desk: Desk) -> None:
    results = together(
        *[
            lambda: desk.write(lambda session: settings.take_patron_numbers(session, 3))
            for _ in range(4)
        ]
    )

    assert sorted(int(str(result)) for result in results) == [10001, 10004, 10007, 10010]


# --- how patrons reach people -------------------------------------------------------------------

KNOWN, NEW_PHONE, NEWER_PHONE = "+1 212 555 0100", "+1 900 555 0166", "+1 900 555 0177"


@pytest.fixture
def office(database: Database, clock: FrozenClock) -> Office:
    made = Office(database, clock)
    change(made, LANTERN)
    return made


def reached(office: Office, **contact_details: str) -> OrganisationDetails:
    """An owner changes how patrons reach people."""
    stored = office.read(settings.details)
    return office.write(
        lambda s: contact.change(
            StaffContext(session=s, now=office.now, notifier=office.post, actor=office.owner),
            proposed=replace(stored, **contact_details),
        )
    )


def a_mail(office: Office) -> MailMessage:
    """The next mail to a patron."""
    n = office.now.timestamp()
    office.propose(office.patron(f"p{n}@example.com", "Ina"), f"n{n}@example.org")
    return [mail for mail in office.deliver() if mail.tags["kind"] == "decision_request"][-1]


def test_the_number_of_before_stays_beside_a_new_one_for_a_week(office: Office) -> None:
    reached(office, desk_phone=NEW_PHONE)

    mail = a_mail(office)
    for part in (mail.text, mail.html):
        assert NEW_PHONE in part
        assert KNOWN in part
    office.clock.advance(timedelta(days=7) - timedelta(minutes=1))
    assert KNOWN in a_mail(office).text
    office.clock.advance(timedelta(minutes=1))
    assert KNOWN not in a_mail(office).text


def test_a_second_change_does_not_push_the_known_number_out(office: Office) -> None:
    reached(office, desk_phone=NEW_PHONE)
    office.clock.advance(timedelta(days=1))
    reached(office, desk_phone=NEWER_PHONE)

    text = a_mail(office).text

    assert KNOWN in text
    assert NEWER_PHONE in text
    assert NEW_PHONE not in text
    office.clock.advance(timedelta(days=6))  # a week and a day after the first change
    assert KNOWN in a_mail(office).text


def test_the_number_of_before_that_is_back_is_not_said_twice(office: Office) -> None:
    reached(office, desk_phone=NEW_PHONE)
    reached(office, desk_phone=KNOWN)

    mail = a_mail(office)

    assert mail.text.count(KNOWN) == 1
    assert NEW_PHONE not in mail.text


def test_the_first_number_of_a_deployment_replaces_nothing(office: Office) -> None:
    """`office` has just said its own number in place of the one that a new database holds."""
    assert "555-0100" not in a_mail(office).text


def test_another_detail_leaves_the_number_of_before_alone(office: Office) -> None:
    reached(office, desk_phone=NEW_PHONE)
    change(office, replace(office.read(settings.details), name="Lantern House"))

    assert KNOWN in a_mail(office).text


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("desk_phone", NEW_PHONE, f"Phone number: now {NEW_PHONE}, before {KNOWN}."),
        ("reply_to", "me@evil.example", "now me@evil[.]example, before box@lantern[.]example."),
        ("postal_address", "1 New Road", "now 1 New Road, before 1 Main Street, New York, NY."),
    ],
)
def test_every_owner_hears_of_a_new_way_to_reach_people(
    office: Office, name: str, value: str, said: str
) -> None:
    ola = office.staff("Ola", Role.OWNER)
    office.staff("Rosa", Role.MANAGER)

    reached(office, **{name: value})

    told = [m for m in office.deliver() if m.subject.endswith(": contact details were changed")]
    assert sorted(m.to for m in told) == sorted((office.owner.email_key, ola.email_key))
    assert said in " ".join(told[0].text.split())


def test_another_detail_is_no_news_for_the_owners(office: Office) -> None:
    reached(office, name="Lantern House", website="https://lantern.example/new")

    assert office.deliver() == []


# --- seasons --------------------------------------------------------------------------------------


def start_seasons(desk: Desk, start: SeasonStart, actor: StaffMember | None = None) -> None:
    who = actor or desk.owner
    desk.write(
        lambda session: settings.change_season_start(desk.staff_context(session, who), start=start)
    )


def test_seasons_begin_in_september_until_an_owner_says_otherwise(desk: Desk) -> None:
    before = desk.read(settings.season_start)

    start_seasons(desk, SeasonStart(7, 15))

    assert (before, desk.read(settings.season_start)) == (SeasonStart(9, 1), SeasonStart(7, 15))
    line = desk.lines(action=Action.ORGANISATION_CHANGED)[0]
    assert line.facts == {"season_start.old": "09-01", "season_start.new": "07-15"}
    desk.read(settings.details)  # the row is still what the trail says


@pytest.mark.parametrize(
    "role", [role for role in Role if Permission.EDIT_SETTINGS not in PERMISSIONS[role]]
)
def test_a_role_that_may_not_edit_settings_moves_no_season(desk: Desk, role: Role) -> None:
    member = replace(desk.owner, role=role)

    unchanged(desk, lambda: start_seasons(desk, SeasonStart(7, 1), member), Forbidden)


def test_the_same_season_start_again_records_nothing(desk: Desk) -> None:
    start_seasons(desk, SeasonStart(7, 15))
    before = desk.dump()

    start_seasons(desk, SeasonStart(7, 15))

    assert before == desk.dump()


def test_other_details_leave_the_season_start_alone(desk: Desk) -> None:
    start_seasons(desk, SeasonStart(1, 1))

    change(desk, LANTERN)

    assert desk.read(settings.season_start) == SeasonStart(1, 1)
