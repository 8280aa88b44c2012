"""The pages of prices: the grid that makes versions, sale windows, price types and taxes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, time
from typing import Any

import pytest

from tests.support.factories import ANOTHER
from tests.support.pipeline import Client, Pipeline, sign_in
from upstage_crm.admin.prices.prices_state import EventPricesState
from upstage_crm.admin.prices.types_state import PriceTypeDialogState, PriceTypesState
from upstage_crm.admin.prices.window_dialogs import WindowDialogState
from upstage_crm.admin.venues.plan_state import SeatPlanState
from upstage_crm.demo.season import prices as demo_prices
from upstage_crm.demo.season import programme as demo_programme
from upstage_crm.demo.season import venues as demo_venues
from upstage_crm.organisation import settings
from upstage_crm.programme import commands, queries
from upstage_crm.programme.prices import price_lists, price_types, window_commands
from upstage_crm.programme.prices.coverage import zones_without_price
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role
from upstage_crm.venues import queries as venues
from upstage_crm.wiring import Runtime
from upstage_crm.wording.sentences import SENTENCES

READERS = [role for role in Role if Permission.EDIT_PRICES not in PERMISSIONS[role]]
P = EventPricesState


@dataclass
class Scene:
    """The demo's halls and price types, and one event in the Playhouse, whose pages run."""

    parts: Runtime
    pipeline: Pipeline
    event: str
    hall: str
    venue: str
    adult: str

    def tab(self, role: Role = Role.OWNER) -> Client:
        return self.pipeline.client(sign_in(self.parts.database, role, at=self.parts.clock.now()))

    async def prices(self, tab: Client) -> Any:
        await self.pipeline.send(tab, P.load, f"/events/{self.event}/prices/")
        return await self.pipeline.state(tab, P)

    async def save(self, tab: Client, **typed: str) -> Any:
        """Save what is in the form, with new texts in some inputs; a cell is named by its zone."""
        shown = await self.pipeline.state(tab, P)
        form = {cell.name: cell.typed for row in shown.rows for cell in row.cells}
        form |= {row.name_input: row.name for row in shown.fees}
        form |= {row.amount_input: row.amount for row in shown.fees}
        form |= dict(shown.fields)
        form |= {
            f"{self.adult}/{name}" if len(name) == 1 else name: text for name, text in typed.items()
        }
        await self.pipeline.send(tab, P.save, form=form)
        return await self.pipeline.state(tab, P)

    async def fill(self, tab: Client, state: Any, handler: Any, **texts: str) -> Any:
        """Submit the open dialog."""
        opened = await self.pipeline.state(tab, state)
        carried = {"subject": opened.subject, "opening": str(opened.opening)}
        await self.pipeline.send(tab, handler, form=carried | texts)
        return await self.pipeline.state(tab, state)


@pytest.fixture
def scene(made: Runtime, pipeline: Pipeline) -> Scene:
    with made.database.transaction() as session:
        context = made.staff_context(session, ANOTHER)
        house = replace(settings.details(session), time_zone="America/New_York")
        settings.change(context, proposed=house)
        demo_venues.add(context)
        setting = demo_prices.setting_of(context)
        event = commands.add_event(context, typed={"title": "Hamlet"})
        hall = next(each for each in venues.halls(session) if each.texts["name"] == "Playhouse")
        days = [date(2030, 3, 1), date(2030, 3, 2)]
        commands.add_performances(
            context, event_id=event, hall_id=hall.id, days=days, at=time(19, 30)
        )
    return Scene(made, pipeline, event, hall.id, hall.venue_id, setting.types["Adult"])


async def test_the_grid_has_a_row_for_each_zone_and_makes_versions(scene: Scene) -> None:
    tab = scene.tab()
    shown = await scene.prices(tab)
    assert [row.zone for row in shown.rows] == ["A", "B", "C"]
    assert shown.columns == ["Adult", "Concession", "Child", "Group"]
    assert (shown.version, len(shown.gaps), shown.versions) == ("1", 3, [])

    shown = await scene.save(tab, A="35", B="20,50")

    assert (shown.done, shown.version, shown.errors) == ("Saved as version 1.", "2", [])
    assert shown.gaps == ["Zone C of Playhouse, Lantern Street Theatre has no price."]
    assert shown.rows[1].cells[0].typed == "20.50"
    assert shown.versions[0].prices.startswith("$20.50 to $35.00; includes Amusement tax 5 %")
    assert (shown.versions[0].holds, shown.is_changed) == (True, False)


