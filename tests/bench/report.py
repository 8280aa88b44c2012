"""Figures of one run: a median with its range, what it is compared with, and its budget."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table. `passed` is None where there is no budget."""

    area: str
    what: str
    against: str
    unit: str
    median: float
    low: float
    high: float
    budget: str = ""
    passed: bool | None = None


def figure(
    area: str,
    what: str,
    samples: Iterable[float],
    *,
    against: str = "",
    unit: str = "x",
    at_least: float | None = None,
    at_most: float | None = None,
) -> Figure:
    """Return the figure of `samples`; the budget is held by their median."""
    values = list(samples)
    median = statistics.median(values)
    budget, passed = "", None
    if at_least is not None:
        budget, passed = f">= {at_least:g}", median >= at_least
    elif at_most is not None:
        budget, passed = f"<= {at_most:g}", median <= at_most
    return Figure(
        area=area,
        what=what,
        against=against,
        unit=unit,
        median=median,
        low=min(values),
        high=max(values),
        budget=budget,
        passed=passed,
    )


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Round by round, ours over theirs: what disturbs a round disturbs both."""
    return [one / other for one, other in zip(ours, theirs, strict=True)]


def table(figures: Iterable[Figure]) -> str:
    """All figures as one text table."""
    rows = [("", "what", "against", "median", "min - max", "unit", "budget", "")]
    area = ""
    for line in figures:
        mark = {True: "ok", False: "BROKEN", None: ""}[line.passed]
        span = f"{_short(line.low)} - {_short(line.high)}"
        shown = line.area if line.area != area else ""
        area = line.area
        rows.append(
            (
                shown,
                line.what,
                line.against,
                _short(line.median),
                span,
                line.unit,
                line.budget,
                mark,
            )
        )
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in [lines[0], "-" * len(lines[0]), *lines[1:]])


def write(figures: Iterable[Figure], path: Path, *, facts: dict[str, str]) -> None:
    """Write the figures as JSON, with `facts` about the run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    found = {**facts, "figures": [asdict(line) for line in figures]}
    path.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


def _short(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
