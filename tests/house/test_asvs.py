"""`docs/security-asvs.md` answers OWASP ASVS 5.0 up to level 2, and cites tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ASVS = (ROOT / "docs" / "security-asvs.md").read_text("utf-8")
TEXT = (ROOT / "docs" / "security.md").read_text("utf-8") + ASVS
# The numbers of ASVS 5.0.0 at levels 1 and 2: section, then its requirements.
SECTIONS = """
1.1:1-2 1.2:1-9 1.3:1-11 1.4:1-3 1.5:1-2 2.1:1-3 2.2:1-3 2.3:1-4 2.4:1 3.2:1-2 3.3:1-4
3.4:1-6 3.5:1-5 3.7:1-2 4.1:1-3 4.2:1 4.3:1-2 4.4:1-4 5.1:1 5.2:1-3 5.3:1-2 5.4:1-3
6.1:1-3 6.2:1-12 6.3:1-4 6.4:1-4 6.5:1-5 6.6:1-3 6.8:1-4 7.1:1-3 7.2:1-4 7.3:1-2 7.4:1-5
7.5:1-2 7.6:1-2 8.1:1-2 8.2:1-3 8.3:1 8.4:1 9.1:1-3 9.2:1-4 10.1:1-2 10.2:1-2 10.3:1-4
10.4:1-11 10.5:1-5 10.6:1-2 10.7:1-3 11.1:1-2 11.2:1-3 11.3:1-3 11.4:1-4 11.5:1 11.6:1
12.1:1-3 12.2:1-2 12.3:1-4 13.1:1 13.2:1-5 13.3:1-2 13.4:1-5 14.1:1-2 14.2:1-4 14.3:1-3
15.1:1-3 15.2:1-3 15.3:1-7 16.1:1 16.2:1-5 16.3:1-4 16.4:1-3 16.5:1-3 17.1:1 17.2:1-4
17.3:1-2
"""


def wanted() -> list[str]:
    found: list[str] = []
    for part in SECTIONS.split():
        section, _, numbers = part.partition(":")
        for span in numbers.split(","):
            first, _, last = span.partition("-")
            found += [f"V{section}.{n}" for n in range(int(first), int(last or first) + 1)]
    return found


def rows() -> list[list[str]]:
    """The lines of the tables, as cells."""
    lines = [line for line in ASVS.splitlines() if line.startswith("| V")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_requirement_is_spoken_of_once() -> None:
    said = [name for row in rows() for name in row[0].split(", ")]

    assert len(wanted()) == 253
    assert sorted(wanted()) == sorted(said)


def test_every_row_says_how_and_every_cited_test_exists() -> None:
    for row in rows():
        assert all(row), row
        assert len(row) in (2, 4), row
    cited = set(re.findall(r"`((?:unit|app|state|e2e|house)/test_\w+\.py)`", TEXT))
    cited |= {path.removeprefix("tests/") for path in re.findall(r"`(tests/\S+\.py)`", TEXT)}
    assert len(cited) > 60
    assert [path for path in sorted(cited) if not (ROOT / "tests" / path).is_file()] == []


def test_the_sums_are_right() -> None:
    proofs = [row[3] for row in rows() if len(row) == 4]
    tested = sum("test_" in proof for proof in proofs)
    operators = sum(proof.startswith("by the operator") for proof in proofs)
    rest = len(proofs) - tested - operators
    others = sum(len(row[0].split(", ")) for row in rows() if len(row) == 2)
    said = f"{tested} with a test, {operators} by the operator, {rest} by design; {others} do not"

    assert said in ASVS
