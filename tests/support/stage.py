"""Sets the stage for a journey: a migrated database with staff and patrons, made by commands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlmodel import Session

from tests.support.keyring import SECRET_KEYS, opened
from tests.support.thresholds import relax
from upstage_crm import wiring
from upstage_crm.audit import trail
from upstage_crm.audit.events import OPERATOR, Channel
from upstage_crm.change_requests.lifecycle import notices, scheduled
from upstage_crm.change_requests.reads import requests
from upstage_crm.core.clock import FrozenClock
from upstage_crm.demo.staff import ORGANISATION
from upstage_crm.mail.sending.dispatcher import Dispatcher
from upstage_crm.mail.sending.local_sender import LocalSender
from upstage_crm.organisation import settings as organisation
from upstage_crm.patrons import commands as patrons
from upstage_crm.patrons import marks, queries
from upstage_crm.patrons.tables import PatronKind
from upstage_crm.settings import Settings
from upstage_crm.staff import accounts
from upstage_crm.staff.command_context import CommandContext, StaffContext
from upstage_crm.staff.roles import Role, StaffMember

PASSWORD = "a password for tests only"
# argon2id of the password above, with the library's cheapest parameters: hashed once, by hand.
PASSWORD_HASH = (
    "$argon2id$v=19$m=8,t=1,p=1$qomRtoZv9jfGNtC/fBkedg$oCO6tH4KDH2AfFR5WWUBtokbzDf953A2Et9xdrncnv8"
)

OWNER = "morgan@theatre.example"
CLERK = "dana@theatre.example"
READER = "ray@theatre.example"
LEAD = "ines@theatre.example"

PATRONS: tuple[Mapping[str, str], ...] = (
    {
        "given_name": "Mara",
        "family_name": "Lindqvist",
        "email": "mara@example.com",
        "phone": "+1 212 555 0117",
    },
    {"given_name": "Theodore", "family_name": "Abara", "email": "theo.abara@example.net"},
    {"given_name": "Ines", "family_name": "Quental", "email": "ines@example.org"},
    {"given_name": "Kai", "family_name": "Brandt", "email": "kai@example.com"},
)


@dataclass(frozen=True, slots=True)
class Stage:
    """The database of a journey, for looking at and for acting behind the browser's back."""

    parts: wiring.Runtime
    owner: StaffMember
    numbers: tuple[int, ...]

    def email_of(self, number: int) -> str | None:
        """The address that the record holds now."""
        return self.values_of(number)["email"]

    def values_of(self, number: int) -> Mapping[str, str | None]:
        """The protected columns of the record as they are now."""
        with self.parts.database.reading() as session:
            return queries.get_by_number(session, number).values

    def add(self, email: str, *, is_proven: bool = True) -> int:
        """One more patron, who has answered from the address before; return the number."""
        name = email.partition("@")[0].title()
        now = self.parts.clock.now()
        with self.parts.database.transaction() as session:
            number = _add(session, self.owner, {"given_name": name, "email": email}, now)
            if is_proven:
                patron = queries.get_by_number(session, number)
                marks.prove_address(session, patron_id=patron.id, now=now)
                trail.record(session, [], now=now)
        return number

    def pass_time(self, reference: str, hours: int, *, url: str) -> None:
        """What the clock does for a request some hours from now, mails included.

        The server's own clock stays. `url` is the server's, for the links in the mails.
        """
        parts, room = self.parts, replace(self.parts.notifier, public_url=url)
        now = parts.clock.now() + timedelta(hours=hours)
        for step in (notices.look, scheduled.remind, scheduled.take_effect):
            with parts.database.transaction() as session:
                found = requests.get(session, reference)
                step(CommandContext(session=session, now=now, notifier=room), request_id=found.id)
        clock, sender = FrozenClock(now), LocalSender()
        where = wiring.mailboxes_of
        dispatcher = Dispatcher(parts.database, sender, parts.codec, clock, mailboxes_of=where)
        while dispatcher.run_once():
            pass


def set_stage(database_url: str, environ: Mapping[str, str] | None = None) -> Stage:
    """Migrate `database_url` and put staff and patrons into it. `environ` as the server's own."""
    database = opened(database_url)
    relax(database)  # a journey may run at night
    given = {"UPSTAGE_DATABASE_URL": database_url, "UPSTAGE_SECRET_KEYS": SECRET_KEYS}
    parts = wiring.build(Settings.load(given | dict(environ or {})), database=database)
    now = parts.clock.now()
    with database.transaction() as session:
        members: list[StaffMember] = []
        for email, name, desk, role in (
            (OWNER, "Morgan", "house management", Role.OWNER),
            (CLERK, "Dana", "box office", Role.BOX_OFFICE),
            (READER, "Ray", "front of house", Role.READ_ONLY),
            (LEAD, "Ines", "front of house", Role.MANAGER),
        ):
            staff_id = accounts.add(
                session,
                email=email,
                display_name=name,
                desk=desk,
                role=role,
                password_hash=PASSWORD_HASH,
                actor=OPERATOR,
                channel=Channel.COMMAND_LINE,
                now=now,
            )
            member = accounts.find_active(session, staff_id)
            assert member is not None
            members.append(member)
        organisation.change(
            parts.staff_context(session, members[0]),
            proposed=ORGANISATION,
        )
        numbers = tuple(_add(session, members[0], raw, now) for raw in PATRONS)
    return Stage(parts, members[0], numbers)


def _add(session: Session, actor: StaffMember, raw: Mapping[str, str], now: datetime) -> int:
    return patrons.add(
        StaffContext(session=session, actor=actor, notifier=None, now=now),
        kind=PatronKind.PERSON,
        raw=raw,
        free={},
        parsing=patrons.Context(today=now.date()),
    )
