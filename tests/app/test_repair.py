"""What was changed outside the CRM is restored: by the operator, or by two people in the browser.

The rows come from the registry, so a table that is added to it is restored here too.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from tests.support.engine import Engine
from tests.support.engines import owners, superusers
from tests.support.factories import PROTECTED
from tests.support.forging import forge_entry
from tests.support.postgres import Postgres
from tests.support.proof import verified
from tests.support.town import PARTS, Town, another, is_unique, unguarded
from upstage_crm import wiring
from upstage_crm.audit.events import Action
from upstage_crm.audit.findings import Problem
from upstage_crm.audit.guards import triggers
from upstage_crm.audit.proven_rows import SEALED
from upstage_crm.change_requests.model.errors import SamePerson
from upstage_crm.cli import commands
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.core.errors import Forbidden
from upstage_crm.proof import integrity, repair
from upstage_crm.proof.errors import FindingOver, NeedsOperator
from upstage_crm.proof.integrity import StandingFinding
from upstage_crm.proof.watch import Watch, Witness
from upstage_crm.staff.roles import Role, StaffMember

pytestmark = pytest.mark.each_database


@pytest.fixture
def town(database: Database, clock: FrozenClock, tmp_path: Path) -> Town:
    return Town(database, clock, tmp_path)


@pytest.fixture
def operated(operator: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator's environment: the app's address, and a file of this test beside the keys."""
    del operator
    monkeypatch.setattr(wiring, "WITNESS_FILE", tmp_path / "heads.json")


