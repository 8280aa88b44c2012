"""Attacks a database with raw SQL and says who stopped each attempt; nothing of it ever stays.

Every attempt runs in a transaction that is rolled back: through our own engine, and on SQLite also
through a bare connection, with every protecting pragma at its default, as an outsider's tool has.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool
from sqlmodel import Session

from upstage_crm.audit import vouching
from upstage_crm.audit.guards import triggers
from upstage_crm.audit.guards.rules import Protected
from upstage_crm.audit.signing import KeyRing
from upstage_crm.core import migrations
from upstage_crm.core.db import Database
from upstage_crm.core.errors import NotFound
from upstage_crm.demo.attack_list import UNTRUNCATED, Attempt, Target, attempts
from upstage_crm.demo.attacks.attack_accounts import account_attempts
from upstage_crm.demo.attacks.attack_ledger import ledger_attempts
from upstage_crm.demo.attacks.attack_orders import order_attempts
from upstage_crm.demo.attacks.attack_plans import plan_attempts
from upstage_crm.demo.attacks.attack_prices import price_attempts
from upstage_crm.demo.attacks.attack_programme import programme_attempts
from upstage_crm.demo.attacks.attack_seats import seat_attempts
from upstage_crm.demo.forgery import forgeries
from upstage_crm.proof import integrity
from upstage_crm.proof.integrity import Position
from upstage_crm.proof.verifying import verify
from upstage_crm.tables import metadata

_GUARD = re.compile(r"upstage guard: ([a-z0-9_ ]+)")
_COMPARED = (*UNTRUNCATED, "erasure", "desk_confirmation", "suppressed_address")
_NO_PRIVILEGE = "42501"  # PostgreSQL's code for what a role may not do
_LOCK_WAIT = "5s"  # no one who works meanwhile is held up for longer


class NothingToAttack(NotFound):
    """The database has no open request, no applied change or no receipt to aim at."""

    code = "nothing_to_attack"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt on one way. `stopped_by` is None when nothing stopped it.

    `is_watched` says whether the running server would have found it by itself within a minute.
    """

    attempt: Attempt
    way: str
    stopped_by: str | None
    is_watched: bool = False

    @property
    def is_taken(self) -> bool:
        """Whether the database took it, so that it has to be found."""
        refused = (self.stopped_by or "").startswith(("guard: ", "database: ", "privilege: "))
        return self.attempt.notices and not refused


@dataclass(frozen=True, slots=True)
class Result:
    """All outcomes, and whether a single guarded row is another one now."""

    outcomes: tuple[Outcome, ...]
    is_unchanged: bool

    @property
    def passed(self) -> tuple[Outcome, ...]:
        """What nothing stopped or found; empty is good."""
        return tuple(outcome for outcome in self.outcomes if outcome.stopped_by is None)

    @property
    def unwatched(self) -> tuple[Outcome, ...]:
        """What the database took and the running server would not have found by itself."""
        return tuple(o for o in self.outcomes if o.is_taken and not o.is_watched)


def attack(database: Database, *, protected: Protected, ring: KeyRing) -> Result:
    """Try everything, on every way, and roll everything back; `ring` holds the server's keys.

    Raises:
        NothingToAttack: the database is too empty to be worth it.
    """
    engine = database.engine
    with engine.connect() as connection:
        target = find_target(connection)
        house = (
            *plan_attempts(connection),
            *programme_attempts(connection),
            *price_attempts(connection),
            *order_attempts(connection),
            *seat_attempts(connection),
            *ledger_attempts(connection),
        )
        before = _digest(connection)
    is_sqlite = engine.dialect.name == "sqlite"
    house += tuple(account_attempts(target, is_sqlite=is_sqlite))
    outcomes = [
        _try(way, attempt, name, protected, ring)
        for attempt in (*attempts(target, is_sqlite=is_sqlite), *house, *forgeries(target))
        for name, way in _ways(engine)
    ]
    with engine.connect() as connection:
        return Result(tuple(outcomes), before == _digest(connection))


def find_target(connection: Connection) -> Target:
    """Rows worth attacking.

    Raises:
        NothingToAttack: there are none.
    """

    def one(query: str) -> Sequence[object]:
        row = connection.exec_driver_sql(query).first()
        if row is None:
            raise NothingToAttack
        return tuple(row)

    change, request, patron, number, proposed = one(
        "SELECT f.id, f.request_id, p.id, p.number, f.proposed_key FROM field_change f "
        "JOIN patron p ON p.id = f.patron_id WHERE f.outcome = 'pending' AND f.field = 'email' "
        "AND p.phone IS NOT NULL AND (SELECT count(*) FROM review r "
        "WHERE r.field_change_id = f.id AND r.decision IS NULL) = 2 "
        "AND (SELECT count(*) FROM review r WHERE r.field_change_id = f.id "
        "AND r.is_binding) = 1 ORDER BY f.id"
    )
    other, other_number = one(
        "SELECT id, number FROM patron WHERE status = 'active' AND email IS NOT NULL "
        "AND id NOT IN (SELECT patron_id FROM field_change) ORDER BY id"
    )
    (applied,) = one("SELECT id FROM field_change WHERE outcome = 'applied' ORDER BY id")
    (entry,) = one("SELECT min(seq) FROM audit_value")
    (receipt,) = one("SELECT id FROM receipt ORDER BY id")
    (first,) = one("SELECT id FROM staff ORDER BY id")
    (second,) = one(f"SELECT id FROM staff WHERE id <> '{first}' ORDER BY id")
    return Target(
        patron=str(patron),
        other=str(other),
        number=int(str(number)),
        other_number=int(str(other_number)),
        change=str(change),
        request=str(request),
        proposed=str(proposed),
        applied=str(applied),
        entry=int(str(entry)),
        receipt=str(receipt),
        staff=(str(first), str(second)),
    )


