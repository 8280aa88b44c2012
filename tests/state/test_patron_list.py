"""The patron list at work: chips, views, places, the preview, and tags of many at once."""

from __future__ import annotations

import pytest

from tests.state.test_patrons import add, names, opened, staff
from tests.support.pipeline import Pipeline
from upstage_crm.admin.patron_list.list_state import PatronListState
from upstage_crm.admin.patron_list.preview_state import PatronPreviewState
from upstage_crm.admin.patron_list.save_view_state import SaveViewState
from upstage_crm.admin.patron_list.suggest_state import SuggestState
from upstage_crm.admin.patron_list.tags_state import CHOSEN, PatronTagsState
from upstage_crm.pages.dialog_state import OPENING, SUBJECT
from upstage_crm.pages.list_state import NOT_READ, PAGE_SIZE
from upstage_crm.patrons import queries, tags
from upstage_crm.staff.roles import Role
from upstage_crm.wiring import Runtime

ANN = {"given_name": "Ann", "family_name": "Young", "email": "ann@example.org"}


@pytest.mark.parametrize(
    "asked",
    [
        "colour=red",
        "status=asleep",
        "country=england",
        "sort=shoe",
        "page=-1",
        f"tag={'x' * 10_000}",
        f"q={'x' * 10_000}",
    ],
)
async def test_what_an_address_cannot_ask_is_told_and_left_out(
    made: Runtime, pipeline: Pipeline, asked: str
) -> None:
    add(made, **ANN)

    dana = await opened(pipeline, staff(made), f"/patrons/?{asked}")

    state = await pipeline.state(dana, PatronListState)
    assert (state.notice, state.shown in ("rows", "nothing")) == (NOT_READ, True)


async def test_a_place_of_another_order_is_told(made: Runtime, pipeline: Pipeline) -> None:
    add(made, **ANN)

    dana = await opened(pipeline, staff(made), "/patrons/?sort=city&before=name.asc.0.1..after")

    state = await pipeline.state(dana, PatronListState)
    assert state.notice == "This page belongs to another order of the list. Here is the first page."
    assert await names(pipeline, dana) == ["Ann Young"]


async def test_a_slip_is_told(made: Runtime, pipeline: Pipeline) -> None:
    add(made, given_name="Maria", family_name="Young")

    dana = await opened(pipeline, staff(made), "/patrons/?q=marria")

    state = await pipeline.state(dana, PatronListState)
    assert state.notice == "No match for “marria”. Showing “maria”."
    assert await names(pipeline, dana) == ["Maria Young"]


async def test_pages_are_turned_by_key_and_numbered(made: Runtime, pipeline: Pipeline) -> None:
    for number in range(PAGE_SIZE + 2):
        add(made, given_name="Jane", family_name=f"Okafor{number:03}")
    dana = await opened(pipeline, staff(made))

    await pipeline.send(dana, PatronListState.next_page)

    state = await pipeline.state(dana, PatronListState)
    assert await names(pipeline, dana) == ["Jane Okafor050", "Jane Okafor051"]
    assert (state.summary, state.has_previous, state.has_next) == ("51–52 of 52", True, False)

    await pipeline.send(dana, PatronListState.previous_page)

    state = await pipeline.state(dana, PatronListState)
    assert (state.summary, state.has_previous, state.has_next) == ("1–50 of 52", False, True)


async def test_chips_join_by_all_or_any(made: Runtime, pipeline: Pipeline) -> None:
    add(made, **ANN, tags="donor")
    add(made, given_name="Bea", family_name="Young")
    dana = await opened(pipeline, staff(made), "/patrons/?tag=donor&email=none")

    state = await pipeline.state(dana, PatronListState)
    assert [chip.label for chip in state.chips] == ["Tag: donor", "No email"]
    assert await names(pipeline, dana) == []

    await pipeline.send(dana, PatronListState.choose, name="any", value="1")

    assert await names(pipeline, dana) == ["Ann Young", "Bea Young"]


async def test_a_saved_view_keeps_filters_and_no_words(made: Runtime, pipeline: Pipeline) -> None:
    add(made, **ANN, tags="donor")
    dana = await opened(pipeline, staff(made), "/patrons/?q=ann&tag=donor&sort=city")
    await pipeline.send(dana, SaveViewState.open)
    dialog = await pipeline.state(dana, SaveViewState)
    form = {SUBJECT: dialog.subject, OPENING: str(dialog.opening), "name": "Donors", "shared": "on"}

    await pipeline.send(dana, SaveViewState.save, form=form)

    (view,) = [v for v in (await pipeline.state(dana, PatronListState)).views if v.id]
    assert (view.label, view.href, view.count) == ("Donors", "/patrons/?tag=donor&sort=city", "1")
    emil = await opened(pipeline, staff(made, name="Emil", email="emil@desk.example"))
    (shared,) = [v for v in (await pipeline.state(emil, PatronListState)).views if v.id]
    assert (shared.is_shared, shared.can_remove) == (True, False)

    await pipeline.send(emil, PatronListState.forget_view, view_id=view.id)
    state = await pipeline.state(emil, PatronListState)
    assert state.problem == ("A colleague saved this view. Only they or a manager can remove it.")

    await pipeline.send(dana, PatronListState.forget_view, view_id=view.id)
    assert not [v for v in (await pipeline.state(dana, PatronListState)).views if v.id]


