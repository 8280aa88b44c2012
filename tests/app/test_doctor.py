"""The doctor says in plain sentences what keeps a deployment from its work, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest

from tests.support.fault_server import Answer, FaultServer, Manner, fault_server
from tests.support.settings import GIVEN_DATABASE, PUBLIC
from upstage_crm import cli, cli_doctor, wiring
from upstage_crm.audit import guards
from upstage_crm.cli_doctor import Mark, examine
from upstage_crm.core.clock import FrozenClock, SystemClock
from upstage_crm.core.db import Database
from upstage_crm.mail import gate
from upstage_crm.mail.delivery import MailMode
from upstage_crm.settings import Settings
from upstage_crm.ui.copy import MAIL_MODE_WORDS

KEYS = {"UPSTAGE_SECRET_KEYS": "test:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}
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
    assert [] == troubles(database)
    notes = [words for mark, words in found(database) if mark is Mark.NOTE]
    assert MAIL_MODE_WORDS[MailMode.DEMO] in notes


def test_a_rehearsal_is_said(database: Database) -> None:
    said = found(database, GIVEN_DATABASE)

    assert (Mark.NOTE, MAIL_MODE_WORDS[MailMode.REHEARSAL]) in said


def test_a_deployment_with_everything_is_well(database: Database, provider: FaultServer) -> None:
    provider.default = Answer(body=DOMAINS)
    more = real(provider, UPSTAGE_PUBLIC_URL="https://crm.theatre.example")

    assert [] == troubles(database, more)
    assert "Bearer re_test" == provider.received[0].headers["authorization"]
    assert {"GET"} == {request.method for request in provider.received}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(403, {"name": "invalid_api_key"}), "refuses our key"),
        (Answer(401, {"name": "missing_api_key"}), "refuses our key"),
        (Answer(404, {"name": "not_found"}), "address of the mail service is wrong"),
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

    assert [] == troubles(database, real(provider))


def test_a_clock_that_is_wrong_is_said(database: Database, provider: FaultServer) -> None:
    provider.default = Answer(body=DOMAINS)

    said = found(database, real(provider), behind=timedelta(minutes=10))

    wrong = [words for mark, words in said if mark is Mark.TROUBLE]
    assert any("Resend's clock differs from this machine's by" in words for words in wrong)


def test_a_missing_webhook_secret_is_said(database: Database, provider: FaultServer) -> None:
    provider.default = Answer(body=DOMAINS)
    more = real(provider)
    del more["RESEND_WEBHOOK_SECRET"]

    assert ["No RESEND_WEBHOOK_SECRET: nobody tells us of mail that comes back."] == troubles(
        database, more
    )


def test_links_without_https_are_said(database: Database, provider: FaultServer) -> None:
    provider.default = Answer(body=DOMAINS)
    (said,) = troubles(database, real(provider, UPSTAGE_PUBLIC_URL="http://crm.theatre.example"))

    assert "without https" in said


def test_a_missing_guard_is_said(database: Database) -> None:
    with database.engine.begin() as connection:
        guards.drop(connection)

    (said,) = troubles(database)

    assert "guards of the database are missing" in said


def test_an_empty_database_is_said(blank_url: str) -> None:
    from upstage_crm.core.db import make_engine

    database = Database(make_engine(blank_url))
    (said,) = troubles(database)
    database.dispose()

    assert "upstage-crm migrate" in said


def test_a_database_that_is_away_is_said() -> None:
    from upstage_crm.core.db import make_engine

    away = Database(make_engine("postgresql://nobody@127.0.0.1:1/none"))

    assert ["The database cannot be reached (OperationalError)."] == troubles(away)


def test_a_paused_queue_is_said(database: Database, clock: FrozenClock) -> None:
    until = SystemClock().now() + timedelta(hours=1)
    with database.transaction() as session:
        gate.pause(session, until=until, reason="domain_refused")

    (said,) = troubles(database)

    assert "sender's domain" in said


def test_the_command_fails_on_trouble(
    database: Database,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert database
    for name, value in (KEYS | {"UPSTAGE_DATABASE_URL": database_url}).items():
        monkeypatch.setenv(name, value)
    assert 0 == cli.main(["doctor"])
    assert "Every guard of the database stands." in capsys.readouterr().out
    for name, value in (PUBLIC | {"UPSTAGE_PUBLIC_URL": "http://crm.theatre.example"}).items():
        monkeypatch.setenv(name, value)

    assert cli_doctor.TROUBLE == cli.main(["doctor"])
    assert "checks found trouble" in capsys.readouterr().err
