"""Prices of an event: versions that are saved, refused and never changed; types, taxes, windows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from tests.app.test_seat_plans import STALLS
from tests.app.test_venues import add_hall, add_venue
from tests.support.factories import Desk, together, unchanged
from upstage_crm.audit.errors import RowNotProven
from upstage_crm.audit.events import Action
from upstage_crm.core.errors import Forbidden, UpstageError
from upstage_crm.core.money import MOST_MINOR, AmountNegative, AmountTooLarge
from upstage_crm.core.text import InvalidText
from upstage_crm.demo.attacks.attack_prices import price_attempts
from upstage_crm.organisation import currency, settings
from upstage_crm.organisation.errors import UnknownCurrency
from upstage_crm.programme import commands, queries
from upstage_crm.programme.errors import UnknownEvent, UnknownPerformance
from upstage_crm.programme.prices import price_lists, price_types, window_commands
from upstage_crm.programme.prices.errors import (
    CompPriced,
    CurrencyInUse,
    FeesAbovePrice,
    PricesChangedMeanwhile,
    PricesEmpty,
    PriceTextMissing,
    PriceTypeChangedMeanwhile,
    PriceTypeNameTaken,
    PriceTypeRetired,
    QuantitiesBackwards,
    QuantityUnreadable,
    RateUnreadable,
    UnknownPriceList,
    UnknownPriceType,
    UnknownSaleWindow,
    UnknownTaxRate,
    ValidityBackwards,
    WindowBackwards,
    WindowNameMissing,
    WindowsOverlap,
    WindowWithoutChannel,
    ZoneUnknown,
)
from upstage_crm.programme.prices.price_lists import NewPrices
from upstage_crm.programme.prices.versions import holding
from upstage_crm.programme.prices.views import Audience, Cell, Fee, SaleChannel
from upstage_crm.programme.prices.window_commands import NewWindow
from upstage_crm.programme.prices.zones import without_price, zones_of_event
from upstage_crm.proof import row_check
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role
from upstage_crm.venues import plans
from upstage_crm.venues.design import FIELDS

SECTIONS = [
    STALLS | {"zone": "A", "other_zones": "B: C"},
    FIELDS | {"name": "Pit", "form": "standing", "places": "120"},
]
START = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
STRANGERS = [role for role in Role if Permission.EDIT_PRICES not in PERMISSIONS[role]]


def run(desk: Desk, command: Callable[..., Any], **how: Any) -> Any:
    owner = desk.owner
    return desk.write(lambda s: command(desk.staff_context(s, owner), **how))


class Scene:
    """An event with two performances in a hall with the zones A, B and Pit; types and a tax."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        hall = add_hall(desk, add_venue(desk))
        run(desk, plans.save, hall_id=hall, after=0, sections=SECTIONS)
        self.event = run(desk, commands.add_event, typed={"title": "Hamlet"})
        run(
            desk,
            commands.add_performances,
            event_id=self.event,
            hall_id=hall,
            days=[date(2026, 12, 4), date(2026, 12, 5)],
            at=time(19, 30),
        )
        held = desk.read(lambda s: queries.event(s, self.event)).performances
        self.first, self.second = (one.id for one in held)
        self.adult, self.child = (
            run(desk, price_types.add_price_type, typed={"name": name})
            for name in ("Adult", "Child")
        )
        self.comp = run(
            desk, price_types.add_price_type, typed={"name": "Complimentary"}, is_comp=True
        )
        self.vat = run(desk, price_types.add_tax_rate, typed={"name": "VAT", "rate": "20"})

    def prices(self, amounts: Mapping[tuple[str, str], int] | None = None, **how: Any) -> NewPrices:
        told = {("A", self.adult): 3_500, ("B", self.adult): 2_000} if amounts is None else amounts
        made = NewPrices(
            amounts={Cell(zone, kind): amount for (zone, kind), amount in told.items()},
            fees=[Fee("Booking fee", 150)],
            tax_rate_id=self.vat,
            starts_at=START,
        )
        return replace(made, **how)

    def save(self, new: NewPrices, after: int = 0) -> int:
        return int(run(self.desk, price_lists.save, event_id=self.event, after=after, new=new))

    def versions(self) -> list[Any]:
        return self.desk.read(lambda s: price_lists.versions(s, self.event))

    def window(self, **how: Any) -> NewWindow:
        return NewWindow(
            **{
                "audience": Audience.PUBLIC,
                "channels": [SaleChannel.PORTAL],
                "opens_at": START,
                "closes_at": START + timedelta(days=1),
                **how,
            }
        )

    def open(self, new: NewWindow) -> int:
        return int(run(self.desk, window_commands.add_windows, event_id=self.event, new=new))

    def windows(self) -> list[Any]:
        return self.desk.read(lambda s: window_commands.windows(s, self.event))


