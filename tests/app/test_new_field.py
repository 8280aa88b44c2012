"""Adding a protected field is one registry entry, one column and one migration; and translations.

A copy of the project gets them and runs in a process of its own: the registry, the pages, the
mails, the commands and the guards all know the new field then. `docs/rules.md` says who reads it.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.support.project import copy_tree, files_of, replace_once
from upstage_crm.core.migrations import head

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
            write=lambda values, _language, _home: (_text(values, "passport_name"),),
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

revision = "{new}"
down_revision = "{old}"


def upgrade() -> None:
    op.add_column("patron", sa.Column("passport_name", sa.String(100), nullable=True))


def downgrade() -> None:
    op.drop_column("patron", "passport_name")
'''
TEST = """
import pytest
from sqlalchemy.exc import DBAPIError

from tests.support.engine import Engine
from tests.support.factories import NEW, OLD
from upstage_crm.change_requests.model.rules import RequestState
from upstage_crm.change_requests.reads import requests
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
            engine.arrange(raw)

    assert RequestState.APPROVED is engine.decide(engine.claims(OLD))
    assert "Mara Smith" == engine.record(patron).values["passport_name"]
    with pytest.raises(DBAPIError, match="upstage guard: patron passport"):
        engine.arrange("UPDATE patron SET passport_name = NULL")
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
        return engine.read(lambda s: requests.get(s, request.reference, reader=role)).reason_text

    assert read_by(Role.MANAGER) == SAID
    assert read_by(Role.READ_ONLY) == "Her passport says ••• Ünal, so ••• pass is wrong."
    assert all("Baba" not in mail.text for mail in engine.mailbox.to(NEW))
    assert engine.review(engine.claims(NEW)).reason_text == ""
    assert engine.review(engine.claims(OLD)).reason_text == SAID  # the patron's own mailbox
"""
TRANSLATIONS = {
    "ar": ("الاسم في جواز السفر", "يظهر هذا الاسم على بطاقتك للمهرجان."),
    "de": ("Name im Reisepass", "Dieser Name steht auf Ihrem Festivalpass."),
    "es": ("Nombre del pasaporte", "Este nombre figura en su pase del festival."),
    "fr": ("Nom sur le passeport", "Ce nom figure sur votre pass de festival."),
}
CODE = {
    "upstage_crm/patrons/fields.py",
    "upstage_crm/patrons/tables.py",
    "alembic/versions/9999_passport.py",
}
RULES = "docs/rules.md"
CATALOGS = {
    "upstage_crm/locales/patron.pot",
    *(f"upstage_crm/locales/{language}/LC_MESSAGES/patron.po" for language in TRANSLATIONS),
}


def test_a_field_is_an_entry_a_column_and_a_migration(tmp_path: Path) -> None:
    copy = copy_tree(tmp_path / "copy")
    before = files_of(copy)
    replace_once(copy / "upstage_crm/patrons/fields.py", "    )\n}\n\nPROTECTED_COLUMNS", ENTRY)
    replace_once(copy / "upstage_crm/patrons/tables.py", "    date_of_birth:", COLUMN)
    _migrate(copy / "alembic/versions")
    _translate(copy)
    _say_who_reads_it(copy / RULES)
    after = files_of(copy)
    (copy / "tests/app/test_the_new_field.py").write_text(TEST, "utf-8")

    wanted = (
        "the_whole_way or what_staff_write or newest_revision or registry_columns or who_reads_what"
        " or template_is_what or every_sentence_is_translated or filled_as"
    )
    files = (
        *("tests/house/test_schema.py", "tests/house/test_documents.py"),
        *("tests/unit/test_languages.py", "tests/app/test_the_new_field.py"),
    )
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *("-m", "long or not long", "-k", wanted, *files),
        ],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert ran.returncode == 0, ran.stdout[-3_000:]
    assert "17 passed" in ran.stdout
    assert {name for name in after if after[name] != before.get(name)} == {
        *CODE,
        *CATALOGS,
        RULES,
    }


def _migrate(versions: Path) -> None:
    text = MIGRATION.format(new="9999", old=head())
    (versions / "9999_passport.py").write_text(text, "utf-8")


def _translate(copy: Path) -> None:
    """Gather the new sentences as `make messages` does, and fill in what a translator would."""
    subprocess.run([sys.executable, "-m", "tests.support.messages"], cwd=copy, check=True)
    sentences = ("Passport name", "This name stands on your festival pass.")
    for language, translated in TRANSLATIONS.items():
        catalog = copy / f"upstage_crm/locales/{language}/LC_MESSAGES/patron.po"
        for sentence, translation in zip(sentences, translated, strict=True):
            empty = f'msgid "{sentence}"\nmsgstr ""\n'
            replace_once(catalog, empty, empty.replace('msgstr ""', f'msgstr "{translation}"'))


def _say_who_reads_it(rules: Path) -> None:
    text = rules.read_text("utf-8")
    before, heading, part = text.partition("## Who reads what")
    part = re.sub(r"(?m)^(\| role .*)$", r"\1 passport |", part, count=1)
    part = re.sub(r"(?m)^(\|---.*)$", r"\1---|", part, count=1)
    names = "box_office|marketing|development|auditor|read_only"
    part = re.sub(rf"(?m)^(\| (?:{names}) .*)$", r"\1 masked |", part)
    rules.write_text(before + heading + part, "utf-8")
