"""Decisions through HTTP beside django-allauth's confirmation of an email address.

The peer's site is made here, in an environment of its own. A confirmation there is one page, one
press, and one transaction that marks the address verified and queues two mails. A decision here is
one press more (the link from the mail sets a cookie), three mails, a receipt and a signed trail.
Both servers run all the time and are asked in turns; every commit of both is synced to the disk.
"""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote, urlencode

import sqlalchemy as sa

from tests.bench.decisions import pending
from tests.bench.project import PATIENCE_S, serving
from tests.bench.report import Figure, figure, ratios
from tests.support.factories import Desk
from tests.support.keyring import SECRET_KEYS, opened
from tests.support.postgres import Postgres
from tests.support.processes import Leashed, free_port, without_settings
from tests.support.raw_http import FORM, Answer, ask
from tests.support.server import Server
from upstage_crm.audit import database_roles
from upstage_crm.core.clock import FrozenClock, SystemClock

PACKAGES = ("django==5.2.*", "django-allauth==65.*", "gunicorn==23.*", "psycopg[binary]==3.*")
CALLERS = (8, 32)
ROUNDS = 4  # the first one warms caches up and does not count
ROUND = 40  # confirmations
_INPUT = re.compile(r'name="(nonce|csrfmiddlewaretoken)" value="([^"]+)"')

# One module is the whole site: settings, addresses, the application and how it is filled.
_SITE = """
import json, os, sys

import django
from django.conf import settings

WHERE = json.loads(os.environ["PEER_DATABASE"])
settings.configure(
    SECRET_KEY="peer" * 12,
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF="peer",
    DATABASES={"default": {**WHERE, "CONN_MAX_AGE": None, "ATOMIC_REQUESTS": True}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[
        "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
        "django.contrib.messages", "allauth", "allauth.account",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "allauth.account.middleware.AccountMiddleware",
    ],
    TEMPLATES=[{
        "BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
        "OPTIONS": {"context_processors": [
            "django.template.context_processors.request",
            "django.contrib.auth.context_processors.auth",
            "django.contrib.messages.context_processors.messages",
        ]},
    }],
    USE_TZ=True,
)
django.setup()

from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.signals import email_confirmed
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import connection, transaction
from django.urls import include, path

urlpatterns = [path("accounts/", include("allauth.urls"))]


def queue(sender, request, email_address, **more):
    with connection.cursor() as cursor:
        for kind in ("confirmed", "told"):
            cursor.execute(
                "INSERT INTO queued (kind, address, body) VALUES (%s, %s, %s)",
                [kind, email_address.email, "x" * 4000],
            )


email_confirmed.connect(queue)
application = get_wsgi_application()

if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE queued (kind text, address text, body text)")
    keys = []
    with transaction.atomic():
        for number in range(int(sys.argv[1])):
            address = f"new{number}@example.org"
            user = get_user_model().objects.create(username=f"user{number}", email=address)
            made = EmailAddress.objects.create(user=user, email=address, primary=True)
            keys.append(EmailConfirmationHMAC(made).key)
    print(json.dumps(keys))
"""


def measure(folder: Path, root: Path, server: Postgres) -> Iterator[Figure]:
    """Figures on SQLite and on a Postgres that syncs; `root` is a built copy of the project."""
    python = make_environment(folder, PACKAGES)
    files = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "peer.db")}
    files |= {"OPTIONS": _OPTIONS}
    yield from _compare("SQLite", folder, root, python, f"sqlite:///{folder / 'ours.db'}", files)
    server.create("ours")
    server.create("peer")
    theirs = {"ENGINE": "django.db.backends.postgresql", "NAME": "peer"}
    theirs |= {"USER": database_roles.OWNER, "HOST": str(server.sockets)}
    ours = server.url("ours", database_roles.OWNER)
    yield from _compare("Postgres", folder, root, python, ours, theirs)


_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
}


def make_environment(folder: Path, packages: Sequence[str]) -> Path:
    """The interpreter of a new environment with a peer's packages."""
    place = folder / "peer"
    subprocess.run([sys.executable, "-m", "venv", place], check=True)
    python = place / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", *packages]
    subprocess.run(install, check=True, stdout=subprocess.DEVNULL)
    return python


