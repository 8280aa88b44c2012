"""Words of waiting lists for staff."""

from __future__ import annotations

from collections.abc import Mapping

from upstage_crm.waiting_list.views import ListCounts, WaitingState

WAITING_WORDS: Mapping[WaitingState, str] = {
    WaitingState.ASKED: "Not confirmed yet",
    WaitingState.WAITING: "Waiting",
    WaitingState.OFFERED: "Has an offer",
    WaitingState.TAKEN: "Bought",
    WaitingState.DECLINED: "Declined",
    WaitingState.LAPSED: "Not answered in time",
    WaitingState.LEFT: "Left the list",
    WaitingState.ENDED: "Ended",
}
WAITING_SENTENCES: Mapping[str, str] = {
    "waiting_wish_invalid": "A number of tickets up to {most} can be waited for, in a zone of the "
    "performance.",
    "waiting_list_closed": "No one can wait for this performance, or no longer.",
    "waiting_offer_over": "This offer is over.",
    "waiting_nothing_fits": "What is free does not fit what is waited for.",
}


def list_rows(found: ListCounts) -> list[tuple[str, str]]:
    """A waiting list as counts; nothing where no one ever waited."""
    if not any((found.people, found.offered, found.taken, found.passed)):
        return []
    return [
        ("People waiting", f"{found.people} ({_tickets(found.places)})"),
        ("Offers open", str(found.offered)),
        ("Offers bought", str(found.taken)),
        ("Offers passed on", str(found.passed)),
    ]


def _tickets(count: int) -> str:
    return f"{count} ticket" if count == 1 else f"{count} tickets"