def _ways(engine: Engine) -> Iterator[tuple[str, Engine]]:
    yield "our connection", engine
    if engine.dialect.name == "sqlite":
        settings = {"isolation_level": None, "timeout": 10}
        bare = sa.create_engine(engine.url, poolclass=NullPool, connect_args=settings)
        event.listen(bare, "begin", lambda c: c.exec_driver_sql("BEGIN IMMEDIATE"))
        yield "bare connection", bare


def _try(
    engine: Engine, attempt: Attempt, way: str, protected: Protected, ring: KeyRing
) -> Outcome:
    with _doomed(engine) as connection:
        since = _position(connection)
        try:
            for statement in attempt.statements:
                connection.exec_driver_sql(statement.replace("%", "%%"))
            if attempt.play is not None:
                attempt.play(connection)
        except DBAPIError as error:
            return Outcome(attempt, way, _refusal(error))
        if attempt.notices:
            return _noticed(connection, attempt, way, protected, ring, since)
        after = _digest(connection)
    with _doomed(engine) as connection:
        # `OR IGNORE` and its like pass without an error and without an effect.
        is_same = after == _digest(connection)
        return Outcome(attempt, way, "no effect" if is_same else None)


def _position(connection: Connection) -> Position:
    """Where the server's watch would go on from: all that stands so far is known to it."""
    n = connection.exec_driver_sql("SELECT coalesce(max(n), 0) FROM touched_row").scalar_one()
    seq, head = connection.exec_driver_sql("SELECT seq, hash FROM audit_head").one()
    return Position(n=n, seq=seq, hash=head)


@contextmanager
def _doomed(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction whose end is always a rollback."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK_WAIT}'")
        try:
            yield connection
        finally:
            # `UPDATE OR ROLLBACK` has ended the transaction already.
            with suppress(DBAPIError):
                connection.rollback()


def _refusal(error: DBAPIError) -> str:
    said = str(error.orig)
    if guard := _GUARD.search(said):
        return f"guard: {guard[1].strip()}"
    stopper = "privilege" if getattr(error.orig, "sqlstate", "") == _NO_PRIVILEGE else "database"
    # The first line only: what follows may quote a row.
    return f"{stopper}: {said.splitlines()[0][:60]}"


def _noticed(
    connection: Connection,
    attempt: Attempt,
    way: str,
    protected: Protected,
    ring: KeyRing,
    since: Position,
) -> Outcome:
    """What start-up, /health, the running server and `audit verify` say afterwards."""
    if migrations.current(connection) != migrations.head():
        return Outcome(attempt, way, "noticed, no start: the revision", is_watched=True)
    if missing := triggers.missing(connection, protected):
        names = missing[0] if len(missing) == 1 else f"{missing[0]} and {len(missing) - 1} more"
        return Outcome(attempt, way, f"noticed, no start: {names}", is_watched=True)
    with Session(bind=connection) as session:
        vouching.give_keys(session.info, ring)
        found = integrity.look_at(session, integrity.touched_after(session, since.n), since)
        report = verify(session, protected=protected, public_keys=ring.public_keys)
    if report.is_clean:
        return Outcome(attempt, way, None, is_watched=bool(found))
    first = report.differences[0] if report.differences else None
    if report.broken is not None:
        words = f"entry {report.broken.seq} is not signed by a key of ours"
    else:
        assert first is not None
        where = f"patron {first.number}" if first.number else first.reference or first.row
        words = f"{where.split(' ')[0] if first.row else where}: {first.problem.value}"
    return Outcome(attempt, way, f"found by audit verify: {words}", is_watched=bool(found))


def _digest(connection: Connection) -> str:
    """One hash over every guarded row, so that a single changed byte shows."""
    digest = hashlib.sha256()
    for name in _COMPARED:
        key = ", ".join(column.name for column in metadata.tables[name].primary_key.columns)
        for row in connection.exec_driver_sql(f"SELECT * FROM {name} ORDER BY {key}"):
            digest.update(repr(tuple(row)).encode())
    return digest.hexdigest()
