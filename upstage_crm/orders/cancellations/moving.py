"""Moves performances whose tickets are sold: the tickets stay, and every buyer is told.

Who cannot come at the new time gives the tickets back, until the time to answer is over.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from upstage_crm.audit.events import Action
from upstage_crm.inventory import sale_steps
from upstage_crm.orders.cancellations.cancelling import (
    begin,
    close_older,
    list_orders,
    live_tickets,
    record,
)
from upstage_crm.orders.cancellations.views import DisruptionKind, Stage
from upstage_crm.programme import queries as programme
from upstage_crm.programme.bulk_edit import Change
from upstage_crm.programme.performances import Place
from upstage_crm.programme.views import PerformanceFacts
from upstage_crm.staff.command_context import StaffContext


def change_all(
    context: StaffContext[object], change: Change, *, versions: Mapping[str, int]
) -> dict[str, Place]:
    """Change performances as `sale_steps.change_all`, and list the orders that have to be told.

    Raises:
        UpstageError: as `sale_steps.change_all`.
    """
    before = _facts(context, versions)
    places = sale_steps.change_all(context, change, versions=versions)
    _tell_moved(context, before)
    return places


def move_back(
    context: StaffContext[object], *, places: Mapping[str, Place], versions: Mapping[str, int]
) -> None:
    """Move performances to where they were, for an edit that is taken back.

    Orders that heard of the first move hear of this one; the others hear of neither.

    Raises:
        UpstageError: as `sale_steps.move`.
    """
    before = _facts(context, versions)
    sale_steps.move(context, places=places, versions=versions)
    _tell_moved(context, before)


def _facts(
    context: StaffContext[object], performance_ids: Collection[str]
) -> list[PerformanceFacts]:
    return [programme.performance(context.session, each) for each in sorted(performance_ids)]


def _tell_moved(context: StaffContext[object], before: Collection[PerformanceFacts]) -> None:
    """List the orders of each performance that is at another time or in another hall than before.

    What an older move has not told yet is told no more: the newer one says where it is now. Orders
    that know the new place already, because only the older move would have told them of another
    one, are not listed.
    """
    for was in before:
        now = programme.performance(context.session, was.id)
        if (was.starts_at, was.hall_id) == (now.starts_at, now.hall_id):
            continue
        knows = {
            row.order_id
            for row in close_older(context, was.id)
            if row.stage is Stage.LISTED
            and (row.was_starts_at, row.was_hall_id) == (now.starts_at, now.hall_id)
        }
        order_ids = {row.order_id for row in live_tickets(context.session, was.id)} - knows
        if order_ids:
            listed = list_orders(
                context, begin(context, was, DisruptionKind.MOVED), sorted(order_ids)
            )
            record(context, Action.ORDERS_MOVED, now, orders=len(listed))
