"""Whom words in the search of the trail mean: patrons, a request, or staff members."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session, col

from upstage_crm.audit.trail import About
from upstage_crm.change_requests.reads.references import find_id
from upstage_crm.core.ids import parse_reference
from upstage_crm.organisation.settings import home
from upstage_crm.patrons.search.search_query import matching
from upstage_crm.patrons.search_terms import query_words
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.staff.roles import Role
from upstage_crm.staff.tables import StaffRow

LARGEST_NUMBER = 2**31 - 1  # what the column of patron numbers holds


def find_about(session: Session, words: str, *, reader: Role) -> About | None:
    """What the entries that these words ask for are about; None without words.

    A reference is one request, a patron number one patron. Other words find patrons as the list of
    patrons does, for what `reader` may see, and staff members by their names and addresses.
    """
    said = words.strip()
    if not said:
        return None
    number = said.lower().removeprefix("patron").strip()
    if number.isdecimal() and int(number) <= LARGEST_NUMBER:
        return About(
            patron_ids=sa.select(col(PatronRow.id)).where(col(PatronRow.number) == int(number))
        )
    request_id = find_id(session, parse_reference(said))
    if request_id is not None:
        return About(request_ids=[request_id])
    named = col(StaffRow.display_name).icontains(said, autoescape=True)
    members = sa.select(col(StaffRow.id)).where(named | (col(StaffRow.email_key) == said.lower()))
    patrons = matching(said, reader=reader, home=home(session)) if query_words(said) else ()
    return About(patron_ids=patrons, actor_ids=members)
