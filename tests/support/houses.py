"""A performance whose seats can be held: a hall of a few rows, with standing places."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import TypeVar

from sqlmodel import Session

from tests.app.test_venues import add_hall, add_venue
from tests.support.factories import Desk
from upstage_crm.demo.season import prices
from upstage_crm.inventory import queries, sale_steps, seatings
from upstage_crm.inventory.views import House, SeatState, Wanted
from upstage_crm.programme import commands
from upstage_crm.programme import queries as programme
from upstage_crm.venues import plans
from upstage_crm.venues.design import FIELDS
from upstage_crm.wiring import SALE_CHECKS

STALLS = FIELDS | {"name": "Stalls", "rows": "3", "seats": "6", "wheelchair": "C1-2"}
FLOOR = FIELDS | {"name": "Floor", "form": "standing", "places": "10"}
T = TypeVar("T")


def seat(row: str, number: int, section: str = "Stalls") -> str:
    """The id of a seat that the builder made."""
    return f"{section}-{row}-{number}"


@dataclass
class LaidOut:
    """One performance in a hall. `pool` is its standing places, "" without any."""

    desk: Desk
    hall: str
    event: str
    performance: str
    pool: str

    def wanted(self, *seats: str, places: int = 0) -> Wanted:
        """Seats, and places of the pool."""
        return Wanted(
            seats={self.performance: frozenset(seats)} if seats else {},
            places={self.pool: places} if places else {},
        )

    def house(self) -> House:
        """As the database has it now."""
        return self.desk.read(
            lambda s: queries.house(s, self.performance, now=self.desk.clock.now())
        )

    def states(self) -> Mapping[str, SeatState]:
        """The seats that are not free."""
        return {one.id: one.state for one in self.house().seats if one.state is not SeatState.FREE}

    def attempt(self, work: Callable[[Session], T]) -> T:
        """Run a verb of inventory in a transaction of its own."""
        return self.desk.database.attempt(work)


def performance_in(desk: Desk, hall: str, event: str, day: date) -> str:
    """Add a performance; return its id."""
    desk.act(
        desk.owner,
        commands.add_performances,
        event_id=event,
        hall_id=hall,
        days=[day],
        at=time(19, 30),
    )
    found = desk.read(lambda s: programme.event(s, event)).performances
    return found[-1].id


def laid_out(
    desk: Desk, sections: Sequence[Mapping[str, str]] = (STALLS, FLOOR), *, venue: str = ""
) -> LaidOut:
    """A performance with its seats laid out."""
    hall = add_hall(desk, venue or add_venue(desk))
    desk.act(desk.owner, plans.save, hall_id=hall, after=0, sections=sections)
    event = desk.act(desk.owner, commands.add_event, typed={"title": "Hamlet"})
    performance = performance_in(desk, hall, event, date(2026, 12, 4))
    desk.act(desk.owner, seatings.lay_out, performance_id=performance)
    made = LaidOut(desk, hall, event, performance, "")
    pools = made.house().pools
    made.pool = pools[0].id if pools else ""
    return made


def on_sale(
    desk: Desk, sections: Sequence[Mapping[str, str]] = (STALLS, FLOOR), *, top: int = 40
) -> LaidOut:
    """The same with prices and a sale window that is open, and on sale."""
    made = laid_out(desk, sections)
    typed = {"title": "Hamlet", "running_minutes": "150"}
    desk.act(desk.owner, commands.change_event, event_id=made.event, version=1, typed=typed)
    with desk.database.transaction() as session:
        context = desk.staff_context(session, desk.owner)
        prices.add_prices(context, prices.setting_of(context), event_id=made.event, top=top)
        prices.add_windows(context, event_id=made.event, today=desk.now.date(), weeks=0)
    desk.act(
        desk.owner, sale_steps.put_on_sale, performance_ids=[made.performance], checks=SALE_CHECKS
    )
    return made
