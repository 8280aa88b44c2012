"""Takes a person out of mails that have settled: what remains is that a mail of some kind left.

State, times and the provider's own id stay, because they are what happened to the mail.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import seals
from upstage_crm.mail.delivery import MailState
from upstage_crm.mail.message import Audience, MailMessage
from upstage_crm.mail.outbox import MATTER_OVER, OUTBOX, end_followers
from upstage_crm.mail.render import the_renderer

SUBJECT = "Erased"
ADDRESS = "erased@erased.invalid"  # a domain that can never exist (RFC 2606)
_TEXT = "The content of this mail was erased with the data of the patron."
# These are handed over no longer; an uncertain mail is never tried again automatically.
_SETTLED = tuple(set(MailState) - {MailState.QUEUED, MailState.SENDING})
TO_BLANK = sa.and_(OUTBOX.c.state.in_(_SETTLED), OUTBOX.c.subject != SUBJECT)


def withdraw_queued(session: Session, *, patron_id: str, now: datetime) -> int:
    """Cancel every mail about a patron that has not begun to leave; return how many."""
    ended = session.connection().execute(
        sa.update(OUTBOX)
        .where(OUTBOX.c.patron_id == patron_id, OUTBOX.c.state == MailState.QUEUED)
        .values(state=MailState.CANCELLED, last_type=MATTER_OVER, settled_at=now, cancelled_at=now)
        .returning(OUTBOX.c.id)
    )
    ids: Sequence[str] = ended.scalars().all()
    return len(ids) + end_followers(session, ids, state=MailState.CANCELLED, now=now)


def blank(session: Session, *, patron_ids: Collection[str]) -> int:
    """Blank the settled mails about these patrons; return how many were not blank before."""
    return _blank(session, OUTBOX.c.patron_id.in_(patron_ids))


def blank_mails(session: Session, mail_ids: Collection[str]) -> int:
    """Blank those of these mails that have settled; return how many were not blank before."""
    return _blank(session, OUTBOX.c.id.in_(mail_ids))


def _blank(session: Session, is_meant: sa.ColumnElement[bool]) -> int:
    rows = session.connection().execute(sa.select(OUTBOX).where(is_meant, TO_BLANK))
    found = rows.mappings().all()
    said = the_renderer().blank(SUBJECT, _TEXT)
    for row in found:
        # A colleague's own address is not the patron's.
        address = row["to_address"] if row["audience"] is Audience.STAFF else ADDRESS
        message = MailMessage.from_json(row["payload"])
        emptied = replace(
            message,
            to=address,
            subject=said.subject,
            html=said.html,
            text=said.text,
            drawings=(),
        )
        blanked = {
            "to_address": address,
            "subject": SUBJECT,
            "payload": emptied.to_json(),
            "links": "[]",
        }
        seal = row["seal"]
        if seals.is_sealed(session, "mail_outbox", row):  # else a forged row would become ours
            seal = seals.seal(session, "mail_outbox", {**row, **blanked})
        session.connection().execute(
            sa.update(OUTBOX).where(OUTBOX.c.id == row["id"]).values(**blanked, seal=seal)
        )
    return len(found)
