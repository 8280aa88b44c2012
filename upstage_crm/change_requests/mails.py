"""The mails of a change request: one function per mail, from a request to queued rows.

Mail to the proposed address assumes a stranger: no name and no value that we hold today, also not
inside the reason that staff wrote. Mail to the current address greets by name only once that
address was proven.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from upstage_crm.audit.signing import SigningKey
from upstage_crm.change_requests import link_codes, mail_words
from upstage_crm.change_requests.matter import Matter
from upstage_crm.change_requests.rules import DeskMethod, FieldOutcome
from upstage_crm.core.email_address import to_wire
from upstage_crm.core.languages import choose
from upstage_crm.links.claims import LinkClaims, Purpose, Reviewer, new_jti
from upstage_crm.links.codec import LinkCodec
from upstage_crm.mail import outbox
from upstage_crm.mail.compose import Composer
from upstage_crm.mail.delivery import ENDED_UNSENT
from upstage_crm.mail.message import Audience, MailDraft, MailKind
from upstage_crm.mail.queries import newest_state_by_request
from upstage_crm.organisation.details import OrganisationDetails
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.receipts.facts import LINK_LIFE
from upstage_crm.staff.accounts import Colleague

_DECIDED = (MailKind.CHANGE_REJECTED,)  # ends that somebody decided, so there is a receipt
BOTH = (Reviewer.CURRENT, Reviewer.PROPOSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailroom:
    """Queues the mails of change requests. Made once, by `wiring`.

    `signer` signs the receipts of decisions, which these mails lead to.
    """

    composer: Composer
    public_url: str
    codec: LinkCodec
    signer: SigningKey

    def ask(
        self,
        session: Session,
        matter: Matter,
        *,
        now: datetime,
        only: Collection[Reviewer] | None = None,
    ) -> None:
        """Queue the decision mails, each after the notice to the current address if one is due.

        `only` names the reviewers to ask; all of the matter's otherwise. A reviewer whose mailbox
        has stopped working since the proposal gets nothing.
        """
        notice: str | None = None
        if Reviewer.CURRENT not in matter.asked and matter.current_email is not None:
            notice = self._notice(session, matter, now=now)
        for reviewer in matter.asked:
            if (only is not None and reviewer not in only) or matter.address_of(reviewer) is None:
                continue
            claims = self._claims(matter, Purpose.DECISION, reviewer, now, matter.expires_at)
            link_codes.remember(session, claims, codec=self.codec, now=now)
            self._queue(
                session,
                matter,
                kind=MailKind.DECISION_REQUEST,
                reviewer=reviewer,
                context=mail_words.asking(matter, reviewer, public_url=self.public_url, now=now),
                links={"decision": claims},
                key=f"decision/v{matter.link_version}/{reviewer.value}",
                after=notice,
                now=now,
            )

    def remind(
        self,
        session: Session,
        matter: Matter,
        *,
        to: Collection[Reviewer],
        number: int,
        now: datetime,
    ) -> None:
        """Queue reminder `number` to reviewers, each with the link and the code it has already."""
        for reviewer in to:
            claims = link_codes.claims(
                session, request_id=matter.id, reviewer=reviewer, version=matter.link_version
            )
            context = mail_words.asking(matter, reviewer, public_url=self.public_url, now=now)
            context["asked_text"] = mail_words.instant(matter, claims.issued_at)
            self._queue(
                session,
                matter,
                kind=MailKind.DECISION_REMINDER,
                reviewer=reviewer,
                context=context,
                links={"decision": claims},
                key=f"reminder/{number}/{reviewer.value}",
                now=now,
            )

    def tell_settled(self, session: Session, matter: Matter, *, now: datetime) -> None:
        """Confirm to both sides what was applied and rejected just now: one mail each."""
        for reviewer in BOTH:
            seen = matter.seen_by(reviewer)
            outcomes = {field.outcome for field in seen.fields}
            if FieldOutcome.APPLIED not in outcomes:
                if outcomes:
                    kind = MailKind.CHANGE_REJECTED
                    self.tell_ended(session, matter, kind=kind, to=(reviewer,), now=now)
                continue
            if matter.address_of(reviewer) is None:
                continue
            is_whole = outcomes == {FieldOutcome.APPLIED}
            kind = MailKind.CHANGE_APPLIED if is_whole else MailKind.CHANGE_PARTLY_APPLIED
            links = self._receipt(matter, reviewer, now)
            until = now + matter.revert_window
            if reviewer is Reviewer.CURRENT:
                links["objection"] = self._claims(matter, Purpose.OBJECTION, reviewer, now, until)
            self._queue(
                session,
                matter,
                kind=kind,
                reviewer=reviewer,
                context=mail_words.telling(matter, reviewer, public_url=self.public_url, at=now)
                | {
                    "undo_until_text": mail_words.instant(matter, until)
                    if "objection" in links
                    else None,
                    "approved_here": any(reviewer in field.asked for field in seen.fields),
                },
                links=links,
                key=f"applied/{reviewer.value}/{matter.fields[0].id}",
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
                    context=mail_words.telling(
                        matter, reviewer, public_url=self.public_url, at=now
                    ),
                    links=self._receipt(matter, reviewer, now) if kind in _DECIDED else None,
                    key=f"{kind.value}/{reviewer.value}/{matter.fields[0].id}",
                    now=now,
                )

    def tell_reverted(
        self, session: Session, matter: Matter, *, is_frozen: bool, now: datetime
    ) -> None:
        """Queue "what was changed was put back" to both sides."""
        for reviewer in BOTH:
            if matter.seen_by(reviewer).fields and matter.address_of(reviewer) is not None:
                self._queue(
                    session,
                    matter,
                    kind=MailKind.CHANGE_REVERTED,
                    reviewer=reviewer,
                    context=mail_words.telling(matter, reviewer, public_url=self.public_url, at=now)
                    | {"is_frozen": is_frozen},
                    key=f"reverted/{reviewer.value}",
                    now=now,
                )

    def tell_desk(
        self,
        session: Session,
        matter: Matter,
        *,
        method: DeskMethod,
        applies_at: datetime,
        now: datetime,
    ) -> None:
        """Queue the notice that a change confirmed at the desk is made at `applies_at`."""
        if matter.current_email is None:
            return
        # One link stops the change before it is made and undoes it afterwards.
        until = applies_at + matter.revert_window
        claims = self._claims(matter, Purpose.OBJECTION, Reviewer.CURRENT, now, until)
        context = mail_words.asking(
            matter, Reviewer.CURRENT, public_url=self.public_url, now=now
        ) | {
            "applies_text": mail_words.instant(matter, applies_at),
            "applies_date_text": mail_words.day(matter, applies_at),
            "method_text": mail_words.method(matter, method),
        }
        self._queue(
            session,
            matter,
            kind=MailKind.DESK_NOTICE,
            reviewer=Reviewer.CURRENT,
            context=context,
            links={"objection": claims},
            key="desk_notice",
            now=now,
        )

    def tell_erased(
        self,
        session: Session,
        patron: PatronRow,
        *,
        organisation: OrganisationDetails,
        now: datetime,
    ) -> None:
        """Queue the last mail that a patron gets, to the address that is about to be erased."""
        if patron.email is None or patron.email_bounced_at is not None:
            return
        draft = MailDraft(
            kind=MailKind.RECORD_ERASED,
            to_address=to_wire(patron.email),
            audience=Audience.CURRENT,
            language=choose(patron.language, organisation.language),
            context=mail_words.erased(
                patron, organisation=organisation, public_url=self.public_url, at=now
            ),
            dedupe_key=f"patron/{patron.id}/erased",
            patron_id=patron.id,
        )
        outbox.enqueue(session, draft, composer=self.composer, now=now)

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
        if matter.proposer_email is not None:
            proposer = Colleague(id=matter.proposer_id, email=matter.proposer_email)
            self._tell_staff(
                session,
                matter,
                proposer,
                kind=MailKind.STAFF_OUTCOME,
                outcome=outcome,
                key=key,
                comment=comment,
                now=now,
            )

    def tell_frozen(
        self,
        session: Session,
        matter: Matter,
        *,
        to: Iterable[Colleague],
        outcome: str,
        key: str,
        now: datetime,
    ) -> None:
        """Queue the alert that a record is frozen to everybody who may clear it."""
        for colleague in to:
            self._tell_staff(
                session,
                matter,
                colleague,
                kind=MailKind.RECORD_FROZEN,
                outcome=outcome,
                key=f"frozen/{key}/{colleague.id}",
                comment=None,
                now=now,
            )

    def _tell_staff(
        self,
        session: Session,
        matter: Matter,
        colleague: Colleague,
        *,
        kind: MailKind,
        outcome: str,
        key: str,
        comment: str | None,
        now: datetime,
    ) -> None:
        context = mail_words.for_staff(
            matter, outcome=outcome, comment=comment, public_url=self.public_url, at=now
        )
        draft = MailDraft(
            kind=kind,
            to_address=to_wire(colleague.email),
            audience=Audience.STAFF,
            language="en",
            context=context,
            dedupe_key=f"request/{matter.id}/staff/{key}",
            request_id=matter.id,
            patron_id=matter.patron_id,
            staff_id=colleague.id,
        )
        outbox.enqueue(session, draft, composer=self.composer, now=now)

    def _notice(self, session: Session, matter: Matter, *, now: datetime) -> str:
        # The objection must work for as long as the change could still be undone.
        until = matter.expires_at + matter.revert_window
        claims = self._claims(matter, Purpose.OBJECTION, Reviewer.CURRENT, now, until)
        return self._queue(
            session,
            matter,
            kind=MailKind.CHANGE_NOTICE,
            reviewer=Reviewer.CURRENT,
            context=mail_words.asking(
                matter, Reviewer.CURRENT, public_url=self.public_url, now=now
            ),
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
            to_address=to_wire(address),
            audience=Audience(reviewer.value),
            language=matter.language,
            context=context,
            links=links or {},
            dedupe_key=f"request/{matter.id}/{key}",
            request_id=matter.id,
            patron_id=matter.patron_id,
            after=after,
        )
        return outbox.enqueue(session, draft, composer=self.composer, now=now)

    def _receipt(self, matter: Matter, reviewer: Reviewer, now: datetime) -> dict[str, LinkClaims]:
        """The link that opens a reviewer's receipts, for a mail that confirms a decision."""
        until = now + LINK_LIFE
        return {"receipt": self._claims(matter, Purpose.RECEIPT, reviewer, now, until)}

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
            kid=self.codec.signing_kid,
        )
