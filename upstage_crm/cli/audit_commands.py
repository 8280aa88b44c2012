"""The command line's part that proves: everything about the trail."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from upstage_crm import wiring
from upstage_crm.audit import opening, trail
from upstage_crm.audit.events import OPERATOR, Action, AuditEvent, Channel
from upstage_crm.audit.signing import SigningKey
from upstage_crm.change_requests.reads import revert_windows
from upstage_crm.core import migrations
from upstage_crm.core.files import new_file
from upstage_crm.organisation.settings import details
from upstage_crm.proof import checking, exporting, verifying
from upstage_crm.proof.bundle import Manifest
from upstage_crm.proof.checking import Checked
from upstage_crm.proof.errors import BundleProblem, BundleRefused
from upstage_crm.settings import Settings
from upstage_crm.web.errors import NotMigrated
from upstage_crm.wording.actions import (
    clean_words,
    counted,
    finding_words,
)

FOUND = 1
_KEY_PREFIX = "ed25519:"
_PERSONAL = (
    "This file holds personal data. Keep it as you keep the database, and destroy it when its "
    "purpose is over."
)


def migrated(settings: Settings) -> wiring.Runtime:
    """The parts, over a database that is at our revision.

    Raises:
        NotMigrated: `upgrade` has not been run.
        DatabaseNewer: the database is ahead of this code.
    """
    parts = wiring.build(settings)
    try:
        with parts.database.reading() as session:
            if migrations.ensure_not_newer(session.connection()) != migrations.head():
                raise NotMigrated
    except Exception:
        parts.database.dispose()
        raise
    return parts


def open_trail(parts: wiring.Runtime) -> None:
    """Let our first key sign the trail from now on; nothing when it does already.

    Raises:
        TrailUnsigned: the trail is older than signing; `migrate` seals it.
        TrailKeyUnknown: the trail is signed with a key that is none of ours.
    """
    with parts.database.reading() as session:
        if not opening.needs_opening(session):
            return
    with parts.database.transaction() as session:
        opening.open_trail(session, now=parts.clock.now())


def verify(options: argparse.Namespace, settings: Settings) -> int:
    """Check everything over one snapshot; print what was found, and fail if anything was."""
    keys = _public_keys(settings)
    earlier = None if options.against is None else _read(options.against, keys.values()).manifest
    with opened(settings) as parts, parts.database.reading() as session:
        report = verifying.verify(session, protected=wiring.PROTECTED, public_keys=keys)
        is_same = earlier is None or trail.hash_at(session, earlier.entries) == earlier.head_hash
    for sentence in finding_words(report):
        print(sentence, file=sys.stderr)
    if earlier is not None:
        _say_whether_it_begins_with(earlier, is_same=is_same)
    if not report.is_clean or not is_same:
        return FOUND
    for sentence in clean_words(report):
        print(sentence)
    return 0


def _say_whether_it_begins_with(earlier: Manifest, *, is_same: bool) -> None:
    if is_same:
        entries = counted(earlier.entries, "entry", "entries")
        print(
            f"The trail begins with the one that was exported at {earlier.exported_at}: {entries}."
        )
        return
    print(
        f"The trail is not the one that was exported at {earlier.exported_at}: "
        f"entry {earlier.entries:,} is another one.",
        file=sys.stderr,
    )


def export(options: argparse.Namespace, settings: Settings) -> int:
    """Write the trail into one signed file that was not there before."""
    path: Path = options.file
    keys = wiring.signing_keys(settings)
    try:
        with opened(settings) as parts:
            if not _is_clean(parts, keys):
                return FOUND
            with new_file(path) as file:
                manifest = _export(parts, file, keys, with_values=options.with_values)
    except OSError as error:
        print(f"{path} cannot be written: {error.strerror}.", file=sys.stderr)
        return FOUND
    print(f"{path}: {_contents(manifest)}.")
    print(f"Check it with: upstage-crm audit check {path} --public-key {_shown(keys[0])}")
    if options.with_values:
        print(_PERSONAL, file=sys.stderr)
    return 0


def _is_clean(parts: wiring.Runtime, keys: Sequence[SigningKey]) -> bool:
    """Whether everything agrees with the trail; says what does not. Only then is it signed."""
    public_keys = {key.kid: key.public_key for key in keys}
    with parts.database.reading() as session:
        report = verifying.verify(session, protected=wiring.PROTECTED, public_keys=public_keys)
    for sentence in finding_words(report):
        print(sentence, file=sys.stderr)
    if not report.is_clean:
        print("Nothing is exported: no signature goes over findings.", file=sys.stderr)
    return report.is_clean


def check(options: argparse.Namespace) -> int:
    """Verify an export with nothing but the file and the key."""
    given: str = options.public_key
    checked = _read(options.file, [given.removeprefix(_KEY_PREFIX)])
    manifest = checked.manifest
    print(f"Verified: {_contents(manifest)}.")
    print(f"Exported by {manifest.organisation} at {manifest.exported_at}.")
    _note_unknown_keys(checked.unknown_keys)
    return 0


def public_key(_options: argparse.Namespace, settings: Settings) -> int:
    """Print every public key: the first one signs, the others verify what was signed before."""
    for place, key in enumerate(wiring.signing_keys(settings)):
        print(f"{_shown(key)}  {key.kid}  {'signs' if not place else 'verifies'}")
    return 0


def _read(path: Path, public_keys: Iterable[str]) -> Checked:
    """Verify an export with the first of our keys that signed it.

    Raises:
        BundleRefused: it does not verify, or cannot be read.
    """
    for public_key in public_keys:
        try:
            with path.open("rb") as file:
                return checking.check(file, public_key=public_key)
        except OSError as error:
            raise BundleRefused(BundleProblem.UNREADABLE) from error
        except BundleRefused as error:
            if error.problem is not BundleProblem.SIGNATURE:
                raise
    raise BundleRefused(BundleProblem.SIGNATURE)


def _public_keys(settings: Settings) -> dict[str, str]:
    return {key.kid: key.public_key for key in wiring.signing_keys(settings)}


def _note_unknown_keys(count: int) -> None:
    if count:
        print(
            f"Note: {counted(count, 'receipt')} signed with a key that is no longer in use: only "
            "the trail vouches for it.",
            file=sys.stderr,
        )


def _shown(key: SigningKey) -> str:
    # The prefix also keeps a key that begins with a hyphen from reading as an option.
    return f"{_KEY_PREFIX}{key.public_key}"


@contextmanager
def opened(settings: Settings) -> Generator[wiring.Runtime]:
    """The parts over a database that is at our revision; no connection is left open."""
    parts = migrated(settings)
    try:
        yield parts
    finally:
        parts.database.dispose()


def _export(
    parts: wiring.Runtime, file: BinaryIO, keys: Sequence[SigningKey], *, with_values: bool
) -> Manifest:
    """Note the export in the trail, then write all of the trail, that entry included."""
    now = parts.clock.now()
    open_trail(parts)
    with parts.database.transaction() as session:
        trail.record(session, [_exported(with_values)], now=now)
    with parts.database.reading() as session:
        # Of a patron whose change may still be put back, nothing is given out.
        withheld = revert_windows.patrons(session, now=now) if with_values else ()
        return exporting.export(
            session,
            file,
            key=keys[0],
            public_keys={key.kid: key.public_key for key in keys},
            organisation=details(session).name,
            now=now,
            with_values=with_values,
            withheld=withheld,
        )


def _exported(with_values: bool) -> AuditEvent:
    return AuditEvent(
        action=Action.TRAIL_EXPORTED,
        actor=OPERATOR,
        channel=Channel.COMMAND_LINE,
        facts={"with_values": with_values},
    )


def _contents(manifest: Manifest) -> str:
    parts = [
        counted(manifest.entries, "entry", "entries"),
        counted(manifest.receipts, "receipt"),
        "no personal values"
        if manifest.values is None
        else counted(manifest.values, "personal value"),
    ]
    return ", ".join(parts)
