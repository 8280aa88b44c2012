"""The mail that tells a patron that the protection of the record was removed."""

from __future__ import annotations

from upstage_crm.change_requests.model.reviewers import is_trusted
from upstage_crm.change_requests.notifications.mail_wording import DEAR
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.core import when
from upstage_crm.core.email_address import parse_email
from upstage_crm.core.languages import choose, speaker
from upstage_crm.mail import outbox
from upstage_crm.mail.message import Audience, MailDraft, MailKind
from upstage_crm.organisation.settings import details
from upstage_crm.patrons.queries import name_of
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.staff.command_context import CommandContext


def tell_unprotected(context: CommandContext[Notifier], patron: PatronRow, *, key: str) -> None:
    """Queue the notice to the current mailbox, if the record has one that works."""
    now = context.now
    if patron.email is None or patron.email_bounced_at is not None:
        return
    organisation = details(context.session)
    language = choose(patron.language, organisation.language)
    zone = organisation.zone_of(patron.time_zone)
    greeting = speaker(language)(DEAR).format(name=name_of(patron))
    words: dict[str, object] = {
        "org": organisation,
        "public_url": context.notifier.public_url,
        "reference": str(patron.number),
        "proposer": "",
        "greeting": greeting if is_trusted(patron.email_verified_at, now=now) else None,
        "fields": [],
        "when_text": when.in_words(now, zone, language),
    }
    draft = MailDraft(
        kind=MailKind.PROTECTION_REMOVED,
        to_address=parse_email(patron.email).wire,
        audience=Audience.CURRENT,
        language=language,
        context=words,
        dedupe_key=f"patron/{patron.id}/unprotected/{key}",
        patron_id=patron.id,
    )
    outbox.enqueue(context.session, draft, composer=context.notifier.composer, now=now)
