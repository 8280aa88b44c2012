"""A patron signs in to their account, without a browser."""

from __future__ import annotations

from sqlmodel import Session, select

from tests.support.factories import COMPOSER, PUBLIC_URL, Desk
from upstage_crm.orders.letters.order_mailer import OrderMailer
from upstage_crm.patron_accounts import registering as registrations
from upstage_crm.patron_accounts import sessions, sign_in
from upstage_crm.patron_accounts.tables import PatronSignInRow
from upstage_crm.patron_accounts.views import SignedInPatron
from upstage_crm.patrons.fields import Context
from upstage_crm.staff.command_context import CommandContext

BROWSER = "the secret of a browser"


def _context(desk: Desk, session: Session) -> CommandContext[OrderMailer]:
    mailer = OrderMailer(composer=COMPOSER, public_url=PUBLIC_URL, codec=desk.codec, kid="test-key")
    return CommandContext(session=session, now=desk.now, notifier=mailer)


def signed_in(desk: Desk, email: str) -> SignedInPatron:
    """Ask for a code, type the one that the mail will say, and return the session."""
    desk.write(
        lambda s: sign_in.ask(_context(desk, s), email=email, browser=BROWSER, language="en")
    )
    asked = desk.read(lambda s: sign_in.claims_of(s.exec(select(PatronSignInRow)).one()))
    code = desk.codec.short_code(asked)
    token = desk.write(
        lambda s: sign_in.by_code(_context(desk, s), browser=BROWSER, typed=code, agent="Firefox")
    )
    found = desk.read(lambda s: sessions.find(s, token or "", now=desk.now))
    assert found is not None
    return found


def registering(desk: Desk, email: str) -> None:
    """A newcomer asks for an account, and has not proven the mailbox yet."""
    typed = registrations.parse(
        {"email": email, "given_name": "Noa"}, Context(today=desk.now.date())
    )
    desk.write(
        lambda s: sign_in.ask(
            _context(desk, s), email=email, browser=BROWSER, language="en", newcomer=typed
        )
    )


def signed_out(desk: Desk, patron: SignedInPatron) -> None:
    """End all of the patron's sessions."""
    desk.write(lambda s: sessions.end(s, patron, only="", now=desk.now))
