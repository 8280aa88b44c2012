"""The mails about staff accounts. Staff read English; nothing of a patron stands in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from upstage_crm.core import when
from upstage_crm.core.email_address import parse_email
from upstage_crm.core.languages import SOURCE
from upstage_crm.links.claims import LinkClaims, Purpose, Reviewer, new_jti
from upstage_crm.links.codec import LinkCodec
from upstage_crm.mail import outbox
from upstage_crm.mail.compose import Composer
from upstage_crm.mail.message import Audience, MailDraft, MailKind
from upstage_crm.organisation import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountMailer:
    """Queues the mails about staff accounts. Made once, by `wiring`."""

    composer: Composer
    public_url: str
    codec: LinkCodec

    def link(
        self,
        session: Session,
        kind: MailKind,
        *,
        purpose: Purpose,
        subject_id: str,
        version: int,
        to: str,
        staff_id: str | None,
        greeting: str,
        subject: str,
        headline: str,
        lines: Sequence[str],
        expires_at: datetime,
        now: datetime,
    ) -> None:
        """Queue a mail with one link that works once, until `expires_at`."""
        claims = LinkClaims(
            request_id=subject_id,
            purpose=purpose,
            reviewer=Reviewer.CURRENT,  # every link says a mailbox; a staff account has one
            version=version,
            jti=new_jti(),
            issued_at=now,
            expires_at=expires_at,
            kid=self.codec.signing_kid,
        )
        context = self._common(session, greeting, subject, headline, lines, now)
        zone = settings.details(session).zone
        draft = MailDraft(
            kind=kind,
            to_address=parse_email(to).wire,
            audience=Audience.STAFF,
            language=SOURCE,
            context=context | {"until_text": when.in_words(expires_at, zone, SOURCE)},
            links={purpose.value: claims},
            dedupe_key=f"{letter_key(kind, subject_id)}v{version}",
            staff_id=staff_id,
        )
        outbox.enqueue(session, draft, composer=self.composer, now=now)

    def notice(
        self,
        session: Session,
        *,
        to: str,
        staff_id: str,
        greeting: str,
        subject: str,
        lines: Sequence[str],
        key: str,
        now: datetime,
        button: str = "Open your account",
        path: str = "/account/",
    ) -> None:
        """Queue a notice to a member about their own account; the same `key` is one mail."""
        headline = f"{subject[:1].upper()}{subject[1:]}"
        context = self._common(session, greeting, subject, headline, lines, now)
        draft = MailDraft(
            kind=MailKind.STAFF_NOTICE,
            to_address=parse_email(to).wire,
            audience=Audience.STAFF,
            language=SOURCE,
            context=context | {"button": button, "path": path},
            dedupe_key=notice_key(staff_id, key),
            staff_id=staff_id,
        )
        outbox.enqueue(session, draft, composer=self.composer, now=now)

    def _common(
        self,
        session: Session,
        greeting: str,
        subject: str,
        headline: str,
        lines: Sequence[str],
        now: datetime,
    ) -> dict[str, object]:
        organisation = settings.details(session)
        return {
            "org": organisation,
            "public_url": self.public_url,
            "reference": "",
            "proposer": "",
            "greeting": f"Hello {greeting},",
            "fields": [],
            "when_text": when.in_words(now, organisation.zone, SOURCE),
            "subject_line": subject,
            "headline": headline,
            "lines": list(lines),
        }


def letter_key(kind: MailKind, subject_id: str) -> str:
    """How the keys of the letters with a link begin, for one invitation or member."""
    return f"staff/{kind.value}/{subject_id}/"


def notice_key(staff_id: str, key: str) -> str:
    """The dedupe key of a notice to a staff member, or the beginning of several keys."""
    return f"staff/notice/{staff_id}/{key}"