@pytest.fixture
def scene(desk: Desk) -> Scene:
    return Scene(desk)


def test_prices_are_saved_as_versions_with_all_that_was_said(scene: Scene) -> None:
    numbers = [scene.save(scene.prices()), scene.save(scene.prices({("Pit", scene.child): 900}), 1)]

    assert numbers == [1, 2]
    second, first = scene.versions()
    assert (first.currency, first.tax.basis_points, first.fees) == (
        "USD",
        2_000,
        (Fee("Booking fee", 150),),
    )
    assert {cell: price.amount for cell, price in first.prices.items()} == {
        Cell("A", scene.adult): 3_500,
        Cell("B", scene.adult): 2_000,
    }
    assert holding([first, second], START) == second
    facts = scene.desk.lines(action=Action.PRICES_SAVED)[-1].facts
    assert (facts["place"], facts["version"], facts["prices"]) == ("Hamlet", 2, 1)
    assert len(str(facts["digest"])) == 64


def test_a_zone_without_a_price_is_named(scene: Scene) -> None:
    def missing() -> list[str]:
        def read(session: Any) -> list[tuple[str, str]]:
            known = price_lists.versions(session, scene.event)
            types = price_types.price_types(session)
            return without_price(zones_of_event(session, scene.event), holding(known, START), types)

        return [zone for _, zone in scene.desk.read(read)]

    assert missing() == ["A", "B", "Pit"]
    scene.save(scene.prices({("A", scene.adult): 500, ("Pit", scene.child): 400}))
    assert missing() == ["B"]
    run(
        scene.desk,
        price_types.change_price_type,
        type_id=scene.child,
        version=1,
        typed={"name": "Child"},
        is_retired=True,
    )
    assert missing() == ["B", "Pit"]


def test_prices_that_cannot_be_are_refused_and_nothing_is_written(scene: Scene) -> None:
    a = ("A", scene.adult)
    refusals: list[tuple[NewPrices, type[UpstageError]]] = [
        (scene.prices({}), PricesEmpty),
        (scene.prices({a: -1}), AmountNegative),
        (scene.prices({a: MOST_MINOR + 1}), AmountTooLarge),
        (scene.prices({a: 149}), FeesAbovePrice),
        (scene.prices({("Z", scene.adult): 500}), ZoneUnknown),
        (scene.prices({("A", "none"): 500}), UnknownPriceType),
        (scene.prices({("A", scene.comp): 0}), CompPriced),
        (scene.prices(fees=[Fee("x", -1)]), AmountNegative),
        (scene.prices(tax_rate_id="none"), UnknownTaxRate),
        (scene.prices(ends_at=START), ValidityBackwards),
        (scene.prices(performance_id="none"), UnknownPerformance),
    ]
    for new, refusal in refusals:
        unchanged(scene.desk, lambda new=new: scene.save(new), refusal)
    assert scene.save(scene.prices({a: 0, ("B", scene.adult): 150})) == 1
    unchanged(scene.desk, lambda: scene.save(scene.prices()), PricesChangedMeanwhile)


