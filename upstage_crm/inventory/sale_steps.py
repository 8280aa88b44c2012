"""The steps of a performance that its seats follow: on sale they are laid out, cancelled taken off.

The programme knows no seats, so surfaces take these steps here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from upstage_crm.inventory import seatings
from upstage_crm.programme import bulk_edit, performances, queries
from upstage_crm.programme.bulk_edit import Change
from upstage_crm.programme.performances import Place
from upstage_crm.programme.sale_checks import SaleCheck
from upstage_crm.staff.command_context import StaffContext


def put_on_sale(
    context: StaffContext[object], *, performance_ids: Collection[str], checks: Sequence[SaleCheck]
) -> None:
    """Put performances on sale with all their seats; those that are laid out stay as they are.

    Raises:
        UpstageError: as `performances.put_on_sale` and `seatings.lay_out`.
    """
    performances.put_on_sale(context, performance_ids=performance_ids, checks=checks)
    for performance_id in sorted(performance_ids):
        seatings.lay_out(context, performance_id=performance_id)


def cancel(context: StaffContext[object], *, performance_ids: Collection[str]) -> None:
    """Cancel performances, for good, and block every seat that is not sold.

    Raises:
        UpstageError: as `performances.cancel`.
    """
    performances.cancel(context, performance_ids=performance_ids)
    for performance_id in sorted(performance_ids):
        seatings.take_off(context.session, performance_id=performance_id, now=context.now)


def change_all(
    context: StaffContext[object], change: Change, *, versions: Mapping[str, int]
) -> dict[str, Place]:
    """Change performances as `bulk_edit.change_all`, and seat those that have another hall there.

    Raises:
        UpstageError: as `bulk_edit.change_all` and `seatings.follow_hall`.
    """
    before = bulk_edit.change_all(context, change, versions=versions)
    moved = [key for key, place in before.items() if change.of(place).hall_id != place.hall_id]
    for performance_id in sorted(moved):
        seatings.follow_hall(context, performance_id=performance_id)
    return before


def move(
    context: StaffContext[object], *, places: Mapping[str, Place], versions: Mapping[str, int]
) -> None:
    """Move performances as `performances.move`, and seat those that have another hall there.

    Raises:
        UpstageError: as `performances.move` and `seatings.follow_hall`.
    """
    found = queries.performances(context.session, places)
    moved = [one.id for one in found if places[one.id].hall_id != one.hall_id]
    performances.move(context, places=places, versions=versions)
    for performance_id in sorted(moved):
        seatings.follow_hall(context, performance_id=performance_id)
