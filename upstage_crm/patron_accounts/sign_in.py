"""A patron signs in: a mailbox gets a six-digit code and a link, and either proves it.

Every address that is asked for gets a row, so that wrong codes are counted and refused alike
whether a record has the address or not; without one there is no mail, and its code is known to no
one, unless a newcomer registers (see `registering`). The code counts in the browser that asked, the
link in any one.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlmodel import Session, select

from upstage_crm.audit import seals, trail
from upstage_crm.audit.events import PATRON_AT_CURRENT, Action, AuditEvent, Channel
from upstage_crm.core import when
from upstage_crm.core.db import table_of
from upstage_crm.core.email_address import parse_email, wire_of
from upstage_crm.core.ids import new_id
from upstage_crm.links.claims import LinkClaims, Purpose, Reviewer, new_jti
from upstage_crm.mail import outbox
from upstage_crm.mail.message import MailKind
from upstage_crm.orders import filing
from upstage_crm.orders.letters.order_mailer import OrderMailer
from upstage_crm.organisation.settings import details
from upstage_crm.patron_accounts import holders, registering, sessions
from upstage_crm.patron_accounts.errors import SignInOver
from upstage_crm.patron_accounts.tables import PatronSignInRow
from upstage_crm.patrons import marks
from upstage_crm.patrons import queries as patrons
from upstage_crm.patrons.errors import UnknownPatron
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.staff.command_context import CommandContext

LIFE: Final = timedelta(minutes=15)
MOST_TRIES: Final = 5
# With five tries each, guessing finds one code of a million in some forty years.
MOST_MAILS: Final = ((timedelta(hours=1), 5), (timedelta(days=1), 15))
KEPT_FOR: Final = timedelta(days=2)

_sign_in = table_of(PatronSignInRow)


def ask(
    context: CommandContext[OrderMailer],
    *,
    email: str,
    browser: str,
    language: str,
    newcomer: Mapping[str, str] | None = None,
) -> None:
    """Begin a sign-in, and mail its code and link where a record has this address.

    The caller says the same either way. `browser` is a secret that the asking browser holds. Where
    no record has the address, what a `newcomer` typed (see `registering.parse`) becomes one once
    the mailbox is proven.

    Raises:
        InvalidEmail: it is no whole address.
    """
    session, now = context.session, context.now
    key = parse_email(email).key
    patron = holders.holder_of(session, key)
    if newcomer is not None and (patron is not None or not registering.is_free(session, key)):
        newcomer = None
    if _is_too_often(session, patron.id if patron else None, key, now):
        patron = newcomer = None
    row = PatronSignInRow(
        id=new_id(now),
        patron_id=patron.id if patron else None,
        email_key=key if patron else "",
        browser=sessions.hash_of(browser),
        jti=new_jti(),
        kid=context.notifier.codec.signing_kid,
        created_at=now,
        expires_at=now + LIFE,
    )
    seals.put(session, row)
    session.add(row)
    session.flush()
    if newcomer is not None:
        registering.keep(session, row.id, newcomer, language=language, now=now)
        _mail(context, row, newcomer["email"], None, language)
    elif patron is not None:
        _mail(context, row, patron.email or "", patron.id, language)


def by_code(
    context: CommandContext[OrderMailer], *, browser: str, typed: str, agent: str
) -> str | None:
    """Sign in with a code in the browser that asked for it; return the cookie's value.

    None says that the code was wrong, which counts and must be committed. `agent` is what the
    browser calls itself.

    Raises:
        SignInOver: there is nothing to try, or no longer.
    """
    session, now = context.session, context.now
    query = (
        select(PatronSignInRow)
        .where(PatronSignInRow.browser == sessions.hash_of(browser))
        .order_by(_sign_in.c.id.desc())
    )
    row = session.exec(query).first() if browser else None
    if row is None:
        raise SignInOver
    patron = _locked_holder(session, row)
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
    code = context.notifier.codec.short_code(claims_of(row))
    given = "".join(str(int(one)) for one in typed if one.isdecimal())  # in any script
    if not hmac.compare_digest(code, given):
        return None
    patron = patron or registering.add_record(context, row.id)
    if patron is None:
        return None
    return _enter(context, row, patron, agent=agent, by="code")


def by_link(context: CommandContext[OrderMailer], *, claims: LinkClaims, agent: str) -> str:
    """Sign in with the link of the mail, after a press; return the cookie's value.

    Raises:
        SignInOver: the link counts no more.
    """
    session = context.session
    row = session.get(PatronSignInRow, claims.request_id)
    if row is None or not _counts(row, claims, context.now):
        raise SignInOver
    patron = _locked_holder(session, row) or registering.add_record(context, row.id)
    if patron is None:
        raise SignInOver
    return _enter(context, row, patron, agent=agent, by="link")


def address_of(session: Session, claims: LinkClaims, *, now: datetime) -> str:
    """The address that a link would sign in; "" for one that counts no more."""
    row = session.get(PatronSignInRow, claims.request_id)
    if row is None or not _counts(row, claims, now):
        return ""
    if row.patron_id is None:
        return registering.email_of(session, row.id)
    patron = session.get_one(PatronRow, row.patron_id)
    return (patron.email or "") if holders.may_open(session, patron, row.email_key) else ""


def mailboxes_of(session: Session, claims: LinkClaims) -> frozenset[str]:
    """The mailbox that a link may be mailed to: none once the record has another address.

    Raises:
        RowNotProven: the row that says so is not what was sealed.
    """
    row = session.get(PatronSignInRow, claims.request_id)
    if row is None or row.jti != claims.jti:
        return frozenset()
    seals.prove(session, "patron_sign_in", row.model_dump())
    if row.patron_id is None:
        waiting = registering.email_of(session, row.id)
        return frozenset({wire_of(waiting)}) if waiting else frozenset()
    patron = session.get_one(PatronRow, row.patron_id)
    is_theirs = holders.may_open(session, patron, row.email_key)
    return frozenset({wire_of(patron.email)}) if is_theirs and patron.email else frozenset()


def claims_of(row: PatronSignInRow) -> LinkClaims:
    """What the link of a sign-in says, from which its code is drawn as well."""
    return LinkClaims(
        request_id=row.id,
        purpose=Purpose.SIGN_IN,
        reviewer=Reviewer.CURRENT,
        version=1,
        jti=row.jti,
        issued_at=row.created_at,
        expires_at=row.expires_at,
        kid=row.kid,
    )


def has_old(session: Session, *, now: datetime) -> bool:
    """Whether there are sign-ins that no limit counts any more."""
    found = sa.select(_sign_in.c.id).where(_sign_in.c.expires_at < now - KEPT_FOR).limit(1)
    return session.connection().execute(found).first() is not None


def forget_old(session: Session, *, now: datetime) -> int:
    """Delete them; return how many."""
    registering.forget_old(session, before=now - KEPT_FOR)
    gone = sa.delete(_sign_in).where(_sign_in.c.expires_at < now - KEPT_FOR)
    return session.connection().execute(gone).rowcount


def _mail(
    context: CommandContext[OrderMailer],
    row: PatronSignInRow,
    email: str,
    patron_id: str | None,
    language: str,
) -> None:
    session, now, mailer = context.session, context.now, context.notifier
    zone = details(session).zone
    mail = mailer.prepare(
        session,
        MailKind.SIGN_IN_CODE,
        to=email,
        language=language,
        reference="",
        said={
            "when_text": when.in_words(now, zone, language),
            "until_text": when.in_words(row.expires_at, zone, language),
        },
        link=claims_of(row),
        key=f"sign_in/{row.id}",
        patron_id=patron_id,
        now=now,
    )
    outbox.enqueue_prepared(session, mail, now=now)


def _is_too_often(session: Session, patron_id: str | None, key: str, now: datetime) -> bool:
    def is_full(within: timedelta, most: int) -> bool:
        if patron_id is None:
            return registering.lately(session, key, since=now - within, most=most) >= most
        lately = (
            sa.select(_sign_in.c.id)
            .where(_sign_in.c.patron_id == patron_id, _sign_in.c.created_at > now - within)
            .limit(most)
        )
        return len(session.connection().execute(lately).all()) >= most

    return any(is_full(within, most) for within, most in MOST_MAILS)


def _counts(row: PatronSignInRow, claims: LinkClaims, now: datetime) -> bool:
    is_it = claims.purpose is Purpose.SIGN_IN and claims.jti == row.jti
    return is_it and row.used_at is None and now < row.expires_at


def _locked_holder(session: Session, row: PatronSignInRow) -> PatronRow | None:
    """The patron of a sign-in, locked; None where the mailbox may not, or no longer, sign in.

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


