"""The command line's part that only the database's owner needs: migrations, grants, roles."""

from __future__ import annotations

import argparse

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from upstage_crm import wiring
from upstage_crm.audit import database_roles, opening, rights, trail
from upstage_crm.audit.guards import rules
from upstage_crm.audit.guards.explained import sentence_of
from upstage_crm.audit.signing import KeyRing
from upstage_crm.core import migrations
from upstage_crm.core.clock import SystemClock
from upstage_crm.core.db import Database, make_engine
from upstage_crm.proof import receipts
from upstage_crm.settings import Settings
from upstage_crm.web.errors import OtherDatabase, PlantedObjects

_RECIPE = """\
-- Two roles for UpStage CRM. Run this once, as a superuser who is connected to {database}.
-- {owner} owns the tables; only `migrate` and `audit repair` connect as it, with
-- UPSTAGE_MIGRATION_URL.
-- {app} reads and writes rows; everything else connects as it (UPSTAGE_DATABASE_URL).
{roles}
-- Give each a password, for example with \\password in psql.

-- Only where {app} has owned the tables until now:
--   REASSIGN OWNED BY {app} TO {owner};

-- No one else has a place here. Foreign keys are checked as the owner, who therefore needs USAGE.
{places}

-- Then: UPSTAGE_MIGRATION_URL=postgresql://{owner}@… upstage-crm migrate
-- It grants {app} its rights table by table, after every upgrade."""


def migrate(options: argparse.Namespace, settings: Settings) -> int:
    """Bring the database to the newest revision and seal what is older than signing; as its
    owner, also grant the app its rights.

    Raises:
        PlantedObjects: functions or operators of others would run with the owner's rights.
        OneRole: the owner's address connects as the app's role.
        OtherDatabase: the two addresses lead to different databases.
    """
    app = make_engine(settings.database_url)
    owner = make_engine(settings.migration_url) if settings.migration_url else app
    try:
        ensure_nothing_planted(owner)
        migrations.upgrade(
            owner,
            then=lambda connection, before: opening.seal_added(
                connection, wiring.key_ring(settings), before=before
            ),
        )
        print(f"The database is at revision {migrations.head()}.")
        _seal(Database(owner), wiring.key_ring(settings), trusts_unknown=options.new_key)
        if owner is not app:
            _grant(owner, app)
    finally:
        owner.dispose()
        app.dispose()
    return 0


def print_roles(options: argparse.Namespace) -> int:
    """Print the SQL that makes the owner's and the app's role."""
    names = {"database": options.database, "owner": options.owner, "app": options.app}
    made = database_roles.creation(owner=options.owner, app=options.app)
    print(
        _RECIPE.format(
            **names, roles=_lines(made), places=_lines(database_roles.confinement(**names))
        )
    )
    return 0


def print_guards(options: argparse.Namespace) -> int:
    """Print every guard: where it stands, what it refuses in words, and the SQL of it."""
    for rule in rules.rules(wiring.PROTECTED, options.dialect):
        print(f"{rule.name} ({rule.event} on {rule.table})")
        print(f"  {sentence_of(rule)}")
        print(f"  refused when: {rule.when}\n")
    return 0


def ensure_nothing_planted(owner: Engine) -> None:
    """See that no function or operator of others would run with the owner's rights.

    Raises:
        PlantedObjects: there is one.
    """
    with owner.connect() as connection:
        found = rights.planted(connection)
    if found:
        raise PlantedObjects(what=found[0].what)


def _seal(database: Database, ring: KeyRing, *, trusts_unknown: bool) -> None:
    """Sign once what is older than signing, and let a new key enter."""
    now = SystemClock().now()
    trail.attach(database, ring)
    with database.transaction() as session:
        older_keys = receipts.keys_used(session)
        is_sealed = opening.seal_older(session, wiring.PROTECTED, older_keys=older_keys, now=now)
        opening.open_trail(session, now=now, trusts_unknown=trusts_unknown)
    if is_sealed:
        print("The trail has signatures from now on; what was there before is sealed.")


def _grant(owner: Engine, app: Engine) -> None:
    with app.connect() as connection:
        role = str(connection.scalar(sa.text("SELECT session_user")))
    with owner.begin() as connection:
        count = database_roles.grant(connection, role)
    with app.connect() as connection:
        if migrations.current(connection) != migrations.head():
            raise OtherDatabase
    print(f"{role} may read and write rows of {count} tables, as far as each needs it.")


def _lines(statements: tuple[str, ...]) -> str:
    return "\n".join(f"{statement};" for statement in statements)