def test_a_retired_type_is_not_priced_again(scene: Scene) -> None:
    change = {"type_id": scene.adult, "typed": {"name": "Adult"}, "is_retired": True}
    run(scene.desk, price_types.change_price_type, version=1, **change)

    unchanged(scene.desk, lambda: scene.save(scene.prices()), PriceTypeRetired)


def test_an_older_version_comes_back_and_a_performance_has_prices_of_its_own(scene: Scene) -> None:
    scene.save(scene.prices())
    scene.save(scene.prices({("A", scene.adult): 4_000}), 1)
    scene.save(scene.prices({("A", scene.adult): 9_000}, performance_id=scene.first), 2)

    def bring_back(version: int, after: int) -> int:
        return int(
            run(
                scene.desk,
                price_lists.bring_back,
                event_id=scene.event,
                version=version,
                after=after,
            )
        )

    assert bring_back(1, 3) == 4
    known, now = scene.versions(), scene.desk.clock.now() + timedelta(days=3_650)
    assert holding(known, now, performance_id=scene.second) == known[0]
    assert holding(known, now, performance_id=scene.first) == known[1]
    assert [price.amount for price in known[0].prices.values()] == [3_500, 2_000]
    unchanged(scene.desk, lambda: bring_back(9, 4), UnknownPriceList)
    unchanged(scene.desk, lambda: bring_back(1, 3), PricesChangedMeanwhile)
    scene.save(scene.prices({}, performance_id=scene.first), 4)
    assert holding(scene.versions(), now, performance_id=scene.first) == known[0]


def test_of_two_who_save_at_once_one_is_told(scene: Scene) -> None:
    results = together(*(lambda: scene.save(scene.prices()) for _ in range(4)))

    assert sorted(str(result) for result in results) == ["1", *["prices_changed_meanwhile"] * 3]


def test_the_database_refuses_to_change_a_version(scene: Scene) -> None:
    scene.save(scene.prices())
    before = scene.desk.dump()
    with scene.desk.database.engine.connect() as connection:
        attempts = [each for each in price_attempts(connection) if not each.notices]

    passed: list[str] = []
    for attempt in attempts:
        try:
            with scene.desk.database.engine.begin() as connection:
                for statement in attempt.statements:
                    connection.execute(sa.text(statement))
        except DatabaseError:
            continue
        passed.append(attempt.words)

    assert len(attempts) > 15
    assert passed == []
    assert scene.desk.dump() == before


def test_a_version_that_no_staff_member_saved_is_found_and_does_not_act(scene: Scene) -> None:
    scene.save(scene.prices())
    with scene.desk.database.engine.connect() as connection:
        (forged,) = [each for each in price_attempts(connection) if each.notices]
    with scene.desk.database.engine.begin() as connection:
        for statement in forged.statements:
            connection.execute(sa.text(statement))

    def found() -> list[str]:
        return [
            one.row
            for batch in scene.desk.read(lambda s: list(row_check.reconcile(s)))
            for one in batch.differences
        ]

    assert [row for row in found() if "price_list" in row] == ["price_list forged"]
    back = {"event_id": scene.event, "version": 2, "after": 2}
    unchanged(scene.desk, lambda: run(scene.desk, price_lists.bring_back, **back), RowNotProven)