async def test_a_role_has_no_filter_that_would_tell(made: Runtime, pipeline: Pipeline) -> None:
    add(made, **ANN)

    eve = await opened(pipeline, staff(made, Role.READ_ONLY), "/patrons/?email=unproven")

    state = await pipeline.state(eve, PatronListState)
    assert state.hidden_filters == ["city", "country", "email", "twin"]
    assert state.hidden_orders == ["email", "city"]
    assert await names(pipeline, eve) == []


async def test_several_patrons_are_tagged_at_once(made: Runtime, pipeline: Pipeline) -> None:
    numbers = [add(made, **ANN, tags="donor"), add(made, given_name="Bea", family_name="Young")]
    dana = await opened(pipeline, staff(made))
    await pipeline.send(
        dana, PatronTagsState.ask, act="tag", numbers=[*map(str, numbers), "x", "99999"]
    )
    dialog = await pipeline.state(dana, PatronTagsState)
    form = {SUBJECT: CHOSEN, OPENING: str(dialog.opening), "tags": "donor"}

    await pipeline.send(dana, PatronTagsState.tag, form=form)

    assert (await pipeline.state(dana, PatronListState)).done == (
        "1 patron tagged. 1 already had the tag."
    )
    with made.database.reading() as session:
        ids = [queries.get_by_number(session, number).id for number in numbers]
        held = tags.held_by(session, ids)
    assert [list(each) for each in held.values()] == [["donor"], ["donor"]]


async def test_the_part_of_a_name_that_sorts_is_marked(made: Runtime, pipeline: Pipeline) -> None:
    add(made, **ANN)
    rows = (
        await pipeline.state(await opened(pipeline, staff(made, Role.OWNER)), PatronListState)
    ).rows
    assert [(row.name_before, row.family, row.name_after) for row in rows] == [
        ("Ann ", "Young", "")
    ]


async def test_a_preview_shows_what_the_reader_sees(made: Runtime, pipeline: Pipeline) -> None:
    number = add(made, **ANN)
    eve = await opened(pipeline, staff(made, Role.READ_ONLY))

    await pipeline.send(eve, PatronPreviewState.show, number=str(number))

    preview = (await pipeline.state(eve, PatronPreviewState)).preview
    assert preview.name == "Ann Young"
    assert "ann@example.org" not in str(preview)

    await pipeline.send(eve, PatronPreviewState.shut)
    assert not (await pipeline.state(eve, PatronPreviewState)).preview.number


async def test_tags_and_towns_are_offered_as_one_types(made: Runtime, pipeline: Pipeline) -> None:
    home = {"address_line1": "1 Main Street", "address_city": "Dover", "address_country": "US"}
    add(made, **ANN, tags="donor, dance", **home)
    dana = await opened(pipeline, staff(made), "/patrons/?tag=dance")

    await pipeline.send(dana, SuggestState.ask, words=" do ")

    offered = await pipeline.state(dana, SuggestState)
    assert offered.asked == "do"
    assert [(one.group, one.words, one.detail) for one in offered.found] == [
        ("Tags", "donor", "1"),
        ("Towns", "Dover", ""),
    ]

    await pipeline.send(dana, SuggestState.pick, name="tag", words="donor")
    await pipeline.send(dana, SuggestState.pick, name="tag", words="DONOR")
    await pipeline.send(dana, SuggestState.pick, name="city", words="Dover")

    shown = await pipeline.state(dana, PatronListState)
    assert [chip.label for chip in shown.chips] == ["Tag: dance", "Tag: donor", "Town: Dover"]
    assert await names(pipeline, dana) == ["Ann Young"]
    assert not (await pipeline.state(dana, SuggestState)).found


@pytest.mark.parametrize("nonsense", ["x" * 10_000, None, {"a": 1}, ""])
async def test_nonsense_is_offered_nothing(
    made: Runtime, pipeline: Pipeline, nonsense: object
) -> None:
    add(made, **ANN, tags="donor")
    dana = await opened(pipeline, staff(made))

    await pipeline.send(dana, SuggestState.ask, words=nonsense)
    await pipeline.send(dana, SuggestState.pick, name="colour", words=nonsense)
    await pipeline.send(dana, SuggestState.pick, name="tag", words=nonsense)
    await pipeline.send(dana, SuggestState.pick, name="city", words="x" * 10_000)

    assert not (await pipeline.state(dana, SuggestState)).found


async def test_who_sees_no_addresses_is_offered_tags_only(
    made: Runtime, pipeline: Pipeline
) -> None:
    home = {"address_line1": "1 Main Street", "address_city": "Dover", "address_country": "US"}
    add(made, **ANN, tags="donor", **home)
    eve = await opened(pipeline, staff(made, Role.READ_ONLY))

    await pipeline.send(eve, SuggestState.ask, words="do")

    assert [one.name for one in (await pipeline.state(eve, SuggestState)).found] == ["tag"]
