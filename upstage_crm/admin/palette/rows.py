"""What the palette shows of a record: plain texts that may go to the browser. Pure."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from upstage_crm.admin.orders.order_rows import OrderRow
from upstage_crm.admin.patrons.rows import patron_href, status_words
from upstage_crm.admin.requests.url import request_href
from upstage_crm.change_requests.model.views import RequestLine
from upstage_crm.core import when
from upstage_crm.patrons.views import PatronLine
from upstage_crm.wording.sentences import STATE_WORDS


@dataclass(frozen=True)
class Found:
    """One record. `group` is the heading that it stands under, `detail` tells it from its like."""

    group: str = ""
    words: str = ""
    detail: str = ""
    icon: str = ""
    href: str = ""


def patron_found(line: PatronLine) -> Found:
    """A patron: the name, and by what people of one name differ."""
    told = (line.email or line.phone or "No email", line.city, status_words(line.status))
    return Found(
        group="Patrons",
        words=line.name,
        detail=" · ".join(part for part in told if part),
        icon="user",
        href=patron_href(line.number),
    )


def order_found(row: OrderRow) -> Found:
    """An order: its reference, whose it is, and what it is for."""
    told = (row.name, row.event, row.when, row.total)
    return Found(
        group="Orders",
        words=row.reference,
        detail=" · ".join(part for part in told if part),
        icon="receipt",
        href=row.href,
    )


def request_found(line: RequestLine, *, now: datetime, time_zone: tzinfo) -> Found:
    """A request: its reference, whose it is, how it stands."""
    told = (line.patron_name, line.fields, STATE_WORDS[line.state])
    age = when.ago(line.created_at, now=now, time_zone=time_zone)
    return Found(
        group="Requests",
        words=line.reference,
        detail=" · ".join((*told, age)),
        icon="clipboard-check",
        href=request_href(line.reference),
    )
