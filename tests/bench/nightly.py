"""What a patron feels of the nightly check of everything, in a house with a million of them.

It takes most of an hour, so it runs only when it is named: `python -m tests.bench nightly`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tests.bench.pages import pending_link
from tests.bench.patron import Patron, p95
from tests.bench.project import serving
from tests.bench.report import Figure, figure
from tests.support.keyring import SECRET_KEYS, opened
from tests.support.pipeline import installed
from tests.support.processes import Leashed, without_settings
from tests.support.server import Server
from upstage_crm.audit.events import OPERATOR, Channel
from upstage_crm.core.clock import FrozenClock, SystemClock
from upstage_crm.demo import seed
from upstage_crm.staff import accounts, demo_account

PATRONS = 1_000_000  # and an entry of the trail for each
LOOKS = 100  # of the patron in one sample; there are as many samples as the check lasts
AREA = "nightly check of a million"


def measure(root: Path, patrons: int = PATRONS) -> list[Figure]:
    """Figures of one server on the built copy, with the check beside it as the server starts it."""
    url = f"sqlite:///{root / 'var' / 'nightly.db'}"
    token = pending_link(url)
    _fill(url, patrons)
    settings = {
        "UPSTAGE_DATABASE_URL": url,
        "UPSTAGE_SECRET_KEYS": SECRET_KEYS,
        "UPSTAGE_TRUSTED_PROXIES": "127.0.0.1",
    }
    with serving(root, settings=settings) as started:
        patron = Patron(Server(started.url, url, started.process), token)
        alone = p95(patron.looks(LOOKS))
        begun = time.perf_counter()
        check = Leashed(
            [sys.executable, "-m", "upstage_crm", "audit", "nightly"],
            environ=without_settings() | settings,
            log=root / "var" / "nightly.log",
            cwd=root,
        )
        beside: list[float] = []
        while not check.has_ended:
            beside.append(p95(patron.looks(LOOKS)))
        minutes = (time.perf_counter() - begun) / 60
        assert check.stop() == 0, check.output
    return [
        figure(AREA, f"{patrons:,} patrons and entries", [minutes], unit="min"),
        figure(AREA, "patron's page, p95", beside, unit="ms", at_most=200),
        figure(AREA, "patron's page, p95", [one / alone for one in beside], against="without it"),
    ]


def _fill(url: str, patrons: int) -> None:
    """Fill by the demo's own path: every entry is hashed and signed."""
    database = opened(url)
    with installed(database, FrozenClock(SystemClock().now())) as parts:
        seed.seed(parts, count=patrons)
        now = parts.clock.now()
        with parts.database.transaction() as session:
            # Its password is known: only the demo itself starts with that account.
            accounts.disable(
                session,
                email=demo_account.EMAIL,
                actor=OPERATOR,
                channel=Channel.COMMAND_LINE,
                now=now,
            )
    database.dispose()
