"""A patron signs in: a mailbox gets a six-digit code and a link, and either proves it.

Every address that is asked for gets a row, so that wrong codes are counted and refused alike
whether a record has the address or not; without one there is no mail, and its code is known to no
one, unless a newcomer registers (see `registering`). The code counts in the browser that asked, the
link in any one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.events import PATRON_AT_CURRENT, Action, AuditEvent, Channel
from upstage_crm.core import when
from upstage_crm.core.email_address import parse_email
from upstage_crm.links.claims import LinkClaims, Purpose
from upstage_crm.mail import outbox
from upstage_crm.mail.message import MailKind
from upstage_crm.orders import filing
from upstage_crm.orders.letters.order_mailer import OrderMailer
from upstage_crm.organisation.settings import details
from upstage_crm.patron_accounts import holders, mailed_codes, registering, sessions
from upstage_crm.patron_accounts.errors import SignInOver
from upstage_crm.patron_accounts.mailed_codes import claims_of
from upstage_crm.patron_accounts.tables import PatronSignInRow
from upstage_crm.patrons import marks
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.staff.command_context import CommandContext


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
    if patron is not None and mailed_codes.is_too_often(session, patron.id, now=now):
        patron = None
    if newcomer is not None and registering.is_too_often(session, key, now=now):
        newcomer = None
    row = mailed_codes.draw(
        session,
        patron=patron,
        email_key=key,
        counts_for=sessions.hash_of(browser),
        kid=context.notifier.codec.signing_kid,
        now=now,
    )
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
    row = mailed_codes.newest(session, sessions.hash_of(browser) if browser else "")
    patron = mailed_codes.locked_holder(session, row)
    mailed_codes.count_try(session, row, now=now)
    if not mailed_codes.is_it(context.notifier.codec, claims_of(row), typed):
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
    patron = mailed_codes.locked_holder(session, row) or registering.add_record(context, row.id)
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


def _counts(row: PatronSignInRow, claims: LinkClaims, now: datetime) -> bool:
    is_it = claims.purpose is Purpose.SIGN_IN and claims.jti == row.jti
    is_sign_in = is_it and not row.browser.startswith(mailed_codes.OWN)
    return is_sign_in and row.used_at is None and now < row.expires_at


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
    mailed_codes.use(session, row, now=now)
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
