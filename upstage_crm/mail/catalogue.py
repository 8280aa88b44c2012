"""Every kind of mail: who may get it, what it says, which links it carries.

A context is a typed dictionary. Texts that people typed are passed as they are; the renderer
makes them inert. Values of fields are display text, already masked where they must be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from upstage_crm.core.errors import Invalid
from upstage_crm.core.text import HIDDEN
from upstage_crm.mail.mail_contexts import (
    CommonContext,
    WaitingOfferContext,
    WaitingPlaceContext,
)
from upstage_crm.mail.message import Audience, MailDraft, MailKind

CURRENT = Audience.CURRENT
PROPOSED = Audience.PROPOSED
BUYER = Audience.BUYER


class CatalogueMismatch(Invalid):
    """A draft's audience, context or links are not what its kind takes: our own mistake."""

    code = "mail_catalogue_mismatch"


class RequestContext(CommonContext):
    """What asks. `reason_text` is staff's own words, None for an unproven reader.

    `applies_text` is before when an approved change does not take effect that the reader may stop;
    None where the reader has to say yes, too. `new_address` is the proposed one as the reader may
    see it, None without one; `asks_more` says that the reader decides other fields as well.
    `tickets_text` is how many tickets go with the address, None for a reader who is not to know.
    `is_own` says that the patron asked for it, in their account.
    """

    is_own: bool
    expires_text: str
    reason_sentence: str
    reason_text: str | None
    applies_text: str | None
    new_address: str | None
    asks_more: bool
    tickets_text: str | None


class ReminderContext(RequestContext):
    """The reminders. `asked_text` is when the question was sent first."""

    asked_text: str


class DeskContext(RequestContext):
    """`desk_notice`. `applies_date_text` is the day of `applies_text` alone.

    `method_text` says in a few words how staff found out who the patron is.
    """

    applies_date_text: str
    method_text: str


class WaitingContext(CommonContext):
    """`change_waiting`. `applies_text` is when it takes effect; if not `is_sure`, not before."""

    applies_text: str
    is_sure: bool


class FurtherContext(CommonContext):
    """`further_change`. `labels_text` names the fields, `applies_text` is when it takes effect."""

    labels_text: str
    applies_text: str


class AppliedContext(CommonContext):
    """`change_applied` and `change_partly_applied`.

    `undo_until_text` is the end of the revert window, None without one. `approved_here` says that
    the mail goes to a mailbox that approved, `is_own` that the patron asked for it, in their
    account.
    """

    is_own: bool
    undo_until_text: str | None
    approved_here: bool


class EndedContext(CommonContext):
    """Every mail that tells of an end without a change."""


class RevertedContext(CommonContext):
    """`change_reverted`. `is_frozen` says that nothing more is proposed until two people looked.

    `is_disowned` says that the reader gets no more mail; `blocked_text` names what was not put
    back, None when all was.
    """

    is_frozen: bool
    is_disowned: bool
    blocked_text: str | None


class DisruptionContext(CommonContext):
    """`performance_cancelled` and `performance_moved`. `reference` is the order's.

    `old_text` and `new_text` are when, the halls where; `seats_text` names the reader's seats.
    `amount_text` is what was paid for them, "" for nothing. `until_text` is the end of the time to
    answer, "" where there is nothing to choose.
    """

    event_text: str
    old_text: str
    old_hall_text: str
    new_text: str
    new_hall_text: str
    seats_text: str
    amount_text: str
    until_text: str


class OutcomeContext(CommonContext):
    """`staff_outcome` and `record_frozen`.

    `outcome` is one short phrase ("approved"), `comment` the patron's words.
    """

    outcome: str
    patron_name: str
    patron_number: str
    comment: str | None


class LetterContext(CommonContext):
    """What a mail about the reader's own staff account says: a headline and plain paragraphs."""

    subject_line: str
    headline: str
    lines: list[str]


class LinkLetterContext(LetterContext):
    """`staff_invitation` and `staff_password_link`. `until_text` is the end of the link's life."""

    until_text: str


class NoticeContext(LetterContext):
    """`staff_notice`. `button` leads to `path` of this CRM."""

    button: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitLines:
    """One performance that the reader has tickets for, in words; a text that is "" is left out.

    `seats` name each ticket's place, with its price type.
    """

    title: str
    when: str
    place: str
    address: str
    doors: str
    seats: tuple[str, ...]
    notes: tuple[str, ...]


class OrderContext(CommonContext):
    """`order_confirmation`. `reference` is the order's, `total_text` what was paid for it in all.

    `news` is what happened: `sale`, `exchange`, or `reissue` for new codes on the same tickets.
    """

    visits: list[VisitLines]
    total_text: str
    news: str


