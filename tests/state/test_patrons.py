from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.pipeline import Client, Pipeline, installed, sign_in
from upstage_crm.admin.patrons.list_state import PAGE_SIZE, PatronListState
from upstage_crm.audit.events import Channel
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.patrons import commands
from upstage_crm.patrons.commands import PatronKind
from upstage_crm.staff.roles import Role, StaffMember
from upstage_crm.wiring import Runtime

SEED = StaffMember(
    id="seed", display_name="Seed", desk="", role=Role.OWNER, email_key="seed@desk.example"
)


@pytest.fixture
def made(database: Database, clock: FrozenClock) -> Iterator[Runtime]:
    with installed(database, clock) as runtime:
        yield runtime


def add(made: Runtime, **raw: str) -> int:
    """Add a patron as somebody else did before the test; return the number."""
    free = {"tags": raw.pop("tags", "")}
    with made.database.transaction() as session:
        return commands.add(
            session,
            actor=SEED,
            kind=PatronKind.PERSON,
            raw=raw,
            free=free,
            context=made.context(),
            now=made.clock.now(),
            even_if_duplicate=True,
            channel=Channel.DEMO,
        )


def staff(made: Runtime, role: Role = Role.BOX_OFFICE, **who: str) -> str:
    return sign_in(made.database, role, at=made.clock.now(), **who)


async def opened(pipeline: Pipeline, cookie: str, path: str = "/patrons/") -> Client:
    client = pipeline.client(cookie)
    await pipeline.send(client, PatronListState.load, path)
    return client


async def names(pipeline: Pipeline, client: Client) -> list[str]:
    return [row.name for row in (await pipeline.state(client, PatronListState)).rows]


def run(story: Any) -> None:
    asyncio.run(story())


class TestList:
    def test_an_outsider_gets_nothing(self, made: Runtime) -> None:
        add(made, given_name="Jane", family_name="Okafor")

        async def story() -> None:
            async with Pipeline() as pipeline:
                outsider = await opened(pipeline, "")

                assert ["/sign-in/"] == outsider.redirects()
                assert [] == await names(pipeline, outsider)
                assert "Okafor" not in str(outsider.deltas)

        run(story)

    def test_the_address_says_what_is_shown(self, made: Runtime) -> None:
        for number in range(PAGE_SIZE + 3):
            add(made, given_name="Jane", family_name=f"Okafor{number:03}", tags="Donor")
        add(made, given_name="Jane", family_name="Unrelated")
        cookie = staff(made)

        async def story() -> None:
            async with Pipeline() as pipeline:
                path = "/patrons/?q=okafor&tag=donor&sort=number&desc=1&page=2"
                dana = await opened(pipeline, cookie, path)

                state = await pipeline.state(dana, PatronListState)
                assert ["Jane Okafor002", "Jane Okafor001", "Jane Okafor000"] == [
                    row.name for row in state.rows
                ]
                assert ("53 patrons", "51–53 of 53", False) == (
                    state.count,
                    state.summary,
                    state.has_next,
                )

        run(story)

    def test_pages_go_on_and_back_within_the_found(self, made: Runtime) -> None:
        for number in range(PAGE_SIZE + 1):
            add(made, given_name="Jane", family_name=f"Okafor{number:03}")
        cookie = staff(made)

        async def story() -> None:
            async with Pipeline() as pipeline:
                dana = await opened(pipeline, cookie)
                await pipeline.send(dana, PatronListState.next_page)
                assert ["Jane Okafor050"] == await names(pipeline, dana)
                await pipeline.send(dana, PatronListState.next_page)
                assert ["Jane Okafor050"] == await names(pipeline, dana)
                await pipeline.send(dana, PatronListState.previous_page)
                assert PAGE_SIZE == len(await names(pipeline, dana))
                assert ["/patrons/?page=2", "/patrons/"] == dana.redirects()

        run(story)

    def test_the_latest_search_wins_whatever_arrives_late(self, made: Runtime) -> None:
        add(made, given_name="Anna", family_name="Brandt")
        add(made, given_name="Jane", family_name="Okafor")
        cookie = staff(made)

        async def story() -> None:
            async with Pipeline() as pipeline:
                dana = await opened(pipeline, cookie)
                first = await pipeline.start(dana, PatronListState.search, text="anna")
                second = await pipeline.start(dana, PatronListState.search, text="jane")
                for started in (first, second):
                    await asyncio.wait_for(started.wait_all(), 5)
                # The browser arrives at both addresses, the older one after the newer search.
                await pipeline.send(dana, PatronListState.load, "/patrons/?q=anna")
                await pipeline.send(dana, PatronListState.load, "/patrons/?q=jane")

                assert ["Jane Okafor"] == await names(pipeline, dana)

        run(story)

    def test_an_answer_to_an_older_search_is_never_shown(self, made: Runtime) -> None:
        add(made, given_name="Jane", family_name="Okafor")
        cookie = staff(made)

        async def story() -> None:
            async with Pipeline() as pipeline:
                dana = await opened(pipeline, cookie)
                await pipeline.send(dana, PatronListState.search, text="nobody at all")

                state = await pipeline.state(dana, PatronListState)
                assert ("nothing", []) == (state.shown, list(state.rows))
                await pipeline.send(dana, PatronListState.clear)
                assert ["Jane Okafor"] == await names(pipeline, dana)

        run(story)

    def test_back_to_an_address_reads_it_again(self, made: Runtime) -> None:
        cookie = staff(made)

        async def story() -> None:
            async with Pipeline() as pipeline:
                dana = await opened(pipeline, cookie, "/patrons/?q=jane")
                add(made, given_name="Jane", family_name="Okafor")
                await pipeline.send(dana, PatronListState.load, "/patrons/?q=jane")

                assert ["Jane Okafor"] == await names(pipeline, dana)

        run(story)

    @pytest.mark.parametrize(
        "path",
        [
            "/patrons/?sort=password&desc=yes&page=-4",
            "/patrons/?page=99999999999999999999",
            "/patrons/?page=²",
        ],
    )
    def test_nonsense_in_the_address_is_no_error(self, made: Runtime, path: str) -> None:
        add(made, given_name="Jane", family_name="Okafor")
        cookie = staff(made)

        async def story() -> None:
            async with Pipeline() as pipeline:
                dana = await opened(pipeline, cookie, path)

                state = await pipeline.state(dana, PatronListState)
                assert state.shown in {"rows", "nothing"}

        run(story)

    def test_arguments_of_any_kind_are_no_error(self, made: Runtime) -> None:
        add(made, given_name="Jane", family_name="Okafor")
        cookie = staff(made)

        async def story() -> None:
            async with Pipeline() as pipeline:
                dana = await opened(pipeline, cookie)
                await pipeline.send(dana, PatronListState.search, text={"$gt": ""})
                await pipeline.send(dana, PatronListState.sort_by, column=["name"])
                await pipeline.send(dana, PatronListState.sort_by, column="email; drop")

                assert ["Jane Okafor"] == await names(pipeline, dana)

        run(story)
