"""The patron's page through the whole event pipeline: what it shows, records and never tells."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import reflex as rx
from reflex_base.registry import RegistrationContext
from reflex_base.utils.format import json_dumps

from tests.support.confirming import cookie, serving, tampered, tokens
from tests.support.factories import NEW, OLD, Desk
from tests.support.pipeline import Client, Pipeline, finished
from upstage_crm.audit.events import Action, Channel
from upstage_crm.change_requests.lifecycle.staff_commands import Proposed
from upstage_crm.change_requests.model.rules import (
    Decision,
    RequestState,
)
from upstage_crm.confirm import fixed_copy
from upstage_crm.confirm.page_view import PageWords
from upstage_crm.confirm.state import TITLE_ID, ConfirmGuard, ConfirmState
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.patrons.views import PatronRecord

PUBLIC = frozenset(
    f"{ConfirmState.get_full_name()}.{name}"
    for name in ("load", "approve", "reject", "answer_each", "object_to")
)
HYDRATE = rx.State.event_handlers["hydrate_and_load"]
ANSWERS = [ConfirmState.approve, ConfirmState.reject, ConfirmState.object_to]
IDS = ["approve", "reject", "object"]

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def desk(database: Database, clock: FrozenClock) -> Iterator[Desk]:
    made = Desk(database, clock)
    with serving(made):
        yield made


@pytest.fixture
def patron(desk: Desk) -> PatronRecord:
    return desk.patron()


@pytest.fixture
def request_(desk: Desk, patron: PatronRecord) -> Proposed:
    return desk.propose(patron, reason_text="Rang us.")


@pytest.fixture
def token(desk: Desk, request_: Proposed) -> str:
    return tokens(desk, NEW)[-1]


def page_of(desk: Desk, token: str, *, choice: str = "") -> str:
    key = desk.codec.read(token).key
    return f"/confirm/?link={key}" + (f"&choice={choice}" if choice else "")


@pytest.fixture
async def pipeline() -> AsyncIterator[Pipeline]:
    async with Pipeline(PUBLIC) as running:
        yield running


async def opened(
    pipeline: Pipeline, desk: Desk, token: str, *, choice: str = "", held: str | None = None
) -> Client:
    """A tab that has opened the link, in a browser that holds it (or has the cookies `held`)."""
    client = pipeline.client(cookie(desk, token) if held is None else held)
    await pipeline.send(client, ConfirmState.load, page_of(desk, token, choice=choice))
    return client


async def words(pipeline: Pipeline, client: Client) -> PageWords:
    return (await pipeline.state(client, ConfirmState)).words


class TestDeciding:
    async def test_approving(
        self, desk: Desk, token: str, request_: Proposed, patron: PatronRecord, pipeline: Pipeline
    ) -> None:
        tab = await opened(pipeline, desk, token)

        await pipeline.send(tab, ConfirmState.approve)

        page = await words(pipeline, tab)
        assert (page.phase, page.title) == ("approved", "Approved. Thank you")
        assert page.lead == (f"Your email address at Your organisation is now {NEW}.",)
        assert any("mistake" in step for step in page.steps)
        assert not page.can_decide
        assert not page.object_title
        assert (await pipeline.state(tab, ConfirmState)).busy == ""
        assert [
            event.payload["ref"].removeprefix("ref_")
            for event in tab.events
            if event.name == "_set_focus"
        ] == [TITLE_ID]

        assert RequestState.APPROVED is desk.state(request_)
        assert desk.email(patron) == NEW
        [line] = desk.lines(action=Action.FIELD_APPROVED)
        assert Channel.PATRON_PAGE is line.channel
        assert line.values["ip_prefix"] == "127.0.0.0"

    async def test_rejecting_with_a_reason(
        self, desk: Desk, token: str, request_: Proposed, patron: PatronRecord, pipeline: Pipeline
    ) -> None:
        """Case 29: the reason reaches the proposer."""

        tab = await opened(pipeline, desk, token)

        await pipeline.send(tab, ConfirmState.reject, form={"comment": "Not mine at all."})

        assert (await words(pipeline, tab)).title == "Rejected. Nothing was changed"

        assert RequestState.REJECTED is desk.state(request_)
        assert desk.email(patron) == OLD
        desk.deliver()
        assert "Not mine at all." in desk.mailbox.to("dana@staff.example.org")[-1].text

    @pytest.mark.parametrize("form", [None, {}, {"comment": ""}])
    async def test_rejecting_needs_no_reason(
        self,
        desk: Desk,
        token: str,
        request_: Proposed,
        form: dict[str, str] | None,
        pipeline: Pipeline,
    ) -> None:
        tab = await opened(pipeline, desk, token)
        await pipeline.send(tab, ConfirmState.reject, form=form)

        assert RequestState.REJECTED is desk.state(request_)

    async def test_a_stranger_says_that_it_is_not_their_address(
        self, desk: Desk, token: str, request_: Proposed, pipeline: Pipeline
    ) -> None:
        """Case 28: it closes the request and suppresses the address."""

        tab = await opened(pipeline, desk, token)
        assert (await words(pipeline, tab)).object_title == "This is not my address"

        await pipeline.send(tab, ConfirmState.object_to)

        assert (await words(pipeline, tab)).title == "Thank you for telling us"

        assert RequestState.REJECTED is desk.state(request_)
        assert Action.ADDRESS_SUPPRESSED in desk.actions()

    async def test_pressing_twice_gives_one_decision_and_shows_it_twice(
        self, desk: Desk, token: str, request_: Proposed, pipeline: Pipeline
    ) -> None:
        """Case 6: one change, one set of mails, one entry; both say that it was approved."""

        tabs = [await opened(pipeline, desk, token) for _number in range(2)]

        presses = [await pipeline.start(tab, ConfirmState.approve) for tab in (*tabs, *tabs)]
        await finished(*presses)

        for tab in tabs:
            assert (await words(pipeline, tab)).title == "Approved. Thank you"
            assert (await pipeline.state(tab, ConfirmState)).problem == ""

        assert desk.actions().count(Action.FIELD_APPLIED) == 1
        assert [kind for kind, _to in desk.told(request_)] == [
            "change_applied",
            "change_applied",
            "staff_outcome",
        ]

    async def test_the_loser_of_a_race_sees_what_was_recorded(
        self, desk: Desk, token: str, request_: Proposed, patron: PatronRecord, pipeline: Pipeline
    ) -> None:
        """Case 7: approve and reject at once."""

        one, two = [await opened(pipeline, desk, token) for _number in range(2)]

        presses = [
            await pipeline.start(one, ConfirmState.approve),
            await pipeline.start(two, ConfirmState.reject),
        ]
        await finished(*presses)

        assert len({(await words(pipeline, tab)).phase for tab in (one, two)}) == 1

        is_approved = desk.state(request_) is RequestState.APPROVED
        assert (NEW if is_approved else OLD) == desk.email(patron)
        assert (
            len(desk.lines(action=Action.REQUEST_PROPOSED))
            + len(
                [line for line in desk.lines() if line.action in {Action.FIELD_APPLIED}]
                or desk.lines(action=Action.FIELD_REJECTED)
            )
            == 2
        )


@on_sqlite
class TestShowing:
    async def test_loading_shows_and_writes_nothing(
        self, desk: Desk, token: str, request_: Proposed, pipeline: Pipeline
    ) -> None:
        before = desk.dump()

        for choice in ("approve", "reject", "object", "x"):
            tab = await opened(pipeline, desk, token, choice=choice)
            page = await words(pipeline, tab)

            assert (page.phase, page.can_decide) == ("open", True)
            assert page.choice == (choice if choice in {"approve", "reject"} else "")
            assert request_.reference == page.reference
            assert "M••• S•••" in page.facts[1].text

        assert before == desk.dump()

    async def test_nothing_secret_ever_reaches_the_browser(
        self, desk: Desk, token: str, pipeline: Pipeline
    ) -> None:
        claims = desk.codec.read(token)

        tab = await opened(pipeline, desk, token, choice="approve")
        await pipeline.send(tab, ConfirmState.approve)

        sent = json_dumps(tab.deltas) + str(tab.events)
        assert "Approved. Thank you" in sent
        for secret in (token, token.split(".")[2], claims.jti, claims.request_id, OLD, "Smith"):
            assert secret not in sent

    async def test_several_links_stay_apart(
        self, desk: Desk, token: str, pipeline: Pipeline
    ) -> None:
        desk.propose(desk.patron("zoe@example.com", "Zoe"), "zoe.new@example.org")
        other = tokens(desk, "zoe.new@example.org")[-1]
        held = cookie(desk, token, other)

        one = await opened(pipeline, desk, token, held=held)
        two = await opened(pipeline, desk, other, held=held)

        await pipeline.send(one, ConfirmState.approve)
        await pipeline.send(two, ConfirmState.reject)

        assert (await words(pipeline, one)).phase == "approved"
        assert (await words(pipeline, two)).phase == "rejected"

    @pytest.mark.parametrize(
        ("days", "happens", "phase"),
        [
            (1, lambda desk, request, patron: desk.resend(request), "outdated"),
            (1, lambda desk, request, patron: desk.withdraw(request), "withdrawn"),
            (1, lambda desk, request, patron: desk.propose(patron, "c@example.org"), "superseded"),
            (7, lambda desk, request, patron: None, "expired"),
            (7, lambda desk, request, patron: desk.expire(request), "expired"),
        ],
        ids=["outdated", "withdrawn", "superseded", "out of time", "expired"],
    )
    @pytest.mark.parametrize("press", ANSWERS, ids=IDS)
    async def test_what_ended_while_the_page_was_open_is_not_decided(
        self,
        desk: Desk,
        token: str,
        request_: Proposed,
        patron: PatronRecord,
        days: int,
        happens: Callable[[Desk, Proposed, PatronRecord], object],
        phase: str,
        press: Any,
        pipeline: Pipeline,
    ) -> None:
        """Cases 13, 30 and 31."""

        tab = await opened(pipeline, desk, token)
        desk.clock.advance(timedelta(days=days))
        happens(desk, request_, patron)
        before = desk.dump()

        await pipeline.send(tab, press)

        page = await words(pipeline, tab)
        assert phase == page.phase
        assert page.steps
        assert page.phone_href == "tel:+15550100"
        assert before == desk.dump()

    @pytest.mark.parametrize(
        ("press", "state"),
        [
            (ConfirmState.approve, RequestState.PENDING),  # the new address has not answered yet
            (ConfirmState.reject, RequestState.REJECTED),
            (ConfirmState.object_to, RequestState.PENDING),  # the old one has no say any more
        ],
        ids=["switch", "keep", "not this person"],
    )
    async def test_a_notice_has_three_answers(
        self, desk: Desk, request_: Proposed, press: Any, state: RequestState, pipeline: Pipeline
    ) -> None:
        notice = tokens(desk, OLD)[-1]

        tab = await opened(pipeline, desk, notice, choice="approve")
        page = await words(pipeline, tab)
        assert (page.can_decide, page.choice) == (True, "approve")
        assert (page.approve, page.reject) == (fixed_copy.SWITCH, fixed_copy.KEEP)
        assert page.objection == Decision.NOT_THIS_PERSON.value

        await pipeline.send(tab, press)

        assert not (await words(pipeline, tab)).can_decide

        assert desk.state(request_) is state

    async def test_objecting_to_a_change_that_was_made(
        self, desk: Desk, token: str, request_: Proposed, pipeline: Pipeline
    ) -> None:
        desk.decide(desk.codec.read(token))
        objection = tokens(desk, OLD)[-1]

        tab = await opened(pipeline, desk, objection)
        assert (await words(pipeline, tab)).title == "Your details have changed"

        await pipeline.send(tab, ConfirmState.object_to)
        await pipeline.send(tab, ConfirmState.object_to)

        page = await words(pipeline, tab)
        assert page.title == "Thank you. We have undone the change"
        assert page.object_title == ""

        assert desk.actions().count(Action.OBJECTION_RECEIVED) == 1


@on_sqlite
class TestRefusing:
    @pytest.mark.parametrize("press", [ConfirmState.load, *ANSWERS], ids=["load", *IDS])
    async def test_without_an_authentic_link_nothing_happens(
        self, desk: Desk, token: str, request_: Proposed, press: Any, pipeline: Pipeline
    ) -> None:
        """Cases 9, 10 and 11, at every handler."""
        desk.propose(desk.patron("zoe@example.com", "Zoe"), "zoe.new@example.org")
        other = tokens(desk, "zoe.new@example.org")[-1]
        name = cookie(desk, token).partition("=")[0]
        claims = desk.codec.read(token)
        unknown = desk.codec.mint(dataclasses.replace(claims, request_id="0" * 32))
        before = desk.dump()

        for held, phase in (
            ("", "missing"),
            (cookie(desk, other), "missing"),
            (f"{name}={other}", "invalid"),
            (f"{name}={tampered(token)}", "invalid"),
            (f"{name}={unknown}", "invalid"),
            (f"{name}=", "invalid"),
            (f"__Host-{name}={token}", "missing"),
        ):
            tab = pipeline.client(held)
            await pipeline.send(tab, press, page_of(desk, token))
            page = await words(pipeline, tab)
            assert phase == page.phase
            assert (page.can_decide, page.object_title, page.changes) == (False, "", ())

        assert before == desk.dump()

    @pytest.mark.parametrize("link", ["", "invalid", "A" * 13, "..%2F..", "%00", "A" * 5_000])
    async def test_a_key_may_be_anything(
        self, desk: Desk, token: str, link: str, pipeline: Pipeline
    ) -> None:
        before = desk.dump()

        tab = pipeline.client(cookie(desk, token))
        for press in (ConfirmState.load, *ANSWERS):
            await pipeline.send(tab, press, f"/confirm/?link={link}")
            page = await words(pipeline, tab)
            assert page.phase == ("invalid" if link else "code")

        assert before == desk.dump()

    @pytest.mark.parametrize(
        "form",
        [7, "text", ["comment"], {"comment": 7}, {"comment": {"$gt": ""}}, {"comment": None}],
    )
    async def test_a_form_of_the_wrong_shape_decides_nothing(
        self, desk: Desk, token: str, form: object, pipeline: Pipeline
    ) -> None:
        tab = await opened(pipeline, desk, token)
        before = desk.dump()

        await pipeline.send(tab, ConfirmState.reject, form=form)

        state = await pipeline.state(tab, ConfirmState)
        assert (
            state.problem,
            state.words.phase,
            state.busy,
        ) == (fixed_copy.UNREADABLE, "open", "")
        assert before == desk.dump()

    async def test_a_reason_that_is_too_long_leaves_the_page_open(
        self, desk: Desk, token: str, request_: Proposed, pipeline: Pipeline
    ) -> None:
        tab = await opened(pipeline, desk, token)
        before = desk.dump()

        await pipeline.send(tab, ConfirmState.reject, form={"comment": "x" * 501})

        state = await pipeline.state(tab, ConfirmState)
        assert state.problem == "This is too long: 500 characters at most."
        assert (state.words.phase, state.busy) == ("open", "")
        assert before == desk.dump()

        await pipeline.send(tab, ConfirmState.reject, form={"comment": "x" * 500})
        assert (await pipeline.state(tab, ConfirmState)).problem == ""

        assert RequestState.REJECTED is desk.state(request_)

    async def test_a_link_of_another_version_is_no_link(
        self, desk: Desk, token: str, request_: Proposed, pipeline: Pipeline
    ) -> None:
        """A token re-signed for another version decides nothing."""
        claims = desk.codec.read(token)
        before = desk.dump()

        for version in (2, 0):
            other = desk.codec.mint(dataclasses.replace(claims, version=version))
            tab = await opened(pipeline, desk, other)
            await pipeline.send(tab, ConfirmState.approve)
            assert not (await words(pipeline, tab)).can_decide

        assert before == desk.dump()

    async def test_a_tab_that_comes_back_without_its_cookie_is_emptied(
        self, desk: Desk, token: str, pipeline: Pipeline
    ) -> None:
        middleware = pipeline._processor.middleware
        assert middleware is not None
        middleware.add_middleware(ConfirmGuard())
        tab = await opened(pipeline, desk, token)
        await pipeline.send(tab, HYDRATE)
        assert (await words(pipeline, tab)).phase == "open"
        tab.cookie, tab.deltas = "", []

        await pipeline.send(tab, HYDRATE)

        assert PageWords() == await words(pipeline, tab)
        assert NEW not in json_dumps(tab.deltas)


def test_the_public_handlers_are_these() -> None:
    found = {
        name
        for name, entry in RegistrationContext.get().event_handlers.items()
        if ConfirmState in entry.states and not name.endswith(".setvar")
    }

    assert found == PUBLIC
