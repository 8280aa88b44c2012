"""The words of a newer seat plan under what is sold, as staff read them."""

from __future__ import annotations

from collections.abc import Sequence

from upstage_crm.orders.transfers.plan_moves import PlanMoves
from upstage_crm.wording.consequences import counted

MOST_NAMED = 5


def plan_move_words(found: PlanMoves | None) -> list[str]:
    """How the newest plan fits what is sold, and what has to be done before it is taken."""
    if found is None:
        return ["The performance has the newest seat plan."]
    kept = found.fit.sold - len(found.fit.lost)
    lines = [f"{counted(found.fit.sold, 'seat')} sold, {kept:,} of them in the newest plan, too."]
    if found.fit.is_ready:
        return [*lines, "Nothing changes for what is sold."]
    if found.lost:
        lines.append(f"{counted(found.lost, 'sold seat')} without a counterpart.")
    if found.questions:
        shown = [f"{one.old_place} → {one.new_place}" for one in found.questions]
        holders = f"{counted(len(found.questions), 'holder')}"
        lines += [f"Asks {holders} to change seats: {_some(shown)}.", NO_YES]
    if found.waiting:
        lines.append(f"{counted(found.waiting, 'holder')} asked, without an answer yet.")
    for words, named in (
        ("Said no, or nothing", found.refused),
        ("Without an email address", found.unreachable),
        ("Without a free seat that is as good", found.crowded),
    ):
        if named:
            lines.append(f"{words}: {_some(named)}.")
    if found.refused or found.unreachable or found.crowded:
        lines.append("Take these tickets back on the page of their order, or keep the plan.")
    if found.fit.in_the_way:
        lines.append(f"Held, kept back or full: {found.fit.in_the_way}. Release it first.")
    return lines


NO_YES = "Each keeps their seat until they say yes. The plan can be taken when all have moved."


def _some(named: Sequence[str]) -> str:
    more = len(named) - MOST_NAMED
    return "; ".join((*named[:MOST_NAMED], *([f"{more:,} more"] if more > 0 else [])))
