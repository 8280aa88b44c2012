"""What became of a mail after it left, as facts with times; and what they say of a mailbox."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.mail.message import Audience, MailKind
from upstage_crm.mail.outbox import OUTBOX

ASKING = (MailKind.DECISION_REQUEST, MailKind.DECISION_REMINDER)
CAME_BACK = sa.or_(OUTBOX.c.bounced_at.is_not(None), OUTBOX.c.suppressed_at.is_not(None))


@dataclass(frozen=True, slots=True)
class AskingHistory:
    """What one mailbox got about one request: whether a mail came back, and how many reminders."""

    came_back: bool
    reminders: int


def asking_history(session: Session, *, request_id: str, audience: Audience) -> AskingHistory:
    """What a mailbox was sent so far to decide about a request."""
    query = sa.select(OUTBOX.c.kind, CAME_BACK.label("came_back")).where(
        OUTBOX.c.request_id == request_id, OUTBOX.c.audience == audience
    )
    rows = session.connection().execute(query).all()
    return AskingHistory(
        came_back=any(row.came_back for row in rows),
        reminders=sum(row.kind is MailKind.DECISION_REMINDER for row in rows),
    )
