"""The shapes of a mail: the draft a command writes, and the message a sender gets.

Every value that ends in a header is refused here when it could end the header: the provider's
own software passes a line break in a subject through.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from upstage_crm.core.errors import Invalid
from upstage_crm.links.claims import LinkClaims
from upstage_crm.mail.attachments import Draw, Drawing, MailFile

MAX_HEADER_LENGTH = 998  # RFC 5322: one line
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_WIRE_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}")
_FROM = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]+)>")
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")


class MailKind(StrEnum):
    """Why a mail is sent; names its templates and its entry in the catalogue."""

    DECISION_REQUEST = "decision_request"
    DECISION_REMINDER = "decision_reminder"
    CHANGE_NOTICE = "change_notice"
    NOTICE_REMINDER = "notice_reminder"
    FURTHER_CHANGE = "further_change"
    DESK_NOTICE = "desk_notice"
    CHANGE_WAITING = "change_waiting"
    CHANGE_APPLIED = "change_applied"
    CHANGE_PARTLY_APPLIED = "change_partly_applied"
    CHANGE_REJECTED = "change_rejected"
    CHANGE_EXPIRED = "change_expired"
    CHANGE_WITHDRAWN = "change_withdrawn"
    CHANGE_SUPERSEDED = "change_superseded"
    CHANGE_UNDELIVERABLE = "change_undeliverable"
    CHANGE_REVERTED = "change_reverted"
    SUPPRESSION_LIFTED = "suppression_lifted"
    RECORD_FROZEN = "record_frozen"
    PROTECTION_REMOVED = "protection_removed"
    RECORD_ERASED = "record_erased"
    ORDER_CONFIRMATION = "order_confirmation"
    ORDER_LINK = "order_link"
    ORDERS_LINK = "orders_link"
    SIGN_IN_CODE = "sign_in_code"
    OWN_CHANGE_CODE = "own_change_code"
    DAY_OF = "day_of"
    WAITING_PLACE = "waiting_place"
    WAITING_OFFER = "waiting_offer"
    PERFORMANCE_CANCELLED = "performance_cancelled"
    PERFORMANCE_MOVED = "performance_moved"
    TICKET_OFFER = "ticket_offer"
    TICKETS_RECEIVED = "tickets_received"
    OFFER_ANSWERED = "offer_answered"
    SEAT_MOVE = "seat_move"
    SEAT_MOVE_ENDED = "seat_move_ended"
    STAFF_OUTCOME = "staff_outcome"
    STAFF_INVITATION = "staff_invitation"
    STAFF_PASSWORD_LINK = "staff_password_link"  # noqa: S105  # a kind of mail, not a password
    STAFF_NOTICE = "staff_notice"
    STAFF_ALERT = "staff_alert"


class Audience(StrEnum):
    """Who reads it. `PROPOSED` is assumed to be a stranger until proven otherwise.

    `BUYER` is the address that was typed for an order, or the holder's own: it is told of the order
    and its tickets, and of no record.
    """

    CURRENT = "current"
    PROPOSED = "proposed"
    BUYER = "buyer"
    STAFF = "staff"


class HeaderInvalid(Invalid):
    """A value bound for a mail header is empty, too long or could end the header."""

    code = "mail_header_invalid"


class AddressInvalid(Invalid):
    """An address is not in wire form: ASCII, one `@`, nothing around it."""

    code = "mail_address_invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailDraft:
    """One mail to one mailbox, as a command asks for it.

    `to_address` is the wire form (ASCII local part, punycode domain). `context` holds what the
    catalogue lists for `kind` and `audience`; `links` the claims of the links it carries, by the
    names the catalogue lists. The same `dedupe_key` never makes a second mail. `after` is the id
    of a mail that must be accepted before this one may leave. Without `priority` the kind's own
    counts (lower leaves first). `also` holds the same context in other languages, by language: the
    mail says all of it again in each. `drawings` are its files.
    """

    kind: MailKind
    to_address: str
    audience: Audience
    language: str
    context: Mapping[str, object]
    dedupe_key: str
    links: Mapping[str, LinkClaims] = field(default_factory=dict[str, LinkClaims])
    also: Mapping[str, Mapping[str, object]] = field(
        default_factory=dict[str, Mapping[str, object]]
    )
    drawings: tuple[Drawing, ...] = ()
    priority: int | None = None
    request_id: str | None = None
    patron_id: str | None = None
    staff_id: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailMessage:
    """One complete message to one recipient.

    As stored, `html` and `text` still hold link placeholders, and its files are `drawings`; as
    handed to a sender the tokens are in, and the files are `files`.
    """

    from_: str
    to: str
    subject: str
    html: str
    text: str
    reply_to: str
    headers: Mapping[str, str]
    tags: Mapping[str, str]
    drawings: tuple[Drawing, ...] = ()
    files: tuple[MailFile, ...] = ()

    def __post_init__(self) -> None:
        ensure_sender(self.from_)
        ensure_address(self.to, name="to")
        ensure_address(self.reply_to, name="reply_to")
        ensure_header(self.subject, name="subject")
        for name, value in self.headers.items():
            ensure_header(value, name=name)
        for name, value in self.tags.items():
            if not _TAG.fullmatch(name) or not _TAG.fullmatch(value):
                raise HeaderInvalid(name=name)

    def params(self) -> dict[str, Any]:
        """The message as plain JSON values in one fixed order: the same message, the same bytes."""
        files = [file.params() for file in self.files]
        return {
            **({"attachments": files} if files else {}),
            "from": self.from_,
            "headers": dict(sorted(self.headers.items())),
            "html": self.html,
            "reply_to": self.reply_to,
            "subject": self.subject,
            "tags": [{"name": name, "value": self.tags[name]} for name in sorted(self.tags)],
            "text": self.text,
            "to": [self.to],
        }

    def to_json(self) -> str:
        """The canonical JSON that the outbox freezes: of a file what to draw, never its bytes."""
        frozen = [
            {"facts": each.facts, "kind": each.kind, "name": each.name} for each in self.drawings
        ]
        said = replace(self, files=()).params()
        return _encode({**said, "drawings": frozen} if frozen else said)

    @classmethod
    def from_json(cls, payload: str) -> MailMessage:
        """The reverse of `to_json`.

        Raises:
            ValueError, KeyError: the text is not what `to_json` wrote.
        """
        data: dict[str, Any] = json.loads(payload)
        return cls(
            from_=data["from"],
            to=data["to"][0],
            subject=data["subject"],
            html=data["html"],
            text=data["text"],
            reply_to=data["reply_to"],
            headers=data["headers"],
            tags={tag["name"]: tag["value"] for tag in data["tags"]},
            drawings=tuple(Drawing(**each) for each in data.get("drawings", ())),
        )


def with_files(message: MailMessage, draw: Draw) -> MailMessage:
    """The message with its files drawn, in their order.

    Raises:
        FileNotDrawn: one of them cannot be drawn.
    """
    if not message.drawings:
        return message
    files = tuple(draw(drawing) for drawing in message.drawings)
    return replace(message, drawings=(), files=files)


def ensure_header(value: str, *, name: str) -> None:
    """Refuse a header value that is empty, over 998 characters or holds a control character.

    Raises:
        HeaderInvalid: names the header, never the value.
    """
    if not value.strip() or len(value) > MAX_HEADER_LENGTH or _CONTROL.search(value):
        raise HeaderInvalid(name=name)


def ensure_address(value: str, *, name: str) -> None:
    """Refuse anything but one bare address in wire form.

    Raises:
        AddressInvalid: names the header, never the value.
    """
    if not _WIRE_ADDRESS.fullmatch(value):
        raise AddressInvalid(name=name)


def ensure_sender(value: str) -> None:
    """Refuse a From value that is neither `address` nor `Name <address>`.

    Raises:
        HeaderInvalid, AddressInvalid: the value cannot be a sender.
    """
    ensure_header(value, name="from")
    named = _FROM.fullmatch(value)
    ensure_address(named["address"] if named else value, name="from")
