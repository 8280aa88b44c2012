"""The second start of `serve`: how long until it answers, and what it takes of the memory.

The peer is the framework's own command on the same copy, which compiles and builds at every start;
the floor is an interpreter that does nothing but import the framework.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from tests.bench.project import Started, serving
from tests.bench.report import Figure, figure, ratios

ROUNDS = 3
SETTLE_S = 1.0  # from the first answer to the memory reading: lifespan tasks have begun
MEGABYTE = 1024 * 1024
FRAMEWORK = ("-m", "reflex", "run", "--env", "prod", *("--frontend-port", "{port}"))
AREA = "second start"


def measure(root: Path) -> list[Figure]:
    """Figures of `serve` on the built copy, whose first start (demo data) is not counted."""
    with serving(root):
        pass
    starts: dict[str, list[float]] = {"ours": [], "framework": [], "import": []}
    memory: dict[str, list[float]] = {"ours": [], "framework": []}
    for _ in range(ROUNDS):
        starts["import"].append(_import_s())
        for name, command in (
            ("ours", ("-m", "upstage_crm", "serve")),
            ("framework", (*FRAMEWORK, "--backend-port", "{port}")),
        ):
            with serving(root, command) as started:
                starts[name].append(started.seconds)
                memory[name].append(memory_of(started))
    ours, theirs, floor = starts["ours"], starts["framework"], starts["import"]
    figures = [
        figure(AREA, "serve until /health answers", ours, unit="s", at_most=2),
        figure(AREA, "serve", ratios(ours, theirs), against="reflex run --env prod"),
        figure(AREA, "serve", ratios(ours, floor), against="python -c 'import reflex'"),
    ]
    if all(memory["ours"]):
        figures += [
            figure(AREA, "memory (PSS of all processes)", memory["ours"], unit="MB", at_most=150),
            figure(
                AREA,
                "memory",
                ratios(memory["ours"], memory["framework"]),
                against="reflex run --env prod",
            ),
        ]
    return figures


def _import_s() -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import reflex; reflex.App"], check=True)
    return time.perf_counter() - begun


def memory_of(started: Started) -> float:
    """Megabytes of the server's processes, shared pages divided; 0 where /proc does not tell."""
    time.sleep(SETTLE_S)
    total = 0
    for pid in _tree(started.process._process.pid)[1:]:  # the first one is the leash
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total * 1024 / MEGABYTE


def _tree(pid: int) -> list[int]:
    """The process and all its descendants."""
    try:
        texts = Path(f"/proc/{pid}/task").glob("*/children")
        children = [int(child) for text in texts for child in text.read_text("ascii").split()]
    except OSError:
        return [pid]
    return [pid, *(found for child in children for found in _tree(child))]
