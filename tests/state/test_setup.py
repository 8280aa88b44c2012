"""The set-up of a new house: what is done is said, and a test email reaches the owner alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.pipeline import Client, Pipeline, sign_in
from upstage_crm.admin.settings.setup_state import SENT, SetupState
from upstage_crm.admin.settings.setup_steps import setup_steps
from upstage_crm.admin.settings.state import SettingsState
from upstage_crm.admin.settings.url import Tab
from upstage_crm.core.clock import FrozenClock
from upstage_crm.mail import queries
from upstage_crm.mail.queries import MailSummary
from upstage_crm.organisation.details import FIRST_PHONE, OrganisationDetails
from upstage_crm.staff.roles import Role
from upstage_crm.wiring import Runtime

HOUSE = OrganisationDetails(
    name="Harbour Stage",
    desk_phone=FIRST_PHONE,
    reply_to="desk@harbour.example",
    postal_address="1 Quay",
    website="",
    time_zone="Europe/London",
    language="en",
)


def mails(parts: Runtime) -> tuple[MailSummary, ...]:
    with parts.database.reading() as session:
        return queries.mails(session).items


async def opened(pipeline: Pipeline, parts: Runtime, role: Role) -> Client:
    tab = pipeline.client(sign_in(parts.database, role, at=parts.clock.now()))
    await pipeline.send(tab, SettingsState.load, "/settings/?tab=set-up")
    return tab


async def test_an_owner_sends_herself_a_test_email_and_sees_what_became_of_it(
    made: Runtime, pipeline: Pipeline
) -> None:
    tab = await opened(pipeline, made, Role.OWNER)
    before = (await pipeline.state(tab, SetupState)).steps[1]

    await pipeline.send(tab, SetupState.send_test)
    await pipeline.send(tab, SetupState.send_test)  # twice in a minute is one email

    state = await pipeline.state(tab, SetupState)
    (mail,) = mails(made)
    assert "this is a test email" in mail.subject
    assert before.note == ""
    assert mail.to_address in state.steps[1].note
    assert state.done == SENT


@pytest.mark.parametrize("role", [Role.MANAGER, Role.BOX_OFFICE])
async def test_only_who_edits_the_settings_sends_one(
    made: Runtime, pipeline: Pipeline, role: Role
) -> None:
    tab = await opened(pipeline, made, role)

    await pipeline.send(tab, SetupState.send_test)

    assert (await pipeline.state(tab, SetupState)).steps == []
    assert mails(made) == ()


def test_a_new_house_has_everything_to_do(clock: FrozenClock) -> None:
    steps = setup_steps(HOUSE, [], None, has_factor=False, now=clock.now(), time_zone=HOUSE.zone)

    assert [step.is_done for step in steps] == [False] * 4
    assert all(step.href or step.title == "Send yourself a test email" for step in steps)


def test_what_was_done_is_done(clock: FrozenClock) -> None:
    house = replace(HOUSE, desk_phone="+44 20 7946 0958")

    steps = setup_steps(
        house, [], None, has_factor=True, now=clock.now() + timedelta(1), time_zone=house.zone
    )

    assert [step.is_done for step in steps] == [True, False, True, False]


@pytest.mark.parametrize("tab", Tab)
async def test_each_part_of_the_settings_has_an_address(
    made: Runtime, pipeline: Pipeline, clock: FrozenClock, tab: Tab
) -> None:
    client = pipeline.client(sign_in(made.database, Role.OWNER, at=clock.now()))

    await pipeline.send(client, SettingsState.load, f"/settings/?tab={tab}")

    assert (await pipeline.state(client, SettingsState)).tab == tab.value
