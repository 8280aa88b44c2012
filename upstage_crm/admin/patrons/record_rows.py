"""What a patron's record shows, worded and formatted: plain texts that may go to the browser."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from urllib.parse import quote

from upstage_crm.admin.patrons.rows import TagLink, status_words, tag_link
from upstage_crm.admin.requests.rows import words_of
from upstage_crm.change_requests.model.views import RequestView
from upstage_crm.change_requests.reads.proposable import Obstacle, Proposable
from upstage_crm.core import when
from upstage_crm.patrons.fields import FIELDS, ProtectedField
from upstage_crm.patrons.reveals import may_reveal
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.patrons.visibility import FieldAccess
from upstage_crm.staff.roles import StaffMember
from upstage_crm.wording.obstacles import OBSTACLE_WORDS

_OWN_NOTICE = (Obstacle.ERASED, Obstacle.FROZEN)  # the page has a fuller notice of these
_SCHEMES = {"email": "mailto:", "tel": "tel:"}
REVEALED = "Shown until you leave this page"


@dataclass(frozen=True)
class RecordHead:
    """The head of a record. `status` is empty for an active patron."""

    number: str = ""
    name: str = ""
    kind: str = ""
    status: str = ""
    is_flagged: bool = False
    since: str = ""
    tags: list[TagLink] = field(default_factory=list)


@dataclass(frozen=True)
class ProtectedView:
    """One protected field. `mark` is the chip of a mailbox, `mark_words` say since when.

    `can_reveal` says that the value is masked and that this viewer may ask for it. `way` is how a
    change of it can be proposed: "email", "desk" or "" for not at all. `href` writes to or calls
    the value, for who reads it in full. With `is_contact` it is how the patron is reached.
    """

    key: str = ""
    label: str = ""
    lines: list[str] = field(default_factory=list)
    way: str = ""
    href: str = ""
    can_reveal: bool = False
    is_contact: bool = False
    revealed_words: str = ""
    mark: str = ""
    mark_words: str = ""
    state: str = ""
    state_words: str = ""
    proposed: str = ""
    reference: str = ""


@dataclass(frozen=True)
class ObstacleView:
    """Why the patron cannot be asked as usual; empty when nothing is in the way.

    `field` is the one that is proposed first, and `act` its button. With `is_status` another
    status is the way on. Without `has_mailbox` there is no current address that could be asked.
    """

    title: str = ""
    ways_on: str = ""
    field: str = ""
    act: str = ""
    is_status: bool = False
    has_mailbox: bool = True


@dataclass(frozen=True)
class RequestItem:
    """One request of this patron."""

    reference: str = ""
    fields: str = ""
    state: str = ""
    state_words: str = ""
    proposer: str = ""
    at: str = ""
    at_iso: str = ""


def record_head(record: PatronRecord, *, access: FieldAccess, time_zone: tzinfo) -> RecordHead:
    """Return the head."""
    return RecordHead(
        number=str(record.number),
        name=access.name(record.values, number=record.number),
        kind="" if record.kind == "person" else record.kind.capitalize(),
        status=status_words(record.status),
        is_flagged=record.is_flagged,
        since=when.short(record.created_at, time_zone),
        tags=[tag_link(access.words(label)) for label in record.tags],
    )


def protected_views(
    record: PatronRecord,
    requests: Sequence[RequestView],
    *,
    viewer: StaffMember,
    access: FieldAccess,
    can: Proposable,
    time_zone: tzinfo,
) -> list[ProtectedView]:
    """Return every protected field of the registry, with what is proposed for it now."""
    return [
        ProtectedView(
            key=entry.key,
            label=entry.label,
            lines=list(access.lines(entry, record.values)),
            way=can.way(entry.key),
            href=_href(entry, record.values) if access.sees(entry.key) else "",
            is_contact=entry.parts[0].type in _SCHEMES,
            can_reveal=may_reveal(viewer, access, entry.key) and not entry.is_empty(record.values),
            **_mark(record, entry.mailbox_column, time_zone),
            **_pending(entry.key, requests, time_zone),
        )
        for entry in FIELDS.values()
    ]


def obstacle_view(can: Proposable) -> ObstacleView:
    """Return what stands in the way of asking the patron, and the field that is the way on."""
    obstacle = can.obstacle
    if obstacle is None or obstacle in _OWN_NOTICE:
        return ObstacleView()
    words = OBSTACLE_WORDS[obstacle]
    mailboxes = [key for key in FIELDS if key in can.by_email and FIELDS[key].is_mailbox]
    way = mailboxes[0] if mailboxes else ""
    return ObstacleView(
        title=words.title,
        ways_on=words.ways_on,
        field=way,
        act=f"Propose a new {FIELDS[way].label.lower()}" if way else "",
        is_status=obstacle in (Obstacle.DECEASED, Obstacle.INACTIVE),
        has_mailbox=can.has_mailbox,
    )


def _href(entry: ProtectedField, values: Mapping[str, str | None]) -> str:
    """The address with which a browser writes to, or calls, a value."""
    first = entry.parts[0]
    held = values.get(first.name)
    if not held or first.type not in _SCHEMES:
        return ""
    return _SCHEMES[first.type] + quote(held, safe="@+")


def with_revealed(
    views: Sequence[ProtectedView], revealed: Mapping[str, str]
) -> list[ProtectedView]:
    """Return the fields with the values that this viewer was shown for a reason."""
    return [
        replace(view, lines=[revealed[view.key]], can_reveal=False, revealed_words=REVEALED)
        if view.key in revealed
        else view
        for view in views
    ]


def request_items(
    requests: Sequence[RequestView],
    *,
    now: datetime,
    time_zone: tzinfo,
) -> list[RequestItem]:
    """Return the patron's requests, the newest first."""
    return [
        RequestItem(
            reference=request.reference,
            fields=", ".join(change.label for change in request.fields),
            state=request.state.value,
            state_words=words_of(request, time_zone),
            proposer=request.proposer_label,
            at=when.ago(request.created_at, now=now, time_zone=time_zone),
            at_iso=when.iso(request.created_at),
        )
        for request in requests
    ]


def _mark(record: PatronRecord, mailbox: str | None, time_zone: tzinfo) -> dict[str, str]:
    if mailbox is None or not record.values.get(mailbox):
        return {}
    if record.email_bounced_at is not None:
        words = f"Bounced on {when.short(record.email_bounced_at, time_zone)}"
        return {"mark": "bounced", "mark_words": words}
    if record.email_verified_at is not None:
        words = f"Verified on {when.short(record.email_verified_at, time_zone)}"
        return {"mark": "verified", "mark_words": words}
    return {"mark": "unverified"}


def _pending(key: str, requests: Sequence[RequestView], time_zone: tzinfo) -> dict[str, str]:
    for request in requests:
        for change in request.fields:
            if change.field == key and change.outcome.is_open:
                return {
                    "state": change.outcome.value,
                    "state_words": words_of(request, time_zone),
                    "proposed": change.proposed,
                    "reference": request.reference,
                }
    return {}
