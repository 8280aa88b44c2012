"""Adding a protected field is one registry entry, one column and one migration, and nothing else.

A copy of the project gets those three and runs in a process of its own: the registry, the pages,
the mails, the commands and the guards all know the new field then.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from upstage_crm.core.migrations import ROOT, head

ENTRY = """        ProtectedField(
            key="passport",
            label="Passport name",
            about="This name stands on your festival pass.",
            parts=(
                Part(
                    name="passport_name",
                    label="Passport name",
                    type="text",
                    autocomplete="off",
                    max_length=v.NAME_LIMIT,
                ),
            ),
            reviewers="current",
            read=lambda raw, _: {
                "passport_name": v.parse_name_part(
                    raw["passport_name"], part="passport_name", optional=False
                )
            },
            fold=lambda values: values.get("passport_name"),
            write=lambda values, _: (_text(values, "passport_name"),),
            hide=lambda _: v.HIDDEN,
        ),
    )
}

PROTECTED_COLUMNS"""
COLUMN = """    passport_name: str | None = Field(default=None, max_length=100)
    date_of_birth:"""
MIGRATION = '''"""A passport name

Revision: {new}, after {old}
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op
from upstage_crm.audit import guards

revision = "{new}"
down_revision = "{old}"

BEFORE = {before!r}
PROTECTED = BEFORE | {{"passport": ["passport_name"]}}


def upgrade() -> None:
    guards.drop(op.get_bind())
    op.add_column("patron", sa.Column("passport_name", sa.String(100), nullable=True))
    guards.install(op.get_bind(), PROTECTED)


def downgrade() -> None:
    guards.drop(op.get_bind())
    op.drop_column("patron", "passport_name")
    guards.install(op.get_bind(), BEFORE)
'''
TEST = """
import pytest
from sqlalchemy.exc import DBAPIError

from tests.support.engine import Engine
from tests.support.factories import NEW, OLD
from upstage_crm.change_requests import queries
from upstage_crm.change_requests.rules import RequestState
from upstage_crm.patrons.marks import prove_address
from upstage_crm.proof.verifying import verify
from upstage_crm.staff.roles import Role

NEW_NAME = {"passport": {"passport_name": "Mara Smith"}}
SAID = "Her passport says Gül-Baba Ünal, so Guel Babas pass is wrong."


def test_the_whole_way(database, clock) -> None:
    engine = Engine(database, clock)
    patron = engine.patron()
    request = engine.propose(patron, changes=NEW_NAME)
    (mail,) = [m for m in engine.deliver() if m.to == OLD]
    assert "Passport name" in mail.text
    assert "Mara Smith" in mail.text
    (field,) = engine.review(engine.claims(OLD)).fields
    assert ("Passport name", "Mara Smith") == (field.label, field.proposed)

    for raw in (
        "UPDATE patron SET passport_name = 'evil'",
        "UPDATE patron SET passport_name = 'Mara Smith'",
    ):
        with pytest.raises(DBAPIError, match="upstage guard: patron passport"):
            engine.run(raw)

    assert RequestState.APPROVED is engine.decide(engine.claims(OLD))
    assert "Mara Smith" == engine.record(patron).values["passport_name"]
    with pytest.raises(DBAPIError, match="upstage guard: patron passport"):
        engine.run("UPDATE patron SET passport_name = NULL")
    assert RequestState.REVERTED is engine.revert(request, engine.owner)
    assert engine.record(patron).values["passport_name"] is None
    assert engine.chain_is_whole()


def test_what_staff_write_hides_the_value_from_who_may_not_see_it(database, clock) -> None:
    engine = Engine(database, clock)
    patron = engine.patron(passport_name="Gül-Baba")
    engine.step(patron, lambda s: prove_address(s, patron_id=patron.id, now=engine.now))
    request = engine.propose(patron, NEW, reason_text=SAID)
    engine.deliver()

    def read_by(role):
        return engine.read(lambda s: queries.get(s, request.reference, reader=role)).reason_text

    assert read_by(Role.MANAGER) == SAID
    assert read_by(Role.READ_ONLY) == "Her passport says ••• Ünal, so ••• pass is wrong."
    assert all("Baba" not in mail.text for mail in engine.mailbox.to(NEW))
    assert engine.review(engine.claims(NEW)).reason_text == ""
    assert engine.review(engine.claims(OLD)).reason_text == SAID  # the patron's own mailbox
"""


def test_a_field_is_an_entry_a_column_and_a_migration(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    for name in ("upstage_crm", "alembic", "tests"):
        shutil.copytree(
            ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules")
        )
    shutil.copy(ROOT / "pyproject.toml", copy)
    _insert(copy / "upstage_crm/patrons/fields.py", "    )\n}\n\nPROTECTED_COLUMNS", ENTRY)
    _insert(copy / "upstage_crm/patrons/tables.py", "    date_of_birth:", COLUMN)
    _migrate(copy / "alembic/versions")
    (copy / "tests/app/test_the_new_field.py").write_text(TEST, "utf-8")

    wanted = "the_whole_way or what_staff_write or newest_revision or registry_columns"
    files = ("tests/house/test_schema.py", "tests/app/test_the_new_field.py")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", wanted, *files],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert 0 == ran.returncode, ran.stdout[-3_000:]
    assert "7 passed" in ran.stdout


def _insert(path: Path, place: str, text: str) -> None:
    source = path.read_text("utf-8")
    assert 1 == source.count(place), f"{path.name} has changed: {place!r}"
    path.write_text(source.replace(place, text), "utf-8")


def _migrate(versions: Path) -> None:
    from upstage_crm.wiring import PROTECTED

    before = {key: list(columns) for key, columns in PROTECTED.items()}
    text = MIGRATION.format(new="9999", old=head(), before=before)
    (versions / "9999_passport.py").write_text(text, "utf-8")
