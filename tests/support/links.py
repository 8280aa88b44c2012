"""The links of mails, signed from their frozen claims as the dispatcher does it."""

from __future__ import annotations

import sqlalchemy as sa

from upstage_crm import wiring
from upstage_crm.links.claims import LinkClaims
from upstage_crm.mail.message import MailKind
from upstage_crm.mail.outbox import OUTBOX
from upstage_crm.mail.placeholders import thaw_links


def decision_url(parts: wiring.Runtime, request_id: str, base_url: str) -> tuple[str, str]:
    """The id of a request's newest decision mail, and the address its link leads to."""
    query = (
        sa.select(OUTBOX.c.id, OUTBOX.c.links)
        .where(OUTBOX.c.request_id == request_id, OUTBOX.c.kind == MailKind.DECISION_REQUEST)
        .order_by(OUTBOX.c.id.desc())
    )
    with parts.database.reading() as session:
        mail_id, links = session.connection().execute(query).first() or ("", "[]")
    token = parts.codec.mint(thaw_links(links)["decision"])
    return mail_id, f"{base_url}/c/{token}"


def links_of(parts: wiring.Runtime, request_id: str) -> dict[str, LinkClaims]:
    """What the newest link of each name says in the mails of a request: decision, receipt, …

    The link with which a notice is answered is called `notice` here.
    """
    query = (
        sa.select(OUTBOX.c.kind, OUTBOX.c.links)
        .where(OUTBOX.c.request_id == request_id)
        .order_by(OUTBOX.c.id)
    )
    found: dict[str, LinkClaims] = {}
    with parts.database.reading() as session:
        for kind, links in session.connection().execute(query).all():
            for name, claims in thaw_links(links).items():
                is_notice = name == "decision" and kind is not MailKind.DECISION_REQUEST
                found["notice" if is_notice else name] = claims
    return found
