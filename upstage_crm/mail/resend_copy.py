"""A second mail with the words of a first one that may not have arrived."""

from __future__ import annotations

import re

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.errors import Conflict
from upstage_crm.mail.compose import PreparedMail
from upstage_crm.mail.message import MailDraft, MailMessage
from upstage_crm.mail.outbox import OUTBOX
from upstage_crm.mail.placeholders import thaw_links
from upstage_crm.mail.queries import StoredMail

_AGAIN = re.compile(r"/again/\d+$")


class NotSendable(Conflict):
    """Only a mail that failed, or whose fate is not known, can be sent again. Facts: `state`."""

    code = "mail_not_sendable"


def is_again(dedupe_key: str) -> bool:
    """Whether a mail is the repetition of an earlier one."""
    return _AGAIN.search(dedupe_key) is not None


def number_of(session: Session, stored: StoredMail) -> int:
    """How often a mail, or the one that it repeats, was sent again so far."""
    begins = f"{_AGAIN.sub('', stored.summary.dedupe_key)}/again/"
    query = (
        sa.select(sa.func.count())
        .select_from(OUTBOX)
        .where(OUTBOX.c.dedupe_key.startswith(begins, autoescape=True))
    )
    return session.connection().execute(query).scalar_one()


def copy_of(stored: StoredMail, *, mail_id: str, number: int) -> PreparedMail:
    """The same words under another id; links and codes are signed for it anew, from its claims."""
    summary = stored.summary
    # The old id stands in placeholders, in a header and in a tag: 32 random digits, nowhere else.
    message = MailMessage.from_json(stored.payload.replace(summary.id, mail_id))
    draft = MailDraft(
        kind=summary.kind,
        to_address=summary.to_address,
        audience=summary.audience,
        language=summary.language,
        context={},
        dedupe_key=f"{_AGAIN.sub('', summary.dedupe_key)}/again/{number}",
        links=thaw_links(stored.links),
        request_id=summary.request_id,
        patron_id=summary.patron_id,
        staff_id=summary.staff_id,
    )
    return PreparedMail(
        id=mail_id,
        draft=draft,
        message=message,
        transport=summary.transport,
        priority=summary.priority,
    )
