"""Several requests at once: the numbers before the press, and what became of each after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest

from tests.support.factories import Desk
from tests.support.pipeline import Client, Pipeline, sign_in
from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.requests.bulk_state import RequestBulkState
from upstage_crm.admin.requests.queue_state import RequestQueueState
from upstage_crm.change_requests.lifecycle.staff_commands import Proposed
from upstage_crm.change_requests.model.rules import RequestState
from upstage_crm.core.clock import FrozenClock
from upstage_crm.staff.roles import Role
from upstage_crm.wiring import Runtime


@dataclass
class Queue:
    """A clerk before a queue with three open requests and one that has ended."""

    desk: Desk
    pipeline: Pipeline
    tab: Client
    requests: list[Proposed]

    @property
    def references(self) -> list[str]:
        return [request.reference for request in self.requests]

    async def ask(self, act: str, references: object) -> RequestBulkState:
        sent = {"act": act, "references": references}
        await self.pipeline.send(self.tab, RequestBulkState.ask, **sent)
        return await self.dialog()

    async def dialog(self) -> RequestBulkState:
        return await self.pipeline.state(self.tab, RequestBulkState)

    async def said(self) -> str:
        return (await self.pipeline.state(self.tab, AdminState)).done

    def states(self) -> list[RequestState]:
        return [self.desk.state(request) for request in self.requests]


@pytest.fixture
async def queue(made: Runtime, clock: FrozenClock, pipeline: Pipeline) -> Queue:
    desk = Desk(made.database, clock)
    requests = [
        desk.propose(desk.patron(f"p{n}@example.com", "Pat", f"No{n}"), f"new{n}@example.org")
        for n in range(4)
    ]
    desk.deliver()
    desk.withdraw(requests[3])
    clock.advance(timedelta(minutes=10))
    tab = pipeline.client(sign_in(made.database, Role.BOX_OFFICE, at=clock.now()))
    await pipeline.send(tab, RequestQueueState.load, "/requests/?view=all")
    return Queue(desk, pipeline, tab, requests)


async def test_the_dialog_says_to_how_many_it_applies_and_how_many_emails_it_sends(
    queue: Queue,
) -> None:
    dialog = await queue.ask("withdraw", queue.references)

    assert (dialog.dialog, dialog.about, dialog.applies) == ("withdraw", "4 requests chosen", 3)
    assert dialog.lines[0] == "Applies to 3 of them."
    assert dialog.lines[1].startswith("Sends 6 emails")  # each patron's two mailboxes
    assert dialog.lines[2].startswith(f"Left as it is: {queue.references[3]}. ")
    assert queue.states().count(RequestState.PENDING) == 3


async def test_each_chosen_request_is_withdrawn_by_its_own_command(queue: Queue) -> None:
    await queue.ask("withdraw", queue.references[:2])

    await queue.pipeline.submit(queue.tab, RequestBulkState.withdraw, {})

    ended, stays = RequestState.WITHDRAWN, RequestState.PENDING
    assert queue.states() == [ended, ended, stays, ended]
    assert await queue.said() == "2 requests withdrawn."
    assert (await queue.dialog()).dialog == ""


async def test_one_that_ended_meanwhile_is_named_and_stops_no_other(queue: Queue) -> None:
    await queue.ask("withdraw", queue.references[:2])
    queue.desk.withdraw(queue.requests[0])

    await queue.pipeline.submit(queue.tab, RequestBulkState.withdraw, {})

    said = await queue.said()
    assert said.startswith(f"1 request withdrawn. Left as it is: {queue.references[0]}. ")
    assert queue.desk.state(queue.requests[1]) is RequestState.WITHDRAWN


async def test_sending_again_holds_to_the_limits_of_each_request(queue: Queue) -> None:
    queue.desk.resend(queue.requests[0])

    dialog = await queue.ask("resend", queue.references[:2])
    assert dialog.lines[0] == "Applies to 1 of them."
    await queue.pipeline.submit(queue.tab, RequestBulkState.resend, {})

    sent = [queue.desk.view(request).sent_count for request in queue.requests[:2]]
    assert sent == [2, 2]
    assert await queue.said() == "1 request sent again."


async def test_where_nothing_was_done_the_dialog_says_why(queue: Queue) -> None:
    await queue.ask("withdraw", queue.references[:1])
    queue.desk.withdraw(queue.requests[0])

    await queue.pipeline.submit(queue.tab, RequestBulkState.withdraw, {})

    dialog = await queue.dialog()
    assert dialog.dialog == "withdraw"
    assert queue.references[0] in dialog.refusal


@pytest.mark.parametrize(
    "nonsense", [None, "K7-2FQ", [1, {}, None], ["x" * 10_000], [], {"K7-2FQ": 1}, ["ZZ-ZZZ"]]
)
async def test_nonsense_for_references_does_nothing(queue: Queue, nonsense: object) -> None:
    dialog = await queue.ask("withdraw", nonsense)

    assert dialog.applies == 0
    await queue.pipeline.submit(queue.tab, RequestBulkState.withdraw, {})
    assert queue.states().count(RequestState.PENDING) == 3


@pytest.mark.parametrize("role", [Role.READ_ONLY, Role.MARKETING, Role.AUDITOR])
async def test_a_role_that_may_not_withdraw_is_told_so_before_the_press(
    queue: Queue, role: Role, made: Runtime, clock: FrozenClock
) -> None:
    queue.tab = queue.pipeline.client(sign_in(made.database, role, at=clock.now(), email="r@d.ex"))
    await queue.pipeline.send(queue.tab, RequestQueueState.load, "/requests/")

    dialog = await queue.ask("withdraw", queue.references[:1])

    assert (dialog.applies, len(dialog.lines)) == (0, 2)
    await queue.pipeline.submit(queue.tab, RequestBulkState.withdraw, {})
    assert queue.states()[0] is RequestState.PENDING


async def test_a_form_of_another_dialog_does_nothing(queue: Queue) -> None:
    await queue.ask("resend", queue.references[:1])

    await queue.pipeline.submit(queue.tab, RequestBulkState.withdraw, {})

    assert queue.states()[0] is RequestState.PENDING