async def test_what_cannot_be_read_is_marked_and_kept(scene: Scene) -> None:
    tab = scene.tab()
    await scene.prices(tab)

    shown = await scene.save(tab, A="free", B="-1", C="12.505")

    assert shown.errors == [
        "Adult, zone A: Write the amount in digits, such as 12.50.",
        "Adult, zone B: A price cannot be below zero.",
        "Adult, zone C: Amounts in USD have 2 decimals. Leave the others out.",
    ]
    assert [row.cells[0].is_refused for row in shown.rows] == [True, True, True]
    assert (await scene.prices(tab)).rows[0].cells[0].typed == "free"
    await scene.pipeline.send(tab, P.start_over)
    assert (await scene.pipeline.state(tab, P)).rows[0].cells[0].typed == ""


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"A": "1", "fee-name-0": "Fee", "fee-amount-0": "2"}, "fees_above_price"),
        ({"A": "1", "tax": "none"}, "tax_rate_unknown"),
        ({}, "prices_empty"),
        ({"A": "1", "until-day": "2020-01-01"}, "prices_backwards"),
    ],
)
async def test_prices_that_cannot_be_are_told(
    scene: Scene, typed: dict[str, str], said: str
) -> None:
    tab = scene.tab()
    await scene.prices(tab)

    shown = await scene.save(tab, **typed)

    facts = {"price_type": "Adult", "zone": "A"}
    assert shown.problem == SENTENCES[said].format(**facts)
    assert shown.versions == []


@pytest.mark.parametrize(
    ("typed", "label"),
    [
        ({"fee-name-0": "Booking"}, "Fees: "),
        ({"from-day": "2026-13-01"}, "Valid from: "),
        ({"from-time": "10:00"}, "Valid from: "),
        ({"until-day": "2027-03-14", "until-time": "02:30"}, "Valid until: "),
        ({"until-day": "2027-11-07", "until-time": "01:30"}, "Valid until: "),
    ],
)
async def test_what_stands_beside_the_grid_is_read_too(
    scene: Scene, typed: dict[str, str], label: str
) -> None:
    tab = scene.tab()
    await scene.prices(tab)

    shown = await scene.save(tab, A="5", **typed)

    assert [error.partition(": ")[0] + ": " for error in shown.errors] == [label]


async def test_a_performance_has_prices_of_its_own_and_an_older_version_comes_back(
    scene: Scene,
) -> None:
    tab = scene.tab()
    await scene.prices(tab)
    await scene.save(tab, A="35")
    shown = await scene.pipeline.state(tab, P)
    gala = shown.performances[-1][0]
    await scene.pipeline.send(tab, P.choose, performance_id=gala)
    shown = await scene.pipeline.state(tab, P)
    assert (shown.chosen, shown.rows[0].cells[0].typed) == (gala, "35.00")

    await scene.save(tab, A="60")
    await scene.pipeline.send(tab, P.choose, performance_id="")
    await scene.save(tab, A="40")
    await scene.pipeline.send(tab, P.bring_back, number="1")

    shown = await scene.pipeline.state(tab, P)
    assert shown.done == "Version 1 is back, as version 4."
    assert [(row.number, row.holds) for row in shown.versions] == [
        ("4", True),
        ("3", False),
        ("2", True),
        ("1", False),
    ]
    assert shown.versions[1].of == "All performances"
    assert shown.versions[2].of != "All performances"
    await scene.pipeline.send(tab, P.choose, performance_id="nowhere")
    assert (await scene.pipeline.state(tab, P)).chosen == ""