def _enter(
    context: CommandContext[OrderMailer],
    row: PatronSignInRow,
    patron: PatronRow,
    *,
    agent: str,
    by: str,
) -> str:
    """Use a sign-in up; note the proof of the address, and claim what its guest orders are."""
    session, now = context.session, context.now
    used = session.connection().execute(
        sa.update(_sign_in)
        .where(_sign_in.c.id == row.id, _sign_in.c.used_at.is_(None))
        .values(used_at=now)
    )
    if used.rowcount != 1:
        raise SignInOver
    token = sessions.begin(session, patron, browser=agent, now=now)
    filing.claim_all(context, email_key=patron.email_key or "")
    signed_in = _event(Action.PATRON_SIGNED_IN, patron.id, facts={"by": by})
    if marks.prove_address(session, patron_id=patron.id, now=now):
        values = {"email": patron.email}
        proven = _event(Action.ADDRESS_PROVEN, patron.id, values=values)
        trail.record(session, [proven, signed_in], now=now)
    else:
        trail.record(session, [signed_in], now=now)
    return token


def _event(
    action: Action,
    patron_id: str,
    *,
    facts: dict[str, str | int | bool | None] | None = None,
    values: dict[str, str | None] | None = None,
) -> AuditEvent:
    return AuditEvent(
        action=action,
        actor=PATRON_AT_CURRENT,
        channel=Channel.PATRON_PAGE,
        patron_id=patron_id,
        facts=facts or {},
        values=values or {},
    )
