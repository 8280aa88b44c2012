"""The command line's part that proves: everything about the trail."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Generator
from contextlib import contextmanager

from sqlmodel import Session

from upstage_crm import wiring
from upstage_crm.core import migrations
from upstage_crm.proof.verifying import Report, verify
from upstage_crm.settings import Settings
from upstage_crm.ui.audit_words import broken_words, counted, difference_words, unbroken_words
from upstage_crm.web.errors import NotMigrated

FOUND = 1


def migrated(settings: Settings) -> wiring.Runtime:
    """The parts, over a database that is at our revision.

    Raises:
        NotMigrated: `upgrade` has not been run.
    """
    parts = wiring.build(settings)
    with parts.database.reading() as session:
        if migrations.current(session.connection()) != migrations.head():
            raise NotMigrated
    return parts


def _verify(_options: argparse.Namespace, settings: Settings) -> int:
    with _reading(settings) as session:
        report = verify(session, protected=wiring.PROTECTED)
    for sentence in _findings(report):
        print(sentence, file=sys.stderr)
    if not report.is_clean:
        return FOUND
    print(f"{unbroken_words(report.entries)} Every guard stands.")
    patrons = counted(report.patrons, "patron")
    print(f"{patrons} and {counted(report.field_changes, 'field change')} agree with the trail.")
    return 0


@contextmanager
def _reading(settings: Settings) -> Generator[Session]:
    """One snapshot of a database at our revision; nothing stays open behind it."""
    database = migrated(settings).database
    try:
        with database.reading() as session:
            yield session
    finally:
        database.dispose()


def _findings(report: Report) -> list[str]:
    sentences = [f"Guard missing or altered: {name}." for name in report.missing_guards]
    if report.broken is not None:
        sentences.append(f"The trail is broken. {broken_words(report.broken)}")
    sentences += [difference_words(found) for found in report.differences]
    if (rest := report.found - len(report.differences)) > 0:
        sentences.append(f"And {rest:,} more differences like these.")
    return sentences


COMMANDS = (("verify", _verify, "check the guards, the trail, and every record against the trail"),)
