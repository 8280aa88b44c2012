"""The set-up of a new house: what is done is said, and a test email reaches the owner alone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.factories import FrozenClock
from tests.support.pipeline import Client, Pipeline, installed, sign_in
from upstage_crm.admin.settings.setup_state import SENT, SetupState
from upstage_crm.admin.settings.setup_steps import SetupStep, setup_steps
from upstage_crm.admin.settings.state import SettingsState
from upstage_crm.admin.settings.url import Tab
from upstage_crm.core.db import Database
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


def test_an_owner_sends_herself_a_test_email_and_sees_what_became_of_it(
    database: Database, clock: FrozenClock
) -> None:
    async def story(parts: Runtime) -> tuple[Any, Any]:
        async with Pipeline() as pipeline:
            tab = await opened(pipeline, parts, Role.OWNER)
            before = (await pipeline.state(tab, SetupState)).steps[1]
            await pipeline.send(tab, SetupState.send_test)
            await pipeline.send(tab, SetupState.send_test)  # twice in a minute is one email
            state = await pipeline.state(tab, SetupState)
            return before, (state.steps[1], state.done)

    with installed(database, clock) as parts:
        before, (after, said) = asyncio.run(story(parts))

        (mail,) = mails(parts)
        assert "this is a test email" in mail.subject
        assert before.note == ""
        assert mail.to_address in after.note
        assert said == SENT


@pytest.mark.parametrize("role", [Role.MANAGER, Role.BOX_OFFICE])
def test_only_who_edits_the_settings_sends_one(
    database: Database, clock: FrozenClock, role: Role
) -> None:
    async def story(parts: Runtime) -> list[SetupStep]:
        async with Pipeline() as pipeline:
            tab = await opened(pipeline, parts, role)
            await pipeline.send(tab, SetupState.send_test)
            return (await pipeline.state(tab, SetupState)).steps

    with installed(database, clock) as parts:
        assert asyncio.run(story(parts)) == []
        assert mails(parts) == ()


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
def test_each_part_of_the_settings_has_an_address(
    database: Database, clock: FrozenClock, tab: Tab
) -> None:
    async def story(parts: Runtime) -> str:
        async with Pipeline() as pipeline:
            client = pipeline.client(sign_in(parts.database, Role.OWNER, at=clock.now()))
            await pipeline.send(client, SettingsState.load, f"/settings/?tab={tab}")
            return (await pipeline.state(client, SettingsState)).tab

    with installed(database, clock) as parts:
        assert asyncio.run(story(parts)) == tab.value
