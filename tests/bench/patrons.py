"""The patron list of a house with a million patrons, on both databases, beside a Django admin list.

Each look is compared with the indexed queries that any program would need for it, sent by the bare
driver in turns with it. The admin list shows the same rows of the same database, in an environment
of its own. It takes most of an hour: `python -m tests.bench patrons=1000000`.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlmodel import Session

from tests.bench.peer import make_environment
from tests.bench.report import Figure, figure
from tests.conftest import START
from tests.support.keyring import opened
from tests.support.pipeline import installed
from tests.support.postgres import Postgres
from tests.support.processes import without_settings
from upstage_crm import wiring
from upstage_crm.admin.palette.state import find
from upstage_crm.admin.patron_list import list_state
from upstage_crm.admin.patrons.url import SHAPE
from upstage_crm.audit import database_roles
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.email_address import parse_email
from upstage_crm.demo import seed
from upstage_crm.demo.staff import STAFF
from upstage_crm.patrons.search.list_order import PatronSort
from upstage_crm.patrons.tables import NAME_ORDER
from upstage_crm.staff import accounts
from upstage_crm.staff.roles import Role, StaffMember
from upstage_crm.wiring import Runtime

PATRONS = 1_000_000
ROUNDS = 15  # the first one warms caches up and does not count
SIZE = 50
MOST_MS, MOST_TIMES = 5.0, 2.0  # a look may take either
DEEP = 10_000 * SIZE
PACKAGES = ("django==5.2.*", "psycopg[binary]==3.*")

Look = Callable[[Session, StaffMember], object]
Bare = Callable[[Any], object]


def measure(folder: Path, server: Postgres, patrons: int = PATRONS) -> Iterator[Figure]:
    """Figures of SQLite and of Postgres, each filled by the demo's own bulk path."""
    python = make_environment(folder, PACKAGES)
    place = folder / "patrons.db"
    url = f"sqlite:///{place}"
    yield _filled("SQLite", url, patrons)
    theirs: dict[str, Any] = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(place)}
    yield from _compare("SQLite", url, patrons)
    yield from _admin("SQLite", folder, python, theirs, patrons)
    server.create("patrons")
    url = server.url("patrons", database_roles.OWNER)
    yield _filled("Postgres", url, patrons)
    theirs = {"ENGINE": "django.db.backends.postgresql", "NAME": "patrons"}
    theirs |= {"USER": database_roles.OWNER, "HOST": str(server.sockets)}
    yield from _compare("Postgres", url, patrons)
    yield from _admin("Postgres", folder, python, theirs, patrons)
    server.drop("patrons")


