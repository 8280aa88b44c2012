"""A venue whose database holds a row of everything that is recorded or sealed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping
from sqlmodel import Session, SQLModel

from tests.support.engine import Engine
from tests.support.factories import OLD
from tests.support.houses import seat
from tests.support.office import ORIGIN, Office
from tests.support.patron_accounts import registering, signed_in
from tests.support.shop import open_shop
from tests.support.soft_passkey import SoftPasskey
from tests.support.thresholds import tighten
from upstage_crm.audit.proven_rows import RECORDED, Part, Subject
from upstage_crm.change_requests.lifecycle.staff_commands import Proposed
from upstage_crm.change_requests.model.rules import Decision
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database, UtcDateTime
from upstage_crm.orders.transfers import offer_rows
from upstage_crm.payments import disputes
from upstage_crm.payments import queries as payments
from upstage_crm.payments.providers.provider import DisputeFacts
from upstage_crm.payments.views import DisputeState
from upstage_crm.privacy import erasure
from upstage_crm.programme import commands as programme
from upstage_crm.programme.prices import price_lists, price_types
from upstage_crm.programme.prices.price_lists import NewPrices
from upstage_crm.programme.prices.views import Cell
from upstage_crm.proof.watch import Watch, Witness
from upstage_crm.staff.auth import devices, passkeys, second_factor
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Role
from upstage_crm.team import invitations
from upstage_crm.venues import commands as venues
from upstage_crm.venues import plans
from upstage_crm.venues.design import FIELDS


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a part of a subject, by its key."""

    subject: str
    subject_id: str
    part: Part
    key: Any

    @property
    def ref(self) -> tuple[str, str]:
        return self.subject, self.subject_id

    @property
    def table(self) -> sa.Table:
        return SQLModel.metadata.tables[self.part.table]

    @property
    def is_this(self) -> sa.ColumnElement[bool]:
        return self.table.c[self.part.key] == self.key