def _compare(
    name: str, folder: Path, root: Path, python: Path, ours: str, theirs: object
) -> Iterator[Figure]:
    count = ROUNDS * ROUND * len(CALLERS)
    environ = without_settings() | {"PEER_DATABASE": json.dumps(theirs)}
    (folder / "peer.py").write_text(_SITE, "utf-8")
    made = subprocess.run(
        [python, "peer.py", str(count)],
        check=True,
        capture_output=True,
        text=True,
        cwd=folder,
        env=environ,
    )
    keys: list[str] = json.loads(made.stdout)
    tokens = _tokens(ours, count)
    settings = {"UPSTAGE_DATABASE_URL": ours, "UPSTAGE_SECRET_KEYS": SECRET_KEYS}
    with ExitStack() as stack:
        started = stack.enter_context(serving(root, settings=settings))
        us = Server(started.url, ours, started.process)
        peer = stack.enter_context(_Peer(folder, python, environ))
        for callers in CALLERS:
            yield from _race(
                f"confirmed over HTTP, {name}, {callers} callers",
                callers,
                [_decider(us, tokens), _confirmer(peer.server, keys)],
            )
    assert _decided(ours) == count


def _tokens(url: str, count: int) -> list[str]:
    database = opened(url)
    desk = Desk(database, FrozenClock(SystemClock().now()))
    claims = pending(desk, count)
    database.dispose()
    return [desk.codec.mint(each) for each in claims]


def _decided(url: str) -> int:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        states = sa.text("SELECT count(*) FROM change_request WHERE state = 'approved'")
        return connection.execute(states).scalar_one()


class _Peer:
    """The peer's server, with two workers."""

    def __init__(self, folder: Path, python: Path, environ: dict[str, str]) -> None:
        port = free_port()
        bind = ["--workers", "2", "--bind", f"127.0.0.1:{port}", "--log-level", "warning"]
        command = [python, "-m", "gunicorn", *bind, "peer:application"]
        log = folder / "peer.log"
        self._process = Leashed(command, environ=environ, log=log, cwd=folder)
        self.server = Server(f"http://localhost:{port}", "", self._process)

    def __enter__(self) -> _Peer:
        self._process.wait_until(lambda: _is_there(self.server), within_s=PATIENCE_S)
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.stop()


def _is_there(server: Server) -> bool:
    try:
        return ask(server, "/accounts/login/").status == 200
    except OSError:
        return False


def _decider(server: Server, tokens: list[str]) -> Callable[[], None]:
    def decide() -> None:
        open_decision(server, tokens.pop())()

    return decide


def open_decision(server: Server, token: str) -> Callable[[], None]:
    """Open the simple page of a mailed link; return the press that approves."""
    opened_ = ask(server, f"/c/{token}")
    page = opened_.location.replace("/confirm/", "/confirm/plain", 1)
    cookie = opened_.cookies[0].partition(";")[0]
    shown = ask(server, page, Cookie=cookie)
    form = {"answer": "approve", "read": "yes", "nonce": _inputs(shown)["nonce"]}
    return lambda: _press(server, page, form, cookie)


def _confirmer(server: Server, keys: list[str]) -> Callable[[], None]:
    def confirm() -> None:
        page = f"/accounts/confirm-email/{quote(keys.pop())}/"
        shown = ask(server, page)
        cookie = shown.cookies[0].partition(";")[0]
        _press(server, page, _inputs(shown), cookie)

    return confirm


def _inputs(shown: Answer) -> dict[str, str]:
    assert shown.status == 200, shown
    return dict(_INPUT.findall(shown.body))


def _press(server: Server, page: str, form: dict[str, str], cookie: str) -> None:
    body, origin = urlencode(form), server.url
    done = ask(
        server,
        page,
        method="POST",
        body=body,
        Cookie=cookie,
        Origin=origin,
        Content_Type=FORM,
    )
    assert done.status in (302, 303), done


def _race(area: str, callers: int, ways: Sequence[Callable[[], None]]) -> Iterator[Figure]:
    rates: list[list[float]] = [[], []]
    tails: list[list[float]] = [[], []]
    for number in range(ROUNDS):
        for place, way in enumerate(ways):
            rate, p95 = _round(callers, way)
            if number:
                rates[place].append(rate)
                tails[place].append(p95)
    for place, who in enumerate(("our decisions", "the peer's confirmations")):
        yield figure(area, who, rates[place], unit="/s")
        yield figure(area, f"{who}, p95", tails[place], unit="ms")
    yield figure(area, "rate", ratios(*rates), against="the peer", at_least=1.0)
    yield figure(area, "p95", ratios(*tails), against="the peer", at_most=1.0)


def _round(callers: int, way: Callable[[], None]) -> tuple[float, float]:
    """How many a second, and the milliseconds within which 95 of 100 were done."""

    def timed(_number: int) -> float:
        begun = time.perf_counter()
        way()
        return 1000 * (time.perf_counter() - begun)

    begun = time.perf_counter()
    with ThreadPoolExecutor(callers) as pool:
        took = list(pool.map(timed, range(ROUND)))
    rate = ROUND / (time.perf_counter() - begun)
    return rate, statistics.quantiles(took, n=20)[-1]
