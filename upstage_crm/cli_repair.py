"""The command line's part that checks everything at night, and restores what the trail says."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from sqlmodel import Session

from upstage_crm import wiring
from upstage_crm.audit import trail
from upstage_crm.audit.findings import Difference
from upstage_crm.cli_audit import FOUND, opened
from upstage_crm.core.clock import Clock
from upstage_crm.proof import integrity, repair, verifying
from upstage_crm.proof.integrity import TRAIL, Finding, Position
from upstage_crm.proof.verifying import Report
from upstage_crm.proof.watch import OLDER, Witness
from upstage_crm.settings import WITNESS_FILE, Settings
from upstage_crm.ui.audit_words import counted, finding_words, found_words
from upstage_crm.web.watching import tell_owners


def nightly(_options: argparse.Namespace, settings: Settings) -> int:
    """Check everything, keep what was found and tell the owners; the server starts this."""
    with opened(settings) as parts:
        with parts.database.reading() as session:
            report = _verified(parts, session)
        found = list(_findings(report))
        if not found:
            return 0
        now = parts.clock.now()
        with parts.database.transaction() as session:
            new = integrity.note(session, found, (), now=now)
        if new:
            tell_owners(parts, new, now=now)
    for sentence in finding_words(report):
        print(sentence, file=sys.stderr)
    return FOUND


def repair_rows(options: argparse.Namespace, settings: Settings) -> int:
    """Say what stands, and with `--apply` restore what the trail says."""
    with opened(settings) as parts:
        parts.watch.turn(now=parts.clock.now())
        if options.accept_older:
            _accept_older(parts)
        with parts.database.reading() as session:
            found = integrity.standing(session)
        for finding in found:
            print(found_words(finding))
        if not found:
            print("Every row that was checked is what the trail says.")
            return 0
        if not options.apply:
            print("Restore what the trail says with: upstage-crm audit repair --apply")
            return FOUND
        return _apply(parts, parts.clock)


def _apply(parts: wiring.Runtime, clock: Clock) -> int:
    with parts.database.transaction() as session:
        done = repair.repair_all(session, wiring.PROTECTED, now=clock.now())
    print(f"Restored {counted(done.rows, 'row')}.")
    if done.void:
        print(f"{counted(done.void, 'entry', 'entries')} that nobody signed: named as void.")
    for row in done.left:
        print(f"Left as it is: {found_words(row)}", file=sys.stderr)
    if done.left:
        print("Restore the database from a backup, then verify it.", file=sys.stderr)
    return FOUND if done.left else 0


def _accept_older(parts: wiring.Runtime) -> None:
    """Take the database as it is, although this server has seen a newer one."""
    now = parts.clock.now()
    with parts.database.transaction() as session:
        older = [row for row in integrity.standing(session) if row.row_id == OLDER]
        integrity.end_all(session, older, now=now)
    with parts.database.reading() as session:
        name, head = trail.hash_at(session, 1), trail.head(session)
    if name is not None and head is not None:
        position = Position(seq=head[0], hash=head[1])
        Witness(WITNESS_FILE).write(name, position, forget=True)


def _verified(parts: wiring.Runtime, session: Session) -> Report:
    keys = {key.kid: key.public_key for key in wiring.signing_keys(parts.settings)}
    return verifying.verify(session, protected=wiring.PROTECTED, public_keys=keys)


def _findings(report: Report) -> Iterator[Finding]:
    if report.broken is not None:
        yield integrity.of_trail(report.broken.seq, report.broken.reason)
    for difference in report.differences:
        yield _of_difference(difference)


def _of_difference(found: Difference) -> Finding:
    if found.row:
        subject, _, row_id = found.row.partition(" ")
        return Finding(subject=subject, row_id=row_id, problem=found.problem, detail=found.detail)
    about = f"patron {found.number}, {found.reference}, {found.field}, entry {found.seq}"
    return Finding(subject=TRAIL, row_id=f"{found.problem}: {about}"[:160], problem=found.problem)
