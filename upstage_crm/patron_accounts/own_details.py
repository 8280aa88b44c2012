"""A signed-in patron changes a detail of their own, with a code that is mailed to their mailbox.

Nothing of the wish is kept until the code is typed: the row of the code says, as a hash, for which
session and which values it counts. So a code never does for other values than those that were on
the page which asked for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlmodel import Session

from upstage_crm.audit.chain import canonical
from upstage_crm.change_requests.lifecycle.answer import Evidence
from upstage_crm.change_requests.model.errors import (
    AddressRecentlyProposed,
    StaffAddress,
)
from upstage_crm.change_requests.model.rules import RequestState
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.change_requests.own import own_changes
from upstage_crm.core import when
from upstage_crm.core.languages import speaker
from upstage_crm.links.claims import Purpose
from upstage_crm.mail import outbox
from upstage_crm.mail.message import MailKind
from upstage_crm.orders.letters.order_mailer import OrderMailer
from upstage_crm.organisation.settings import details
from upstage_crm.patron_accounts import mailed_codes
from upstage_crm.patron_accounts.errors import SignInOver, TooManyCodes
from upstage_crm.patron_accounts.tables import PatronSignInRow
from upstage_crm.patron_accounts.views import SignedInPatron
from upstage_crm.patrons import fields
from upstage_crm.patrons import queries as patrons
from upstage_crm.patrons.errors import AddressSuppressed, AddressTaken
from upstage_crm.patrons.fields import Context
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.staff.command_context import CommandContext

Changes = Mapping[str, Mapping[str, str]]
# They would tell whether another record, or a colleague of the house, has the new address.
_OF_OTHERS: Final = (AddressTaken, AddressSuppressed, AddressRecentlyProposed, StaffAddress)
_HASH_LENGTH: Final = 60


def ensure_may(session: Session, patron: SignedInPatron, *, now: datetime) -> None:
    """As `own_changes.ensure_may`: nothing of the record is shown to change where it refuses."""
    own_changes.ensure_may(session, session.get_one(PatronRow, patron.patron_id), now=now)


def ask(
    context: CommandContext[OrderMailer],
    patron: SignedInPatron,
    *,
    changes: Changes,
    parsing: Context,
    language: str,
) -> None:
    """Mail a code to the current mailbox: typed beside these values, it is the patron's yes.

    Raises:
        All that `own_changes.check` raises.
        TooManyCodes: this mailbox got as many lately as there may be.
    """
    session, now, mailer = context.session, context.now, context.notifier
    found = patrons.lock(session, patron.patron_id)
    wished = own_changes.check(session, patron=found, changes=changes, parsing=parsing, now=now)
    if mailed_codes.is_too_often(session, found.id, now=now):
        raise TooManyCodes
    row = mailed_codes.draw(
        session,
        patron=found,
        email_key=patron.email_key,
        counts_for=_place(patron, changes, parsing),
        kid=mailer.codec.signing_kid,
        now=now,
    )
    zone, say = details(session).zone, speaker(language)
    mail = mailer.prepare(
        session,
        MailKind.OWN_CHANGE_CODE,
        to=found.email or "",
        language=language,
        reference="",
        said={
            "labels_text": ", ".join(say(one.field.label) for one in wished),
            "when_text": when.in_words(now, zone, language),
            "until_text": when.in_words(row.expires_at, zone, language),
        },
        link=mailed_codes.claims_of(row, Purpose.OWN_CHANGE),
        key=f"own_change/{row.id}",
        patron_id=found.id,
        now=now,
    )
    outbox.enqueue_prepared(session, mail, now=now)


def enter(
    context: CommandContext[Notifier],
    patron: SignedInPatron,
    *,
    changes: Changes,
    parsing: Context,
    typed: str,
    traces: Evidence,
) -> RequestState | None:
    """Change the details with the code that was typed; what came of it.

    None says that the code was wrong, which counts and must be committed. PENDING says that a new
    address has to say yes now, or would have to, had it not been refused for reasons of others.

    Raises:
        SignInOver: there is no code to try for these values, or no longer.
        All that `own_changes.change` raises of the patron's own record.
    """
    session, now = context.session, context.now
    row = mailed_codes.newest(session, _place(patron, changes, parsing))
    holder = _holder(session, row, patron)
    mailed_codes.count_try(session, row, now=now)
    claims = mailed_codes.claims_of(row, Purpose.OWN_CHANGE)
    if not mailed_codes.is_it(context.notifier.codec, claims, typed):
        return None
    mailed_codes.use(session, row, now=now)
    try:
        return own_changes.change(
            context, patron=holder, changes=changes, parsing=parsing, code=claims, traces=traces
        )
    except _OF_OTHERS:  # raised before anything was written
        return RequestState.PENDING


def _holder(session: Session, row: PatronSignInRow, patron: SignedInPatron) -> PatronRow:
    found = mailed_codes.locked_holder(session, row)
    if found is None or found.id != patron.patron_id:
        raise SignInOver
    return found


def _place(patron: SignedInPatron, changes: Changes, parsing: Context) -> str:
    """Where a code counts: in one session, and for exactly these values."""
    wished = {key: fields.field(key).parse(raw, parsing) for key, raw in changes.items()}
    text = canonical([patron.session_id, patron.patron_id, wished])
    return mailed_codes.OWN + hashlib.sha256(text.encode()).hexdigest()[:_HASH_LENGTH]
