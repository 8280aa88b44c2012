"""The shape of the code: layers, sizes, and that it speaks of itself alone."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LINE_LIMIT = 400
# Folders that exist on a developer's machine; a clone has none of them.
MACHINE = re.compile(
    r"(?<![\w./:-])/(?:work|root|home|Users|mnt|tmp/\w|private/var)/[\w.-]+"
    r"|[A-Z]:\\\\?Users"
)
HTML = re.compile(r"<!doctype|</[a-z]\w*>", re.IGNORECASE)
BINARY = {".woff2", ".ttf", ".ico", ".png", ".jpg", ".gif", ".pdf"}


def tracked() -> list[Path]:
    """Every file that git knows of and that is there."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def literals(tree: ast.Module) -> Iterator[str]:
    """The texts in a module, its docstrings left out."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    yield from (str(node.value) for node in texts if id(node) not in docstrings)


def test_the_import_contracts_are_kept() -> None:
    """Layers, purity, one door per library: `pyproject.toml` has them."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout[-3_000:] + done.stderr[-1_000:]
    assert "0 broken" in done.stdout


def test_no_module_is_too_long_to_be_read() -> None:
    """One module, one responsibility; past 250 lines a reviewer should have asked why."""
    long = {
        str(path.relative_to(ROOT)): count
        for path in tracked()
        if path.suffix == ".py" and path.is_relative_to(ROOT / "upstage_crm")
        if (count := len(path.read_text("utf-8").splitlines())) > LINE_LIMIT
    }

    assert long == {}


def test_no_html_is_built_in_code() -> None:
    """Every document is a template, which escapes; the code may only read HTML, or isolate."""
    found = {
        str(path.relative_to(ROOT / "upstage_crm"))
        for path in tracked()
        if path.suffix == ".py" and path.is_relative_to(ROOT / "upstage_crm")
        if any(HTML.search(text) for text in literals(ast.parse(path.read_text("utf-8"))))
    }

    assert found == {"core/templates.py", "web/headers.py", "admin/mailbox/gallery.py"}


def test_no_template_switches_escaping_off() -> None:
    templates = [
        path
        for path in tracked()
        if "templates" in path.relative_to(ROOT).parts and path.suffix in {".html", ".txt"}
    ]
    found = [
        str(path.relative_to(ROOT))
        for path in templates
        if re.search(r"\|\s*safe\b|autoescape", path.read_text("utf-8"))
    ]

    assert len(templates) > 100
    assert found == []


def test_nothing_names_a_folder_of_a_machine() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in tracked()
        if path.suffix not in BINARY and path != Path(__file__)
        for match in MACHINE.finditer(path.read_text("utf-8", errors="replace"))
    }

    assert set() == found


def test_nothing_is_left_to_do() -> None:
    """An intention belongs to the tracker, not into a comment."""
    word = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|X" r"XX)\b")
    found = {
        f"{path.relative_to(ROOT)}"
        for path in tracked()
        if path.suffix in {".py", ".html", ".txt", ".css", ".toml", ".md"}
        and path.name not in {"requirements.txt", "requirements-dev.txt"}
        if word.search(path.read_text("utf-8"))
    }

    assert set() == found


def test_every_module_says_what_it_is_for() -> None:
    for path in tracked():
        if path.suffix != ".py" or path.name == "__init__.py" or "versions" in path.parts:
            continue
        if path.is_relative_to(ROOT / "upstage_crm"):
            first = path.read_text("utf-8").lstrip()
            assert first.startswith('"""'), path


def test_only_the_clock_reads_the_time() -> None:
    reads = re.compile(r"datetime\.(?:utc)?now\(|date\.today\(|(?<!\w)time\.time\(")
    for path in tracked():
        if path.suffix == ".py" and path.is_relative_to(ROOT / "upstage_crm"):
            if path.name == "clock.py":
                continue
            assert not reads.search(path.read_text("utf-8")), path