class TicketOfferContext(CommonContext):
    """`ticket_offer`. `visits` are the performances with the seats that are offered.

    `giver_text` is the masked address of who offers them, "" once it is erased; `until_text` is
    the end of the time to answer.
    """

    visits: list[VisitLines]
    giver_text: str
    until_text: str


class TicketsReceivedContext(CommonContext):
    """`tickets_received`. The tickets are attached to it.

    `news` is what happened: `transfer` after the yes, `reissue` for new codes later.
    """

    visits: list[VisitLines]
    news: str


class OfferAnsweredContext(CommonContext):
    """`offer_answered`, to the giver. `recipient_text` is the masked address that was asked."""

    visits: list[VisitLines]
    recipient_text: str
    is_accepted: bool


class SeatMoveContext(CommonContext):
    """`seat_move`. `visit` is the performance with the seat that the reader has now.

    `why_text` says why another one is proposed; `until_text` is the end of the time to answer.
    """

    visit: VisitLines
    old_seat_text: str
    new_seat_text: str
    why_text: str
    until_text: str


class SeatMoveEndedContext(CommonContext):
    """`seat_move_ended`. `visits` have the seat that counts; the new ticket is attached.

    `outcome` is what became of it: `accepted`, `declined`, `lapsed` or `taken_back`.
    """

    visits: list[VisitLines]
    new_seat_text: str
    outcome: str


class DayOfContext(CommonContext):
    """`day_of`. `visit` is the performance; `has_tickets` says that the tickets are attached.

    They are not where the mailbox that bought them still decides about the address.
    """

    visit: VisitLines
    has_tickets: bool


class AlertContext(CommonContext):
    """`staff_alert`. `proposer` is the member it is about, `reference` a short name of the alert.

    `wire_text` says what tripped, in a few words; `count_text` and `limit_text` are the numbers.
    """

    wire_text: str
    count_text: str
    limit_text: str


class OrderLinkContext(CommonContext):
    """`order_link` and `orders_link`. `until_text` is the end of the link's life.

    `reference` is the order's, that of the newest where the link opens several.
    """

    until_text: str


class SignInContext(CommonContext):
    """`sign_in_code`. `until_text` is the end of the life of its code and link.

    It says nothing of the record: only its mailbox may know that there is one.
    """

    until_text: str


class OwnChangeContext(SignInContext):
    """`own_change_code`. `labels_text` names the detail; none of its values is in the mail."""

    labels_text: str


@dataclass(frozen=True, slots=True)
class KindSpec:
    """What one kind of mail takes: its context, and the links it carries for each audience."""

    priority: int
    context: type[CommonContext]
    links: Mapping[Audience, frozenset[str]]


DECISION = frozenset({"decision"})
OBJECTION = frozenset({"objection"})
RECEIPT = frozenset({"receipt"})
CHOICE = frozenset({"choice"})
INVITATION = frozenset({"invitation"})
PASSWORD = frozenset({"password"})
ORDER = frozenset({"order"})
ORDERS = frozenset({"orders"})
TRANSFER = frozenset({"transfer"})
SEAT_MOVE = frozenset({"seat_move"})
SIGN_IN = frozenset({"sign_in"})
OWN_CHANGE = frozenset({"own_change"})
WAITING = frozenset({"waiting"})
NO_LINK: frozenset[str] = frozenset()
BOTH_SIDES: Mapping[Audience, frozenset[str]] = {CURRENT: NO_LINK, PROPOSED: NO_LINK}

