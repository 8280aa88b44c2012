"""The database is away or broken: every tab says so calmly, and is well again when it is back."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager

import pytest
import reflex as rx
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from tests.support.confirming import cookie, serving, tokens
from tests.support.engines import owners
from tests.support.factories import NEW, Desk
from tests.support.pipeline import Client, Pipeline, sign_in
from upstage_crm.admin.patron_list.list_state import PatronListState
from upstage_crm.change_requests.model.rules import RequestState
from upstage_crm.confirm.state import ConfirmState
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.core.languages import LANGUAGES, speaker
from upstage_crm.pages.event_errors import (
    TroubleState,
    tell_of_failure,
)
from upstage_crm.staff.roles import Role
from upstage_crm.upstage_crm import PUBLIC_HANDLERS
from upstage_crm.web.request_log import JsonFormatter
from upstage_crm.wording import failures, sentences

TURNED = rx.State.event_handlers["hydrate_and_load"]


@pytest.fixture
def desk(database: Database, clock: FrozenClock) -> Iterator[Desk]:
    made = Desk(database, clock)
    with serving(made):
        yield made


@contextmanager
def broken(database: Database) -> Generator[None]:
    """Every page asks whose CRM this is; now that fails, as everything would."""
    engine = owners(database.engine)
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE organisation RENAME TO organisation_gone"))
    try:
        yield
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text("ALTER TABLE organisation_gone RENAME TO organisation"))


@pytest.fixture
async def pipeline() -> AsyncIterator[Pipeline]:
    """The events of the app, and what it says when one fails."""
    async with Pipeline(PUBLIC_HANDLERS, on_failure=tell_of_failure) as running:
        yield running


async def told(pipeline: Pipeline, tab: Client) -> str:
    return (await pipeline.state(tab, TroubleState)).words


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_patron_who_opens_the_page_reads_it_in_their_language(
    desk: Desk, language: str, pipeline: Pipeline
) -> None:
    desk.propose(desk.patron())
    token = tokens(desk, NEW)[-1]
    say = speaker(language)

    tab = pipeline.client(cookie(desk, token), languages=f"{language};q=0.9")
    path = f"/confirm/?link={desk.codec.read(token).key}"
    with broken(desk.database):
        await pipeline.send(tab, ConfirmState.load, path)
        words = (await pipeline.state(tab, ConfirmState)).words
    assert words.title == say(failures.TITLE)
    assert words.lead == (say(failures.SOON), say(failures.LINK_WORKS))
    assert words.lang == language
    assert not words.can_decide

    await pipeline.send(tab, ConfirmState.load, path)
    assert (await pipeline.state(tab, ConfirmState)).words.can_decide


async def test_a_patron_who_answers_keeps_the_page_and_may_answer_again(
    desk: Desk, pipeline: Pipeline
) -> None:
    request = desk.propose(desk.patron())
    token = tokens(desk, NEW)[-1]

    tab = pipeline.client(cookie(desk, token))
    await pipeline.send(tab, ConfirmState.load, f"/confirm/?link={desk.codec.read(token).key}")
    with broken(desk.database):
        await pipeline.send(tab, ConfirmState.approve)
        state = await pipeline.state(tab, ConfirmState)
        assert state.problem == failures.for_patron(speaker("en"))
        assert state.words.can_decide
        assert state.busy == ""
    await pipeline.send(tab, ConfirmState.approve)
    assert (await pipeline.state(tab, ConfirmState)).problem == ""
    assert desk.state(request) is RequestState.APPROVED


async def test_a_member_of_staff_reads_one_line_until_the_page_turns(
    desk: Desk, caplog: pytest.LogCaptureFixture, pipeline: Pipeline
) -> None:
    caplog.handler.setFormatter(JsonFormatter())
    session = sign_in(desk.database, Role.BOX_OFFICE, at=desk.clock.now())

    tab = pipeline.client(session)
    with broken(desk.database):
        with pytest.raises(SQLAlchemyError):
            await pipeline.send(tab, PatronListState.load, "/patrons/")
        await pipeline.until_told(tab, sentences.FAILED)
    assert await told(pipeline, tab) == sentences.FAILED

    await pipeline.send(tab, TURNED, "/patrons/")
    assert await told(pipeline, tab) == ""
    lines = [json.loads(text) for text in caplog.text.splitlines()]
    failed = [line for line in lines if line["message"] == "an event failed"]
    assert len(failed) == 1
    assert failed[0]["level"] == logging.getLevelName(logging.ERROR).lower()
    assert "organisation" in failed[0]["error"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/confirm", failures.for_patron(speaker("fr"))),
        ("/patrons", sentences.FAILED),
    ],
)
async def test_any_failure_is_told_in_the_words_of_the_page(
    desk: Desk, path: str, words: str, pipeline: Pipeline
) -> None:
    tab = pipeline.client(languages="fr-FR,fr;q=0.9")
    await pipeline.send(tab, TroubleState.tell, path)
    assert await told(pipeline, tab) == words
