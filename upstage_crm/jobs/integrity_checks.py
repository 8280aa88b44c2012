"""The clockwork of the watch: a turn every half minute, everything once a night.

What is found is told to every owner at once. The nightly check runs in a process of its own, so
that no patron waits for its arithmetic.
"""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta

from upstage_crm.core.files import locked
from upstage_crm.core.ids import new_id
from upstage_crm.organisation.settings import details
from upstage_crm.proof.integrity import Finding
from upstage_crm.settings import ROOT, VAR
from upstage_crm.staff.accounts import colleagues
from upstage_crm.staff.roles import Role
from upstage_crm.wiring import Runtime, runtime
from upstage_crm.wording.actions import (
    counted,
    found_words,
)

EVERY_S = 20.0  # a finding is due within a minute
NIGHT = range(2, 6)  # o'clock at the organisation
_STAMP = VAR / "checked-at-night"
_SHOWN = 10  # rows named in the email

_log = logging.getLogger(__name__)


async def keep_watch() -> None:
    """Check rows and trail until cancelled; a lifespan task of every worker."""
    while True:
        try:
            await asyncio.to_thread(watch_rows, runtime())
            await asyncio.to_thread(check_at_night, runtime())
        except Exception:  # noqa: BLE001  # a database that is away must not end this for good
            _log.exception("the rows could not be checked; trying again")
        await asyncio.sleep(EVERY_S)


def watch_rows(parts: Runtime) -> int:
    """Take one turn of the watch and tell the owners what is new; return how many findings."""
    now = parts.clock.now()
    found = parts.watch.turn(now=now)
    if found:
        tell_owners(parts, found, now=now)
    return len(found)


def tell_owners(parts: Runtime, found: Sequence[Finding], *, now: datetime) -> None:
    """Email every owner what was changed outside the CRM."""
    _log.error("%d rows are not what the trail says", len(found))
    lines = [
        f"{counted(len(found), 'record')} in the database does not match its trail."
        if len(found) == 1
        else f"{counted(len(found), 'record')} in the database do not match their trail.",
        "Someone changed them outside the CRM. Nothing acts on them until they are restored.",
        *(found_words(finding) for finding in found[:_SHOWN]),
    ]
    alarm = new_id(now)  # no attacker can take the place of a mail whose key cannot be foreseen
    with parts.database.transaction() as session:
        for owner in colleagues(session, [Role.OWNER]):
            parts.post.notice(
                session,
                to=owner.email,
                staff_id=owner.id,
                greeting=owner.name,
                subject="data changed outside the CRM",
                lines=lines,
                key=f"integrity/{alarm}",
                button="See what was found",
                path="/audit/",
                now=now,
            )


def check_at_night(parts: Runtime) -> bool:
    """Begin the check of everything if it is night and no process has begun it; say whether."""
    with parts.database.reading() as session:
        local = parts.clock.now().astimezone(details(session).zone)
    tonight = (local - timedelta(hours=NIGHT.start)).date().isoformat()
    if local.hour not in NIGHT or not _is_first(tonight):
        return False
    command = [sys.executable, "-m", "upstage_crm", "audit", "nightly"]
    subprocess.Popen(command, cwd=ROOT, env=os.environ.copy(), start_new_session=True)  # noqa: S603  # our own command
    return True


def _is_first(tonight: str) -> bool:
    with locked(_STAMP.with_name(f"{_STAMP.name}.lock")):
        if _STAMP.exists() and _STAMP.read_text("utf-8") == tonight:
            return False
        _STAMP.write_text(tonight, "utf-8")
        return True
