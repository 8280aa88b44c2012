"""What the mail provider tells of a mail later: parsed, without trust and without loss. Pure.

Resend's OpenAPI file and its SDK disagree about the words of a bounce (`Transient` against
`Temporary`); both are read. Only a permanent bounce condemns an address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, cast

from upstage_crm.core.errors import Invalid

_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_TYPE = re.compile(r"[a-z]{1,32}(\.[a-z_]{1,64})")
_DETAIL_LIMIT = 64  # characters of the provider's own word for a cause


class EventKind(StrEnum):
    """What happened to a mail after the provider had taken it."""

    SENT = "sent"
    DELIVERED = "delivered"
    DELAYED = "delayed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    SUPPRESSED = "suppressed"
    FAILED = "failed"


class EventMalformed(Invalid):
    """The body of an event is not one of the provider's."""

    code = "mail_event_malformed"


class EventUnknown(Invalid):
    """The event is about something that the provider has no such type for."""

    code = "mail_event_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailEvent:
    """One event about one mail. `detail` is the provider's word for a cause, "" without one.

    `outbox_id` is our own name for the mail, which travels with it as a tag; it is there even
    when we never learnt the provider's name for it. `is_permanent` says that no mail will ever
    reach this address.
    """

    kind: EventKind
    at: datetime
    provider_id: str
    outbox_id: str = ""
    detail: str = ""
    is_permanent: bool = False


_KINDS: Mapping[str, EventKind] = {
    "email.sent": EventKind.SENT,
    "email.delivered": EventKind.DELIVERED,
    "email.delivery_delayed": EventKind.DELAYED,
    "email.bounced": EventKind.BOUNCED,
    "email.complained": EventKind.COMPLAINED,
    "email.suppressed": EventKind.SUPPRESSED,
    "email.failed": EventKind.FAILED,
}
# The provider's other topics: acknowledged, so that it does not send them for a day, and dropped.
_NOT_OURS = re.compile(
    r"email\.(scheduled|opened|clicked|received)|(contact|domain|topic|suppression|inbox)\.\w+"
)


def parse(body: object) -> MailEvent | None:
    """The event in a body that the provider signed; None for a topic that is no business of ours.

    Raises:
        EventMalformed: a field that every event has is missing or is not what it should be.
        EventUnknown: there is no such topic.
    """
    event = _mapping(body)
    topic = event.get("type")
    if not isinstance(topic, str) or not _TYPE.fullmatch(topic):
        raise EventMalformed
    kind = _KINDS.get(topic)
    if kind is None:
        if _NOT_OURS.fullmatch(topic):
            return None
        raise EventUnknown
    data = _mapping(event.get("data"))
    provider_id = data.get("email_id")
    if not isinstance(provider_id, str) or not _ID.fullmatch(provider_id):
        raise EventMalformed
    detail, is_permanent = _cause(kind, data)
    return MailEvent(
        kind=kind,
        at=_instant(event.get("created_at")),
        provider_id=provider_id,
        outbox_id=_tagged(data.get("tags")),
        detail=detail,
        is_permanent=is_permanent,
    )


def _cause(kind: EventKind, data: Mapping[str, Any]) -> tuple[str, bool]:
    """The provider's word for why, and whether the address is condemned by it."""
    if kind is EventKind.SUPPRESSED:
        return _word(data.get("suppressed"), "reason", "type"), True
    if kind is EventKind.FAILED:
        return _word(data.get("failed"), "reason"), False
    if kind is not EventKind.BOUNCED:
        return "", False
    bounce = data.get("bounce")
    type_ = _word(bounce, "type")
    subtype = _word(bounce, "subType")
    # The SDK's hints file a suppressed address under bounces.
    is_permanent = type_.casefold() == "permanent" or subtype.casefold() == "suppressed"
    return subtype or type_, is_permanent


def _word(found: object, *names: str) -> str:
    if not isinstance(found, Mapping):
        return ""
    given = cast("Mapping[str, object]", found)
    for name in names:
        word = given.get(name)
        if isinstance(word, str) and word.isprintable() and word:
            return word[:_DETAIL_LIMIT]
    return ""


def _tagged(tags: object) -> str:
    """Our id in the tags: an object in events, a list of pairs in what we send."""
    if isinstance(tags, list):
        listed = cast("list[object]", tags)
        pairs = [cast("Mapping[str, object]", tag) for tag in listed if isinstance(tag, Mapping)]
        tags = {tag.get("name"): tag.get("value") for tag in pairs}
    found = cast("Mapping[str, object]", tags).get("outbox_id") if isinstance(tags, Mapping) else ""
    return found if isinstance(found, str) and _ID.fullmatch(found) and len(found) <= 32 else ""


def _instant(text: object) -> datetime:
    try:
        found = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise EventMalformed from error


def _mapping(found: object) -> Mapping[str, Any]:
    if not isinstance(found, dict):
        raise EventMalformed
    return cast("dict[str, Any]", found)
