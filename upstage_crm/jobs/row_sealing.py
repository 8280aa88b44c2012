"""Once a second, what was sold and booked gets its seal, beside the sales."""

from __future__ import annotations

import asyncio
import logging

from upstage_crm.ledger import row_seals
from upstage_crm.proof.reconcile_seals import SUBJECTS
from upstage_crm.wiring import Runtime, runtime

EVERY_S = 1.0

_log = logging.getLogger(__name__)


async def keep_sealing() -> None:
    """Seal rows until cancelled; a lifespan task of every worker."""
    while True:
        try:
            await asyncio.to_thread(seal_rows, runtime())
        except Exception:  # noqa: BLE001  # a database that is away must not end this for good
            _log.exception("rows could not be sealed; trying again")
        await asyncio.sleep(EVERY_S)


def seal_rows(parts: Runtime) -> int:
    """Seal every row that has no seal; return how many were sealed."""
    done = 0
    while found := row_seals.seal(parts.database, SUBJECTS, now=parts.clock.now()):
        done += found
        if found < row_seals.MOST:
            break
    return done