async def test_a_colleague_who_saved_meanwhile_is_told_of_and_nothing_typed_is_lost(
    scene: Scene,
) -> None:
    first, second = scene.tab(), scene.tab(Role.MARKETING)
    await scene.prices(first)
    await scene.prices(second)
    await scene.save(second, A="35")

    shown = await scene.save(first, A="50")

    assert shown.problem == SENTENCES["prices_changed_meanwhile"]
    assert (shown.is_behind, len(shown.versions)) == (True, 1)
    shown = await scene.save(first, A="50")
    assert shown.done == "Saved as version 2."


async def test_a_seat_plan_names_its_zones_without_a_price(scene: Scene) -> None:
    tab = scene.tab()
    await scene.prices(tab)
    await scene.save(tab, A="35", B="20")
    path = f"/venues/{scene.venue}/{scene.hall}/"

    await scene.pipeline.send(tab, SeatPlanState.load, path)

    assert (await scene.pipeline.state(tab, SeatPlanState)).gaps == ["Zone C: Hamlet"]


async def test_windows_are_added_changed_and_removed_in_dialogs(scene: Scene) -> None:
    tab, dialogs = scene.tab(), WindowDialogState
    await scene.prices(tab)
    await scene.pipeline.send(tab, dialogs.open_add)
    said = {"audience": "public", "portal": "on", "phone": "on", "opens-day": "2026-12-01"}
    refused = await scene.fill(tab, dialogs, dialogs.add, **{**said, "opens-day": ""})
    assert refused.refusal == SENTENCES["performance_time_unreadable"]

    await scene.fill(tab, dialogs, dialogs.add, **said, **{"opens-time": "10:00"})

    shown = await scene.pipeline.state(tab, P)
    assert shown.done == "2 sale windows added."
    assert {(row.audience, row.channel, row.closes) for row in shown.windows} == {
        ("Everyone", "Online", "When it begins"),
        ("Everyone", "Phone", "When it begins"),
    }
    assert [bar.label for bar in shown.bars] == ["Everyone · Phone", "Everyone · Online"]
    await scene.pipeline.send(tab, dialogs.open_add)
    refused = await scene.fill(tab, dialogs, dialogs.add, **said)
    assert refused.refusal == SENTENCES["windows_overlap"]

    one = shown.windows[0].id
    await scene.pipeline.send(tab, dialogs.open_change, window_id=one)
    times = (await scene.pipeline.state(tab, dialogs)).times
    assert (times["opens-day"], times["opens-time"], times["closes-day"]) == (
        "2026-12-01",
        "10:00",
        "",
    )
    later = {**times, "closes-day": "2026-12-24"}
    await scene.fill(tab, dialogs, dialogs.change, **later)
    shown = await scene.pipeline.state(tab, P)
    assert shown.windows[0].closes.startswith("Dec 24, 2026")

    await scene.pipeline.send(tab, dialogs.ask_remove, window_id=one)
    await scene.fill(tab, dialogs, dialogs.remove)
    shown = await scene.pipeline.state(tab, P)
    assert (shown.done, len(shown.windows)) == ("Removed.", 1)
    await scene.pipeline.send(tab, dialogs.ask_remove, window_id=one)
    assert (await scene.pipeline.state(tab, dialogs)).dialog == ""