@pytest.mark.parametrize("role", STRANGERS)
def test_who_may_not_edit_prices_changes_none(scene: Scene, role: Role) -> None:
    stranger = scene.desk.staff("Sam", role)
    tries: list[tuple[Callable[..., Any], dict[str, Any]]] = [
        (price_types.add_price_type, {"typed": {"name": "Senior"}}),
        (price_types.add_tax_rate, {"typed": {"name": "None", "rate": "0"}}),
        (price_types.retire_tax_rate, {"rate_id": scene.vat}),
        (price_lists.save, {"event_id": scene.event, "after": 0, "new": scene.prices()}),
        (price_lists.bring_back, {"event_id": scene.event, "after": 0, "version": 1}),
        (window_commands.add_windows, {"event_id": scene.event, "new": scene.window()}),
        (window_commands.remove_window, {"event_id": scene.event, "window_id": "x"}),
    ]
    for command, how in tries:
        unchanged(
            scene.desk,
            lambda command=command, how=how: scene.desk.act(stranger, command, **how),
            Forbidden,
        )


# --- types, taxes, currency -----------------------------------------------------------------------


def test_a_price_type_is_changed_and_told_with_what_was_before(scene: Scene) -> None:
    def change(version: int, **texts: str) -> None:
        typed = {"name": "Child", **texts}
        run(
            scene.desk,
            price_types.change_price_type,
            type_id=scene.child,
            version=version,
            typed=typed,
        )

    change(1, proof="School pass", most="4")

    found = scene.desk.read(price_types.price_types)[scene.child]
    assert (found.proof, found.least, found.most, found.version) == ("School pass", 0, 4, 2)
    facts = scene.desk.lines(action=Action.PRICE_TYPE_CHANGED)[-1].facts
    assert (facts["proof.old"], facts["proof.new"], facts["most.new"]) == ("", "School pass", 4)
    before = scene.desk.dump()
    change(2, proof="School pass", most="4")
    assert scene.desk.dump() == before
    unchanged(scene.desk, lambda: change(1), PriceTypeChangedMeanwhile)
    unchanged(scene.desk, lambda: change(2, name="ADULT"), PriceTypeNameTaken)
    with pytest.raises(UnknownPriceType):
        run(
            scene.desk,
            price_types.change_price_type,
            type_id="none",
            version=1,
            typed={"name": "x"},
        )


@pytest.mark.parametrize(
    ("typed", "refusal"),
    [
        ({"name": " "}, PriceTextMissing),
        ({"name": "x" * 81}, InvalidText),
        ({"name": "Ádult"}, PriceTypeNameTaken),
        ({"name": "x", "most": "-1"}, QuantityUnreadable),
        ({"name": "x", "most": "501"}, QuantityUnreadable),
        ({"name": "x", "most": "²"}, QuantityUnreadable),
        ({"name": "x", "least": "5", "most": "4"}, QuantitiesBackwards),
    ],
)
def test_a_price_type_that_cannot_be_is_refused(
    scene: Scene, typed: dict[str, str], refusal: type[UpstageError]
) -> None:
    unchanged(scene.desk, lambda: run(scene.desk, price_types.add_price_type, typed=typed), refusal)


def test_a_tax_rate_is_read_retired_and_kept_by_its_prices(scene: Scene) -> None:
    for text in ("", "x", "-1", "100.01", "7.125", "1000"):
        typed = {"name": "Tax", "rate": text}
        unchanged(
            scene.desk,
            lambda typed=typed: run(scene.desk, price_types.add_tax_rate, typed=typed),
            RateUnreadable,
        )
    reduced = run(scene.desk, price_types.add_tax_rate, typed={"name": "Low", "rate": "7,25 %"})
    scene.save(scene.prices(tax_rate_id=reduced))

    run(scene.desk, price_types.retire_tax_rate, rate_id=reduced)

    (version,) = scene.versions()
    assert (version.tax.basis_points, version.tax.is_retired) == (725, True)
    facts = scene.desk.lines(action=Action.TAX_RATE_RETIRED)[-1].facts
    assert (facts["place"], facts["rate"]) == ("Low", "7.25 %")


