"""The doctor says in plain sentences what keeps a deployment from its work, and changes nothing."""

from __future__ import annotations

import socketserver
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlmodel import Session

from tests.support.engines import owners
from tests.support.erasing import erase
from tests.support.factories import Desk
from tests.support.fault_server import Answer, FaultServer, Manner, fault_server
from tests.support.keyring import SECRET_KEYS
from tests.support.processes import free_port
from tests.support.settings import GIVEN_DATABASE, PUBLIC
from upstage_crm import wiring
from upstage_crm.audit.guards import triggers
from upstage_crm.cli import commands, doctor
from upstage_crm.cli.doctor import (
    Mark,
    examine,
)
from upstage_crm.core.clock import FrozenClock, SystemClock
from upstage_crm.core.db import Database
from upstage_crm.mail.delivery import MailMode
from upstage_crm.mail.sending import send_gate
from upstage_crm.settings import Settings
from upstage_crm.wording.sentences import MAIL_MODE_WORDS

pytestmark = pytest.mark.each_database

KEYS = {"UPSTAGE_SECRET_KEYS": SECRET_KEYS}
SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
DOMAINS = {"data": [{"name": "Theatre.example", "status": "verified"}]}


@pytest.fixture
def provider() -> Iterator[FaultServer]:
    with fault_server() as server:
        yield server


def found(
    database: Database,
    more: Mapping[str, str] | None = None,
    behind: timedelta = timedelta(),
) -> list[tuple[Mark, str]]:
    clock = FrozenClock(SystemClock().now() - behind)
    parts = wiring.build(Settings.load(KEYS | dict(more or {})), database=database, clock=clock)
    return [(finding.mark, finding.words) for finding in examine(parts)]


def troubles(database: Database, more: Mapping[str, str] | None = None) -> list[str]:
    return [words for mark, words in found(database, more) if mark is Mark.TROUBLE]


def real(provider: FaultServer, **more: str) -> dict[str, str]:
    return {
        "RESEND_API_KEY": "re_test",
        "RESEND_API_URL": provider.url,
        "RESEND_WEBHOOK_SECRET": SECRET,
        "UPSTAGE_MAIL_FROM": "Box office <box-office@theatre.example>",
    } | more


def test_a_laptop_without_a_key_is_well(database: Database) -> None:
    assert troubles(database) == []
    notes = [words for mark, words in found(database) if mark is Mark.NOTE]
    assert MAIL_MODE_WORDS[MailMode.DEMO] in notes


def test_a_rehearsal_is_said(database: Database) -> None:
    said = found(database, GIVEN_DATABASE)

    assert (Mark.NOTE, MAIL_MODE_WORDS[MailMode.REHEARSAL]) in said


def test_a_deployment_with_everything_is_well(database: Database, provider: FaultServer) -> None:
    provider.default = Answer(body=DOMAINS)
    more = real(provider, UPSTAGE_PUBLIC_URL="https://crm.theatre.example")

    assert troubles(database, more) == []
    assert provider.received[0].headers["authorization"] == "Bearer re_test"
    assert {"GET"} == {request.method for request in provider.received}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(403, {"name": "invalid_api_key"}), "refuses our key"),
        (Answer(401, {"name": "missing_api_key"}), "refuses our key"),
        (Answer(404, {"name": "not_found"}), "email provider’s address is wrong"),
        (Answer(302, b"", headers={"location": "/"}), "cannot be asked"),
        (Answer(500, b"<html>"), "cannot be asked"),
        (Answer(manner=Manner.DROP), "cannot be asked"),
        (Answer(body={"data": []}), "has not verified theatre.example"),
        (
            Answer(body={"data": [{"name": "theatre.example", "status": "pending"}]}),
            "has not verified theatre.example",
        ),
    ],
    ids=range(8),
)
def test_what_the_provider_refuses_is_said(
    database: Database, provider: FaultServer, answer: Answer, words: str
) -> None:
    provider.default = answer

    (said,) = troubles(database, real(provider))

    assert words in said


