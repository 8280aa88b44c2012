"""A change proposed for several patrons of the list: the words before the press, and after it."""

from __future__ import annotations

import pytest

from tests.state.test_patrons import add, opened, staff
from tests.support.pipeline import Client, Pipeline
from tests.support.thresholds import relax
from upstage_crm.admin.patron_list.bulk_propose_state import BulkProposeState
from upstage_crm.admin.patron_list.list_state import PatronListState
from upstage_crm.admin.patron_list.tags_state import PatronTagsState
from upstage_crm.change_requests.model.reasons import REASONS
from upstage_crm.change_requests.model.rules import ReasonCode
from upstage_crm.change_requests.reads.asked_patrons import pending_counts
from upstage_crm.patrons import queries
from upstage_crm.staff.roles import Role
from upstage_crm.wiring import Runtime
from upstage_crm.wording.sentences import SENTENCES

HOME = {"address_line1": "1 Main Street", "address_city": "Springfeild", "address_country": "US"}
FILLED = {"part": "address_city", "text": "Springfield", "reason": "typing_mistake"}


def crowd(made: Runtime, count: int = 3) -> list[int]:
    """Patrons of one misspelt town, and the last one without an email."""
    people = [f"p{n}@example.com" for n in range(count - 1)] + [""]
    return [
        add(made, given_name="Pat", family_name=f"No{n}", email=email, **HOME)
        for n, email in enumerate(people)
    ]


def asked(made: Runtime, numbers: list[int]) -> list[int]:
    """How many open requests each of these patrons has."""
    with made.database.reading() as session:
        ids = [queries.get_by_number(session, number).id for number in numbers]
        counts = pending_counts(session, ids)
    return [counts.get(one, 0) for one in ids]


async def choosing(pipeline: Pipeline, cookie: str, numbers: object) -> Client:
    tab = await opened(pipeline, cookie)
    await pipeline.send(tab, PatronTagsState.ask, act="propose", numbers=numbers)
    return tab


async def dialog(pipeline: Pipeline, tab: Client) -> BulkProposeState:
    return await pipeline.state(tab, BulkProposeState)


async def typed(pipeline: Pipeline, tab: Client, **form: str) -> BulkProposeState:
    state = await dialog(pipeline, tab)
    carried = {"opening": str(state.opening), "draft": state.draft_of}
    await pipeline.send(tab, BulkProposeState.keep, form={**FILLED, **form, **carried})
    return await dialog(pipeline, tab)


async def test_the_preview_says_whom_it_asks_and_why_others_are_left_out(
    made: Runtime, pipeline: Pipeline
) -> None:
    relax(made.database)
    numbers = crowd(made)
    tab = await choosing(pipeline, staff(made), [*map(str, numbers), "99999"])

    state = await typed(pipeline, tab)

    assert state.about == "3 patrons chosen"
    assert state.lines == [
        "Applies to 2 of them.",
        f"Left out: Pat No2 ({numbers[2]}). {SENTENCES['no_mailbox']}",
    ]
    assert state.reads == REASONS[ReasonCode.TYPING_MISTAKE].sentence
    assert asked(made, numbers) == [0, 0, 0]


async def test_each_is_asked_by_a_request_of_their_own(made: Runtime, pipeline: Pipeline) -> None:
    relax(made.database)
    numbers = crowd(made)
    tab = await choosing(pipeline, staff(made), [str(number) for number in numbers])

    await pipeline.submit(tab, BulkProposeState.propose, FILLED)

    assert asked(made, numbers) == [1, 1, 0]
    said = (await pipeline.state(tab, PatronListState)).done
    assert said.startswith("2 patrons asked. Left out: Pat No2")
    assert (await dialog(pipeline, tab)).dialog == ""


async def test_the_tripwires_of_single_proposals_hold_many(
    made: Runtime, pipeline: Pipeline
) -> None:
    numbers = crowd(made, 6)
    tab = await choosing(pipeline, staff(made), [str(number) for number in numbers])

    told = (await typed(pipeline, tab)).lines
    await pipeline.submit(tab, BulkProposeState.propose, FILLED)

    waits = "3 requests wait until a colleague has reviewed them, because many come at once."
    assert told[:2] == ["Applies to 5 of them.", waits]
    said = (await pipeline.state(tab, PatronListState)).done
    assert said.startswith(f"5 patrons asked. {waits}")


@pytest.mark.parametrize(
    ("form", "errors"),
    [
        ({"text": " "}, {"text": "Enter the new value."}),
        ({"reason": ""}, {"reason": "Choose a reason."}),
        ({"reason": "nonsense"}, {"reason": "Choose a reason."}),
        (
            {"reason": "other"},
            {"reason_text": "Choose a reason. For another reason, describe it."},
        ),
        (
            {"part": "address_country", "text": "Utopia"},
            {"text": "Choose a country."},
        ),
    ],
)
async def test_what_is_missing_is_said_at_its_input(
    made: Runtime, pipeline: Pipeline, form: dict[str, str], errors: dict[str, str]
) -> None:
    numbers = crowd(made)
    tab = await choosing(pipeline, staff(made), [str(number) for number in numbers])

    await pipeline.submit(tab, BulkProposeState.propose, {**FILLED, **form})

    state = await dialog(pipeline, tab)
    assert state.errors == errors
    assert state.focus_at.partition("#")[0] == f"propose-{next(iter(errors))}"
    assert asked(made, numbers) == [0, 0, 0]


async def test_where_no_one_can_be_asked_the_dialog_stays_and_says_why(
    made: Runtime, pipeline: Pipeline
) -> None:
    (number,) = crowd(made, 1)
    tab = await choosing(pipeline, staff(made), [str(number)])

    await pipeline.submit(tab, BulkProposeState.propose, FILLED)

    state = await dialog(pipeline, tab)
    assert (state.dialog, state.refusal[:9]) == ("propose", "Left out:")


@pytest.mark.parametrize("nonsense", [None, "12", [1, {}, None], ["x" * 10_000], [], {"a": 1}])
async def test_nonsense_for_numbers_opens_nothing(
    made: Runtime, pipeline: Pipeline, nonsense: object
) -> None:
    crowd(made)

    tab = await choosing(pipeline, staff(made), nonsense)

    assert (await dialog(pipeline, tab)).dialog == ""


@pytest.mark.parametrize(
    ("role", "acts"),
    [
        (Role.BOX_OFFICE, ["tag", "untag", "propose"]),
        (Role.MARKETING, ["tag", "untag"]),
        (Role.READ_ONLY, []),
    ],
)
async def test_the_bar_offers_what_the_role_includes(
    made: Runtime, pipeline: Pipeline, role: Role, acts: list[str]
) -> None:
    crowd(made)

    tab = await opened(pipeline, staff(made, role))

    state = await pipeline.state(tab, PatronListState)
    assert [name for name, _words, _key in state.acts] == acts


async def test_a_value_that_is_refused_while_it_is_typed_moves_no_focus(
    made: Runtime, pipeline: Pipeline
) -> None:
    numbers = crowd(made)
    tab = await choosing(pipeline, staff(made), [str(number) for number in numbers])

    state = await typed(pipeline, tab, part="address_country", text="Utopia")

    assert (state.errors, state.focus_at) == ({"text": "Choose a country."}, "")
