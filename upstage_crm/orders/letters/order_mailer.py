"""Writes the mails to buyers. Made once, by `wiring`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from upstage_crm.core.email_address import parse_email
from upstage_crm.core.languages import choose
from upstage_crm.links.claims import LinkClaims, Purpose, Reviewer, new_jti
from upstage_crm.links.codec import LinkCodec
from upstage_crm.mail.attachments import Drawing
from upstage_crm.mail.compose import Composer, PreparedMail
from upstage_crm.mail.message import Audience, MailDraft, MailKind
from upstage_crm.organisation.settings import details


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderMailer:
    """Writes mails for one deployment. `kid` names the key that signs the codes of tickets."""

    composer: Composer
    public_url: str
    kid: str
    codec: LinkCodec

    def prepare(
        self,
        session: Session,
        kind: MailKind,
        *,
        to: str,
        language: str,
        reference: str,
        said: Mapping[str, object],
        key: str,
        patron_id: str | None,
        now: datetime,
        drawings: tuple[Drawing, ...] = (),
        link: LinkClaims | None = None,
    ) -> PreparedMail:
        """A mail to one mailbox, ready for the outbox; the same `key` is one mail.

        Raises:
            CatalogueMismatch: `said` or `link` is not what the kind takes.
        """
        organisation = details(session)
        common: dict[str, object] = {
            "org": organisation,
            "public_url": self.public_url,
            "reference": reference,
            "proposer": "",
            "greeting": None,
            "fields": [],
            "when_text": "",
        }
        draft = MailDraft(
            kind=kind,
            to_address=parse_email(to).wire,
            audience=Audience.BUYER,
            language=choose(language, organisation.language),
            context={**common, **said},
            links={} if link is None else {link.purpose.value: link},
            dedupe_key=key,
            drawings=drawings,
            patron_id=patron_id,
        )
        return self.composer.prepare(draft, now=now)

    def link(
        self,
        purpose: Purpose,
        subject_id: str,
        *,
        now: datetime,
        expires_at: datetime,
        version: int = 1,
    ) -> LinkClaims:
        """What a link to a buyer says; `subject_id` is the row that it opens."""
        return LinkClaims(
            request_id=subject_id,
            purpose=purpose,
            reviewer=Reviewer.PROPOSED,  # a mailbox that nothing has proven yet
            version=version,
            jti=new_jti(),
            issued_at=now,
            expires_at=expires_at,
            kid=self.codec.signing_kid,
        )
