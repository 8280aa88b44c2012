"""Everything that is held about one patron, for the person who asks for it (GDPR 15).

A staff member takes it out as their role reads the record: what is masked for them is masked in it.
Other people are in it by their number and by what they are to the patron, never by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.events import PATRON_AT_CURRENT, Action, Actor, AuditEvent, Channel
from upstage_crm.audit.trail import AuditLine
from upstage_crm.change_requests.model.errors import PatronFrozen
from upstage_crm.change_requests.model.views import RequestView
from upstage_crm.change_requests.reads import comments, evidence, requests, revert_windows
from upstage_crm.core import when
from upstage_crm.households import queries as households
from upstage_crm.mail.message import Audience
from upstage_crm.mail.queries import MAX_PAGE_SIZE, MailSummary, mails
from upstage_crm.organisation.settings import home
from upstage_crm.patron_accounts import sessions
from upstage_crm.patrons import queries
from upstage_crm.patrons.details import contacts, edit_preferences, notes
from upstage_crm.patrons.details.contacts import REACHES
from upstage_crm.patrons.errors import PatronErased
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.patrons.tables import PatronStatus
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.patrons.visibility import FieldAccess
from upstage_crm.privacy import held_orders, held_waiting
from upstage_crm.privacy.errors import ExportWaits
from upstage_crm.privacy.redacted_trail import told_changes, told_words
from upstage_crm.receipts import queries as receipts
from upstage_crm.staff.command_context import CommandContext, StaffContext
from upstage_crm.staff.roles import Permission, Role, ensure_may

Value = held_orders.Value
Row = held_orders.Row
ALL = 100_000  # rows of one kind; no patron has so many
AT_ONCE = 500  # entries of the trail that are read in one go
_OPEN_FREE = ("language", "time_zone")  # tell nothing of who this is
_LOOKS = frozenset({Action.VALUE_REVEALED, Action.DATA_EXPORTED})


class Section(StrEnum):
    """The parts of what is held, in the order in which people read them."""

    RECORD = "record"
    DETAILS = "details"
    OTHER_CONTACTS = "other_contacts"
    PREFERENCES = "preferences"
    TAGS = "tags"
    NOTES = "notes"
    HOUSEHOLD = "household"
    RELATIONSHIPS = "relationships"
    ORDERS = "orders"
    TICKETS = "tickets"
    TRANSFERS = "transfers"
    PAYMENTS = "payments"
    WAITING_LISTS = "waiting_lists"
    REQUESTS = "requests"
    CHANGES = "changes"
    COMMENTS = "comments"
    RECEIPTS = "receipts"
    EMAILS = "emails"
    SIGN_INS = "sign_ins"
    LOOKS = "looks"
    HISTORY = "history"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldData:
    """What is held about a patron, as one staff member reads it.

    Instants are texts in UTC, codes are those of the rules. `head` names the entry of the trail on
    which it stands, with its hash. `is_whole` says that nothing is masked.
    """

    number: int
    name: str
    at: datetime
    is_whole: bool
    head: tuple[int, str] | None
    sections: Mapping[Section, tuple[Row, ...]]

    def as_json(self) -> dict[str, object]:
        """The same for a file."""
        head = self.head and {"entry": self.head[0], "hash": self.head[1]}
        return {
            "patron": self.number,
            "exported_at": when.iso(self.at),
            "is_whole": self.is_whole,
            "trail": head,
            **{section.value: list(rows) for section, rows in self.sections.items()},
        }


def export(context: StaffContext[object], *, patron_id: str) -> HeldData:
    """Return everything that is held about a patron; the trail keeps who took it.

    Raises:
        Forbidden, UnknownPatron, PatronErased. PatronFrozen: the record is in dispute.
        ExportWaits: a change of the record may still be put back; carries `reference` and `until`.
    """
    actor = context.actor
    ensure_may(actor, Permission.VIEW_PATRONS)
    ensure_may(actor, Permission.EXPORT_DATA)
    return _taken(context, patron_id, actor.as_actor(), context.channel, reader=actor.role)


def export_own(context: CommandContext[object], *, patron_id: str) -> HeldData:
    """The same for the patron, who has signed in: nothing of their own is masked for them.

    Raises:
        UnknownPatron, PatronErased, PatronFrozen, ExportWaits: as `export` says.
    """
    # An owner of the house reads every field, and so does the person whom they are about.
    channel = Channel.PATRON_PAGE
    return _taken(context, patron_id, PATRON_AT_CURRENT, channel, reader=Role.OWNER)


def _taken(
    context: CommandContext[object],
    patron_id: str,
    actor: Actor,
    channel: Channel,
    *,
    reader: Role,
) -> HeldData:
    session, now = context.session, context.now
    row = queries.lock(session, patron_id)
    if row.status is PatronStatus.ERASED:
        raise PatronErased
    if evidence.is_frozen(session, patron_id):
        raise PatronFrozen
    windows = revert_windows.of_patron(session, patron_id, now=now)
    if windows:
        reference, until = max(windows.items(), key=lambda window: window[1])
        raise ExportWaits(reference=reference, until=until)
    event = AuditEvent(
        action=Action.DATA_EXPORTED, actor=actor, channel=channel, patron_id=patron_id
    )
    trail.record(session, [event], now=now)
    return _held(session, queries.record_of(session, row), reader=reader, now=now)


def _held(session: Session, record: PatronRecord, *, reader: Role, now: datetime) -> HeldData:
    access = FieldAccess(reader, record.is_protected, (record.values,), home(session))
    asked = requests.of_patron(session, record.id, limit=ALL, reader=reader)
    lines = tuple(_lines(session, record.id))
    references = {request.id: request.reference for request in asked}
    bought = held_orders.bought(session, record.id)
    return HeldData(
        number=record.number,
        name=access.name(record.values, number=record.number),
        at=now,
        is_whole=access.sees_all,
        head=trail.head(session),
        sections={
            Section.RECORD: (_record(record, access),),
            Section.DETAILS: tuple(
                {"field": key, "value": access.show(entry, record.values)}
                for key, entry in FIELDS.items()
            ),
            Section.OTHER_CONTACTS: tuple(_contacts(session, record.id, access)),
            Section.PREFERENCES: tuple(_preferences(session, record.id)),
            Section.TAGS: tuple({"tag": access.words(tag)} for tag in record.tags),
            Section.NOTES: tuple(_notes(session, record.id, access)),
            Section.HOUSEHOLD: tuple(_household(session, record.id, reader)),
            Section.RELATIONSHIPS: tuple(
                {"patron": relation.number, "is_their": relation.kind.value}
                for relation in households.relations_of(session, record.id, reader=reader)
            ),
            Section.ORDERS: tuple(held_orders.orders(bought, access)),
            Section.TICKETS: tuple(held_orders.tickets(session, bought)),
            Section.TRANSFERS: tuple(held_orders.transfers(session, bought, record, now=now)),
            Section.PAYMENTS: tuple(held_orders.payments(session, bought)),
            Section.WAITING_LISTS: tuple(held_waiting.waiting(session, record)),
            Section.REQUESTS: tuple(_request(request) for request in asked),
            Section.CHANGES: tuple(_changes(asked)),
            Section.COMMENTS: tuple(_comments(session, lines, references, access)),
            Section.RECEIPTS: tuple(_receipts(session, references)),
            Section.EMAILS: tuple(_emails(session, record.id, references, access)),
            Section.SIGN_INS: tuple(_sign_ins(session, record.id)),
            Section.LOOKS: tuple(
                _entry(line, references, access) for line in lines if line.action in _LOOKS
            ),
            Section.HISTORY: tuple(
                each for line in lines for each in _history(line, references, access)
            ),
        },
    )


def _record(record: PatronRecord, access: FieldAccess) -> Row:
    free = {
        name: access.words(text if name in _OPEN_FREE else access.free(text))
        for name, text in record.free.items()
    }
    return {
        "number": record.number,
        "kind": record.kind,
        "status": record.status,
        **free,
        "email_verified_at": _at(record.email_verified_at),
        "email_bounced_at": _at(record.email_bounced_at),
        "is_protected": record.is_protected,
        "is_in_dispute": record.is_flagged,
        "created_at": _at(record.created_at),
        "updated_at": _at(record.updated_at),
    }


def _contacts(session: Session, patron_id: str, access: FieldAccess) -> Iterator[Row]:
    for contact in contacts.of_patron(session, patron_id):
        entry = REACHES[contact.field]
        yield {
            "field": contact.field,
            "value": access.show(entry, {entry.columns[0]: contact.value}),
            "place": contact.place.value,
            "since": _at(contact.since),
            "is_not_theirs": contact.is_suppressed,
        }


def _preferences(session: Session, patron_id: str) -> Iterator[Row]:
    for one in edit_preferences.of_patron(session, patron_id).values():
        yield {
            "channel": one.channel.value,
            "purpose": one.purpose.value,
            "answer": one.answer.value,
            "basis": one.basis.value if one.basis else None,
            "source": one.source.value,
            "wording": one.wording,
            "answered_at": _at(one.answered_at),
        }


def _notes(session: Session, patron_id: str, access: FieldAccess) -> Iterator[Row]:
    for note in notes.of_patron(session, patron_id, most=ALL):
        yield {
            "author": note.author,
            "text": access.words(access.free(note.text)),
            "created_at": _at(note.created_at),
            "changed_at": _at(note.changed_at),
        }


def _household(session: Session, patron_id: str, reader: Role) -> Iterator[Row]:
    found = households.household_of(session, patron_id, reader=reader)
    for member in found.members if found else ():
        yield {"patron": member.number, "is_head": member.is_head}


def _request(request: RequestView) -> Row:
    return {
        "request": request.reference,
        "state": request.state.value,
        "reason": request.reason_code.value,
        "reason_text": request.access.words(request.reason_text),
        "proposer": request.proposer_label,
        "created_at": _at(request.created_at),
        "ended_at": _at(request.ended_at),
    }


def _changes(asked: Sequence[RequestView]) -> Iterator[Row]:
    for request in asked:
        for field in request.fields:
            yield {
                "request": request.reference,
                "field": field.field,
                "before": field.now,
                "proposed": field.proposed,
                "outcome": field.outcome.value,
                "settled_at": _at(field.settled_at),
                "comment": request.access.words(field.comment),
            }


def _comments(
    session: Session,
    lines: Sequence[AuditLine],
    references: Mapping[str, str],
    access: FieldAccess,
) -> Iterator[Row]:
    """What staff told each other; the trail says who and when."""
    told = {
        comment: words
        for request_id in references
        for comment, words in comments.of_request(session, request_id).items()
    }
    for line in lines:
        if line.action is Action.REQUEST_COMMENTED:
            yield {
                "request": references.get(line.request_id or ""),
                "author": line.actor.label,
                "text": access.words(told.get(str(line.facts["comment"]), "")),
                "at": _at(line.at),
            }


def _receipts(session: Session, references: Mapping[str, str]) -> Iterator[Row]:
    for request_id, reference in references.items():
        for receipt in receipts.lines_of_request(session, request_id):
            yield {
                "receipt": receipt.id,
                "request": reference,
                "event": receipt.event.value,
                "reviewer": receipt.reviewer,
                "at": _at(receipt.at),
            }


def _emails(
    session: Session, patron_id: str, references: Mapping[str, str], access: FieldAccess
) -> Iterator[Row]:
    """Mails to the patron; those to staff members are not about this person's mailbox."""
    for mail in _mails(session, patron_id):
        if mail.audience is not Audience.STAFF:
            yield {
                "kind": mail.kind.value,
                "to": access.mailbox(mail.to_address),
                "subject": access.words(mail.subject),
                "request": references.get(mail.request_id or ""),
                "state": mail.state.value,
                "created_at": _at(mail.created_at),
                "delivered_at": _at(mail.delivered_at),
            }