CATALOGUE: Mapping[MailKind, KindSpec] = {
    MailKind.DECISION_REQUEST: KindSpec(
        10, RequestContext, {PROPOSED: DECISION, CURRENT: DECISION}
    ),
    MailKind.DECISION_REMINDER: KindSpec(
        30, ReminderContext, {PROPOSED: DECISION, CURRENT: DECISION}
    ),
    MailKind.CHANGE_NOTICE: KindSpec(5, RequestContext, {CURRENT: DECISION}),
    MailKind.NOTICE_REMINDER: KindSpec(5, ReminderContext, {CURRENT: DECISION}),
    MailKind.DESK_NOTICE: KindSpec(5, DeskContext, {CURRENT: DECISION}),
    MailKind.FURTHER_CHANGE: KindSpec(5, FurtherContext, {CURRENT: OBJECTION}),
    MailKind.CHANGE_WAITING: KindSpec(20, WaitingContext, {CURRENT: RECEIPT, PROPOSED: RECEIPT}),
    MailKind.CHANGE_APPLIED: KindSpec(
        20, AppliedContext, {CURRENT: OBJECTION | RECEIPT, PROPOSED: RECEIPT}
    ),
    MailKind.CHANGE_PARTLY_APPLIED: KindSpec(
        20, AppliedContext, {CURRENT: OBJECTION | RECEIPT, PROPOSED: RECEIPT}
    ),
    MailKind.CHANGE_REJECTED: KindSpec(20, EndedContext, {CURRENT: RECEIPT, PROPOSED: RECEIPT}),
    MailKind.CHANGE_EXPIRED: KindSpec(20, EndedContext, BOTH_SIDES),
    MailKind.CHANGE_WITHDRAWN: KindSpec(20, EndedContext, BOTH_SIDES),
    MailKind.CHANGE_SUPERSEDED: KindSpec(20, EndedContext, BOTH_SIDES),
    MailKind.CHANGE_UNDELIVERABLE: KindSpec(20, EndedContext, BOTH_SIDES),
    MailKind.CHANGE_REVERTED: KindSpec(10, RevertedContext, BOTH_SIDES),
    MailKind.SUPPRESSION_LIFTED: KindSpec(20, EndedContext, {PROPOSED: NO_LINK}),
    MailKind.RECORD_FROZEN: KindSpec(10, OutcomeContext, {Audience.STAFF: NO_LINK}),
    MailKind.PROTECTION_REMOVED: KindSpec(5, EndedContext, {CURRENT: NO_LINK}),
    MailKind.RECORD_ERASED: KindSpec(20, EndedContext, {CURRENT: NO_LINK}),
    MailKind.ORDER_CONFIRMATION: KindSpec(8, OrderContext, {BUYER: NO_LINK}),
    MailKind.ORDER_LINK: KindSpec(5, OrderLinkContext, {BUYER: ORDER}),
    MailKind.ORDERS_LINK: KindSpec(5, OrderLinkContext, {BUYER: ORDERS}),
    MailKind.SIGN_IN_CODE: KindSpec(5, SignInContext, {BUYER: SIGN_IN}),
    MailKind.OWN_CHANGE_CODE: KindSpec(5, OwnChangeContext, {BUYER: OWN_CHANGE}),
    MailKind.WAITING_PLACE: KindSpec(5, WaitingPlaceContext, {BUYER: WAITING}),
    MailKind.WAITING_OFFER: KindSpec(5, WaitingOfferContext, {BUYER: WAITING}),
    MailKind.DAY_OF: KindSpec(15, DayOfContext, {BUYER: NO_LINK}),
    MailKind.PERFORMANCE_CANCELLED: KindSpec(10, DisruptionContext, {BUYER: CHOICE}),
    MailKind.PERFORMANCE_MOVED: KindSpec(10, DisruptionContext, {BUYER: CHOICE}),
    MailKind.TICKET_OFFER: KindSpec(8, TicketOfferContext, {BUYER: TRANSFER}),
    MailKind.TICKETS_RECEIVED: KindSpec(8, TicketsReceivedContext, {BUYER: NO_LINK}),
    MailKind.OFFER_ANSWERED: KindSpec(8, OfferAnsweredContext, {BUYER: NO_LINK}),
    MailKind.SEAT_MOVE: KindSpec(8, SeatMoveContext, {BUYER: SEAT_MOVE}),
    MailKind.SEAT_MOVE_ENDED: KindSpec(8, SeatMoveEndedContext, {BUYER: NO_LINK}),
    MailKind.STAFF_OUTCOME: KindSpec(20, OutcomeContext, {Audience.STAFF: NO_LINK}),
    MailKind.STAFF_INVITATION: KindSpec(20, LinkLetterContext, {Audience.STAFF: INVITATION}),
    MailKind.STAFF_PASSWORD_LINK: KindSpec(5, LinkLetterContext, {Audience.STAFF: PASSWORD}),
    MailKind.STAFF_NOTICE: KindSpec(10, NoticeContext, {Audience.STAFF: NO_LINK}),
    MailKind.STAFF_ALERT: KindSpec(1, AlertContext, {Audience.STAFF: NO_LINK}),
}


def spec_of(draft: MailDraft) -> KindSpec:
    """The entry for `draft`, once the draft fits it.

    Raises:
        CatalogueMismatch: audience, context or links are not what the kind takes, or a mail to
            an unproven address would name the patron, or show a value held today in full.
    """
    spec = CATALOGUE[draft.kind]
    if draft.audience not in spec.links:
        raise CatalogueMismatch(kind=draft.kind.value, audience=draft.audience.value)
    missing = spec.context.__required_keys__ - draft.context.keys()
    if missing or spec.links[draft.audience] != frozenset(draft.links):
        raise CatalogueMismatch(
            kind=draft.kind.value, missing=sorted(missing), links=sorted(draft.links)
        )
    is_stranger = draft.audience in (PROPOSED, BUYER)
    if is_stranger and _names_patron(cast("Any", draft.context)):
        raise CatalogueMismatch(kind=draft.kind.value, audience=draft.audience.value, reveals=True)
    return spec


def _names_patron(context: CommonContext) -> bool:
    held = any(line.now and HIDDEN not in line.now for line in context["fields"])
    return held or context["greeting"] is not None
