"""Queues the letters to buyers. Made once, by `wiring`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from upstage_crm.core.email_address import parse_email
from upstage_crm.core.languages import choose
from upstage_crm.mail.attachments import Drawing
from upstage_crm.mail.compose import Composer, PreparedMail
from upstage_crm.mail.message import Audience, MailDraft, MailKind
from upstage_crm.organisation.settings import details


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderMailer:
    """Writes letters for one deployment. `kid` names the key that signs the codes of tickets."""

    composer: Composer
    public_url: str
    kid: str

    def prepare(
        self,
        session: Session,
        kind: MailKind,
        *,
        to: str,
        language: str,
        reference: str,
        said: Mapping[str, object],
        drawings: tuple[Drawing, ...],
        key: str,
        patron_id: str | None,
        now: datetime,
    ) -> PreparedMail:
        """A letter to one mailbox, ready for the outbox; the same `key` is one letter.

        Raises:
            CatalogueMismatch: `said` is not what the kind takes.
        """
        common: dict[str, object] = {
            "org": details(session),
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
            language=choose(language),
            context={**common, **said},
            dedupe_key=key,
            drawings=drawings,
            patron_id=patron_id,
        )
        return self.composer.prepare(draft, now=now)