def test_the_first_prices_fix_the_currency_whatever_the_country_becomes(scene: Scene) -> None:
    desk = scene.desk
    run(desk, price_types.change_currency, code="JPY")
    assert desk.read(currency.currency) == "JPY"
    unchanged(desk, lambda: run(desk, price_types.change_currency, code="DEM"), UnknownCurrency)
    run(desk, price_types.change_currency, code="USD")

    scene.save(scene.prices())
    details = desk.read(settings.details)
    run(desk, settings.change, proposed=replace(details, country="DE"))

    assert desk.read(currency.currency) == "USD"
    unchanged(desk, lambda: run(desk, price_types.change_currency, code="EUR"), CurrencyInUse)


def test_the_currency_of_before_a_choice_is_the_countrys_and_prices_keep_it(scene: Scene) -> None:
    desk = scene.desk
    run(desk, settings.change, proposed=replace(desk.read(settings.details), country="DE"))
    assert desk.read(currency.currency) == "EUR"

    scene.save(scene.prices())
    run(desk, settings.change, proposed=replace(desk.read(settings.details), country="JP"))

    assert desk.read(currency.currency) == scene.versions()[0].currency == "EUR"


# --- sale windows ---------------------------------------------------------------------------------


def test_windows_are_added_for_each_channel_changed_and_removed(scene: Scene) -> None:
    channels = [SaleChannel.PHONE, SaleChannel.PORTAL]
    assert scene.open(scene.window(channels=channels, closes_at=None)) == 2

    first, second = scene.windows()
    assert [each.channel for each in (first, second)] == [SaleChannel.PHONE, SaleChannel.PORTAL]
    later = START + timedelta(hours=1)
    where = {"event_id": scene.event, "window_id": first.id}
    run(scene.desk, window_commands.change_window, **where, opens_at=later, closes_at=None)
    assert scene.windows()[1].opens_at == later
    facts = scene.desk.lines(action=Action.WINDOW_CHANGED)[-1].facts
    assert (facts["opens.old"], facts["opens"]) == (
        "2026-12-01T10:00+00:00",
        "2026-12-01T11:00+00:00",
    )
    before = scene.desk.dump()
    run(scene.desk, window_commands.change_window, **where, opens_at=later, closes_at=None)
    assert scene.desk.dump() == before

    run(scene.desk, window_commands.remove_window, **where)

    assert [each.id for each in scene.windows()] == [second.id]
    assert scene.desk.lines(action=Action.WINDOW_REMOVED)[-1].facts["channel"] == "phone"
    unchanged(
        scene.desk,
        lambda: run(scene.desk, window_commands.remove_window, **where),
        UnknownSaleWindow,
    )


def test_windows_that_cannot_be_are_refused_and_none_of_them_is_added(scene: Scene) -> None:
    scene.open(scene.window())
    both = [SaleChannel.PHONE, SaleChannel.PORTAL]
    refusals: list[tuple[dict[str, Any], type[UpstageError]]] = [
        ({"closes_at": START}, WindowBackwards),
        ({"channels": both, "opens_at": START + timedelta(hours=1)}, WindowsOverlap),
        ({"channels": []}, WindowWithoutChannel),
        ({"audience": Audience.CODE, "named": " "}, WindowNameMissing),
        ({"audience": Audience.CODE, "named": "x" * 81}, InvalidText),
        ({"performance_id": "none"}, UnknownPerformance),
    ]
    for how, refusal in refusals:
        unchanged(scene.desk, lambda how=how: scene.open(scene.window(**how)), refusal)
    with pytest.raises(UnknownEvent):
        run(scene.desk, window_commands.add_windows, event_id="none", new=scene.window())
    scene.open(scene.window(performance_id=scene.first))
    scene.open(scene.window(audience=Audience.MEMBERS, named="Friend"))
    assert len(scene.windows()) == 3


def test_of_windows_that_come_in_at_once_and_overlap_one_stands(scene: Scene) -> None:
    results = together(*(lambda: scene.open(scene.window()) for _ in range(4)))

    assert sorted(str(result) for result in results) == ["1", *["windows_overlap"] * 3]
    assert len(scene.windows()) == 1
