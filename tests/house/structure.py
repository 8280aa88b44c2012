"""The figures of the structure: `python -m tests.house.structure` prints them as a table.

How many modules a folder has, whether imports go in circles or upward, how long modules are, and
how much of our code one proposal, delivery, look and decision runs through.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import CodeType, FrameType

import grimp

from tests.support.factories import NEW, Desk
from tests.support.keyring import attach
from upstage_crm.change_requests.reads import reviewer_page
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database, make_engine
from upstage_crm.core.migrations import upgrade

ROOT = Path(__file__).resolve().parents[2]
NAME = "upstage_crm"
PACKAGE = ROOT / NAME
START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Trace:
    """What one step ran through of ours: files, functions, and the lines of those functions."""

    files: int
    functions: int
    lines: int


# --- files ----------------------------------------------------------------------------------------


def modules() -> list[Path]:
    """Every module of ours that has something in it."""
    return sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")


def lines_of(path: Path) -> int:
    """How many lines a module has."""
    return len(path.read_text("utf-8").splitlines())


def modules_by_folder() -> Counter[str]:
    """How many modules each folder has."""
    return Counter(str(path.parent.relative_to(ROOT)) for path in modules())


def lines_by_package() -> Counter[str]:
    """How many lines each package has; the modules at the top count as one."""
    found: Counter[str] = Counter()
    for path in modules():
        inside = path.relative_to(PACKAGE).parts
        found[inside[0] if len(inside) > 1 else "(top)"] += lines_of(path)
    return found


# --- imports --------------------------------------------------------------------------------------


def imports() -> Mapping[str, set[str]]:
    """What each module imports of ours, inside functions too, for types alone not."""
    graph = grimp.build_graph(NAME, cache_dir=None, exclude_type_checking_imports=True)
    return {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Modules that reach each other (Tarjan's strongly connected components of two and more)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for other in graph[name]:
            if other not in index:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], index[other])
        if low[name] == index[name]:
            place = stack.index(name)
            members = stack[place:]
            del stack[place:]
            if len(members) > 1:
                found.append(sorted(members))

    for name in graph:
        if name not in index:
            visit(name)
    return found


def upward(graph: Mapping[str, set[str]]) -> list[tuple[str, str]]:
    """Imports that go against the layers of the contracts in `pyproject.toml`."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    layered = [contract for contract in contracts if contract["type"] == "layers"]
    return [
        (name, other)
        for contract in layered
        for container in contract["containers"]
        for name, other in _against(graph, container, contract["layers"])
    ]


def _against(
    graph: Mapping[str, set[str]], container: str, layers: Sequence[str]
) -> Iterator[tuple[str, str]]:
    level = {
        part.strip(): number
        for number, layer in enumerate(layers)
        for part in layer.replace(":", "|").split("|")
    }

    def place(name: str) -> str:
        return name.removeprefix(f"{container}.").partition(".")[0]

    for name, others in graph.items():
        for other in others:
            if not (name.startswith(f"{container}.") and other.startswith(f"{container}.")):
                continue
            if level.get(place(other), 0) < level.get(place(name), 0):
                yield name, other


# --- the path of one change -----------------------------------------------------------------------


def traced(step: Callable[[], object]) -> Trace:
    """What `step` ran through of ours, with everything loaded before."""
    seen: set[CodeType] = set()

    def note(frame: FrameType, event: str, _argument: object) -> None:
        # Jinja compiles a template under the template's own name: those are no modules.
        name = frame.f_code.co_filename
        if event == "call" and name.startswith(str(PACKAGE)) and name.endswith(".py"):
            seen.add(frame.f_code)

    sys.setprofile(note)
    try:
        step()
    finally:
        sys.setprofile(None)
    functions = {code for code in seen if not code.co_name.startswith("<")}
    return Trace(
        files=len({code.co_filename for code in seen}),
        functions=len(functions),
        lines=sum(_length(code) for code in functions),
    )


def _length(code: CodeType) -> int:
    numbers = [line for _, _, line in code.co_lines() if line is not None]
    return max(numbers) - code.co_firstlineno + 1


def paths_of_one_change(desk: Desk) -> dict[str, Trace]:
    """A new address for a young record: proposed, mailed, looked at, approved; the second time."""
    for email in ("first@example.org", NEW):
        patron = desk.patron(f"now.{email}")
        found = {"propose": traced(partial(desk.propose, patron, email))}
        found["deliver"] = traced(desk.deliver)
        claims = desk.claims(email)
        found["read"] = traced(
            partial(
                desk.read,
                lambda session, claims=claims: reviewer_page.review(
                    session, claims=claims, now=desk.now
                ),
            )
        )
        found["decide"] = traced(partial(desk.decide, claims))
    return found


def measured_path() -> dict[str, Trace]:
    """The same over a database of its own."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(make_engine(f"sqlite:///{Path(folder) / 'structure.db'}"))
        upgrade(database.engine)
        attach(database)
        try:
            return paths_of_one_change(Desk(database, FrozenClock(START)))
        finally:
            database.dispose()


# --- the table ------------------------------------------------------------------------------------


def main() -> None:
    """Print every figure."""
    graph, lengths = imports(), {path: lines_of(path) for path in modules()}
    longest = max(lengths, key=lambda path: lengths[path])
    print(f"{'modules':32}{len(lengths):8}")
    print(f"{'lines':32}{sum(lengths.values()):8,}")
    print(f"{'lines, median module':32}{statistics.median(lengths.values()):8.0f}")
    print(f"{'lines, longest module':32}{lengths[longest]:8}  {longest.relative_to(PACKAGE)}")
    print(f"{'circles':32}{len(circles(graph)):8}")
    print(f"{'upward imports':32}{len(upward(graph)):8}")
    print(f"\n{'modules in a folder, most':32}")
    for folder, count in modules_by_folder().most_common(8):
        print(f"  {folder:40}{count:4}")
    print(f"\n{'lines by package':32}")
    for package, count in lines_by_package().most_common():
        print(f"  {package:30}{count:8,}")
    print(f"\n{'one change':14}{'files':>8}{'functions':>12}{'their lines':>14}")
    for step, path in measured_path().items():
        print(f"  {step:12}{path.files:8}{path.functions:12}{path.lines:14,}")


if __name__ == "__main__":
    main()