class Town:
    """Mara, disputed, identified and with an erasure asked for; Ole, who said "not me"; staff."""

    def __init__(self, database: Database, clock: FrozenClock, folder: Path) -> None:
        self.engine, self.office = Engine(database, clock), Office(database, clock)
        self.database, self.clock = database, clock
        self.watch = Watch(database, Witness(folder / "heads.json"))
        self.vic = self.engine.staff("Vic", Role.BOX_OFFICE)
        self.zoe = self.engine.staff("Zoe", Role.OWNER)
        self.mara = self.engine.patron(phone="+1 212 555 0101")
        self.ole = self.engine.patron("ole@example.com", "Ole")
        self.decided, self.token = self._decisions(), self._staff()
        self.engine.patron("ina@example.com", "Ina")
        signed_in(self.engine, "ina@example.com")
        registering(self.engine, "noa@example.org")
        self._alert()
        self._finding()
        self._prices()
        self._sales()
        self.engine.deliver()

    def _decisions(self) -> Proposed:
        """An applied change whose old mailbox objects, a "not me", an identification."""
        engine = self.engine
        _request, link = engine.asked(self.ole, "wrong@example.org")
        engine.decide(link, Decision.OBJECT)
        engine.identify(self.ole, self.vic, {"phone": {"phone": "+1 212 555 0177"}})
        request, link = engine.asked(self.mara)
        engine.decide(link)
        engine.decide(engine.claims(OLD), Decision.OBJECT)
        cleo = engine.patron("cleo@example.com", "Cleo")
        engine.bounce(engine.propose(cleo, "gone@example.org"))
        doomed = engine.patron("dora@example.com", "Dora")
        engine.act(self.zoe, erasure.request_erasure, patron_id=doomed.id, reason="by letter")
        engine.protect(doomed, self.zoe)
        engine.ask_to_unprotect(doomed, self.zoe)
        return request

    def _staff(self) -> str:
        """An account with both factors, known on a device; an invitation. Returns a cookie."""
        office, vic = self.office, self.vic
        office.enrol(office.sign_in(vic))
        token = office.sign_in(vic)
        key = SoftPasskey("localhost", ORIGIN)
        challenge = office.write(
            lambda s: second_factor.new_challenge(s, office.inside_of(s, token), now=office.now)
        )
        asked = {"staff_id": vic.id, "account": "vic", "challenge": challenge}
        answer = key.create(passkeys.creation_options(office.site, known=[], **asked))
        office.write(
            lambda s: second_factor.add_passkey(
                s,
                office.inside_of(s, token),
                answer=answer,
                label="Blue key",
                site=office.site,
                now=office.now,
            )
        )
        office.write(lambda s: devices.recognise(s, staff_id=vic.id, token="", now=office.now))
        office.write(
            lambda s: invitations.invite(
                StaffContext(session=s, now=office.now, notifier=office.post, actor=self.zoe),
                email="nia@staff.example.org",
                display_name="Nia",
                desk="",
                role=Role.MANAGER,
            )
        )
        return token

    def _alert(self) -> None:
        """Vic proposes too much."""
        tighten(self.database)
        for n in range(6):
            patron = self.engine.patron(f"p{n}@example.com", f"P{n}")
            self.engine.propose(patron, f"p{n}@venue{n}.example", actor=self.vic)

    def _finding(self) -> None:
        """A row that an attacker altered, found, and put back."""
        where = f"WHERE id = '{self.zoe.id}'"
        for desk in ("vault", self.zoe.desk):
            self.engine.forge(f"UPDATE staff SET desk = '{desk}' {where}")
            self.watch.turn(now=self.engine.now)

    def _prices(self) -> None:
        """Two versions of the prices of an event."""
        act, zoe = self.engine.act, self.zoe
        barn = {"name": "The Barn", "address": "Field Lane"}
        venue = act(zoe, venues.add_venue, typed=barn)
        hall = act(zoe, venues.add_hall, venue_id=venue, typed={"name": "Loft"})
        floor = FIELDS | {"name": "Floor", "form": "standing", "places": "120"}
        act(zoe, plans.save, hall_id=hall, after=0, sections=[floor])
        event = act(zoe, programme.add_event, typed={"title": "Hamlet"})
        day, at = date(2030, 3, 1), time(19, 30)
        act(zoe, programme.add_performances, event_id=event, hall_id=hall, days=[day], at=at)
        tax = act(zoe, price_types.add_tax_rate, typed={"name": "Tax", "rate": "5"})
        for after, name in enumerate(("Full", "Half")):
            kind = act(zoe, price_types.add_price_type, typed={"name": name})
            new = NewPrices(
                amounts={Cell("Floor", kind): 1_000},
                fees=[],
                tax_rate_id=tax,
                starts_at=self.engine.now,
            )
            act(zoe, price_lists.save, event_id=event, after=after, new=new)

    def _sales(self) -> None:
        """A ticket that is offered, one that is kept, and a payment that a bank wants back."""
        shop, now = open_shop(self.engine), self.engine.now
        order = shop.sold(seat("A", 1), seat("A", 2))
        self.kept = order.tickets[1].id
        [payment] = self.engine.read(lambda s: payments.of_order(s, order.id))
        said = DisputeFacts(
            reference="dp_1",
            capture_reference="",
            amount=payment.amount,
            currency=payment.currency,
            is_withheld=True,
            is_won=False,
            state=DisputeState.OPEN,
            due_at=now,
        )

        def write(session: Session) -> None:
            to = {"email": "eli@example.org", "email_key": "eli@example.org", "language": "en"}
            offer_rows.add(session, "offer", order_id=order.id, now=now, **to)
            offer_rows.add_ticket(session, "offer", order.tickets[0].id, now=now)
            disputes.keep(session, payment, said, now=now)

        self.engine.write(write)

    # --- rows ---------------------------------------------------------------------------------

    def rows(self, subject: Subject, part: Part) -> list[Row]:
        """Every row of a part, each with the subject that it belongs to."""
        table = SQLModel.metadata.tables[part.table]
        query = sa.select(table.c[part.subject], table.c[part.key]).order_by(table.c[part.key])
        with self.database.engine.connect() as connection:
            found = connection.execute(query).all()
        assert found, f"the town has no {part.table}"
        return [Row(subject.name, str(owner), part, key) for owner, key in found]

    def row(self, subject: Subject, part: Part) -> Row:
        """One row of a part; which one is chance, since keys are."""
        return self.rows(subject, part)[0]

    def sealed(self, name: str) -> RowMapping:
        """The first row of a sealed table."""
        table = SQLModel.metadata.tables[name]
        with self.database.engine.connect() as connection:
            found = connection.execute(sa.select(table).order_by(*table.primary_key)).mappings()
            row = found.first()
        assert row is not None, f"the town has no {name}"
        return row


PARTS = [(subject, part) for subject in RECORDED.values() for part in subject.parts]


def unguarded(connection: Connection) -> None:
    """Switch guards and foreign keys off until the transaction of a superuser is rolled back."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        return
    connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    for name in connection.exec_driver_sql(query).scalars().all():
        connection.exec_driver_sql(f"DROP TRIGGER {name}")


def another(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """Another value than the column holds, of its kind."""
    if isinstance(column.type, UtcDateTime):
        return sa.literal_column("'2001-01-01 00:00:00'")
    if isinstance(column.type, sa.Boolean):
        return sa.not_(sa.func.coalesce(column, sa.false()))
    if isinstance(column.type, sa.Integer):
        return sa.func.coalesce(column, 0) + 90_000
    return sa.literal_column("'zz'")


def is_unique(table: sa.Table, column: sa.Column[Any]) -> bool:
    """Whether a unique key is in the way of a copy that another value takes out of it."""
    if column.primary_key or column.foreign_keys:
        return False
    rules = [rule for rule in table.constraints if isinstance(rule, sa.UniqueConstraint)]
    unique = [*rules, *(index for index in table.indexes if index.unique)]
    return any(column.name in one.columns for one in unique)
