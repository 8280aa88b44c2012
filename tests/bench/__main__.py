"""`make bench`: measures what the budgets are about, prints one table, writes it as JSON.

Everything that is compared is measured in the same run, in turns. Exit code 1 when a budget is
broken. `python -m tests.bench decisions start` measures only what is named; what takes most of an
hour, or needs a package index, is measured only then.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.bench import (
    crowds,
    decisions,
    growth,
    languages,
    live,
    nightly,
    outbox,
    pages,
    patrons,
    peer,
    portal,
    reports,
    sales,
    sealing,
    searching,
    seats,
    start,
    writers,
)
from tests.bench.project import ROOT, copy_bare, copy_with_blank
from tests.bench.report import Figure, table, write
from tests.support.postgres import running_postgres

RESULTS = ROOT / "var" / "bench.json"
Part = Callable[[Path], Iterable[Figure]]


def _decisions(folder: Path) -> Iterable[Figure]:
    with running_postgres() as server:
        return decisions.measure(folder, server)


def _outbox(folder: Path) -> Iterable[Figure]:
    with running_postgres() as server:
        return outbox.measure(folder, server)


def _growth(folder: Path) -> Iterable[Figure]:
    with running_postgres() as server:
        yield from growth.measure(folder, server)


def _peer(folder: Path) -> Iterable[Figure]:
    with running_postgres(is_durable=True) as server:
        yield from peer.measure(folder, _project(folder), server)


def _writers(folder: Path) -> Iterable[Figure]:
    with running_postgres(is_durable=True) as server:
        return writers.measure(folder, server)


def _seats(folder: Path) -> Iterable[Figure]:
    with running_postgres(is_durable=True) as server:
        return seats.measure(folder, server)


def _sealing(folder: Path) -> Iterable[Figure]:
    with running_postgres(is_durable=True) as server:
        return sealing.measure(folder, server)


def _sales(folder: Path) -> Iterable[Figure]:
    with running_postgres(is_durable=True) as server:
        return sales.measure(folder, server)


def _languages(_folder: Path) -> Iterable[Figure]:
    return languages.measure()


def _start(folder: Path) -> Iterable[Figure]:
    return start.measure(_project(folder))


def _crowds(folder: Path) -> Iterable[Figure]:
    return crowds.measure(_project(folder))


def _nightly(folder: Path) -> Iterable[Figure]:
    return nightly.measure(_project(folder), SIZES.get("nightly", nightly.PATRONS))


def _patrons(folder: Path) -> Iterable[Figure]:
    with running_postgres() as server:
        yield from patrons.measure(folder, server, SIZES.get("patrons", patrons.PATRONS))


def _reports(folder: Path) -> Iterable[Figure]:
    with running_postgres() as server:
        yield from reports.measure(folder, server, SIZES.get("reports", reports.TICKETS))


def _live(folder: Path) -> Iterable[Figure]:
    with running_postgres() as server:
        yield from live.measure(folder, _project(folder), server)


def _searching(folder: Path) -> Iterable[Figure]:
    return searching.measure(_project(folder))


def _pages(folder: Path) -> Iterable[Figure]:
    return pages.measure(_project(folder), copy_bare(folder))


def _portal(folder: Path) -> Iterable[Figure]:
    return portal.measure(_project(folder))


def _project(folder: Path) -> Path:
    made = folder / "project"
    return made if made.exists() else copy_with_blank(folder)


PARTS: dict[str, Part] = {
    "pages": _pages,
    "searching": _searching,
    "live": _live,
    "start": _start,
    "crowds": _crowds,
    "decisions": _decisions,
    "outbox": _outbox,
    "writers": _writers,
    "seats": _seats,
    "sales": _sales,
    "sealing": _sealing,
    "languages": _languages,
    "portal": _portal,
}
LONG: dict[str, Part] = {
    "growth": _growth,
    "nightly": _nightly,
    "patrons": _patrons,
    "peer": _peer,
    "reports": _reports,
}
SIZES: dict[str, int] = {}
"""How large a part is, where its name came with a number: `patrons=100000`."""


def main(wanted: list[str]) -> int:
    """Measure the parts named, or all; return 0, or 1 when a budget is broken."""
    parts = PARTS | LONG
    sized = [word.partition("=") for word in wanted]
    SIZES.update({name: int(size) for name, _, size in sized if size})
    wanted = [name for name, *_ in sized]
    unknown = set(wanted) - set(parts)
    if unknown:
        print(f"There is no part {', '.join(sorted(unknown))}; choose from {', '.join(parts)}.")
        return 2
    begun = time.monotonic()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="upstage-bench-") as folder:
        for name in wanted or PARTS:
            print(f"Measuring {name}", file=sys.stderr, flush=True)
            figures += parts[name](Path(folder))
    load = f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    facts = {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "load": load,
        "seconds": f"{time.monotonic() - begun:.0f}",
    }
    print(table(figures))
    broken = [line for line in figures if line.passed is False]
    print(f"\n{facts['seconds']} s, load {load}; {len(broken)} of the budgets broken.")
    write(figures, RESULTS, facts=facts)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
