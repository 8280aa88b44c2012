"""Gathers the evidence on which it depends who is asked, and whether anyone is: rows and mails.

A proposal asks it once; an approval and the clock ask it again, because the record may have come
to need more protection meanwhile.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from upstage_crm.audit import recorded, trail
from upstage_crm.audit.events import Action, ActorKind
from upstage_crm.change_requests.model import policy_store
from upstage_crm.change_requests.model.dispute_tables import PatronFreezeRow
from upstage_crm.change_requests.model.reviewers import (
    RECENT_ORDER,
    Evidence,
    Holdings,
    Standing,
    Window,
    has_stake,
    is_dead,
)
from upstage_crm.change_requests.model.rules import ChangeKind, Decision, FieldOutcome, RequestState
from upstage_crm.change_requests.model.tables import ChangeRequestRow, FieldChangeRow, ReviewRow
from upstage_crm.change_requests.reads import requests
from upstage_crm.core.db import table_of
from upstage_crm.core.email_address import wire_of
from upstage_crm.links.claims import Reviewer
from upstage_crm.mail import delivery_history
from upstage_crm.orders.records import patron_orders
from upstage_crm.patrons import fields, suppressions
from upstage_crm.patrons.tables import PatronRow

TWO_LANGUAGES = timedelta(days=30)

_request, _change = table_of(ChangeRequestRow), table_of(FieldChangeRow)
_review, _freeze = table_of(ReviewRow), table_of(PatronFreezeRow)
_MAILBOXES = tuple(key for key, entry in fields.FIELDS.items() if entry.is_mailbox)
_LONGEST_WINDOW = timedelta(days=30)  # the most that `policy.LIMITS` lets an owner choose
# Built once: every decision runs it.
_LATEST = (
    sa.select(
        _change.c.request_id,
        _change.c.kind,
        _change.c.current_value,
        _change.c.field,
        _change.c.settled_at,
        _request.c.policy,
        _request.c.state,
        _review.c.decision,
    )
    .join(_request, _request.c.id == _change.c.request_id)
    .outerjoin(
        _review,
        sa.and_(
            _review.c.field_change_id == _change.c.id,
            _review.c.reviewer == Reviewer.CURRENT,
            _review.c.replaced_at.is_(None),
        ),
    )
    .where(
        _change.c.patron_id == sa.bindparam("patron"),
        _change.c.field.in_(_MAILBOXES),
        _change.c.outcome == FieldOutcome.APPLIED,
        _change.c.settled_at > sa.bindparam("since", type_=_change.c.settled_at.type),
    )
    .order_by(_change.c.settled_at.desc(), _change.c.id.desc())
)


def gather(session: Session, patron: PatronRow, *, now: datetime) -> Evidence:
    """What is known of a patron's record and current mailbox.

    Raises:
        RowNotProven: an earlier change of the address is not what the trail says.
    """
    wanted = {"patron": patron.id, "since": now - _LONGEST_WINDOW}
    latest = session.connection().execute(_LATEST, wanted).all()
    for row in latest:
        recorded.prove(session, "change_request", row.request_id)
    held_since = max([patron.created_at, *(row.settled_at for row in latest[:1])])
    return Evidence(
        standing=standing_of(session, patron),
        is_proven=patron.email_verified_at is not None,
        address_age=now - held_since,
        has_stake=is_worth_a_theft(session, patron, now=now),
        is_in_question=patron.is_protected or patron.is_flagged,
        window=next((w for row in latest if (w := _window(session, row, now))), None),
    )


def standing_of(session: Session, patron: PatronRow) -> Standing:
    """Whether the patron's current mailbox can be told anything."""
    if patron.email is None:
        return Standing.NONE
    if suppressions.cause_of(session, patron.email_key, patron_id=patron.id) is not None:
        return Standing.OUT
    # Without the mark nothing has ever come back, and the mails need not be asked.
    if patron.email_bounced_at is None:
        return Standing.WORKING
    fate = delivery_history.fate_of(session, patron_id=patron.id, to_address=wire_of(patron.email))
    is_lost = is_dead(bounces=fate.bounces, deliveries=fate.deliveries)
    return Standing.DEAD if is_lost else Standing.WORKING


def is_worth_a_theft(session: Session, patron: PatronRow, *, now: datetime) -> bool:
    """Whether something is at stake for a patron, see `has_stake`.

    A recent order says enough: then nothing else is read.
    """
    kept_since, last = patron_orders.first_and_last(session, patron.id)
    found = Holdings(last_order_at=last, kept_since=kept_since)
    if last is not None and now - last > RECENT_ORDER:
        held = patron_orders.held(session, patron.id, now=now)
        found = replace(
            found,
            has_future_tickets=any(order.tickets for order in held),
            has_balance=any(order.owed or order.on_its_way for order in held),
        )
    return has_stake(found, created_at=patron.created_at, now=now)


def languages_before(session: Session, patron: PatronRow, *, now: datetime) -> tuple[str, ...]:
    """The other languages that a record had within the last month, the latest first.

    Who changes a patron's language makes the next warning unreadable, if it is said in that alone.
    """
    since, action = now - TWO_LANGUAGES, Action.PATRON_EDITED
    lately = trail.lines_since(session, since, action=action, patron_id=patron.id)
    languages = dict.fromkeys(line.values.get("language.old") for line in lately)
    return tuple(language for language in languages if language and language != patron.language)


def _window(session: Session, row: sa.Row[*tuple[Any, ...]], now: datetime) -> Window | None:
    """The window that a change of address opened, unless whom it displaced had said yes.

    An address that staff put back displaces a mailbox, too. What a mailbox's objection put back
    does not: that froze the record, and two people's finding is what ends it.
    """
    is_revert = row.kind is ChangeKind.REVERT
    ends = row.settled_at + _window_length(row.policy)
    if ends <= now or (row.state is RequestState.REVERTED and not is_revert):
        return None
    column = fields.field(row.field).mailbox_column
    displaced = requests.values(row.current_value)[column or ""]
    if displaced is None or row.decision is Decision.APPROVE:
        return None
    if not is_revert:
        return Window(request_id=row.request_id, mailbox=displaced, ends=ends)
    by_staff = trail.timeline(
        session,
        request_id=row.request_id,
        action=Action.REQUEST_REVERTED,
        actor_kind=ActorKind.STAFF,
        limit=1,
    )
    return Window(request_id=row.request_id, mailbox=None, ends=ends) if by_staff else None


def _window_length(policy: str) -> timedelta:
    return policy_store.read(policy).revert_window


def is_frozen(session: Session, patron_id: str) -> bool:
    """Whether the patron's record is in dispute."""
    wanted = sa.exists().where(_freeze.c.patron_id == patron_id, _freeze.c.cleared_at.is_(None))
    return session.connection().execute(sa.select(wanted)).scalar_one()


def find_freeze(session: Session, patron_id: str) -> PatronFreezeRow | None:
    """The open freeze of a patron; there is one at most."""
    query = select(PatronFreezeRow).where(
        PatronFreezeRow.patron_id == patron_id, col(PatronFreezeRow.cleared_at).is_(None)
    )
    return session.exec(query).first()
