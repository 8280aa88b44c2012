"""Puts the parts together, once per process, from the settings.

Nothing is opened at import: workers are forked, and a database connection must not be shared.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from sqlmodel import Session

# Every recorded table is known to a check, before any page has brought it along.
import upstage_crm.tables  # noqa: F401  # pyright: ignore[reportUnusedImport]  # see above
from upstage_crm.audit import trail
from upstage_crm.audit.events import Channel
from upstage_crm.audit.signing import KeyRing, SigningKey
from upstage_crm.change_requests.notifications import link_mailboxes as request_links
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.core.clock import Clock, SystemClock
from upstage_crm.core.db import Database, make_engine
from upstage_crm.links.claims import BY_DIGITS, FOR_ORDERS, FOR_STAFF, LinkClaims, Purpose
from upstage_crm.links.codec import LinkCodec, LinkKey
from upstage_crm.mail.attachments import Draw
from upstage_crm.mail.compose import Composer
from upstage_crm.mail.delivery import MailMode, Transport
from upstage_crm.mail.sending.dispatcher import Dispatcher
from upstage_crm.mail.sending.local_sender import LocalSender
from upstage_crm.mail.sending.sender import Sender
from upstage_crm.orders.cancellations import mailboxes as order_mailboxes
from upstage_crm.orders.files.drawing import FileDrawer
from upstage_crm.orders.files.ticket_code import TicketKeys
from upstage_crm.orders.letters import order_links
from upstage_crm.orders.letters.order_mailer import OrderMailer
from upstage_crm.orders.transfers import ticket_offers
from upstage_crm.organisation.settings import details
from upstage_crm.patron_accounts import mailed_codes
from upstage_crm.patrons.fields import FIELDS, Context
from upstage_crm.payments.providers.cards import Cards
from upstage_crm.payments.providers.provider import Provider
from upstage_crm.payments.providers.test_acquirer import Acquirer
from upstage_crm.programme.prices.sale_check import priced_and_windowed
from upstage_crm.programme.sale_checks import SaleCheck, timed_and_seated
from upstage_crm.proof.watch import Watch, Witness
from upstage_crm.settings import WITNESS_FILE, Settings, load_or_create_keys
from upstage_crm.staff.auth.hashing import Hashing
from upstage_crm.staff.auth.passkeys import Site
from upstage_crm.staff.auth.sealing import Sealer
from upstage_crm.staff.command_context import CommandContext, StaffContext
from upstage_crm.staff.roles import StaffMember
from upstage_crm.team import link_mailboxes as team_links
from upstage_crm.team.mails import AccountMailer
from upstage_crm.waiting_list import queries as waiting_list

LOCAL_FROM = "UpStage CRM <box-office@example.org>"

# What the database must guard: each field's columns, derived ones included.
PROTECTED = {key: (*field.columns, *field.derived) for key, field in FIELDS.items()}
# What must be right before a performance goes on sale; a package that knows more adds its check.
SALE_CHECKS: tuple[SaleCheck, ...] = (timed_and_seated, priced_and_windowed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """Everything a request handler needs. Safe to share between threads."""

    settings: Settings
    database: Database
    clock: Clock
    codec: LinkCodec
    notifier: Notifier
    post: AccountMailer
    sealer: Sealer
    site: Site
    dispatcher: Dispatcher
    watch: Watch
    hashing: Hashing
    cards: Cards
    ticket_keys: TicketKeys
    draw_file: Draw
    order_mailer: OrderMailer

    @property
    def mail_mode(self) -> MailMode:
        """Where mail goes. Settings without a provider are refused at a public address."""
        if self.settings.sends_real_mail:
            return MailMode.RESEND
        return MailMode.DEMO if self.settings.is_demo_allowed else MailMode.REHEARSAL

    def command_context(
        self, session: Session, *, now: datetime | None = None
    ) -> CommandContext[Notifier]:
        """What a command by the clock or by a patron is given; it runs now, if nothing is said."""
        now = now or self.clock.now()
        return CommandContext(session=session, now=now, notifier=self.notifier)

    def account_context(self, session: Session) -> CommandContext[AccountMailer]:
        """The same for a command about a staff account, by a link or by its own member."""
        return CommandContext(session=session, now=self.clock.now(), notifier=self.post)

    def order_context(
        self, session: Session, *, now: datetime | None = None
    ) -> CommandContext[OrderMailer]:
        """The same for what is mailed to a buyer."""
        now = now or self.clock.now()
        return CommandContext(session=session, now=now, notifier=self.order_mailer)

    def team_context(self, session: Session, actor: StaffMember) -> StaffContext[AccountMailer]:
        """What a command about the team is given: its mails go to staff."""
        return StaffContext(session=session, now=self.clock.now(), notifier=self.post, actor=actor)

    def staff_context(
        self,
        session: Session,
        actor: StaffMember,
        *,
        channel: Channel = Channel.CRM,
        now: datetime | None = None,
    ) -> StaffContext[Notifier]:
        """What a command of a staff member is given; it runs now, if nothing else is said."""
        return StaffContext(
            session=session,
            now=now or self.clock.now(),
            notifier=self.notifier,
            actor=actor,
            channel=channel,
        )

    def context(self) -> Context:
        """What parsing a patron's values depends on: the organisation's day and country."""
        with self.database.reading() as session:
            organisation = details(session)
        today = self.clock.now().astimezone(organisation.zone).date()
        return Context(today=today, region=organisation.home)


_lock = threading.Lock()
_runtime: Runtime | None = None


def runtime() -> Runtime:
    """The process's parts, made at the first call.

    Raises:
        BadSetting: a setting cannot be used.
    """
    global _runtime  # noqa: PLW0603  # one per process, made lazily because workers are forked
    if _runtime is None:
        with _lock:
            if _runtime is None:
                _runtime = build(Settings.load(os.environ))
    return _runtime


def install(made: Runtime | None) -> None:
    """Use these parts from now on, or forget them with None; for tests and the demo."""
    global _runtime  # noqa: PLW0603  # see `runtime`
    _runtime = made


def build(
    settings: Settings,
    *,
    database: Database | None = None,
    clock: Clock | None = None,
    sender: Sender | None = None,
    witness: Path | None = None,
    cards: Cards | None = None,
) -> Runtime:
    """Make the parts that `settings` describe, with the given ones in place of our own.

    `witness` is the file that remembers the newest head of the trail; ours is beside the keys.

    Raises:
        BadSetting: a setting cannot be used.
    """
    database = database or Database(make_engine(settings.database_url))
    clock = clock or SystemClock()
    keys = settings.keys or load_or_create_keys()
    codec = LinkCodec([LinkKey(key.kid, key.secret) for key in keys])
    ring = key_ring(settings)
    trail.attach(database, ring)
    transport = Transport.RESEND if settings.sends_real_mail else Transport.LOCAL
    composer = Composer(mail_from=settings.mail_from or LOCAL_FROM, transport=transport)
    notifier = Notifier(
        composer=composer,
        public_url=settings.base_url,
        codec=codec,
        signer=ring.signer,
    )
    tickets = TicketKeys([(key.kid, key.secret) for key in keys])
    draw_file = FileDrawer(tickets)
    dispatcher = Dispatcher(
        database=database,
        sender=sender or _sender(settings),
        codec=codec,
        clock=clock,
        mailboxes_of=mailboxes_of,
        draw=draw_file,
    )
    database.on_commit(dispatcher.wake)
    return Runtime(
        settings=settings,
        database=database,
        clock=clock,
        codec=codec,
        notifier=notifier,
        post=AccountMailer(composer=composer, public_url=settings.base_url, codec=codec),
        sealer=Sealer([(key.kid, key.secret) for key in keys]),
        site=Site(host=urlsplit(settings.base_url).hostname or "", origins=settings.origins),
        dispatcher=dispatcher,
        watch=Watch(database, Witness(witness or WITNESS_FILE)),
        hashing=Hashing(),
        cards=cards or Cards(_card_providers(settings, database)),
        ticket_keys=tickets,
        draw_file=draw_file,
        order_mailer=OrderMailer(
            composer=composer, public_url=settings.base_url, codec=codec, kid=tickets.kid
        ),
    )


def key_ring(settings: Settings) -> KeyRing:
    """The keys that vouch for rows.

    Raises:
        BadSetting: the keys cannot be read.
    """
    return KeyRing([(key.kid, key.secret) for key in settings.keys or load_or_create_keys()])


def signing_keys(settings: Settings) -> tuple[SigningKey, ...]:
    """The keys of signatures that verify offline; the first one signs.

    Raises:
        BadSetting: the keys cannot be read.
    """
    keys = settings.keys or load_or_create_keys()
    return tuple(SigningKey.derive(key.kid, key.secret) for key in keys)


def mailboxes_of(session: Session, claims: LinkClaims) -> frozenset[str]:
    """The mailboxes that a link may be mailed to.

    Raises:
        RowNotProven: the row that says so is not what the trail says.
    """
    if claims.purpose in FOR_ORDERS:
        return order_links.mailboxes_of(session, claims)
    if claims.purpose in (Purpose.TRANSFER, Purpose.SEAT_MOVE):
        return ticket_offers.mailboxes_of(session, claims)
    if claims.purpose in BY_DIGITS:
        return mailed_codes.mailboxes_of(session, claims)
    if claims.purpose is Purpose.WAITING:
        return waiting_list.mailboxes_of(session, claims)
    if claims.purpose is Purpose.CHOICE:
        return order_mailboxes.mailboxes_of(session, claims)
    of = team_links if claims.purpose in FOR_STAFF else request_links
    return of.mailboxes_of(session, claims)


def at(made: Runtime, clock: Clock) -> Runtime:
    """The same parts with another clock."""
    return replace(made, clock=clock)


def _card_providers(settings: Settings, database: Database) -> list[Provider]:
    """Who takes cards, the one for new payments first: no test at a public address."""
    found: list[Provider] = []
    if settings.stripe_api_key:
        # Loading the SDK costs time and memory, which a server without a key need not pay.
        from upstage_crm.payments.providers.stripe_provider import StripeProvider

        found.append(
            StripeProvider(
                api_key=settings.stripe_api_key,
                webhook_secrets=settings.stripe_secrets,
                api_url=settings.stripe_api_url,
            )
        )
    if settings.takes_test_cards:
        found.append(Acquirer(database, settings.base_url))
    return found


def _sender(settings: Settings) -> Sender:
    if settings.sends_real_mail:
        # Loading the SDK costs 0.15 s and 10 MB, which a server without a key need not pay.
        from upstage_crm.mail.sending.resend_sender import ResendSender

        return ResendSender(api_key=settings.resend_api_key, api_url=settings.resend_api_url)
    return LocalSender()