@pytest.fixture
def owned(database: Database, operated: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same with the owner's address, where there is one."""
    del operated
    if database.engine.dialect.name == "postgresql":
        url = owners(database.engine).url.render_as_string(hide_password=False)
        monkeypatch.setenv("UPSTAGE_MIGRATION_URL", url)


# --- by the operator ------------------------------------------------------------------------------


@contextmanager
def vandal(town: Town) -> Generator[Connection]:
    """A connection that knows neither guards nor foreign keys, and what it writes stays."""
    engine = superusers(town.database.engine)
    if engine.dialect.name == "sqlite":
        engine = sa.create_engine(engine.url)  # foreign keys are the connection's choice
    with engine.begin() as connection:
        unguarded(connection)
        yield connection
    with town.engine.owned.begin() as connection:
        triggers.drop(connection)
        triggers.install(connection, PROTECTED)


def held(town: Town, table: sa.Table) -> list[tuple[Any, ...]]:
    with town.database.engine.connect() as connection:
        return sorted(map(tuple, connection.execute(sa.select(table))), key=repr)


@pytest.mark.usefixtures("owned")
def test_every_recorded_row_that_was_altered_is_as_it_was(town: Town) -> None:
    """Except for a secret: the trail holds its hash alone, so it opens nothing any more."""
    rows = [town.row(subject, part) for subject, part in PARTS]
    before = {row.part.table: held(town, row.table) for row in rows}
    with vandal(town) as connection:
        for row in rows:
            changed = {
                column.name: another(column)
                for column in row.table.columns
                if not column.foreign_keys
                and not column.primary_key
                and not is_unique(row.table, column)
                and not isinstance(column.type, sa.Enum)
                and column.name not in (*row.part.rest, *row.part.secrets)
            }
            assert changed, row.part.table
            connection.execute(sa.update(row.table).where(row.is_this).values(changed))

    assert commands.main(["audit", "repair"]) == 1
    assert commands.main(["audit", "repair", "--apply"]) == 0

    assert verified(town.engine).is_clean
    for row in rows:
        if row.part.table != "integrity_finding":  # each repair adds to it
            assert held(town, row.table) == before[row.part.table]


@pytest.mark.usefixtures("owned")
def test_every_recorded_row_that_went_is_there_again(town: Town) -> None:
    rows = [town.row(subject, part) for subject, part in PARTS]
    with vandal(town) as connection:
        for row in rows:
            connection.execute(sa.delete(row.table).where(row.is_this))

    assert commands.main(["audit", "repair", "--apply"]) == 0

    assert verified(town.engine).is_clean
    for row in rows:
        with town.database.engine.connect() as connection:
            assert connection.execute(sa.select(row.table).where(row.is_this)).first(), row


@pytest.mark.usefixtures("owned")
def test_a_row_that_the_trail_does_not_know_goes(engine: Engine) -> None:
    vic = engine.staff("Vic", Role.BOX_OFFICE)
    engine.forge(
        f"INSERT INTO staff_recovery_code (id, staff_id) VALUES ('{'f' * 32}', '{vic.id}')",
    )

    assert commands.main(["audit", "repair", "--apply"]) == 0

    assert engine.column("SELECT id FROM staff_recovery_code") == []
    assert verified(engine).is_clean


@pytest.mark.usefixtures("owned")
def test_a_sealed_row_that_fails_its_seal_goes(town: Town) -> None:
    """Nothing else says what it should be."""
    rows = {name: town.sealed(name) for name in SEALED}
    with vandal(town) as connection:
        for name, sealed in SEALED.items():
            table, row = sa.table(name, sa.column("seal")), rows[name]
            is_this = sa.and_(*(sa.column(key) == row[key] for key in sealed.key))
            connection.execute(sa.update(table).where(is_this).values(seal="none"))

    assert commands.main(["audit", "repair", "--apply"]) == 0

    assert verified(town.engine).is_clean


@pytest.mark.usefixtures("owned")
def test_a_value_that_was_changed_without_the_log_is_found_and_restored(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    """The record differs from the trail and from its fields: both are over when it is restored."""
    mara = engine.patron()
    engine.forge("UPDATE patron SET email = 'evil@example.org'", unguarded=True)

    assert commands.main(["audit", "repair"]) == 1
    said = capsys.readouterr().out
    assert f"Patron {mara.number}, email address: the record does not hold what entry" in said
    assert "upstage-crm audit repair --apply" in said
    assert commands.main(["audit", "repair", "--apply"]) == 0
    assert capsys.readouterr().out.endswith("Restored 1 row.\n")

    assert engine.email(mara) == mara.values["email"]
    assert engine.read(integrity.standing) == ()
    assert commands.main(["audit", "repair"]) == 0
    assert capsys.readouterr().out == "Every row is what the trail says.\n"


@pytest.mark.usefixtures("owned")
def test_the_guards_stand_after_a_repair_and_one_entry_tells_of_it(engine: Engine) -> None:
    vic = engine.staff("Vic", Role.BOX_OFFICE)
    engine.forge("UPDATE staff SET desk = 'vault' WHERE display_name = 'Vic'")

    assert commands.main(["audit", "repair", "--apply"]) == 0

    with engine.database.engine.connect() as connection:
        assert triggers.missing(connection, PROTECTED) == ()
    (line,) = engine.lines(action=Action.ROWS_RESTORED)
    assert line.facts["rows"] == f"staff {vic.id}"
    assert engine.chain_is_whole()


@pytest.mark.usefixtures("owned")
def test_an_entry_that_nobody_signed_is_named_as_void(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.patron()
    forge_entry(engine)

    assert commands.main(["audit", "repair", "--apply"]) == 0

    assert "named as void" in capsys.readouterr().out


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.usefixtures("operated")
def test_the_apps_role_is_told_who_may_restore(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.staff("Vic", Role.BOX_OFFICE)
    engine.forge("UPDATE staff SET desk = 'vault' WHERE display_name = 'Vic'")

    assert commands.main(["audit", "repair", "--apply"]) == 1

    said = capsys.readouterr().err
    assert "Set UPSTAGE_MIGRATION_URL to the owner's address" in said
    assert engine.scalar("SELECT desk FROM staff WHERE display_name = 'Vic'") == "vault"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.usefixtures("operated")
def test_the_owner_of_another_database_restores_nothing(
    engine: Engine,
    postgres: Postgres,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    engine.staff("Vic", Role.BOX_OFFICE)
    engine.forge("UPDATE staff SET desk = 'vault' WHERE display_name = 'Vic'")
    with postgres.fresh() as elsewhere:
        monkeypatch.setenv("UPSTAGE_MIGRATION_URL", elsewhere)
        assert commands.main(["audit", "repair", "--apply"]) == 1

    assert "lead to different databases" in capsys.readouterr().err


# --- by two people --------------------------------------------------------------------------------


def found(engine: Engine, tmp_path: Path) -> StandingFinding:
    Watch(engine.database, Witness(tmp_path / "heads.json")).turn(now=engine.now)
    (standing,) = engine.read(integrity.standing)
    return standing


def agree(engine: Engine, actor: StaffMember, finding: StandingFinding) -> bool:
    return engine.act(actor, repair.agree, finding_id=finding.id)


def test_two_people_restore_a_row(engine: Engine, tmp_path: Path) -> None:
    zoe, vic = engine.staff("Zoe", Role.OWNER), engine.staff("Vic", Role.BOX_OFFICE)
    engine.forge(f"UPDATE staff SET desk = 'vault' WHERE id = '{vic.id}'")
    finding = found(engine, tmp_path)

    assert not agree(engine, engine.owner, finding)
    assert agree(engine, zoe, finding)

    assert engine.scalar(f"SELECT desk FROM staff WHERE id = '{vic.id}'") == "box office"
    assert engine.read(integrity.standing) == ()
    assert verified(engine).is_clean
    with pytest.raises(FindingOver):
        agree(engine, zoe, finding)


def test_one_person_is_not_two(engine: Engine, tmp_path: Path) -> None:
    vic = engine.staff("Vic", Role.BOX_OFFICE)
    engine.forge(f"UPDATE staff SET desk = 'vault' WHERE id = '{vic.id}'")
    finding = found(engine, tmp_path)
    agree(engine, engine.owner, finding)

    with pytest.raises(SamePerson):
        agree(engine, engine.owner, finding)
    with pytest.raises(Forbidden):
        agree(engine, engine.staff("Mia", Role.BOX_OFFICE), finding)

    assert engine.scalar(f"SELECT desk FROM staff WHERE id = '{vic.id}'") == "vault"


def test_what_the_guards_keep_from_the_app_needs_the_operator(
    engine: Engine, tmp_path: Path
) -> None:
    """The attacker dropped the guards and wrote an address; with them no one can write it back."""
    zoe, mara = engine.staff("Zoe", Role.OWNER), engine.patron()
    engine.forge("UPDATE patron SET email = 'evil@example.org'", unguarded=True)
    engine.forge(f"UPDATE patron SET is_flagged = TRUE WHERE id = '{mara.id}'")
    finding = found(engine, tmp_path)
    assert finding.problem is Problem.ROW_ALTERED
    agree(engine, engine.owner, finding)

    with pytest.raises(NeedsOperator):
        agree(engine, zoe, finding)

    assert engine.email(mara) == "evil@example.org"
    assert [one.id for one in engine.read(integrity.standing)] == [finding.id]