async def test_price_types_and_tax_rates_are_kept(scene: Scene) -> None:
    tab, dialogs = scene.tab(), PriceTypeDialogState
    await scene.pipeline.send(tab, PriceTypesState.load, "/prices/")
    await scene.pipeline.send(tab, dialogs.open_add)
    refused = await scene.fill(tab, dialogs, dialogs.add, name="adult")
    assert refused.errors["name"] == SENTENCES["price_type_name_taken"]
    await scene.fill(tab, dialogs, dialogs.add, name="Press", is_comp="on")
    await scene.pipeline.send(tab, dialogs.open_edit, type_id=scene.adult)
    await scene.fill(tab, dialogs, dialogs.edit, name="Adult", most="12", is_retired="on")
    await scene.pipeline.send(tab, dialogs.open_rate)
    refused = await scene.fill(tab, dialogs, dialogs.add_rate, name="VAT", rate="x")
    assert refused.errors["rate"] == SENTENCES["tax_rate_unreadable"]
    await scene.fill(tab, dialogs, dialogs.add_rate, name="VAT", rate="7.5")

    shown = await scene.pipeline.state(tab, PriceTypesState)
    assert [(row.name, row.is_comp, row.is_retired, row.bounds) for row in shown.types] == [
        ("Concession", False, False, ""),
        ("Child", False, False, "8 at most"),
        ("Group", False, False, "10 or more"),
        ("Complimentary", True, False, ""),
        ("Press", True, False, ""),
        ("Adult", False, True, "12 at most"),
    ]
    rates = {row.name: (row.rate, row.id) for row in shown.rates}
    assert rates["VAT"][0] == "7.5 %"
    await scene.pipeline.send(tab, PriceTypesState.retire, rate_id=rates["VAT"][1])
    shown = await scene.pipeline.state(tab, PriceTypesState)
    assert [row.name for row in shown.rates if row.is_retired] == ["VAT"]


async def test_the_currency_is_chosen_until_there_are_prices(scene: Scene) -> None:
    tab = scene.tab()
    await scene.pipeline.send(tab, PriceTypesState.load, "/prices/")
    await scene.pipeline.send(tab, PriceTypesState.choose_currency, form={"currency": "JPY"})
    assert (await scene.pipeline.state(tab, PriceTypesState)).code == "JPY"
    await scene.prices(tab)
    shown = await scene.save(tab, A="12.5")
    assert shown.errors == ["Adult, zone A: Amounts in JPY have 0 decimals. Leave the others out."]
    await scene.save(tab, A="3500")

    await scene.pipeline.send(tab, PriceTypesState.load, "/prices/")
    await scene.pipeline.send(tab, PriceTypesState.choose_currency, form={"currency": "USD"})

    shown = await scene.pipeline.state(tab, PriceTypesState)
    assert (shown.code, shown.problem) == (
        "JPY",
        SENTENCES["currency_in_use"].format(currency="JPY"),
    )


async def test_the_demo_prices_every_zone_and_opens_every_sale(
    made: Runtime, pipeline: Pipeline
) -> None:
    now = made.clock.now()
    with made.database.transaction() as session:
        context = made.staff_context(session, ANOTHER)
        demo_venues.add(context)
        demo_programme.add(context, today=now.date())
    with made.database.reading() as session:
        halls = [hall.id for hall in venues.halls(session)]
        gaps = [gap for hall in halls for gap in zones_without_price(session, hall, now)]
        lines = queries.events(session)[1]
        windows = [window_commands.windows(session, line.id) for line in lines]
        versions = [price_lists.versions(session, line.id) for line in lines]
        types = price_types.price_types(session)

    assert gaps == []
    assert all(windows)
    assert sorted(len(each) for each in versions) == [*[1] * (len(lines) - 1), 2]
    assert [kind.name for kind in types.values()] == [*demo_prices.TYPES, demo_prices.COMP]


@pytest.mark.parametrize("role", READERS)
async def test_every_role_reads_prices_and_only_some_are_offered_changes(
    scene: Scene, role: Role
) -> None:
    owner, tab = scene.tab(), scene.tab(role)
    await scene.prices(owner)
    await scene.save(owner, A="35")

    shown = await scene.prices(tab)

    assert (shown.may_edit, shown.rows[0].cells[0].words) == (False, "$35.00")


async def test_an_event_that_is_not_there_is_told(scene: Scene) -> None:
    tab = scene.tab()
    await scene.pipeline.send(tab, P.load, "/events/nowhere/prices/")

    assert (await scene.pipeline.state(tab, P)).shown == "missing"


@pytest.mark.parametrize("path", ["/", "/prices/", "/events//prices/", "/events/nowhere/prices/"])
async def test_an_address_without_an_event_has_no_prices(scene: Scene, path: str) -> None:
    """A browser may send the event of a page from any address."""
    tab = scene.tab()
    await scene.pipeline.send(tab, P.load, path)

    assert (await scene.pipeline.state(tab, P)).shown == "missing"