def _filled(name: str, url: str, patrons: int) -> Figure:
    """Fill a new database; the figure is how long it took."""
    database = opened(url)
    begun = time.perf_counter()
    with installed(database, FrozenClock(START)) as parts:
        seed.seed(parts, count=patrons)
    minutes = (time.perf_counter() - begun) / 60
    with database.engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")  # as Postgres does by itself, given time
    database.dispose()
    return figure(f"patrons, {name}", f"made {patrons:,}", [minutes], unit="min", at_most=5)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One look: as a page reads it, and the bare queries that it cannot do without."""

    look: Look
    bare: Bare


def _compare(name: str, url: str, patrons: int) -> Iterator[Figure]:
    database = opened(url)
    with ExitStack() as stack:
        stack.callback(database.dispose)
        parts = stack.enter_context(installed(database, FrozenClock(START)))
        looks = _looks(parts, patrons)
        for role in (Role.OWNER, Role.MARKETING):
            for title, asked in looks.items():
                ours, bare = _in_turns(parts, asked, role)
                yield figure(f"patrons, {name}, {role}", f"{title}: bare", bare, unit="ms")
                yield figure(
                    f"patrons, {name}, {role}",
                    title,
                    ours,
                    unit="ms",
                    against="bare",
                    at_most=max(MOST_MS, MOST_TIMES * statistics.median(bare)),
                )


def _in_turns(parts: Runtime, asked: _Asked, role: Role) -> tuple[list[float], list[float]]:
    """Milliseconds of a look and of its bare queries, in turns."""
    wiring.install(parts)
    ours: list[float] = []
    bare: list[float] = []
    for number in range(ROUNDS):
        with parts.database.reading() as session:
            who = _member(session, role)
            driver = session.connection().connection.driver_connection
            assert driver is not None
            for found, ask in (
                (ours, lambda s=session, w=who: asked.look(s, w)),
                (bare, lambda d=driver: asked.bare(d)),
            ):
                begun = time.perf_counter()
                ask()
                if number:
                    found.append(1000 * (time.perf_counter() - begun))
    return ours, bare


def _member(session: Session, role: Role) -> StaffMember:
    email = next(one.email for one in STAFF if one.role is role)
    row = accounts.find_by_email_key(session, parse_email(email).key)
    assert row is not None
    return accounts.member_of(row)


def _listed(**asked: str) -> Look:
    url = SHAPE.read(asked)
    return lambda session, who: list_state._patrons(session, url, reader=who, size=SIZE)


def _looks(parts: Runtime, patrons: int) -> dict[str, _Asked]:
    """Every look of the list, with what it asks of the database at least."""
    with parts.database.reading() as session:
        connection = session.connection()
        email, phone = connection.exec_driver_sql(
            "SELECT email_key, phone_key FROM patron WHERE email_key IS NOT NULL"
            " AND phone_key IS NOT NULL ORDER BY number LIMIT 1 OFFSET 700"
        ).one()
        deep = connection.exec_driver_sql(
            f"SELECT number, {NAME_ORDER} FROM patron"  # a constant of ours
            f" ORDER BY {NAME_ORDER}, number LIMIT 1 OFFSET {min(DEEP, patrons // 2)}"
        ).one()
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    orders = {
        PatronSort.NAME: NAME_ORDER,
        PatronSort.NUMBER: "number",
        PatronSort.EMAIL: "email_key",
        PatronSort.CITY: "address_city",
        PatronSort.UPDATED: "updated_at",
    }

    def rows(where: str, order: str, *values: object) -> Bare:
        sql = f"SELECT * FROM patron WHERE {where} ORDER BY {order} LIMIT {SIZE + 1}"  # ours
        return lambda driver: driver.cursor().execute(sql, values).fetchall()

    def words(first: str, *others: str, most: int = 1_001) -> Bare:
        has = "".join(
            " AND EXISTS (SELECT 1 FROM patron_term o WHERE o.patron_number = t.patron_number"
            f" AND o.term >= {mark} AND o.term < {mark})"
            for _ in others
        )
        sql = (
            f"SELECT patron_number FROM patron_term t WHERE term >= {mark}"  # ours
            f" AND term < {mark}{has}"
            f" ORDER BY term, patron_number LIMIT {most}"
        )
        values = [end for word in (first, *others) for end in (word, f"{word}\U0010ffff")]

        def ask(driver: Any) -> object:
            found = [row[0] for row in driver.cursor().execute(sql, values).fetchall()][:SIZE]
            marks = ", ".join([mark] * len(found)) or "NULL"
            by_number = f"SELECT * FROM patron WHERE number IN ({marks})"  # ours
            return driver.cursor().execute(by_number, found).fetchall()

        return ask

    def ordered(sort: PatronSort, *, desc: bool = False) -> Bare:
        order, way = orders[sort], " DESC" if desc else ""
        return rows(f"{order} IS NOT NULL", f"{order}{way}, number{way}")

    looks = {"list": _Asked(_listed(), ordered(PatronSort.NAME))}
    for sort in orders:
        looks[f"by {sort}"] = _Asked(_listed(sort=sort), ordered(sort))
        looks[f"by {sort}, down"] = _Asked(_listed(sort=sort, desc="1"), ordered(sort, desc=True))
    looks |= {
        "one letter": _Asked(_listed(q="m"), words("name:m")),
        "common beginning": _Asked(_listed(q="mar"), words("name:mar")),
        "common word": _Asked(_listed(q="example"), words("email:example")),
        "two words": _Asked(_listed(q="maria garcia"), words("name:garcia", "name:maria")),
        "two letters": _Asked(_listed(q="m s"), words("name:m", "name:s")),
        "whole email": _Asked(_listed(q=email), rows(f"email_key = {mark}", "number", email)),
        "phone": _Asked(_listed(q=phone), rows(f"phone_key = {mark}", "number", phone)),
        "slip": _Asked(_listed(q="marria"), words("name:maria")),
        "nothing": _Asked(_listed(q="zzqqzz"), words("name:zzqqzz")),
        "page 10,000": _Asked(
            _listed(page="10000", before=f"name.asc.0.{deep[0]}..after"),
            rows(
                f"({NAME_ORDER}, number) > ({mark}, {mark})",
                f"{NAME_ORDER}, number",
                deep[1],
                deep[0],
            ),
        ),
        "palette": _Asked(
            lambda session, who: find(session, "mar", reader=who), words("name:mar", most=6)
        ),
    }
    return looks


# One module is the whole site: an admin list over our own table, its accounts in a file beside it.
_SITE = """
import json, os, sys, time

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="peer" * 12, ALLOWED_HOSTS=["*"], ROOT_URLCONF="patron_peer", USE_TZ=True,
    DATABASES={
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "accounts.db"},
        "crm": json.loads(os.environ["PEER_DATABASE"]),
    },
    DATABASE_ROUTERS=["patron_peer.Router"],
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.admin",
        "django.contrib.sessions", "django.contrib.messages"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request",
            "django.contrib.auth.context_processors.auth",
            "django.contrib.messages.context_processors.messages"]}}],
)


