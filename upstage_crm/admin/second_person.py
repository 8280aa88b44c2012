"""Why the member who looks may not take the second step of two people, in words for a page."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session

from upstage_crm.change_requests.reads.second_person import find_refusal
from upstage_crm.staff.roles import StaffMember
from upstage_crm.wording.sentences import sentence


def refusals(
    session: Session, viewer: StaffMember, firsts: Iterable[str], *, now: datetime
) -> dict[str, str]:
    """The sentence for each of the first people, by id, whose second `viewer` may not be."""
    found = {
        first: find_refusal(session, viewer, first_id=first, now=now)
        for first in set(firsts)
        if first
    }
    return {first: sentence(refusal) for first, refusal in found.items() if refusal is not None}
