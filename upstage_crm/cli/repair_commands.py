"""The command line's part that checks everything at night, and restores what the trail says."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager

from upstage_crm import wiring
from upstage_crm.audit import database_roles, trail
from upstage_crm.cli.audit_commands import FOUND, opened
from upstage_crm.cli.database_commands import ensure_nothing_planted
from upstage_crm.core.db import Database, make_engine
from upstage_crm.jobs.integrity_checks import tell_owners
from upstage_crm.jobs.schedule import check_sums
from upstage_crm.proof import integrity, repair, verifying
from upstage_crm.proof.integrity import Finding, Position, StandingFinding
from upstage_crm.proof.verifying import Report
from upstage_crm.proof.watch import OLDER, Witness
from upstage_crm.settings import WITNESS_FILE, Settings
from upstage_crm.web.errors import NeedsOwner, OtherDatabase
from upstage_crm.wording.actions import counted, difference_words, finding_words, found_words


def nightly(_options: argparse.Namespace, settings: Settings) -> int:
    """Check everything, keep what was found and tell the owners; the server starts this.

    The sums that reports are made of are compared with the ledger, too, and mended.
    """
    with opened(settings) as parts:
        report, new = _check(parts)
        if new:
            tell_owners(parts, new, now=parts.clock.now())
        check_sums(parts)
    for sentence in finding_words(report):
        print(sentence, file=sys.stderr)
    return 0 if report.is_clean else FOUND


def repair_rows(options: argparse.Namespace, settings: Settings) -> int:
    """Say what is not as the trail says, and with `--apply` restore it.

    Raises:
        NeedsOwner: only the owner of the database may restore rows, and this is another role.
        OtherDatabase: the owner's address leads to another database.
        PlantedObjects: functions or operators of others would run with the owner's rights.
    """
    with opened(settings) as parts:
        parts.watch.turn(now=parts.clock.now())
        if options.accept_older:
            _accept_older(parts)
        _check(parts)
        found = _standing(parts)
        for finding in found:
            print(found_words(finding))
        if not found:
            print("Every row is what the trail says.")
            return 0
        if not options.apply:
            print("Restore what the trail says with: upstage-crm audit repair --apply")
            return FOUND
        with _owned(parts) as owned:
            return _apply(parts, owned)


def _apply(parts: wiring.Runtime, owned: Database) -> int:
    """Restore, check everything again, and go on while that finds more."""
    left, tried = _standing(parts), set[tuple[str, str]]()
    rows = void = 0
    while {finding.ref for finding in left} - tried:
        tried |= {finding.ref for finding in left}
        with owned.transaction() as session:
            done = repair.repair_all(session, wiring.PROTECTED, now=parts.clock.now())
        rows, void = rows + done.rows, void + done.void
        _check(parts)
        left = _standing(parts)
    print(f"Restored {counted(rows, 'row')}.")
    if void:
        print(f"{counted(void, 'entry', 'entries')} without a signature: named as void.")
    for finding in left:
        print(f"Left as it is: {found_words(finding)}", file=sys.stderr)
    if left:
        print("Restore the database from a backup, then verify it.", file=sys.stderr)
    return FOUND if left else 0


@contextmanager
def _owned(parts: wiring.Runtime) -> Generator[Database]:
    """The database as its owner reaches it, who alone may take the guards down for a moment."""
    url = parts.settings.migration_url
    owned = Database(make_engine(url)) if url else parts.database
    try:
        trail.attach(owned, wiring.key_ring(parts.settings))
        ensure_nothing_planted(owned.engine)
        with owned.reading() as session, parts.database.reading() as app:
            if not database_roles.owns_everything(session.connection()):
                raise NeedsOwner
            if trail.head(session) != trail.head(app):
                raise OtherDatabase
        yield owned
    finally:
        if url:
            owned.dispose()


def _standing(parts: wiring.Runtime) -> tuple[StandingFinding, ...]:
    with parts.database.reading() as session:
        return integrity.standing(session)


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


def _check(parts: wiring.Runtime) -> tuple[Report, tuple[Finding, ...]]:
    """Check everything, keep what was found and end what is over; return what is new."""
    keys = {key.kid: key.public_key for key in wiring.signing_keys(parts.settings)}
    with parts.database.reading() as session:
        report = verifying.verify(session, protected=wiring.PROTECTED, public_keys=keys)
        standing = integrity.standing(session)
    found = list(_findings(report))
    refs = {finding.ref for finding in found}
    over = {one.ref for one in standing if integrity.is_difference(one)} - refs
    if not found and not over:
        return report, ()
    with parts.database.transaction() as session:
        return report, integrity.note(session, found, over, now=parts.clock.now())


def _findings(report: Report) -> Iterator[Finding]:
    if report.broken is not None:
        yield integrity.of_trail(report.broken.seq, report.broken.reason)
    for difference in report.differences:
        if not difference.row:
            yield integrity.of_difference(difference, difference_words(difference))
    for difference in report.altered:
        subject, _, row_id = difference.row.partition(" ")
        yield Finding(
            subject=subject, row_id=row_id, problem=difference.problem, detail=difference.detail
        )
