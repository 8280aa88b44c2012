"""Sets the stage for a journey: a migrated database with staff and patrons, made by commands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from tests.support.keyring import SECRET_KEYS, opened
from tests.support.thresholds import relax
from upstage_crm import wiring
from upstage_crm.audit import trail
from upstage_crm.audit.events import OPERATOR, Channel
from upstage_crm.change_requests import notices, timing
from upstage_crm.change_requests import queries as requests
from upstage_crm.demo.staff import ORGANISATION
from upstage_crm.organisation import settings as organisation
from upstage_crm.patrons import commands as patrons
from upstage_crm.patrons import marks, queries
from upstage_crm.patrons.tables import PatronKind
from upstage_crm.settings import Settings
from upstage_crm.staff import accounts
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

    def prove(self, number: int) -> None:
        """The patron has answered from the address on the record before."""
        now = self.parts.clock.now()
        with self.parts.database.transaction() as session:
            patron = queries.get_by_number(session, number)
            queries.lock(session, patron.id)
            marks.prove_address(session, patron_id=patron.id, now=now)
            trail.record(session, [], now=now)

    def pass_time(self, reference: str, hours: int, *, url: str) -> None:
        """What the clock does for a request until some hours later; the server's own stays.

        `url` is the server's, for the links in the mails.
        """
        room = replace(self.parts.mailroom, public_url=url)
        now = self.parts.clock.now() + timedelta(hours=hours)
        for step in (notices.look, timing.remind, timing.take_effect):
            with self.parts.database.transaction() as session:
                found = requests.get(session, reference)
                step(session, request_id=found.id, mailroom=room, now=now)


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
        organisation.change(session, actor=members[0], proposed=ORGANISATION, now=now)
        numbers = tuple(
            patrons.add(
                session,
                actor=members[0],
                kind=PatronKind.PERSON,
                raw=raw,
                free={},
                context=patrons.Context(today=now.date()),
                now=now,
            )
            for raw in PATRONS
        )
    return Stage(parts, members[0], numbers)
