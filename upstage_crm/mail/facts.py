"""What became of a mail after it left, as facts with times; and what they say of a mailbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

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


def note_bounce(
    session: Session, *, mail_id: str, at: datetime, is_suppressed: bool = False
) -> bool:
    """Note that a mail came back for good, or was not sent because earlier ones had.

    The first such fact stays. False when it stands already, or there is no such mail.
    """
    column = OUTBOX.c.suppressed_at if is_suppressed else OUTBOX.c.bounced_at
    noted = session.connection().execute(
        sa.update(OUTBOX)
        .where(OUTBOX.c.id == mail_id, column.is_(None))
        .values({column: at})
        .returning(OUTBOX.c.id)
    )
    return noted.first() is not None
