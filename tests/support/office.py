"""A venue whose staff sign in: sessions, second factors, invitations and their mails."""

from __future__ import annotations

import re

from tests.support.factories import CHEAP_HASH, COMPOSER, PUBLIC_URL, SECRET, Desk
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.links.claims import LinkClaims
from upstage_crm.mail.message import MailMessage
from upstage_crm.staff import accounts
from upstage_crm.staff.auth import second_factor, sessions
from upstage_crm.staff.auth.passkeys import Site
from upstage_crm.staff.auth.sealing import Sealer
from upstage_crm.staff.auth.sessions import SignedIn
from upstage_crm.staff.command_context import CommandContext, StaffContext
from upstage_crm.staff.roles import Role, StaffMember
from upstage_crm.team import invitations
from upstage_crm.team.mails import AccountMailer

TeamContext = StaffContext[AccountMailer]
ORIGIN = "http://localhost:3000"


class Office(Desk):
    """`Desk`, and what the door and the team page do."""

    def __init__(self, database: Database, clock: FrozenClock) -> None:
        super().__init__(database, clock)
        self.post = AccountMailer(composer=COMPOSER, public_url=PUBLIC_URL, codec=self.codec)
        self.sealer = Sealer([("test-key", SECRET)])
        self.site = Site(host="localhost", origins=(ORIGIN,))

    def team_context(self, session: sessions.Session, actor: StaffMember) -> TeamContext:
        """What a command about the team is given."""
        return StaffContext(session=session, now=self.now, notifier=self.post, actor=actor)

    def sign_in(self, member: StaffMember) -> str:
        """Begin a session as the right password does; return its cookie."""
        return self.write(
            lambda session: sessions.begin(
                session,
                staff_id=member.id,
                user_agent="Firefox/1 Linux",
                ip_prefix="192.0.2.0",
                now=self.now,
            )
        )

    def found(self, token: str) -> SignedIn | None:
        """The session behind a cookie, however far it has come."""
        return self.read(lambda session: sessions.find_any(session, token, now=self.now))

    def inside(self, token: str) -> SignedIn:
        """The same, where there must be one."""
        found = self.found(token)
        assert found is not None
        return found

    def enrol(self, token: str) -> tuple[str, tuple[str, ...]]:
        """Set up an authenticator app in this session; return its secret and the codes."""
        secret = self.write(
            lambda s: second_factor.start_app(
                s, self.inside_of(s, token), sealer=self.sealer, now=self.now
            )
        )
        codes = self.write(
            lambda s: second_factor.confirm_app(
                s,
                self.inside_of(s, token),
                code=self.code(secret),
                sealer=self.sealer,
                now=self.now,
            )
        )
        return secret, codes

    def inside_of(self, session: sessions.Session, token: str) -> SignedIn:
        found = sessions.find_any(session, token, now=self.now)
        assert found is not None
        return found

    def code(self, secret: str, *, later_s: int = 0) -> str:
        """What the app shows now; computed here and not by the library under test."""
        return totp(secret, int(self.now.timestamp()) + later_s)

    def give(self, token: str, code: str) -> str | None:
        """Give a code in a session; return which factor it was."""
        return self.write(
            lambda s: second_factor.give_code(
                s, self.inside_of(s, token), code=code, sealer=self.sealer, now=self.now
            )
        )

    def invited(self, name: str, role: Role) -> StaffMember:
        """A member who joined by an invitation of the owner's, as an owner's second self would."""
        email = f"{name.lower()}@staff.example.org"
        owner = self.owner  # added before the transaction begins
        self.write(
            lambda s: invitations.invite(
                StaffContext(session=s, now=self.now, notifier=self.post, actor=owner),
                email=email,
                display_name=name,
                desk="",
                role=role,
            )
        )
        claims = [self.link_in(mail) for mail in self.deliver() if mail.to == email][-1]
        staff_id = self.write(
            lambda s: invitations.accept(
                CommandContext(session=s, now=self.now, notifier=self.post),
                claims,
                display_name=name,
                password_hash=CHEAP_HASH,
            )
        )
        return self.read(lambda s: accounts.get_member(s, staff_id))

    def link_in(self, message: MailMessage) -> LinkClaims:
        """The claims of the link in a mail to staff."""
        (token,) = set(re.findall(r"/auth/link/([\w.-]+)", message.text))
        return self.codec.read(token)


def totp(secret: str, at_s: int) -> str:
    """RFC 6238 over RFC 4226, written out."""
    import base64
    import hmac

    digest = hmac.digest(base64.b32decode(secret), (at_s // 30).to_bytes(8), "sha1")
    start = digest[-1] & 0xF
    number = int.from_bytes(digest[start : start + 4]) & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"
