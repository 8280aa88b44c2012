"""Codes that are mailed to a patron's mailbox: drawn, counted and used up, whatever they are for.

A row says in `browser` where its code counts: in the browser that asked for a sign-in, or for one
wish of one session, marked as such, so that neither kind does for the other.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlmodel import Session, select

from upstage_crm.audit import seals
from upstage_crm.core.db import table_of
from upstage_crm.core.email_address import wire_of
from upstage_crm.core.ids import new_id
from upstage_crm.links.claims import LinkClaims, Purpose, Reviewer, new_jti
from upstage_crm.links.codec import LinkCodec
from upstage_crm.patron_accounts import holders, registering
from upstage_crm.patron_accounts.errors import SignInOver
from upstage_crm.patron_accounts.registering import MOST_MAILS
from upstage_crm.patron_accounts.tables import PatronSignInRow
from upstage_crm.patrons import queries as patrons
from upstage_crm.patrons.errors import UnknownPatron
from upstage_crm.patrons.tables import PatronRow

LIFE: Final = timedelta(minutes=15)
MOST_TRIES: Final = 5
KEPT_FOR: Final = timedelta(days=2)
OWN: Final = "own:"  # how `browser` begins where the code is for a change of details

_sign_in = table_of(PatronSignInRow)


def draw(
    session: Session,
    *,
    patron: PatronRow | None,
    email_key: str,
    counts_for: str,
    kid: str,
    now: datetime,
) -> PatronSignInRow:
    """Write the row of a new code; without a patron its code is known to no one."""
    row = PatronSignInRow(
        id=new_id(now),
        patron_id=patron.id if patron else None,
        email_key=email_key if patron else "",
        browser=counts_for,
        jti=new_jti(),
        kid=kid,
        created_at=now,
        expires_at=now + LIFE,
    )
    seals.put(session, row)
    session.add(row)
    session.flush()
    return row


def newest(session: Session, counts_for: str) -> PatronSignInRow:
    """The newest code that counts there.

    Raises:
        SignInOver: there is none.
    """
    query = (
        select(PatronSignInRow)
        .where(PatronSignInRow.browser == counts_for)
        .order_by(_sign_in.c.id.desc())
    )
    row = session.exec(query).first() if counts_for else None
    if row is None:
        raise SignInOver
    return row


def count_try(session: Session, row: PatronSignInRow, *, now: datetime) -> None:
    """Count one more try.

    Raises:
        SignInOver: the code was used, its tries or its time are over.
    """
    counted = session.connection().execute(
        sa.update(_sign_in)
        .where(
            _sign_in.c.id == row.id,
            _sign_in.c.used_at.is_(None),
            _sign_in.c.tries < MOST_TRIES,
            _sign_in.c.expires_at > now,
        )
        .values(tries=_sign_in.c.tries + 1)
    )
    if counted.rowcount != 1:
        raise SignInOver


def is_it(codec: LinkCodec, claims: LinkClaims, typed: str) -> bool:
    """Whether what was typed is the code of these claims."""
    given = "".join(str(int(one)) for one in typed if one.isdecimal())  # in any script
    return hmac.compare_digest(codec.short_code(claims), given)


def use(session: Session, row: PatronSignInRow, *, now: datetime) -> None:
    """Use a code up.

    Raises:
        SignInOver: it was used before.
    """
    used = session.connection().execute(
        sa.update(_sign_in)
        .where(_sign_in.c.id == row.id, _sign_in.c.used_at.is_(None))
        .values(used_at=now)
    )
    if used.rowcount != 1:
        raise SignInOver


def claims_of(row: PatronSignInRow, purpose: Purpose = Purpose.SIGN_IN) -> LinkClaims:
    """What the link of a row says, from which its code is drawn as well."""
    return LinkClaims(
        request_id=row.id,
        purpose=purpose,
        reviewer=Reviewer.CURRENT,
        version=1,
        jti=row.jti,
        issued_at=row.created_at,
        expires_at=row.expires_at,
        kid=row.kid,
    )


def locked_holder(session: Session, row: PatronSignInRow) -> PatronRow | None:
    """The patron of a row, locked; None where the mailbox may not, or no longer, sign in.

    Raises:
        RowNotProven: one of the rows is not what it was.
    """
    seals.prove(session, "patron_sign_in", row.model_dump())
    if row.patron_id is None:
        return None
    try:
        patron = patrons.lock(session, row.patron_id)
    except UnknownPatron:
        return None
    is_theirs = holders.may_open(session, patron, row.email_key)
    moved = is_theirs and holders.has_moved_since(session, patron.id, row.created_at)
    return patron if is_theirs and not moved else None


def is_too_often(session: Session, patron_id: str, *, now: datetime) -> bool:
    """Whether a patron was mailed as many codes lately as there may be."""

    def is_full(within: timedelta, most: int) -> bool:
        lately = (
            sa.select(_sign_in.c.id)
            .where(_sign_in.c.patron_id == patron_id, _sign_in.c.created_at > now - within)
            .limit(most)
        )
        return len(session.connection().execute(lately).all()) >= most

    return any(is_full(within, most) for within, most in MOST_MAILS)


def mailboxes_of(session: Session, claims: LinkClaims) -> frozenset[str]:
    """The mailbox that a code or link may be mailed to: none once the record has another address.

    Raises:
        RowNotProven: the row that says so is not what was sealed.
    """
    row = session.get(PatronSignInRow, claims.request_id)
    if row is None or row.jti != claims.jti:
        return frozenset()
    seals.prove(session, "patron_sign_in", row.model_dump())
    if row.browser.startswith(OWN) is not (claims.purpose is Purpose.OWN_CHANGE):
        return frozenset()
    if row.patron_id is None:
        waiting = registering.email_of(session, row.id)
        return frozenset({wire_of(waiting)}) if waiting else frozenset()
    patron = session.get_one(PatronRow, row.patron_id)
    is_theirs = holders.may_open(session, patron, row.email_key)
    return frozenset({wire_of(patron.email)}) if is_theirs and patron.email else frozenset()


def has_old(session: Session, *, now: datetime) -> bool:
    """Whether there are codes that no limit counts any more."""
    found = sa.select(_sign_in.c.id).where(_sign_in.c.expires_at < now - KEPT_FOR).limit(1)
    return session.connection().execute(found).first() is not None


def forget_old(session: Session, *, now: datetime) -> int:
    """Delete them, and what newcomers typed; return how many codes."""
    registering.forget_old(session, before=now - KEPT_FOR)
    gone = sa.delete(_sign_in).where(_sign_in.c.expires_at < now - KEPT_FOR)
    return session.connection().execute(gone).rowcount