def _sign_ins(session: Session, patron_id: str) -> Iterator[Row]:
    for one in sessions.kept(session, patron_id):
        yield {
            "browser": one.browser,
            "created_at": _at(one.created_at),
            "last_seen_at": _at(one.last_seen_at),
            "ended_at": _at(one.ended_at),
        }


def _mails(session: Session, patron_id: str) -> Iterator[MailSummary]:
    before = ""
    while True:
        found = mails(
            session, patron_id=patron_id, before=before, is_counted=False, size=MAX_PAGE_SIZE
        ).items
        yield from found
        if len(found) < MAX_PAGE_SIZE:
            return
        before = found[-1].id


def _lines(session: Session, patron_id: str) -> Iterator[AuditLine]:
    """Every entry of the trail about the patron, the newest first."""
    before: int | None = None
    while found := trail.timeline(session, patron_id=patron_id, before=before, limit=AT_ONCE):
        yield from found
        before = found[-1].seq


def _entry(line: AuditLine, references: Mapping[str, str], access: FieldAccess) -> dict[str, Value]:
    keys = line.facts.get("fields") or line.facts.get("field")
    words = [told_words(line, name, access) for name in ("comment", "reason", "note")]
    return {
        "at": _at(line.at),
        "actor": line.actor.label,
        "channel": line.channel.value,
        "action": line.action.value,
        "about": str(keys) if keys else None,
        "request": references.get(line.request_id or ""),
        "words": next((said for said in words if said), None),
    }


def _history(
    line: AuditLine, references: Mapping[str, str], access: FieldAccess
) -> Iterator[dict[str, Value]]:
    """An entry of the trail, once for each thing that it changed."""
    whole = _entry(line, references, access)
    changes = told_changes(line.values, access)
    if not changes:
        yield {**whole, "before": None, "after": None}
    for name, old, new in changes:
        yield {**whole, "about": name, "before": old, "after": new}


def _at(moment: datetime | None) -> str | None:
    return when.iso(moment) if moment else None