class Router:
    def db_for_read(self, model, **hints):
        return "crm" if model._meta.db_table == "patron" else "default"


sys.modules["patron_peer"] = sys.modules[__name__]
django.setup()

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import models
from django.test import Client
from django.urls import path


class Patron(models.Model):
    id = models.CharField(primary_key=True, max_length=32)
    number = models.IntegerField()
    given_name = models.TextField(null=True)
    family_name = models.TextField(null=True)
    sort_name = models.TextField(null=True)
    email_key = models.TextField(null=True)
    phone = models.TextField(null=True)
    address_city = models.TextField(null=True)
    updated_at = models.DateTimeField()

    class Meta:
        app_label, managed, db_table = "auth", False, "patron"


@admin.register(Patron)
class PatronAdmin(admin.ModelAdmin):
    list_display = ["sort_name", "number", "email_key", "phone", "address_city", "updated_at"]
    search_fields = ["given_name", "family_name", "email_key", "phone"]
    list_per_page = 50
    ordering = ["sort_name"]


urlpatterns = [path("admin/", admin.site.urls)]
call_command("migrate", verbosity=0)
boss, _made = get_user_model().objects.get_or_create(username="b", is_staff=True, is_superuser=True)
client = Client()
client.force_login(boss)
found = {}
for title, query in json.loads(sys.argv[1]).items():
    took = []
    for number in range(4):
        begun = time.perf_counter()
        answer = client.get("/admin/auth/patron/" + query, HTTP_HOST="localhost")
        assert answer.status_code == 200, (query, answer.status_code)
        if number:
            took.append(1000 * (time.perf_counter() - begun))
    found[title] = took
print(json.dumps(found))
"""
_QUERIES = {
    "list": "",
    "by city": "?o=5",
    "by updated": "?o=6",
    "one letter": "?q=m",
    "common beginning": "?q=mar",
    "common word": "?q=example",
    "two words": "?q=maria+garcia",
}


def _admin(
    name: str, folder: Path, python: Path, database: Mapping[str, Any], patrons: int
) -> Iterator[Figure]:
    """What the same looks take a Django admin list, its page included."""
    (folder / "patron_peer.py").write_text(_SITE, "utf-8")
    queries = _QUERIES | {"a page in the middle": f"?p={patrons // (2 * SIZE)}"}
    command: Sequence[str] = (str(python), "patron_peer.py", json.dumps(queries))
    environ = without_settings() | {"PEER_DATABASE": json.dumps(database)}
    made = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=folder, env=environ
    )
    if made.returncode:
        sys.stderr.write(made.stderr)
    made.check_returncode()
    for title, took in json.loads(made.stdout).items():
        yield figure(f"patrons, {name}, Django admin", title, took, unit="ms")
