"""What staff do to mails: send one again that may not have arrived, and end a pause.

Here and not in `mail`, because whether a mail still makes sense is its request's to say.
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.events import OPERATOR, Action, Actor, AuditEvent, Channel
from upstage_crm.change_requests.lifecycle.locked_request import ASKING_KINDS
from upstage_crm.change_requests.model.errors import (
    LinkExpired,
    LinkOutdated,
    RequestEnded,
)
from upstage_crm.change_requests.model.rules import NoticeState
from upstage_crm.change_requests.model.tables import ChangeRequestRow
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.change_requests.reads import requests
from upstage_crm.core.ids import new_id
from upstage_crm.links.claims import LinkClaims, Purpose
from upstage_crm.mail import outbox
from upstage_crm.mail import queries as mails
from upstage_crm.mail.delivery import MailState, Transport
from upstage_crm.mail.placeholders import thaw_links
from upstage_crm.mail.resend_copy import (
    NotSendable,
    copy_of,
    number_of,
)
from upstage_crm.mail.sending import send_gate
from upstage_crm.patrons import queries as patrons
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission, ensure_may


def send_again(context: StaffContext[Notifier], *, mail_id: str) -> str:
    """Queue again a mail that failed, or may not have left, and return the id of the new one.

    It is a second mail with a key of its own, so it may arrive twice; both rows say so. Pressed
    twice at one moment it is one.

    Raises:
        Forbidden, MailNotFound; NotSendable: it left, waits, or belongs to the built-in mailbox.
        RequestEnded: it asks about a matter that is over; carries the state.
        LinkOutdated, LinkExpired: its link would be dead; send the question itself again instead.
    """
    session, now = context.session, context.now
    ensure_may(context.actor, Permission.RESEND_REQUEST)
    stored = mails.mail(session, mail_id)
    summary = stored.summary
    is_unsent = summary.state in (MailState.FAILED, MailState.UNCERTAIN)
    if not is_unsent or summary.transport is Transport.LOCAL:
        raise NotSendable(state=summary.state.value)
    if summary.patron_id is not None:
        patrons.lock(session, summary.patron_id)
    request = None
    if summary.request_id is not None:
        request = requests.lock(session, summary.request_id)
        if summary.kind in ASKING_KINDS and not request.state.is_open:
            raise RequestEnded(state=request.state)
        for claims in thaw_links(stored.links).values():
            _ensure_alive(claims, request, context.notifier, now)
    made = copy_of(stored, mail_id=new_id(now), number=number_of(session, stored) + 1)
    sent = outbox.enqueue_prepared(session, made, now=now)
    if request is not None and request.notice_id == mail_id and request.noticed_at is None:
        request.notice_id, request.notice_state = sent, NoticeState.ON_ITS_WAY
        session.add(request)
        session.flush()
    event = AuditEvent(
        action=Action.MAIL_SENT_AGAIN,
        actor=context.actor.as_actor(),
        channel=Channel.CRM,
        patron_id=summary.patron_id,
        request_id=summary.request_id,
        facts={"mail": summary.id, "again": sent, "kind": summary.kind.value},
    )
    trail.record(session, [event], now=now)
    return sent


def resume(context: StaffContext[object]) -> None:
    """End a pause now, for an owner who has mended its cause; one mail is tried at once.

    Raises:
        Forbidden: the actor may not edit settings.
    """
    ensure_may(context.actor, Permission.EDIT_SETTINGS)
    _resume(context.session, context.actor.as_actor(), Channel.CRM, context.now)


def resume_as_operator(session: Session, *, now: datetime) -> bool:
    """The same for the operator of the server; False when nothing was paused."""
    return _resume(session, OPERATOR, Channel.COMMAND_LINE, now)


def _resume(session: Session, actor: Actor, channel: Channel, now: datetime) -> bool:
    reason = send_gate.read_gate(session).paused_reason
    if reason is None:
        return False
    send_gate.release(session)
    facts = {"paused_for": reason}
    event = AuditEvent(action=Action.MAIL_RESUMED, actor=actor, channel=channel, facts=dict(facts))
    trail.record(session, [event], now=now)
    return True


def _ensure_alive(
    claims: LinkClaims, request: ChangeRequestRow, notifier: Notifier, now: datetime
) -> None:
    newest = request.version_for(claims.reviewer)
    is_current = claims.purpose is not Purpose.DECISION or claims.version == newest
    if not is_current or not notifier.codec.knows(claims.kid):
        raise LinkOutdated
    if claims.is_expired(now):
        raise LinkExpired