def test_a_key_that_may_only_send_is_no_trouble(database: Database, provider: FaultServer) -> None:
    provider.default = Answer(401, {"name": "restricted_api_key"})

    assert troubles(database, real(provider)) == []


def test_a_clock_that_is_wrong_is_said(database: Database, provider: FaultServer) -> None:
    provider.default = Answer(body=DOMAINS)

    said = found(database, real(provider), behind=timedelta(minutes=10))

    wrong = [words for mark, words in said if mark is Mark.TROUBLE]
    assert any("Resend's clock differs from this machine's by" in words for words in wrong)


def test_a_missing_webhook_secret_is_said(database: Database, provider: FaultServer) -> None:
    provider.default = Answer(body=DOMAINS)
    more = real(provider)
    del more["RESEND_WEBHOOK_SECRET"]

    assert troubles(database, more) == [
        "No RESEND_WEBHOOK_SECRET: no one tells us of email that bounces."
    ]


def test_links_without_https_are_said(database: Database, provider: FaultServer) -> None:
    provider.default = Answer(body=DOMAINS)
    (said,) = troubles(database, real(provider, UPSTAGE_PUBLIC_URL="http://crm.theatre.example"))

    assert "without https" in said


def test_a_proxy_that_is_not_trusted_is_said(database: Database, provider: FaultServer) -> None:
    provider.default = Answer(body=DOMAINS)
    more = real(provider, UPSTAGE_PUBLIC_URL="https://crm.theatre.example")
    words = "UPSTAGE_TRUSTED_PROXIES is not set: to us every visitor comes from the proxy."

    assert (Mark.NOTE, words) in found(database, more)
    trusting = more | {"UPSTAGE_TRUSTED_PROXIES": "127.0.0.1"}
    assert (Mark.NOTE, words) not in found(database, trusting)


def test_a_missing_guard_is_said(database: Database) -> None:
    with owners(database.engine).begin() as connection:
        triggers.drop(connection)

    (said,) = troubles(database)

    assert "guards of the database are missing" in said


@pytest.mark.parametrize(
    ("table", "insert"),
    [
        ("patron_tag", "(patron_id, key, label) VALUES ('{id}', 'donor', 'donor')"),
        (
            "relationship",
            "(patron_id, other_id, kind, since) VALUES ('{other}', '{id}', 'parent', '2026-01-01')",
        ),
        (
            "household_member",
            "(patron_id, household_id, is_head, since) VALUES ('{id}', 'h', TRUE, '2026-01-01')",
        ),
    ],
)
def test_what_an_erasure_left_behind_is_said(desk: Desk, table: str, insert: str) -> None:
    gone, other = desk.patron(), desk.patron("other@example.com")
    erase(desk, gone)
    assert troubles(desk.database) == []

    def leave(session: Session) -> None:
        session.execute(sa.text("INSERT INTO household VALUES ('h', '2026-01-01')"))
        ids = insert.format(id=gone.id, other=other.id)
        session.execute(sa.text(f"INSERT INTO {table} {ids}"))  # our own words

    desk.write(leave)

    (said,) = troubles(desk.database)
    assert f"Rows are left of patrons who were erased or are gone: 1 in {table}." in said


def test_an_empty_database_is_said(blank_url: str) -> None:
    from upstage_crm.core.db import make_engine

    database = Database(make_engine(blank_url))
    (said,) = troubles(database)
    database.dispose()

    assert "upstage-crm migrate" in said


def test_a_database_that_is_away_is_said() -> None:
    from upstage_crm.core.db import make_engine

    away = Database(make_engine("postgresql://nobody@127.0.0.1:1/none"))

    (said,) = troubles(away)

    assert said.startswith("The database cannot be reached (connection failed: ")


