"""What the patron pages show, worded and formatted: plain texts that may go to the browser."""

from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from upstage_crm.admin.patrons.url import SHAPE
from upstage_crm.core import when
from upstage_crm.core.text import HIDDEN
from upstage_crm.patrons.views import PatronLine

TAGS_SHOWN = 1  # more would push the other columns apart; the record shows them all


@dataclass(frozen=True)
class TagLink:
    """One tag and the list of everybody who has it."""

    label: str = ""
    href: str = ""


@dataclass(frozen=True)
class ListRow:
    """One patron in the list. The name stands in parts too: before, at and after the family's."""

    number: str = ""
    href: str = ""
    name: str = ""
    name_before: str = ""
    family: str = ""
    name_after: str = ""
    email: str = ""
    email_state: str = ""
    phone: str = ""
    city: str = ""
    city_href: str = ""
    tags: list[TagLink] = field(default_factory=list)
    has_tags: bool = False
    more_tags: str = ""
    pending: str = ""
    status: str = ""
    updated: str = ""
    updated_iso: str = ""


def list_row(line: PatronLine, *, pending: int, now: datetime, time_zone: tzinfo) -> ListRow:
    """Return the row of one patron; `pending` counts open field changes."""
    parts = line.name.rpartition(line.family) if line.family else ("", "", line.name)
    return ListRow(
        number=str(line.number),
        href=patron_href(line.number),
        name=line.name,
        name_before=parts[0],
        family=parts[1],
        name_after=parts[2],
        email=line.email,
        email_state=_email_state(line),
        phone=line.phone,
        city=line.city,
        city_href=_city_href(line.city),
        tags=[tag_link(tag) for tag in line.tags[:TAGS_SHOWN]],
        has_tags=bool(line.tags),
        more_tags=f"+{len(line.tags) - TAGS_SHOWN}" if len(line.tags) > TAGS_SHOWN else "",
        pending=str(pending) if pending else "",
        status=status_words(line.status),
        updated=when.ago(line.updated_at, now=now, time_zone=time_zone),
        updated_iso=when.iso(line.updated_at),
    )


def _city_href(city: str) -> str:
    """The list of everyone who lives there; none where the town is masked."""
    return SHAPE.href(SHAPE.plain(city=city)) if city and city != HIDDEN else ""


def tag_link(tag: str) -> TagLink:
    """A tag, with the list of the patrons who have it."""
    return TagLink(tag, SHAPE.href(SHAPE.plain(tag=tag)))


def patron_href(number: int | str) -> str:
    """Where the record of this patron number is."""
    return f"/patrons/{number}/"


def status_words(status: str) -> str:
    """The word for a record that is not active; empty for one that is."""
    return "" if status == "active" else status.capitalize()


def _email_state(line: PatronLine) -> str:
    """The state of the email address: one that bounced cannot be asked, proven or not."""
    if not line.email:
        return ""
    if line.email_bounced:
        return "bounced"
    return "verified" if line.email_verified else "unverified"
