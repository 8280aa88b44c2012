"""One venue for a test: staff, patrons, proposals, the mails that really leave, their links.

`Desk` goes through the same commands as the pages, and takes every link out of the text of a mail
that a dispatcher handed to a sender, never out of the database.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session

from tests.support.dump import Dump, dump
from tests.support.engines import owners
from tests.support.keyring import RING, SECRET, arrange, refusals_off
from tests.support.thresholds import relax
from upstage_crm.audit import trail
from upstage_crm.audit.events import OPERATOR, Action, Channel
from upstage_crm.audit.guards import triggers
from upstage_crm.audit.trail import AuditLine
from upstage_crm.change_requests.decisions import decide
from upstage_crm.change_requests.disputes import record_changes
from upstage_crm.change_requests.lifecycle import notices, scheduled, staff_commands
from upstage_crm.change_requests.lifecycle.staff_commands import Proposed
from upstage_crm.change_requests.model.rules import (
    Decision,
    ReasonCode,
    RequestState,
    ReviewChannel,
)
from upstage_crm.change_requests.model.views import (
    ChangeReview,
    RequestView,
)
from upstage_crm.change_requests.notifications.notifier import Notifier
from upstage_crm.change_requests.reads import requests, reviewer_page
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.core.errors import UpstageError
from upstage_crm.links.claims import LinkClaims, Purpose
from upstage_crm.links.codec import LinkCodec, LinkKey
from upstage_crm.mail.compose import Composer
from upstage_crm.mail.delivery import Transport
from upstage_crm.mail.message import MailMessage
from upstage_crm.mail.outbox import OUTBOX
from upstage_crm.mail.sending.dispatcher import Dispatcher
from upstage_crm.mail.sending.sender import Accepted
from upstage_crm.patrons import commands as patron_commands
from upstage_crm.patrons import queries as patron_queries
from upstage_crm.patrons.fields import FIELDS, Context
from upstage_crm.patrons.tables import PatronKind, PatronStatus
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.staff import accounts
from upstage_crm.staff.command_context import CommandContext, StaffContext
from upstage_crm.staff.roles import Role, StaffMember
from upstage_crm.wiring import mailboxes_of

OLD = "mara@example.com"
NEW = "mara.new@example.org"
ANOTHER = StaffMember(
    id="another", display_name="Another", desk="", role=Role.OWNER, email_key="another@desk.example"
)
"""An owner who has done nothing yet: what needs a second person needs this one."""
PUBLIC_URL = "https://crm.example.org"
MAIL_FROM = "Lantern <box@example.org>"
# argon2id with the smallest parameters, made once: no test pays for hashing a password.
CHEAP_PASSWORD = "a password for tests"
CHEAP_HASH = "$argon2id$v=19$m=8,t=1,p=1$gS+yYeL88ezVoMoftqYgzA$D741H5DdHfJWGRVsw1AGEA"
PROTECTED = {key: (*entry.columns, *entry.derived) for key, entry in FIELDS.items()}

# One for all tests: it compiles each template once.
COMPOSER = Composer(mail_from=MAIL_FROM, transport=Transport.LOCAL)

_TOKEN = re.compile(re.escape(PUBLIC_URL) + r"/c/([A-Za-z0-9_.-]+)")

P = ParamSpec("P")
T = TypeVar("T")


class Mailbox:
    """Accepts every mail, as the built-in mailbox does, and shows what was handed over."""

    transport = Transport.LOCAL
    rate = 1_000.0

    def __init__(self) -> None:
        self.messages: list[MailMessage] = []
        self._lock = threading.Lock()

    def send(self, message: MailMessage, *, idempotency_key: str) -> Accepted:
        with self._lock:
            self.messages.append(message)
        return Accepted(None)

    def to(self, address: str) -> list[MailMessage]:
        """The mails to one address, oldest first."""
        return [message for message in self.messages if message.to == address]


class Desk:
    """A venue over an empty database. Time is the clock's and moves only when told.

    One that `is_watched` has the tripwires of a new deployment, any other one trips none.
    """

    def __init__(self, database: Database, clock: FrozenClock, *, is_watched: bool = False) -> None:
        self.is_watched = is_watched
        if not is_watched:
            relax(database)
        self.database = database
        self.clock = clock
        self.codec = LinkCodec([LinkKey("test-key", SECRET)])
        self.room = Notifier(
            composer=COMPOSER,
            public_url=PUBLIC_URL,
            codec=self.codec,
            signer=RING.signer,
        )
        self.mailbox = Mailbox()
        self.dispatcher = Dispatcher(
            database, self.mailbox, self.codec, clock, mailboxes_of=mailboxes_of
        )
        self._owner: StaffMember | None = None

    @property
    def owned(self) -> Engine:
        """The database as its owner reaches it, who may drop guards."""
        return owners(self.database.engine)

    @property
    def now(self) -> datetime:
        return self.clock.now()

    @property
    def context(self) -> Context:
        return Context(today=self.now.date())

    def command_context(
        self, session: Session, *, now: datetime | None = None
    ) -> CommandContext[Notifier]:
        """What a command by the clock or by a patron is given, as `Runtime` gives it."""
        return CommandContext(session=session, now=now or self.now, notifier=self.room)

    def staff_context(
        self, session: Session, actor: StaffMember, *, now: datetime | None = None
    ) -> StaffContext[Notifier]:
        """What a command of a staff member is given, as `Runtime` gives it."""
        return StaffContext(session=session, now=now or self.now, notifier=self.room, actor=actor)

    @property
    def owner(self) -> StaffMember:
        """Dana, who may do everything; the actor of all that a test does not care about."""
        if self._owner is None:
            self._owner = self.staff("Dana", Role.OWNER)
        return self._owner

    def act(
        self,
        actor: StaffMember,
        command: Callable[Concatenate[StaffContext[Notifier], P], T],
        *arguments: P.args,
        **named: P.kwargs,
    ) -> T:
        """A staff member runs a command in a transaction of its own, as pages do."""
        return self.write(
            lambda session: command(self.staff_context(session, actor), *arguments, **named)
        )

    def run(
        self,
        command: Callable[Concatenate[CommandContext[Notifier], P], T],
        *arguments: P.args,
        **named: P.kwargs,
    ) -> T:
        """The clock or a patron runs a command in a transaction of its own."""
        return self.write(
            lambda session: command(self.command_context(session), *arguments, **named)
        )

    def write(self, command: Callable[[Session], T]) -> T:
        """Run whatever writes in one transaction, as an edge does."""
        with self.database.transaction() as session:
            return command(session)

    def as_owner(self, command: Callable[[Session], T]) -> T:
        """Run `command` in one transaction of the database's owner, who may drop guards."""
        with Session(self.owned) as session, session.begin():
            return command(session)

    def read(self, query: Callable[[Session], T]) -> T:
        """Run one query over one snapshot."""
        with self.database.reading() as session:
            return query(session)

    # --- people ---------------------------------------------------------------------------------

    def staff(
        self, name: str, role: Role, *, email: str = "", password_hash: str = CHEAP_HASH
    ) -> StaffMember:
        address = email or f"{name.lower()}@staff.example.org"

        def command(session: Session) -> StaffMember:
            staff_id = accounts.add(
                session,
                email=address,
                display_name=name.replace("_", " "),
                desk="box office",
                role=role,
                password_hash=password_hash,
                actor=OPERATOR,
                channel=Channel.COMMAND_LINE,
                now=self.now,
            )
            found = accounts.find_active(session, staff_id)
            assert found is not None
            return found

        return self.write(command)

    def patron(
        self,
        email: str = OLD,
        given_name: str = "Mara",
        family_name: str = "Smith",
        *,
        free: Mapping[str, str] | None = None,
        tags: str = "",
        kind: PatronKind = PatronKind.PERSON,
        actor: StaffMember | None = None,
        **columns: str,
    ) -> PatronRecord:
        raw = {"email": email, "given_name": given_name, "family_name": family_name, **columns}
        who = actor or self.owner

        def command(session: Session) -> PatronRecord:
            number = patron_commands.add(
                self.staff_context(session, who),
                kind=kind,
                raw=raw,
                free=free or {},
                tags=tags,
                parsing=self.context,
                even_if_duplicate=True,
            )
            return patron_queries.get_by_number(session, number)

        return self.write(command)

    def record(self, patron: PatronRecord) -> PatronRecord:
        """The patron as the database has it now."""
        return self.read(lambda session: patron_queries.get(session, patron.id))

    def step(self, patron: PatronRecord, step: Callable[[Session], object]) -> None:
        """Run a step of a command on a record as commands do: it is proven first, recorded last."""

        def command(session: Session) -> None:
            patron_queries.lock(session, patron.id)
            step(session)
            trail.record(session, [], now=self.now)

        self.write(command)

    def email(self, patron: PatronRecord) -> str | None:
        return self.record(patron).values["email"]

    def set_status(
        self, patron: PatronRecord, status: PatronStatus, *, actor: StaffMember | None = None
    ) -> bool:
        """Give a record another status; whether that is done, or waits for a second person."""
        return self.act(
            actor or self.owner,
            record_changes.change_status,
            patron_id=patron.id,
            status=status,
            reason="told by the family",
        )

    # --- commands -------------------------------------------------------------------------------

    def propose(
        self,
        patron: PatronRecord,
        email: str | None = None,
        *,
        changes: Mapping[str, Mapping[str, str]] | None = None,
        actor: StaffMember | None = None,
        **details: Any,
    ) -> Proposed:
        """Propose an address, or `changes`; the command has the names of the other `details`."""
        wanted = dict(changes or {})
        if email is not None or changes is None:
            wanted["email"] = {"email": email or NEW}
        usual = {"reason_code": ReasonCode.ASKED_BY_PHONE, "reason_text": ""}
        return self.act(
            actor or self.owner,
            staff_commands.propose,
            patron_id=patron.id,
            changes=wanted,
            parsing=self.context,
            **{**usual, **details},
        )

    def decide(
        self, claims: LinkClaims, decision: Decision = Decision.APPROVE, **details: Any
    ) -> RequestState:
        """A patron decides; the command has the names of the other `details`."""
        return self.run(
            decide.decide,
            claims=claims,
            decision=decision,
            **{"channel": ReviewChannel.PATRON_PAGE, **details},
        )

    def withdraw(self, request: Proposed, *, actor: StaffMember | None = None) -> None:
        self.act(actor or self.owner, staff_commands.withdraw, reference=request.reference)

    def resend(self, request: Proposed, *, actor: StaffMember | None = None) -> None:
        self.act(actor or self.owner, staff_commands.resend, reference=request.reference)

    def look(self, request: Proposed) -> bool:
        """Mails leave, and the clock takes note of what became of a notice."""
        self.deliver()
        return self.note_arrival(request)

    def note_arrival(self, request: Proposed) -> bool:
        """The clock takes note of what became of a notice."""
        return self.run(notices.look, request_id=request.request_id)

    def take_effect(self, request: Proposed, *, after: timedelta = timedelta()) -> bool:
        """Let time pass, and the clock make what is due then."""
        self.look(request)
        self.clock.advance(after)
        return self.make_due(request)

    def make_due(self, request: Proposed) -> bool:
        """The clock makes what is due now."""
        return self.run(scheduled.take_effect, request_id=request.request_id)

    def patron_with_stake(self, email: str = OLD, given_name: str = "Mara") -> PatronRecord:
        """A patron whose record is old enough to be worth a thief's while."""
        found = self.patron(email, given_name)
        self.clock.advance(timedelta(days=31))
        return found

    def expire(self, request: Proposed) -> bool:
        return self.run(scheduled.expire, request_id=request.request_id)

    # --- mails ----------------------------------------------------------------------------------

    def deliver(self) -> list[MailMessage]:
        """Let the dispatcher hand over all that may leave now; return it."""
        before = len(self.mailbox.messages)
        while self.dispatcher.run_once():
            pass
        return self.mailbox.messages[before:]

    def tokens(self, to: str) -> list[str]:
        """The tokens that decide or object, in the mails to `to`, oldest first."""
        return [t for t in self._found(to) if self.codec.read(t).purpose is not Purpose.RECEIPT]

    def receipt_tokens(self, to: str) -> list[str]:
        """The tokens that open receipts, in the mails to `to`, oldest first."""
        return [t for t in self._found(to) if self.codec.read(t).purpose is Purpose.RECEIPT]

    def _found(self, to: str) -> list[str]:
        return [token for mail in self.mailbox.to(to) for token in _TOKEN.findall(mail.text)]

    def claims(self, to: str = NEW) -> LinkClaims:
        """What the newest link in a mail to `to` says; mails that wait are delivered first."""
        self.deliver()
        return self.codec.read(self.tokens(to)[-1])

    def asked(
        self, patron: PatronRecord, email: str = NEW, **how: Any
    ) -> tuple[Proposed, LinkClaims]:
        """Propose an address and return the request with the link that its owner got."""
        request = self.propose(patron, email, **how)
        return request, self.claims(email)

    def queued(self) -> list[tuple[str, str, str]]:
        """Every mail as (kind, address, state), in the order in which they were queued."""
        query = sa.select(OUTBOX.c.kind, OUTBOX.c.to_address, OUTBOX.c.state).order_by(OUTBOX.c.id)
        rows = self.read(lambda session: session.execute(query).all())
        return [(row.kind.value, row.to_address, row.state.value) for row in rows]

    def told(self, request: Proposed) -> list[tuple[str, str]]:
        """The mails that tell of a request's outcome, sorted (kind, address)."""
        asking = ("decision_request", "change_notice", "desk_notice")
        return sorted(
            (kind, to)
            for kind, to, state in self._of(request)
            if kind not in asking and state != "cancelled"
        )

    def _of(self, request: Proposed) -> list[tuple[str, str, str]]:
        query = sa.select(OUTBOX.c.kind, OUTBOX.c.to_address, OUTBOX.c.state).where(
            OUTBOX.c.request_id == request.request_id
        )
        rows = self.read(lambda session: session.execute(query).all())
        return [(row.kind.value, row.to_address, row.state.value) for row in rows]

    # --- what stands in the database ------------------------------------------------------------

    def view(self, request: Proposed) -> RequestView:
        return self.read(lambda session: requests.get(session, request.reference))

    def state(self, request: Proposed) -> RequestState:
        return self.view(request).state

    def review(self, claims: LinkClaims) -> ChangeReview:
        return self.read(lambda session: reviewer_page.review(session, claims=claims, now=self.now))

    def lines(self, **wanted: Any) -> tuple[AuditLine, ...]:
        """The trail, oldest first, without its opening and without what tests arranged."""
        found = self.read(lambda session: trail.timeline(session, limit=1_000, **wanted))
        beside = (Action.TRAIL_OPENED, Action.ROWS_RECORDED)
        return tuple(line for line in reversed(found) if line.action not in beside)

    @property
    def entries(self) -> int:
        """How many entries the trail has, those that `lines` leaves out among them."""
        return int(self.scalar("SELECT count(*) FROM audit_entry"))

    def actions(self, **wanted: Any) -> list[Action]:
        return [line.action for line in self.lines(**wanted)]

    def chain_is_whole(self) -> bool:
        keys = RING.public_keys
        return self.read(lambda session: trail.verify(session, public_keys=keys)) is None

    def arrange(
        self,
        statement: str,
        values: Mapping[str, object] | None = None,
        *,
        unguarded: bool = False,
    ) -> None:
        """Arrange rows by raw SQL; the trail commits to them as it does to a command's."""
        owner = Database(self.owned)
        trail.attach(owner, RING)
        if unguarded:
            self.as_owner(lambda session: refusals_off(session.connection()))
        with owner.transaction() as session:
            arrange(session, statement, dict(values or {}), now=self.now)
        if unguarded:
            self.as_owner(_guard_again)

    def forge(self, *statements: str, unguarded: bool = False) -> None:
        """Write by raw SQL as an attacker does, past every session.

        `unguarded` drops the guards and puts them back. Both as the owner of the database.
        """
        with self.owned.begin() as connection:
            if unguarded:
                triggers.drop(connection)
            for statement in statements:
                connection.exec_driver_sql(statement.replace("%", "%%"))
            if unguarded:
                triggers.install(connection, PROTECTED)

    def scalar(self, statement: str) -> Any:
        return self.read(lambda session: session.connection().scalar(sa.text(statement)))

    def column(self, statement: str) -> list[Any]:
        """The first column of what a query finds."""
        query = sa.text(statement)
        return self.read(lambda session: list(session.connection().execute(query).scalars()))

    def dump(self) -> Dump:
        """Every row of every table: two equal dumps mean that nothing at all was written."""
        return dump(self.database.engine)


def _guard_again(session: Session) -> None:
    triggers.drop(session.connection())
    triggers.install(session.connection(), PROTECTED)


def unchanged(desk: Desk, command: Callable[[], object], kind: type[UpstageError]) -> UpstageError:
    """Run a command that must refuse, and see that it wrote nothing at all."""
    before = desk.dump()
    with pytest.raises(kind) as caught:
        command()
    assert before == desk.dump()
    return caught.value


def together(*acts: Callable[[], object]) -> list[object]:
    """Run the acts at one moment in threads of their own; return results or exceptions."""
    barrier = threading.Barrier(len(acts))
    results: list[object] = [None] * len(acts)

    def run(place: int, act: Callable[[], object]) -> None:
        barrier.wait()
        try:
            results[place] = act()
        except Exception as error:  # noqa: BLE001  # what came out is the test's to judge
            results[place] = error

    threads = [threading.Thread(target=run, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def days(count: float) -> timedelta:
    return timedelta(days=count)


def kinds_to(messages: Sequence[MailMessage]) -> list[tuple[str, str]]:
    """(kind, address) of delivered mails, sorted."""
    return sorted((message.tags["kind"], message.to) for message in messages)
