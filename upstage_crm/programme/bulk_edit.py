"""What is done to several performances at once: what it would do, said before it is done.

Nothing is locked or changed by a preview; the command looks again at everything.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlmodel import Session

from upstage_crm.core.errors import UpstageError
from upstage_crm.organisation.settings import details
from upstage_crm.programme import performances, queries
from upstage_crm.programme.errors import HallTaken, PerformanceOver
from upstage_crm.programme.performance_states import ensure_may_move, ensure_open
from upstage_crm.programme.performances import Place, place_of
from upstage_crm.programme.sale_checks import SaleCheck, obstacles
from upstage_crm.programme.times import instant
from upstage_crm.programme.views import Access, PerformanceState, PerformanceView
from upstage_crm.staff.command_context import StaffContext


class BulkEdit(StrEnum):
    """What can be done to several performances at once."""

    ON_SALE = "on_sale"
    PAUSE = "pause"
    CHANGE = "change"
    CANCEL = "cancel"


STATES: Mapping[BulkEdit, PerformanceState] = {
    BulkEdit.ON_SALE: PerformanceState.ON_SALE,
    BulkEdit.PAUSE: PerformanceState.PAUSED,
    BulkEdit.CANCEL: PerformanceState.CANCELLED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What becomes another in each of several performances; what is empty stays as it is.

    `later` are days: each moves by so many, to an earlier day where it is negative.
    """

    day: date | None = None
    later: int = 0
    at: time | None = None
    hall_id: str = ""
    access: tuple[Access, ...] | None = None

    def of(self, place: Place) -> Place:
        """Where and when a performance is after this change."""
        return replace(
            place,
            day=self.day or place.day + timedelta(days=self.later),
            at=place.at if self.at is None else self.at,
            hall_id=self.hall_id or place.hall_id,
            access=place.access if self.access is None else self.access,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """To which of the chosen performances an edit applies, and why others are left as they are.

    `stays` are those that have already what they would get. `left_out` pairs each other one with
    every refusal that keeps it from being changed.
    """

    chosen: tuple[PerformanceView, ...]
    applies: tuple[PerformanceView, ...]
    stays: tuple[PerformanceView, ...] = ()
    left_out: Sequence[tuple[PerformanceView, Sequence[UpstageError]]] = field(default=())

    @property
    def on_sale(self) -> int:
        """How many of the chosen ones are on sale now."""
        return sum(one.state is PerformanceState.ON_SALE for one in self.chosen)

    @property
    def is_mixed(self) -> bool:
        """Whether the chosen ones are of several events."""
        return len({one.event_id for one in self.chosen}) > 1


def preview_states(
    session: Session,
    edit: BulkEdit,
    performance_ids: Collection[str],
    *,
    checks: Sequence[SaleCheck],
    now: datetime,
) -> Preview:
    """What putting on sale, pausing or cancelling would do to these performances now."""
    chosen = queries.performances(session, performance_ids)
    in_the_way: dict[str, list[UpstageError]] = {}
    for one in chosen:
        try:
            ensure_may_move(one.state, STATES[edit])
        except UpstageError as error:
            in_the_way[one.id] = [error]
    if edit is BulkEdit.ON_SALE:
        asked = [one for one in chosen if one.id not in in_the_way]
        for each in obstacles(session, asked, checks, now=now):
            in_the_way.setdefault(each.performance_id, []).append(each.refusal)
    return _split(chosen, in_the_way)


def preview_change(
    session: Session, change: Change, performance_ids: Collection[str], *, now: datetime
) -> Preview:
    """What a change of day, time, hall or access would do to these performances now."""
    chosen = queries.performances(session, performance_ids)
    zone = ZoneInfo(details(session).time_zone)
    stays = [one for one in chosen if change.of(place_of(one)) == place_of(one)]
    in_the_way: dict[str, list[UpstageError]] = {}
    goes: dict[str, tuple[str, datetime]] = {}
    for one in chosen:
        if one in stays:
            continue
        place = change.of(place_of(one))
        try:
            ensure_open(one.state)
            starts_at = instant(place.day, place.at, zone)
            if one.state is not PerformanceState.DRAFT and starts_at <= now:
                raise PerformanceOver
            goes[one.id] = (place.hall_id, starts_at)
        except UpstageError as error:
            in_the_way[one.id] = [error]
    others = queries.taken(session, set(goes.values()), besides=performance_ids)
    for one_id in _colliding(chosen, goes, others):
        day = goes[one_id][1].astimezone(zone).date()
        in_the_way[one_id] = [HallTaken(day=day.isoformat())]
    return _split(chosen, in_the_way, stays)


def _colliding(
    chosen: Sequence[PerformanceView],
    goes: Mapping[str, tuple[str, datetime]],
    others: Collection[tuple[str, datetime]],
) -> set[str]:
    """The ids of those who would find their hall taken: by others, or by one that stays there.

    One that cannot go stays where it is, which may stand in the way of the next.
    """
    held = {
        one.id: (one.hall_id, one.starts_at)
        for one in chosen
        if one.state is not PerformanceState.CANCELLED
    }
    stopped: set[str] = set()
    while True:
        taken = {*others, *(held[one] for one in held if one not in goes or one in stopped)}
        more: set[str] = set()
        for one_id, place in goes.items():
            if one_id in stopped:
                continue
            if place in taken:
                more.add(one_id)
            taken.add(place)
        if not more:
            return stopped
        stopped |= more


def change_all(
    context: StaffContext[object], change: Change, *, versions: Mapping[str, int]
) -> dict[str, Place]:
    """Change these performances and return where each was before, by id.

    `versions` are the ones that the staff member saw, by id.

    Raises:
        UpstageError: as `performances.move`.
    """
    found = queries.performances(context.session, versions)
    before = {one.id: place_of(one) for one in found}
    places = {one_id: change.of(place) for one_id, place in before.items()}
    performances.move(context, places=places, versions=versions)
    return before


def _split(
    chosen: Sequence[PerformanceView],
    in_the_way: Mapping[str, Sequence[UpstageError]],
    stays: Sequence[PerformanceView] = (),
) -> Preview:
    return Preview(
        chosen=tuple(chosen),
        applies=tuple(one for one in chosen if one.id not in in_the_way and one not in stays),
        stays=tuple(stays),
        left_out=[(one, in_the_way[one.id]) for one in chosen if one.id in in_the_way],
    )
