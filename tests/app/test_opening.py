"""A database from before signing is sealed once, by `migrate`, and is as good as any other then.

Its rows were written by the code before signing, and are kept in `tests/data`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from tests.support.engine import Engine
from tests.support.factories import OLD, PROTECTED
from tests.support.keyring import OTHER_RING, RING, SECRET_KEYS, rotate
from tests.support.proof import verified
from tests.support.server import ROOT
from upstage_crm.audit import (
    opening,
    recorded,
    trail,
)
from upstage_crm.audit.errors import TrailUnsigned
from upstage_crm.audit.events import Action
from upstage_crm.audit.findings import Problem
from upstage_crm.audit.guards import triggers
from upstage_crm.change_requests.model.rules import RequestState
from upstage_crm.cli import commands
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database, make_engine
from upstage_crm.core.migrations import upgrade
from upstage_crm.settings import Settings
from upstage_crm.staff import accounts

pytestmark = pytest.mark.each_database

ROWS = ROOT / "tests" / "data" / "before-signing.json"
BEFORE = 19  # entries


@pytest.fixture
def older(blank_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a database that the code before signing has left."""
    monkeypatch.setenv("UPSTAGE_DATABASE_URL", blank_url)
    monkeypatch.setenv("UPSTAGE_SECRET_KEYS", SECRET_KEYS)
    engine = make_engine(blank_url)
    upgrade(engine, "0005")
    held: dict[str, list[dict[str, Any]]] = json.loads(ROWS.read_text("utf-8"))
    metadata = sa.MetaData()
    with engine.begin() as connection:
        triggers.drop(connection)
        metadata.reflect(connection)
        for table in metadata.sorted_tables:
            if table.name in held:
                connection.execute(sa.delete(table))
                rows = [_typed(table, row) for row in held[table.name]]
                connection.execute(sa.insert(table).values(rows))
    engine.dispose()
    return blank_url


def _typed(table: sa.Table, row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: datetime.fromisoformat(value)
        if value is not None and isinstance(table.c[name].type, sa.DateTime)
        else value
        for name, value in row.items()
    }


@pytest.fixture
def engine(older: str, clock: FrozenClock) -> Iterator[Engine]:
    """The same after `migrate`."""
    assert commands.main(["migrate"]) == 0
    database = Database(make_engine(older))
    trail.attach(database, RING)
    yield Engine(database, clock, is_watched=True)
    database.dispose()


def test_a_start_on_entries_that_nobody_signed_refuses(older: str) -> None:
    """Or an attacker who emptied the signatures would have them made again."""
    engine = make_engine(older)
    upgrade(engine)  # without what `migrate` does besides
    engine.dispose()

    with pytest.raises(TrailUnsigned):
        commands.prepare(Settings.load(os.environ))


@pytest.mark.usefixtures("older")
def test_migrate_seals_what_was_there_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["migrate"]) == 0
    assert "what was there before is sealed" in capsys.readouterr().out
    assert commands.main(["migrate"]) == 0
    assert "sealed" not in capsys.readouterr().out
    assert commands.main(["audit", "verify"]) == 0


def test_one_signed_entry_names_the_head_that_it_found(engine: Engine) -> None:
    held = json.loads(ROWS.read_text("utf-8"))
    (opened,) = engine.read(lambda s: trail.timeline(s, action=Action.TRAIL_OPENED))

    assert opened.seq == BEFORE + 1
    assert opened.facts["before"] == BEFORE
    assert opened.facts["before_hash"] == held["audit_head"][0]["hash"]
    hashes = engine.column("SELECT hash FROM audit_entry ORDER BY seq")
    assert hashes[:BEFORE] == [row["hash"] for row in held["audit_entry"]]


def test_every_row_is_recorded_or_sealed(engine: Engine) -> None:
    report = verified(engine)

    assert report.is_clean, report
    assert (report.patrons, report.receipts) == (3, 2)
    with engine.database.engine.connect() as connection:
        assert triggers.missing(connection, PROTECTED) == ()


def test_what_was_open_goes_on(engine: Engine) -> None:
    """The mail that waited leaves, its link decides, the patron is told."""
    engine.deliver()

    assert [mail.to for mail in engine.mailbox.messages] == ["ina@example.com"]
    assert engine.decide(engine.claims("ina@example.com")) is RequestState.APPROVED
    assert verified(engine).is_clean


@pytest.mark.parametrize("seq", [1, 7, BEFORE])
def test_an_older_entry_that_is_altered_is_found(engine: Engine, seq: int) -> None:
    engine.forge(f"UPDATE audit_entry SET actor_label = 'x' WHERE seq = {seq}", unguarded=True)

    broken = verified(engine).broken
    assert broken is not None
    assert broken.seq == seq


def test_a_row_that_is_altered_after_the_sealing_is_found(engine: Engine) -> None:
    engine.forge("UPDATE patron SET is_protected = TRUE", "UPDATE mail_outbox SET subject = 'x'")

    problems = {one.problem for one in verified(engine).differences}
    assert problems == {Problem.ROW_ALTERED, Problem.SEAL}


def test_what_is_sealed_once_is_not_sealed_again(engine: Engine) -> None:
    """What an attacker wrote since would become ours."""
    engine.forge("UPDATE staff SET role = 'owner', role_at = created_at")

    assert commands.main(["migrate"]) == 0
    assert commands.main(["audit", "verify"]) == 1


def test_a_new_key_takes_over_from_the_first(engine: Engine) -> None:
    vic = engine.read(lambda s: accounts.find_by_email_key(s, "vic@staff.example.org"))
    assert vic is not None
    rotate(engine.database, to=OTHER_RING, now=engine.now)
    engine.patron("later@example.com", actor=accounts.member_of(vic))

    keys = OTHER_RING.public_keys
    assert engine.read(lambda s: trail.verify(s, public_keys=keys)) is None
    assert engine.read(opening.key_in_force) == "other"
    assert engine.read(lambda s: recorded.disagreement(s, "policy", "1")) is None
    assert engine.scalar("SELECT email FROM patron WHERE given_name = 'Ina'") != OLD
