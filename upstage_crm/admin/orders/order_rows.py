"""Orders as pages draw them: plain texts that may go to the browser."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from sqlmodel import Session

from upstage_crm.admin.orders.url import order_href
from upstage_crm.admin.programme.url import house_href
from upstage_crm.core import when
from upstage_crm.core.money import in_words
from upstage_crm.orders.records import contact_reveals
from upstage_crm.orders.records.order_list import ListedOrder
from upstage_crm.orders.views import Contact
from upstage_crm.organisation.settings import details
from upstage_crm.patrons import queries as patrons
from upstage_crm.patrons.visibility import FieldAccess
from upstage_crm.programme import queries as programme
from upstage_crm.programme.views import PerformanceView
from upstage_crm.staff.roles import Role
from upstage_crm.wording.consequences import counted
from upstage_crm.wording.programme import CHANNEL_WORDS


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """One order in a list. `tickets` are the valid ones, `more` what else there are tickets for."""

    reference: str = ""
    href: str = ""
    name: str = ""
    event: str = ""
    when: str = ""
    more: str = ""
    tickets: str = ""
    channel: str = ""
    total: str = ""
    sold: str = ""
    sold_iso: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One performance as it is named beside tickets: its title, when it begins, its house."""

    title: str
    when: str
    starts_at: datetime
    house: str


def visits(session: Session, performance_ids: Collection[str]) -> dict[str, Visit]:
    """These performances by their ids, in the order in which they begin."""
    country = details(session).country
    return {
        one.id: Visit(
            title=one.title,
            when=_starts(one, country),
            starts_at=one.starts_at,
            house=house_href(one.event_id, one.id),
        )
        for one in programme.performances(session, performance_ids)
    }


def order_rows(
    session: Session, lines: Collection[ListedOrder], *, reader: Role, time_zone: tzinfo
) -> list[OrderRow]:
    """The rows of these orders, as far as their reader may know whose they are."""
    known = visits(session, {ticket[0] for line in lines for ticket in line.tickets})
    filed = {line.patron_id for line in lines if line.patron_id}
    seen = patrons.sights(session, filed, reader=reader)
    return [_row(line, known, seen, reader, time_zone) for line in lines]


def _row(
    line: ListedOrder,
    known: Mapping[str, Visit],
    seen: Mapping[str, FieldAccess],
    reader: Role,
    zone: tzinfo,
) -> OrderRow:
    access = seen.get(line.patron_id or "", FieldAccess(reader))
    theirs = {each[0] for each in line.tickets}
    ahead = [visit for performance_id, visit in known.items() if performance_id in theirs]
    count = sum(each[1] for each in line.tickets)
    first = ahead[0] if ahead else None
    return OrderRow(
        reference=line.reference,
        href=order_href(line.reference),
        name=contact_reveals.seen(Contact(name=line.name), access)["name"],
        event=first.title if first else "",
        when=first.when if first else "",
        more=f"and {counted(len(ahead) - 1, 'more performance')}" if len(ahead) > 1 else "",
        tickets=str(count) if count else "",
        channel=CHANNEL_WORDS[line.channel],
        total=in_words(line.total, line.currency),
        sold=when.short(line.created_at, zone),
        sold_iso=when.iso(line.created_at),
    )


def _starts(one: PerformanceView, country: str) -> str:
    return when.short(one.starts_at, when.zone(one.zone, country=country))