def test_a_database_that_a_newer_version_made_is_said(database: Database) -> None:
    with owners(database.engine).begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    (said,) = troubles(database)

    assert "a newer version has migrated it" in said
    assert "upstage-crm migrate" not in said


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_database_that_cannot_be_written_is_said(database: Database) -> None:
    @event.listens_for(database.engine, "connect")
    def refuse(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA query_only=ON")

    database.dispose()
    (said,) = troubles(database)
    event.remove(database.engine, "connect", refuse)
    database.dispose()

    assert said.startswith("The database can be read but not written (")


# --- the server and Redis -----------------------------------------------------------------------


def server_said(database: Database, port: int) -> tuple[Mark, str]:
    (said,) = [pair for pair in found(database, {"PORT": str(port)}) if "server" in pair[1].lower()]
    return said


def test_a_wrong_port_is_not_called_reachable(database: Database) -> None:
    port = free_port()

    mark, words = server_said(database, port)

    assert mark is Mark.NOTE
    assert words.startswith(f"No server of ours answers on port {port} of this machine.")
    assert not [words for _mark, words in found(database) if "reach" in words]


@pytest.mark.parametrize(
    ("answer", "mark", "words"),
    [
        (Answer(body={"problems": []}), Mark.FINE, "answers and is well"),
        (Answer(503, {"problems": ["guards"]}), Mark.TROUBLE, "is not well: guards"),
        (Answer(body=b"<html>"), Mark.NOTE, "No server of ours answers"),
        (Answer(body={"some": "thing"}), Mark.NOTE, "No server of ours answers"),
        (Answer(manner=Manner.DROP), Mark.NOTE, "No server of ours answers"),
    ],
    ids=["well", "not well", "another's page", "another's json", "mute"],
)
def test_what_answers_on_the_port_is_said(
    database: Database, provider: FaultServer, answer: Answer, mark: Mark, words: str
) -> None:
    provider.default = answer

    said = server_said(database, int(provider.url.rpartition(":")[2]))

    assert said[0] is mark
    assert words in said[1]


def test_redis_that_is_away_is_said(database: Database) -> None:
    (said,) = troubles(database, {"REDIS_URL": f"redis://:secret@127.0.0.1:{free_port()}/0"})

    assert said.startswith("Redis (REDIS_URL) cannot be used, so no page would answer (")
    assert "secret" not in said


def test_redis_that_answers_is_said(database: Database) -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), _Pong) as redis:
        thread = threading.Thread(target=redis.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        said = found(database, {"REDIS_URL": f"redis://127.0.0.1:{redis.server_address[1]}/0"})
        redis.shutdown()
        thread.join()

    assert (Mark.FINE, "Redis (REDIS_URL) answers.") in said


class _Pong(socketserver.StreamRequestHandler):
    """Says what Redis says: an array of texts in, one line out (its protocol, version 2)."""

    def handle(self) -> None:
        while head := self.rfile.readline():
            texts = [self._text() for _ in range(int(head[1:]))]
            self.wfile.write(b"+PONG\r\n" if texts == [b"PING"] else b"+OK\r\n")

    def _text(self) -> bytes:
        text = self.rfile.read(int(self.rfile.readline()[1:]))
        self.rfile.readline()
        return text


def test_a_paused_queue_is_said(database: Database, clock: FrozenClock) -> None:
    until = SystemClock().now() + timedelta(hours=1)
    with database.transaction() as session:
        send_gate.pause(session, until=until, reason="domain_refused")

    (said,) = troubles(database)

    assert "sender’s domain" in said


def test_the_command_fails_on_trouble(
    database: Database,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert database
    for name, value in (KEYS | {"UPSTAGE_DATABASE_URL": database_url}).items():
        monkeypatch.setenv(name, value)
    assert commands.main(["doctor"]) == 0
    assert "Every guard of the database is in place." in capsys.readouterr().out
    for name, value in (PUBLIC | {"UPSTAGE_PUBLIC_URL": "http://crm.theatre.example"}).items():
        monkeypatch.setenv(name, value)

    assert commands.main(["doctor"]) == doctor.TROUBLE
    assert "checks found trouble" in capsys.readouterr().err
