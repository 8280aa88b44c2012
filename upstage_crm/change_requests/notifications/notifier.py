"""The mails of a change request: one function per mail, from a request to queued rows.

`MailboxAccess` says what each mailbox may read of a request; the sentences are the templates'.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from sqlmodel import Session

from upstage_crm.change_requests.model.reviewers import Window
from upstage_crm.change_requests.model.rules import FieldOutcome
from upstage_crm.change_requests.model.tables import ChangeRequestRow
from upstage_crm.change_requests.notifications import link_codes, mail_wording
from upstage_crm.change_requests.notifications.context import MailContext
from upstage_crm.change_requests.notifications.staff_notifier import StaffMails
from upstage_crm.core.email_address import wire_of
from upstage_crm.core.languages import choose
from upstage_crm.links.claims import LinkClaims, Purpose, Reviewer, new_jti
from upstage_crm.mail import outbox
from upstage_crm.mail.message import Audience, MailDraft, MailKind
from upstage_crm.organisation.details import OrganisationDetails
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.receipts.facts import LINK_LIFE

_DECIDED = (MailKind.CHANGE_REJECTED,)  # ends that a reviewer decided, so there is a receipt
BOTH = (Reviewer.CURRENT, Reviewer.PROPOSED)
# How long a displaced mailbox can say "this wasn't me": after the window it opens a dispute.
OBJECTION_LIFE = timedelta(days=30)


class Notifier(StaffMails):
    """Queues the mails of change requests. Made once, by `wiring`."""

    def ask(
        self, session: Session, matter: MailContext, *, to: Collection[Reviewer], now: datetime
    ) -> str | None:
        """Queue the questions to the mailboxes `to` that exist; return the notice's id, if one is.

        The current mailbox is told first: no one is asked before its mail was accepted. About
        another mailbox in its place, and about what the desk vouched for, it gets a notice.
        """
        leader: str | None = None
        notice: str | None = None
        for reviewer in BOTH:
            if reviewer not in to or matter.address_of(reviewer) is None:
                continue
            kind = MailKind.DECISION_REQUEST
            if reviewer is Reviewer.CURRENT and matter.is_desk:
                kind = MailKind.DESK_NOTICE
            elif reviewer is Reviewer.CURRENT and matter.replaces_mailbox:
                kind = MailKind.CHANGE_NOTICE
            claims = self._question(matter, reviewer, now)
            link_codes.remember(session, claims, codec=self.codec, now=now)
            mail_id = self._queue(
                session,
                matter,
                kind=kind,
                reviewer=reviewer,
                words=partial(mail_wording.asking, public_url=self.public_url, now=now),
                links={"decision": claims},
                key=f"{kind.value}/v{claims.version}/{reviewer.value}",
                after=leader,
                now=now,
            )
            if reviewer is Reviewer.CURRENT:
                leader = mail_id
                notice = None if kind is MailKind.DECISION_REQUEST else mail_id
        return notice

    def remind(
        self,
        session: Session,
        matter: MailContext,
        *,
        to: Collection[Reviewer],
        kind: MailKind,
        number: int,
        now: datetime,
    ) -> None:
        """Queue reminder `number` to reviewers, each with the link and the code it has already."""
        for reviewer in to:
            claims = link_codes.claims(
                session, request_id=matter.id, reviewer=reviewer, version=matter.versions[reviewer]
            )
            self._queue(
                session,
                matter,
                kind=kind,
                reviewer=reviewer,
                words=partial(
                    mail_wording.reminding,
                    asked_at=claims.issued_at,
                    public_url=self.public_url,
                    now=now,
                ),
                links={"decision": claims},
                key=f"{kind.value}/{number}/v{claims.version}/{reviewer.value}",
                now=now,
            )

    def tell_waiting(
        self,
        session: Session,
        matter: MailContext,
        *,
        until: datetime,
        is_sure: bool,
        now: datetime,
    ) -> None:
        """Tell everybody who approved these fields when they take effect: one mail each.

        It is not sure as long as it is not known that the notice has arrived.
        """
        for reviewer in BOTH:
            fields = [field.id for field in matter.fields if reviewer in field.approved]
            if fields and matter.address_of(reviewer) is not None:
                self._queue(
                    session,
                    matter.only(fields),
                    kind=MailKind.CHANGE_WAITING,
                    reviewer=reviewer,
                    words=partial(
                        mail_wording.waiting,
                        until=until,
                        is_sure=is_sure,
                        public_url=self.public_url,
                        at=now,
                    ),
                    links=self._receipt(matter, reviewer, now),
                    key=f"waiting/{reviewer.value}/{fields[0]}",
                    now=now,
                )

    def tell_displaced(
        self, session: Session, matter: MailContext, *, mailbox: str, window: Window, now: datetime
    ) -> None:
        """Tell a displaced mailbox that more is to change, and how to stop all of it."""
        matter = matter.about(mailbox)
        claims = self._claims(
            matter,
            Purpose.OBJECTION,
            Reviewer.CURRENT,
            now,
            window.ends + OBJECTION_LIFE,
            request_id=window.request_id,
        )
        self._queue(
            session,
            matter,
            kind=MailKind.FURTHER_CHANGE,
            reviewer=Reviewer.CURRENT,
            words=partial(
                mail_wording.further, until=window.ends, public_url=self.public_url, at=now
            ),
            links={"objection": claims},
            key=f"further/{matter.fields[0].id}",
            now=now,
        )

    def tell_settled(self, session: Session, matter: MailContext, *, now: datetime) -> None:
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
            if reviewer is Reviewer.CURRENT:
                until = now + OBJECTION_LIFE
                links["objection"] = self._claims(matter, Purpose.OBJECTION, reviewer, now, until)
            self._queue(
                session,
                matter,
                kind=kind,
                reviewer=reviewer,
                words=partial(mail_wording.applied, public_url=self.public_url, at=now),
                links=links,
                key=f"applied/{reviewer.value}/{matter.fields[0].id}",
                now=now,
            )

    def tell_ended(
        self,
        session: Session,
        matter: MailContext,
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
                    words=partial(mail_wording.telling, public_url=self.public_url, at=now),
                    links=self._receipt(matter, reviewer, now) if kind in _DECIDED else None,
                    key=f"{kind.value}/{reviewer.value}/{matter.fields[0].id}",
                    now=now,
                )

    def tell_reverted(
        self,
        session: Session,
        matter: MailContext,
        *,
        blocked: Sequence[str] = (),
        to: Collection[Reviewer] = BOTH,
        is_frozen: bool,
        is_disowned: bool = False,
        now: datetime,
    ) -> None:
        """Queue what was put back to the mailboxes `to`, and of `blocked` fields that it was not.

        To a mailbox that was disowned it is the last mail.
        """
        for reviewer in BOTH:
            is_told = reviewer in to and matter.address_of(reviewer) is not None
            if is_told and matter.seen_by(reviewer).fields:
                self._queue(
                    session,
                    matter,
                    kind=MailKind.CHANGE_REVERTED,
                    reviewer=reviewer,
                    words=partial(
                        mail_wording.reverted,
                        blocked=blocked,
                        is_frozen=is_frozen,
                        is_disowned=is_disowned,
                        public_url=self.public_url,
                        at=now,
                    ),
                    key=f"reverted/{reviewer.value}",
                    now=now,
                )

    def tell_lifted(
        self,
        session: Session,
        *,
        address: str,
        patron: PatronRow | None,
        request: ChangeRequestRow,
        key: str,
        organisation: OrganisationDetails,
        now: datetime,
    ) -> None:
        """Queue to an address that two staff members let us write to it again."""
        language = choose(patron.language if patron else "", organisation.language)
        draft = MailDraft(
            kind=MailKind.SUPPRESSION_LIFTED,
            to_address=wire_of(address),
            audience=Audience.PROPOSED,
            language=language,
            context=mail_wording.lifted(
                organisation=organisation,
                reference=request.reference,
                language=language,
                public_url=self.public_url,
                at=now,
            ),
            dedupe_key=f"suppression/{key}/lifted",
            request_id=request.id,
            patron_id=patron.id if patron else None,
        )
        outbox.enqueue(session, draft, composer=self.composer, now=now)

    @staticmethod
    def can_tell_erased(patron: PatronRow) -> bool:
        """Whether a patron has an address that a last mail can reach."""
        return patron.email is not None and patron.email_bounced_at is None

    def tell_erased(
        self,
        session: Session,
        patron: PatronRow,
        *,
        organisation: OrganisationDetails,
        now: datetime,
    ) -> None:
        """Queue the last mail that a patron gets, to the address that is about to be erased."""
        if patron.email is None or not self.can_tell_erased(patron):
            return
        draft = MailDraft(
            kind=MailKind.RECORD_ERASED,
            to_address=wire_of(patron.email),
            audience=Audience.CURRENT,
            language=choose(patron.language, organisation.language),
            context=mail_wording.erased(
                patron, organisation=organisation, public_url=self.public_url, at=now
            ),
            dedupe_key=f"patron/{patron.id}/erased",
            patron_id=patron.id,
        )
        outbox.enqueue(session, draft, composer=self.composer, now=now)

    def _queue(
        self,
        session: Session,
        matter: MailContext,
        *,
        kind: MailKind,
        reviewer: Reviewer,
        words: Callable[[MailContext, Reviewer], Mapping[str, object]],
        key: str,
        links: Mapping[str, LinkClaims] | None = None,
        after: str | None = None,
        now: datetime,
    ) -> str:
        address = matter.address_of(reviewer)
        assert address is not None, "asked for a mailbox that the request does not have"
        draft = MailDraft(
            kind=kind,
            to_address=wire_of(address),
            audience=Audience(reviewer.value),
            language=matter.language,
            context=words(matter, reviewer),
            also={
                language: words(replace(matter, language=language), reviewer)
                for language in matter.languages_before
                if reviewer is Reviewer.CURRENT
            },
            links=links or {},
            dedupe_key=f"request/{matter.id}/{key}",
            request_id=matter.id,
            patron_id=matter.patron_id,
            after=after,
        )
        return outbox.enqueue(session, draft, composer=self.composer, now=now)

    def _receipt(
        self, matter: MailContext, reviewer: Reviewer, now: datetime
    ) -> dict[str, LinkClaims]:
        """The link that opens a reviewer's receipts, for a mail that confirms a decision."""
        until = now + LINK_LIFE
        return {"receipt": self._claims(matter, Purpose.RECEIPT, reviewer, now, until)}

    def _question(self, matter: MailContext, reviewer: Reviewer, now: datetime) -> LinkClaims:
        """The link of a question. The current mailbox's works until the effect, which may wait for
        a person: the row says when it no longer counts.
        """
        until = matter.expires_at
        if reviewer is Reviewer.CURRENT:
            until += matter.wait + OBJECTION_LIFE
        return self._claims(matter, Purpose.DECISION, reviewer, now, until)

    def _claims(
        self,
        matter: MailContext,
        purpose: Purpose,
        reviewer: Reviewer,
        now: datetime,
        until: datetime,
        *,
        request_id: str = "",
    ) -> LinkClaims:
        return LinkClaims(
            request_id=request_id or matter.id,
            purpose=purpose,
            reviewer=reviewer,
            version=matter.versions[reviewer],
            jti=new_jti(),
            issued_at=now,
            expires_at=until,
            kid=self.codec.signing_kid,
        )
