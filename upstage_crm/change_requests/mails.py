"""The mails of a change request: one function per mail, from a request to queued rows.

Mail to the proposed address assumes a stranger: no name and no value that we hold today, also not
inside the reason that staff wrote. Mail to the current address greets by name only once that
address was proven.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import cast

from sqlmodel import Session

from upstage_crm.change_requests.policy import Policy
from upstage_crm.change_requests.reasons import REASONS
from upstage_crm.change_requests.rules import FieldOutcome, ReasonCode, RequestState
from upstage_crm.core import when
from upstage_crm.core.email_address import parse_email
from upstage_crm.links.claims import LinkClaims, Purpose, Reviewer, new_jti
from upstage_crm.mail import outbox
from upstage_crm.mail.catalogue import FieldLine
from upstage_crm.mail.compose import Composer
from upstage_crm.mail.delivery import ENDED_UNSENT
from upstage_crm.mail.message import Audience, MailDraft, MailKind
from upstage_crm.mail.queries import newest_state_by_request
from upstage_crm.organisation.details import OrganisationDetails
from upstage_crm.patrons import fields

OUTCOME_WORDS: Mapping[FieldOutcome, str] = {
    FieldOutcome.HELD: "on hold",
    FieldOutcome.PENDING: "waiting",
    FieldOutcome.APPROVED: "approved",
    FieldOutcome.APPLIED: "approved",
    FieldOutcome.REJECTED: "rejected",
    FieldOutcome.OBJECTED: "objected to",
    FieldOutcome.LAPSED: "not answered in time",
    FieldOutcome.SUPERSEDED: "replaced by a newer request",
    FieldOutcome.WITHDRAWN: "withdrawn",
    FieldOutcome.UNDELIVERABLE: "could not be delivered",
}
STATE_WORDS: Mapping[RequestState, str] = {
    RequestState.HELD: "on hold",
    RequestState.PENDING: "waiting for the patron",
    RequestState.APPROVED: "approved",
    RequestState.PARTLY_APPROVED: "partly approved",
    RequestState.REJECTED: "rejected",
    RequestState.EXPIRED: "expired",
    RequestState.SUPERSEDED: "superseded",
    RequestState.WITHDRAWN: "withdrawn",
    RequestState.UNDELIVERABLE: "undeliverable",
    RequestState.REVERTED: "reverted",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MatterField:
    """One field change, as far as its mails need it."""

    id: str
    field: str
    current: Mapping[str, str | None]
    proposed: Mapping[str, str | None]
    outcome: FieldOutcome
    asked: tuple[Reviewer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """One request with all that its mails say.

    `current_email` is the address before the change, as stored; None when there is none, or none
    that works.
    """

    id: str
    reference: str
    patron_id: str
    patron_number: int
    patron_name: str
    patron_time_zone: str
    current_email: str | None
    current_proven: bool
    proposer_id: str
    proposer_label: str
    proposer_email: str | None
    reason_code: ReasonCode
    reason_text: str
    reason_for_strangers: str
    expires_at: datetime
    link_version: int
    organisation: OrganisationDetails
    fields: tuple[MatterField, ...]

    @property
    def proposed_email(self) -> str | None:
        """The address that was proposed, as stored, if the fields propose one."""
        for change in self.fields:
            column = fields.field(change.field).mailbox_column
            if column is not None:
                return change.proposed[column]
        return None

    @property
    def asked(self) -> tuple[Reviewer, ...]:
        """Every mailbox that decides at least one field."""
        return tuple(r for r in Reviewer if any(r in field.asked for field in self.fields))

    def address_of(self, reviewer: Reviewer) -> str | None:
        """The mailbox behind a reviewer, as stored."""
        return self.proposed_email if reviewer is Reviewer.PROPOSED else self.current_email


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailroom:
    """Queues the mails of change requests. Made once, by `wiring`."""

    composer: Composer
    public_url: str
    signing_kid: str
    policy: Policy

    def ask(self, session: Session, matter: Matter, *, now: datetime) -> None:
        """Queue the decision mails, each after the notice to the current address if one is due."""
        notice: str | None = None
        if Reviewer.CURRENT not in matter.asked and matter.current_email is not None:
            notice = self._notice(session, matter, now=now)
        for reviewer in matter.asked:
            context = self._request_context(matter, reviewer, now=now)
            claims = self._claims(matter, Purpose.DECISION, reviewer, now, matter.expires_at)
            self._queue(
                session,
                matter,
                kind=MailKind.DECISION_REQUEST,
                reviewer=reviewer,
                context=context,
                links={"decision": claims},
                key=f"decision/v{matter.link_version}/{reviewer.value}",
                after=notice,
                now=now,
            )

    def tell_applied(self, session: Session, matter: Matter, *, now: datetime) -> None:
        """Queue the confirmations of an applied change: old address, new address, proposer."""
        until = now + self.policy.revert_window
        if matter.current_email is not None:
            context = self._context(matter, Reviewer.CURRENT, at=now)
            context["undo_until_text"] = self._words(matter, until)
            claims = self._claims(matter, Purpose.OBJECTION, Reviewer.CURRENT, now, until)
            self._queue(
                session,
                matter,
                kind=MailKind.CHANGE_APPLIED,
                reviewer=Reviewer.CURRENT,
                context=context,
                links={"objection": claims},
                key=f"applied/current/{matter.fields[0].id}",
                now=now,
            )
        if matter.proposed_email is not None:
            context = self._context(matter, Reviewer.PROPOSED, at=now) | {"undo_until_text": None}
            self._queue(
                session,
                matter,
                kind=MailKind.CHANGE_APPLIED,
                reviewer=Reviewer.PROPOSED,
                context=context,
                key=f"applied/proposed/{matter.fields[0].id}",
                now=now,
            )

    def tell_ended(
        self,
        session: Session,
        matter: Matter,
        *,
        kind: MailKind,
        to: Iterable[Reviewer],
        now: datetime,
    ) -> None:
        """Queue "the matter has ended" to each of the mailboxes `to` that exists."""
        for reviewer in to:
            if matter.address_of(reviewer) is not None:
                self._queue(
                    session,
                    matter,
                    kind=kind,
                    reviewer=reviewer,
                    context=self._context(matter, reviewer, at=now),
                    key=f"{kind.value}/{reviewer.value}/{matter.fields[0].id}",
                    now=now,
                )

    def tell_proposer(
        self,
        session: Session,
        matter: Matter,
        *,
        outcome: str,
        key: str,
        comment: str | None = None,
        now: datetime,
    ) -> None:
        """Queue the outcome to the staff member who proposed, if the account still is one."""
        if matter.proposer_email is None:
            return
        zone = when.zone(matter.organisation.time_zone)
        context: dict[str, object] = {
            "org": matter.organisation,
            "public_url": self.public_url,
            "reference": matter.reference,
            "proposer": matter.proposer_label,
            "greeting": None,
            "fields": [_full_line(field) for field in matter.fields],
            "when_text": _in_words(now, zone),
            "outcome": outcome,
            "patron_name": matter.patron_name,
            "patron_number": str(matter.patron_number),
            "comment": comment or None,
        }
        draft = MailDraft(
            kind=MailKind.STAFF_OUTCOME,
            to_address=_wire(matter.proposer_email),
            audience=Audience.STAFF,
            language="en",
            context=context,
            dedupe_key=f"request/{matter.id}/staff/{key}",
            request_id=matter.id,
            patron_id=matter.patron_id,
            staff_id=matter.proposer_id,
        )
        outbox.enqueue(session, draft, composer=self.composer, now=now)

    def _notice(self, session: Session, matter: Matter, *, now: datetime) -> str:
        # The objection must work for as long as the change could still be undone.
        until = matter.expires_at + self.policy.revert_window
        claims = self._claims(matter, Purpose.OBJECTION, Reviewer.CURRENT, now, until)
        return self._queue(
            session,
            matter,
            kind=MailKind.CHANGE_NOTICE,
            reviewer=Reviewer.CURRENT,
            context=self._request_context(matter, Reviewer.CURRENT, now=now),
            links={"objection": claims},
            key=self._notice_key(session, matter),
            now=now,
        )

    def _notice_key(self, session: Session, matter: Matter) -> str:
        """One notice per request; only when it could not be sent does a resend try another."""
        newest = newest_state_by_request(session, [matter.id], kind=MailKind.CHANGE_NOTICE)
        notice = newest.get(matter.id)
        failed = notice is not None and notice.state in ENDED_UNSENT
        return f"notice/v{matter.link_version}" if failed else "notice"

    def _queue(
        self,
        session: Session,
        matter: Matter,
        *,
        kind: MailKind,
        reviewer: Reviewer,
        context: Mapping[str, object],
        key: str,
        links: Mapping[str, LinkClaims] | None = None,
        after: str | None = None,
        now: datetime,
    ) -> str:
        address = matter.address_of(reviewer)
        assert address is not None, "asked for a mailbox that the request does not have"
        draft = MailDraft(
            kind=kind,
            to_address=_wire(address),
            audience=Audience(reviewer.value),
            language="en",
            context=context,
            links=links or {},
            dedupe_key=f"request/{matter.id}/{key}",
            request_id=matter.id,
            patron_id=matter.patron_id,
            after=after,
        )
        return outbox.enqueue(session, draft, composer=self.composer, now=now)

    def _claims(
        self, matter: Matter, purpose: Purpose, reviewer: Reviewer, now: datetime, until: datetime
    ) -> LinkClaims:
        return LinkClaims(
            request_id=matter.id,
            purpose=purpose,
            reviewer=reviewer,
            version=matter.link_version,
            jti=new_jti(),
            issued_at=now,
            expires_at=until,
            kid=self.signing_kid,
        )

    def _request_context(
        self, matter: Matter, reviewer: Reviewer, *, now: datetime
    ) -> dict[str, object]:
        stranger = reviewer is Reviewer.PROPOSED
        return self._context(matter, reviewer, at=now) | {
            "expires_text": self._words(matter, matter.expires_at),
            "reason_sentence": REASONS[matter.reason_code].sentence,
            "reason_text": (matter.reason_for_strangers if stranger else matter.reason_text)
            or None,
        }

    def _context(self, matter: Matter, reviewer: Reviewer, *, at: datetime) -> dict[str, object]:
        stranger = reviewer is Reviewer.PROPOSED
        greets = not stranger and matter.current_proven
        lines = [
            _line(field, stranger=stranger)
            for field in matter.fields
            if not stranger or Reviewer.PROPOSED in field.asked
        ]
        return {
            "org": matter.organisation,
            "public_url": self.public_url,
            "reference": matter.reference,
            "proposer": matter.proposer_label,
            "greeting": f"Dear {matter.patron_name}," if greets else None,
            "fields": lines,
            "when_text": self._words(matter, at),
        }

    def _words(self, matter: Matter, at: datetime) -> str:
        zone = when.zone(matter.patron_time_zone, matter.organisation.time_zone)
        return _in_words(at, zone)


def _wire(stored: str) -> str:
    """The address a mail is sent to. A stored ASCII address was parsed once and is its own."""
    return stored if stored.isascii() else parse_email(stored).wire


@lru_cache(maxsize=256)
def _in_words(at: datetime, zone: tzinfo) -> str:
    """As `when.in_words`: the mails of one command say the same two or three instants."""
    return when.in_words(at, zone)


def _line(field: MatterField, *, stranger: bool) -> FieldLine:
    line = _full_line(field)
    return cast("FieldLine", {**line, "now": None}) if stranger else line


def _full_line(field: MatterField) -> FieldLine:
    entry = fields.field(field.field)
    return FieldLine(
        label=entry.label,
        now=entry.show(field.current) or None,
        proposed=entry.show(field.proposed),
        outcome=OUTCOME_WORDS[field.outcome],
    )
