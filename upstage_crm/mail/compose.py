"""Turns a draft into the frozen message that the outbox stores.

Composing touches no database: a command may do it before it takes a lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from upstage_crm.core.ids import new_id
from upstage_crm.core.languages import colon
from upstage_crm.mail.catalogue import spec_of
from upstage_crm.mail.delivery import Transport
from upstage_crm.mail.message import MailDraft, MailMessage, ensure_header, ensure_sender
from upstage_crm.mail.placeholders import code_mark, link_url
from upstage_crm.mail.render import Renderer, Version, the_renderer
from upstage_crm.organisation.details import OrganisationDetails


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedMail:
    """A draft with its id and its frozen message, ready for the outbox."""

    id: str
    draft: MailDraft
    message: MailMessage
    transport: Transport
    priority: int


class Composer:
    """Renders drafts for one deployment. Thread-safe.

    `mail_from` is `address` or `Name <address>`; every message leaves under it.

    Raises:
        HeaderInvalid, AddressInvalid: `mail_from` cannot be a sender.
    """

    def __init__(
        self, *, mail_from: str, transport: Transport, renderer: Renderer | None = None
    ) -> None:
        ensure_sender(mail_from)
        self._mail_from = mail_from
        self._renderer = renderer or the_renderer()
        self.transport = transport

    def prepare(self, draft: MailDraft, *, now: datetime) -> PreparedMail:
        """Render `draft` under a fresh id.

        Raises:
            HeaderInvalid, AddressInvalid: a value cannot stand in a header.
            CatalogueMismatch: audience, context or links are not what the kind takes.
        """
        spec = spec_of(draft)
        ensure_header(draft.dedupe_key, name="dedupe_key")
        mail_id = new_id(now)
        public_url = str(draft.context["public_url"]).rstrip("/")
        org = cast("OrganisationDetails", draft.context["org"])
        common: dict[str, object] = {
            "former_phone": org.former_phone_at(now),
            "audience": draft.audience.value,
            "links": {name: link_url(public_url, name, mail_id) for name in draft.links},
            "codes": {name: code_mark(name, mail_id) for name in draft.links},
            "public_url": public_url,
        }

        said = [(draft.language, draft.context), *draft.also.items()]
        versions = [
            Version(language, {**context, **common, "colon": colon(language)})
            for language, context in said
        ]
        rendered = self._renderer.render(draft.kind, versions)
        message = MailMessage(
            from_=self._mail_from,
            to=draft.to_address,
            subject=rendered.subject,
            html=rendered.html,
            text=rendered.text,
            reply_to=org.reply_to,
            # The first two quiet autoresponders, by RFC 3834 and as Exchange reads them; the third
            # keeps Gmail from threading two requests.
            headers={
                "Auto-Submitted": "auto-generated",
                "X-Auto-Response-Suppress": "All",
                "X-Entity-Ref-ID": mail_id,
            },
            # The provider's events carry the tags back: they find the row even when the HTTP
            # answer with the provider's own id was lost.
            tags={"outbox_id": mail_id, "kind": draft.kind.value},
            drawings=draft.drawings,
        )
        return PreparedMail(
            id=mail_id,
            draft=draft,
            message=message,
            transport=self.transport,
            priority=spec.priority if draft.priority is None else draft.priority,
        )
