"""Property 3: workers are killed, the provider fails, and every mail arrives exactly once."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from tests.support import storm
from tests.support.emulator import running_emulator
from tests.support.outbox import OUTSIDE, draft
from upstage_crm.core.clock import SystemClock
from upstage_crm.core.db import Database
from upstage_crm.mail import outbox, queries
from upstage_crm.mail.delivery import MailState

pytestmark = pytest.mark.each_database

SHORT, LONG = 30, 500


def fill(database: Database, count: int) -> list[str]:
    """Queue mails whose subjects tell them apart, and return their ids."""
    now = SystemClock().now()
    with database.transaction() as session:
        prepared = [OUTSIDE.prepare(draft(f"m/{n}", at=now), now=now) for n in range(count)]
        named = [
            replace(mail, message=replace(mail.message, subject=f"Mail {number}"))
            for number, mail in enumerate(prepared)
        ]
        return [outbox.enqueue_prepared(session, mail, now=now) for mail in named]


def settled(database: Database) -> Counter[MailState]:
    with database.reading() as session:
        found = [queries.mails(session, size=200, page=page).items for page in range(1, 4)]
    return Counter(mail.state for page in found for mail in page)


def blow(
    database: Database, url: str, *, count: int, kills: int, within_s: float, how: str = ""
) -> tuple[storm.Weather, list[str]]:
    ids = fill(database, count)
    with storm.provider(seed=count) as weather:
        killed = storm.rage(
            url, weather, workers=4, kills=kills, seed=count, within_s=within_s, how=how
        )
    print(f"{count} mails, {killed} kills, {weather.requests} requests, {dict(weather.faults)}")
    return weather, ids


def test_nothing_is_lost_and_nothing_doubled(database: Database, database_url: str) -> None:
    weather, ids = blow(database, database_url, count=SHORT, kills=3, within_s=60)

    assert dict.fromkeys(ids, 1) == weather.taken
    assert settled(database) == {MailState.SENT: SHORT}
    assert weather.requests > SHORT, "the provider never failed: this was no storm"


@pytest.mark.long
def test_nothing_of_500_mails_is_lost_or_doubled(database: Database, database_url: str) -> None:
    weather, ids = blow(database, database_url, count=LONG, kills=15, within_s=300)

    assert dict.fromkeys(ids, 1) == weather.taken
    assert settled(database) == {MailState.SENT: LONG}


@pytest.mark.long
def test_without_its_key_the_same_storm_doubles(database: Database, database_url: str) -> None:
    """So the tests above can fail."""
    weather, ids = blow(database, database_url, count=100, kills=3, within_s=120, how="without-key")

    assert set(ids) == set(weather.taken)
    assert max(weather.taken.values()) > 1


@pytest.mark.long
def test_the_independent_emulator_holds_each_of_500_mails_once(
    database: Database, database_url: str
) -> None:
    fill(database, LONG)
    with running_emulator() as emulator:
        with storm.provider(seed=1, upstream=emulator.url) as weather:
            killed = storm.rage(database_url, weather, workers=4, kills=15, seed=1, within_s=300)
        held = storm.emulator_count(emulator.url)
    print(f"{killed} kills, {weather.requests} requests, {dict(weather.faults)}")

    assert {f"Mail {number}": 1 for number in range(LONG)} == held
    assert settled(database) == {MailState.SENT: LONG}
