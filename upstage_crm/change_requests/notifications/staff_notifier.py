"""The mails of a change request to staff: its outcome, and a record that needs two people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from upstage_crm.audit.signing import SigningKey
from upstage_crm.change_requests.notifications import mail_wording
from upstage_crm.change_requests.notifications.context import MailContext
from upstage_crm.core.email_address import wire_of
from upstage_crm.links.codec import LinkCodec
from upstage_crm.mail import outbox
from upstage_crm.mail.compose import Composer
from upstage_crm.mail.message import Audience, MailDraft, MailKind
from upstage_crm.staff.accounts import Colleague


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffMails:
    """Queues mails to staff members; `mails.Mailroom` adds those to patrons.

    `signer` signs the receipts of decisions, which mails to patrons lead to.
    """

    composer: Composer
    public_url: str
    codec: LinkCodec
    signer: SigningKey

    def tell_proposer(
        self,
        session: Session,
        matter: MailContext,
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
        matter: MailContext,
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
        matter: MailContext,
        colleague: Colleague,
        *,
        kind: MailKind,
        outcome: str,
        key: str,
        comment: str | None,
        now: datetime,
    ) -> None:
        context = mail_wording.for_staff(
            matter, outcome=outcome, comment=comment, public_url=self.public_url, at=now
        )
        draft = MailDraft(
            kind=kind,
            to_address=wire_of(colleague.email),
            audience=Audience.STAFF,
            language="en",
            context=context,
            dedupe_key=f"request/{matter.id}/staff/{key}",
            request_id=matter.id,
            patron_id=matter.patron_id,
            staff_id=colleague.id,
        )
        outbox.enqueue(session, draft, composer=self.composer, now=now)
